//! The page that the kernel wipes in a forked child: this process's generation, and the gate that forks wait at.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

use super::fork_gate::Gate;
use super::system;

/// What a forked child must find as zeros: the only inhabitant of memory that the kernel wipes there.
#[derive(Default)]
#[repr(C)]
struct Page {
    generation: AtomicU64,
    gate: Gate,
}

/// Set once, and never unmapped.
static PAGE: AtomicPtr<Page> = AtomicPtr::new(std::ptr::null_mut());
/// The last generation given out by this process or by any process it was forked from.
static LAST_GENERATION: AtomicU64 = AtomicU64::new(0);
/// The process whose word is on a page that is not wiped; 0 where the kernel wipes it.
static UNWIPED_OWNER: AtomicI32 = AtomicI32::new(0);

/// The kernel goes by whole pages, of 4 KB, 16 KB or 64 KB, and rounds up to them in each of the calls that get this.
const BYTES: usize = std::mem::size_of::<Page>();

/// The number of this process in its line of forks: never 0, and never that of a process it was forked from.
pub(crate) fn generation() -> u64 {
    let word = &page().generation;
    match word.load(Ordering::Acquire) {
        0 => next_generation(word),
        generation => generation,
    }
}

/// Where threads of this process are counted in and out.
pub(super) fn gate() -> &'static Gate {
    &page().gate
}

fn page() -> &'static Page {
    // SAFETY: a page, once published, is never unmapped.
    match unsafe { PAGE.load(Ordering::Acquire).as_ref() } {
        Some(page) => page,
        None => make_page(),
    }
}

/// As [`generation`], for paths that cost a request anyway: also notices a child that a raw `clone` made where pages are not wiped.
pub(crate) fn generation_of_caller() -> u64 {
    let generation = generation();
    let owner = UNWIPED_OWNER.load(Ordering::Relaxed);
    // SAFETY: getpid has no preconditions.
    if owner == 0 || owner == unsafe { libc::getpid() } {
        return generation;
    }
    wipe_page();
    self::generation()
}

fn next_generation(word: &AtomicU64) -> u64 {
    // The counter moves first: a fork between these two lines then finds no number used twice.
    let candidate = LAST_GENERATION.fetch_add(1, Ordering::AcqRel) + 1;
    match word.compare_exchange(0, candidate, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => candidate,
        Err(winner) => winner,
    }
}

fn make_page() -> &'static Page {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice; the result is checked.
    let page = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<Page>());
    }
    if !cfg!(miri) && !system::is_wiped_in_children(page, BYTES) {
        // Before anybody finds the page, so that no fork comes between. Where two threads come first together, a child wipes it twice.
        wipe_by_handler();
    }
    let page = page.cast::<Page>();
    match PAGE.compare_exchange(std::ptr::null_mut(), page, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: mapped, zeroed, aligned, and never unmapped.
        Ok(_) => unsafe { &*page },
        Err(winner) => {
            // SAFETY: our page lost the race and nobody else knows it; the winner's is never unmapped.
            unsafe {
                libc::munmap(page.cast(), BYTES);
                &*winner
            }
        }
    }
}

/// For kernels that wipe nothing.
fn wipe_by_handler() {
    extern "C" fn wipe() {
        wipe_page();
    }
    // SAFETY: getpid has no preconditions; the handler only stores to atomics, which is allowed in a forked child.
    unsafe {
        UNWIPED_OWNER.store(libc::getpid(), Ordering::Release);
        libc::pthread_atfork(None, None, Some(wipe));
    }
}

fn wipe_page() {
    // SAFETY: getpid has no preconditions; the page, where there is one, is never unmapped.
    unsafe {
        UNWIPED_OWNER.store(libc::getpid(), Ordering::Release);
        if let Some(page) = PAGE.load(Ordering::Acquire).as_ref() {
            page.generation.store(0, Ordering::Release);
            page.gate.wipe();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_never_0_and_never_used_twice() {
        let word = AtomicU64::new(0);
        let first = next_generation(&word);
        assert!(first > 0 && word.load(Ordering::Relaxed) == first);
        // Somebody else was faster.
        assert_eq!(next_generation(&word), first);
        let child = AtomicU64::new(0);
        assert!(next_generation(&child) > first);
    }
}
