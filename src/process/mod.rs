//! What belongs to one process and not to its children: the fork generation, the slot that holds a live state, signals.
//!
//! A forked child inherits a copy of every byte, but not the threads, and shares the kernel's objects behind the descriptors.
//! So nothing inherited is used, polled or dropped there: the child notices by its generation and starts with an empty live state.

pub(crate) mod fork_gate;
pub(crate) mod runtime;

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::sync::Arc;

use fork_gate::Gate;

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

const PAGE_BYTES: usize = 4096;

/// The number of this process in its line of forks: never 0, and never that of a process it was forked from.
pub(crate) fn generation() -> u64 {
    let word = &page().generation;
    match word.load(Ordering::Acquire) {
        0 => next_generation(word),
        generation => generation,
    }
}

/// Where threads of this process are counted in and out.
pub(crate) fn gate() -> &'static Gate {
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
    // Before anybody can be counted in.
    fork_gate::register();
    // SAFETY: an anonymous private mapping at an address of the kernel's choice; the result is checked.
    let page = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            PAGE_BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; PAGE_BYTES]>());
    }
    // SAFETY: the page was mapped above and is ours alone until it is published.
    let is_wiped = cfg!(miri) || unsafe { libc::madvise(page, PAGE_BYTES, libc::MADV_WIPEONFORK) } == 0;
    let page = page.cast::<Page>();
    match PAGE.compare_exchange(std::ptr::null_mut(), page, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            if !is_wiped {
                wipe_by_handler();
            }
            // SAFETY: mapped, zeroed, aligned, and never unmapped.
            unsafe { &*page }
        }
        Err(winner) => {
            // SAFETY: our page lost the race and nobody else knows it; the winner's is never unmapped.
            unsafe {
                libc::munmap(page.cast(), PAGE_BYTES);
                &*winner
            }
        }
    }
}

/// For kernels before 4.14, which have no MADV_WIPEONFORK.
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

/// Something that lives in one process generation only.
pub(crate) trait Live {
    /// The generation that made it.
    fn generation(&self) -> u64;
}

/// Holds at most one live state, and replaces one that was inherited over a fork without touching it.
pub(crate) struct Slot<T: Live> {
    live: AtomicPtr<T>,
    /// The slot shares the ownership of its live state.
    owns: std::marker::PhantomData<Arc<T>>,
}

impl<T: Live> Slot<T> {
    pub(crate) const fn new() -> Self {
        Slot {
            live: AtomicPtr::new(std::ptr::null_mut()),
            owns: std::marker::PhantomData,
        }
    }

    /// The live state of this process, made by `make` where there is none: it gets the generation, and must be cheap.
    pub(crate) fn live(&self, make: impl FnOnce(u64) -> Arc<T>) -> &T {
        let generation = generation();
        let current = self.live.load(Ordering::Acquire);
        // SAFETY: a pointer in the slot came from Arc::into_raw and is only released by Drop, which has the slot to itself.
        if let Some(live) = unsafe { current.as_ref() } {
            if live.generation() == generation {
                return live;
            }
        }
        self.install(current, make(generation))
    }

    fn install(&self, inherited: *mut T, made: Arc<T>) -> &T {
        let made = Arc::into_raw(made).cast_mut();
        match self
            .live
            .compare_exchange(inherited, made, Ordering::AcqRel, Ordering::Acquire)
        {
            // What was inherited is leaked on purpose. SAFETY: `made` is in the slot now and stays until Drop.
            Ok(_) => unsafe { &*made },
            Err(winner) => {
                // SAFETY: `made` never became visible; the winner is in the slot and of this generation, as only this process stores to it.
                unsafe {
                    drop(Arc::from_raw(made));
                    &*winner
                }
            }
        }
    }
}

impl<T: Live> Drop for Slot<T> {
    /// Gives up the slot's share of a live state of this process; one that was inherited is left alone.
    fn drop(&mut self) {
        let live = *self.live.get_mut();
        // SAFETY: as in `live`; `&mut self` says that nobody borrows from the slot any more.
        unsafe {
            if live.as_ref().is_some_and(|live| live.generation() == generation()) {
                let _inside = fork_gate::enter();
                drop(Arc::from_raw(live));
            }
        }
    }
}

/// Blocks signals for the calling thread until dropped.
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
}

impl SignalsBlocked {
    /// Blocks every signal, so that a thread started meanwhile never runs one of the host's handlers.
    pub(crate) fn all() -> Self {
        // SAFETY: both sets are initialised before they are read; pthread_sigmask changes this thread only.
        unsafe {
            let mut all = std::mem::zeroed();
            let mut before = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            SignalsBlocked { before }
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: `before` was filled by pthread_sigmask.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}

/// Keeps SIGPIPE from the calling thread until dropped, and swallows one that our own writes raised meanwhile.
///
/// A plain C program has SIGPIPE at its default and would die of a write to a connection that the server closed.
pub(crate) struct SigpipeBlocked {
    before: libc::sigset_t,
    was_pending: bool,
}

impl SigpipeBlocked {
    pub(crate) fn new() -> Self {
        // SAFETY: every set is initialised before it is read; the calls concern this thread only.
        unsafe {
            let mut pending = std::mem::zeroed();
            libc::sigpending(&mut pending);
            let was_pending = libc::sigismember(&pending, libc::SIGPIPE) == 1;
            let mut before = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, &sigpipe(), &mut before);
            SigpipeBlocked { before, was_pending }
        }
    }
}

impl Drop for SigpipeBlocked {
    fn drop(&mut self) {
        // SAFETY: as in `new`; sigtimedwait with a zero time-out returns at once.
        unsafe {
            if !self.was_pending {
                let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                libc::sigtimedwait(&sigpipe(), std::ptr::null_mut(), &now);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}

fn sigpipe() -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Counts how many of its kind there are.
    struct Counted<'a> {
        generation: u64,
        alive: &'a AtomicUsize,
    }

    impl<'a> Counted<'a> {
        fn new(generation: u64, alive: &'a AtomicUsize) -> Arc<Self> {
            alive.fetch_add(1, Ordering::Relaxed);
            Arc::new(Counted { generation, alive })
        }
    }

    impl Live for Counted<'_> {
        fn generation(&self) -> u64 {
            self.generation
        }
    }

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn threads_that_come_first_together_get_one_live_state() {
        let alive = AtomicUsize::new(0);
        let slot = Slot::new();
        let address = || std::ptr::from_ref(slot.live(|generation| Counted::new(generation, &alive))) as usize;
        let addresses: Vec<_> = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(address));
            threads.map(|thread| thread.join().unwrap()).into()
        });
        assert!(addresses.iter().all(|found| *found == addresses[0]), "{addresses:?}");
        assert_eq!(alive.load(Ordering::Relaxed), 1);
        drop(slot);
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_inherited_live_state_is_replaced_and_left_alone() {
        let alive = AtomicUsize::new(0);
        let inherited = Counted::new(u64::MAX, &alive);
        let slot = Slot::new();
        slot.install(std::ptr::null_mut(), Arc::clone(&inherited));
        assert_eq!(
            slot.live(|generation| Counted::new(generation, &alive)).generation,
            generation()
        );
        assert_eq!(alive.load(Ordering::Relaxed), 2);
        drop(slot);
        // Its own is gone; the other's share was never given up.
        assert_eq!((alive.load(Ordering::Relaxed), Arc::strong_count(&inherited)), (1, 2));
    }

    #[test]
    fn an_unused_slot_leaves_what_it_inherited_alone() {
        let alive = AtomicUsize::new(0);
        let inherited = Counted::new(u64::MAX, &alive);
        let slot = Slot::new();
        slot.install(std::ptr::null_mut(), Arc::clone(&inherited));
        drop(slot);
        assert_eq!(Arc::strong_count(&inherited), 2);
    }

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
