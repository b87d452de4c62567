//! Keeps a fork from happening while a thread of this library is inside one of the crates below it.
//!
//! Those crates hold process-wide locks: hundreds of cells that are filled at the first use, the registry of `tracing`, the random
//! numbers of AWS-LC. A child that inherits one of them taken waits for it for ever, as the thread that took it is not there. So
//! every thread is counted in while it works and out while it waits for the network. `fork` first waits until nobody is in, and nobody
//! gets in until it is done. That takes as long as the work between two waits, and never longer than a second.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::fork_gate::Gate;
use super::page::{self, generation};

thread_local! {
    /// In which generation this thread was last counted in, and how often.
    static COUNTED: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
}

/// This thread is at work inside a dependency. Must not be held while it waits for anything outside the process.
pub(crate) struct Inside {
    generation: u64,
    /// The count belongs to the thread.
    not_send: PhantomData<*const ()>,
}

/// Lets the thread in, after a fork that is under way.
pub(crate) fn enter() -> Inside {
    let generation = generation();
    let depth = match COUNTED.get() {
        (counted, depth) if counted == generation => depth,
        (counted, _) => {
            if counted != 0 {
                seed_again(generation);
            }
            0
        }
    };
    // Before the gate's own count: a fork in a signal handler just here must not wait for the thread that it interrupted.
    COUNTED.set((generation, depth + 1));
    if depth == 0 {
        let gate = gate_with_handlers();
        gate.count_in(&gate.inside);
    }
    Inside {
        generation,
        not_send: PhantomData,
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // A child that was forked from in here has a gate of its own, in which nobody was counted.
        if self.generation != generation() {
            return;
        }
        let (generation, depth) = COUNTED.get();
        if depth == 1 {
            page::gate().inside.fetch_sub(1, Ordering::SeqCst);
        }
        COUNTED.set((generation, depth - 1));
    }
}

/// Whether this thread is counted in.
#[cfg(test)]
pub(super) fn is_inside() -> bool {
    COUNTED.get().1 > 0
}

/// Does `wait`, which waits for something outside the process and touches no dependency, while the thread is not counted in.
pub(crate) fn outside<T>(wait: impl FnOnce() -> T) -> T {
    let _outside = Outside::new();
    wait()
}

/// A thread that is counted in, but waits.
struct Outside {
    generation: u64,
    /// How often it was counted in.
    depth: u32,
}

impl Outside {
    fn new() -> Self {
        let generation = generation();
        let depth = match COUNTED.get() {
            (counted, depth) if counted == generation => depth,
            _ => 0,
        };
        if depth > 0 {
            page::gate().inside.fetch_sub(1, Ordering::SeqCst);
            COUNTED.set((generation, 0));
        }
        Outside { generation, depth }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // In a child the guards of those who counted the thread in do nothing.
        if self.depth > 0 && self.generation == generation() {
            COUNTED.set((self.generation, self.depth));
            let gate = page::gate();
            gate.count_in(&gate.inside);
        }
    }
}

/// This thread looks a name up.
pub(crate) struct LookingUp {
    generation: u64,
}

/// As [`enter`], for the system's resolver, which may wait for the network inside.
pub(crate) fn look_up() -> LookingUp {
    let generation = generation();
    let gate = gate_with_handlers();
    gate.count_in(&gate.look_ups);
    LookingUp { generation }
}

impl Drop for LookingUp {
    fn drop(&mut self) {
        if self.generation == generation() {
            page::gate().look_ups.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// A child continues its parent's sequence of random delays otherwise, and so do all its siblings.
fn seed_again(generation: u64) {
    fastrand::seed(RandomState::new().hash_one((std::process::id(), generation, Instant::now())));
}

/// The gate, at which every `fork` of this process and its children waits before anybody is counted in.
fn gate_with_handlers() -> &'static Gate {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    // Miri knows no forks.
    if !cfg!(miri) && !IS_REGISTERED.load(Ordering::Relaxed) && !IS_REGISTERED.swap(true, Ordering::Relaxed) {
        register();
    }
    page::gate()
}

fn register() {
    extern "C" fn before() {
        let (counted, depth) = COUNTED.get();
        let own = counted == generation() && depth > 0;
        page::gate().begin_fork(u32::from(own));
    }
    extern "C" fn after_in_parent() {
        page::gate().end_fork();
    }
    // The child has nothing to do: the gate it finds was wiped. SAFETY: the handlers touch atomics and thread-locals without destructors.
    unsafe {
        libc::pthread_atfork(Some(before), Some(after_in_parent), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_waits_is_not_counted_and_comes_back_as_before() {
        let gate = page::gate();
        let _outer = enter();
        let _inner = enter();
        outside(|| {
            assert_eq!(COUNTED.get().1, 0);
            let own = gate.inside.load(Ordering::SeqCst);
            drop(enter());
            outside(|| assert_eq!(COUNTED.get().1, 0));
            // Only other tests may have come meanwhile.
            assert!(own < 1000);
        });
        assert_eq!(COUNTED.get().1, 2);
        let unwound = std::panic::catch_unwind(|| outside(|| std::panic::resume_unwind(Box::new(()))));
        assert!(unwound.is_err());
        assert_eq!(COUNTED.get().1, 2);
    }

    #[test]
    fn entering_twice_counts_once() {
        let gate = page::gate();
        let before = gate.inside.load(Ordering::SeqCst);
        let outer = enter();
        let inner = enter();
        drop(inner);
        assert_eq!(COUNTED.get().1, 1);
        drop(outer);
        assert_eq!(COUNTED.get().1, 0);
        // Other tests of this process come and go, but none stays as long as this.
        let deadline = Instant::now() + Duration::from_secs(10);
        while gate.inside.load(Ordering::SeqCst) > before && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert!(gate.inside.load(Ordering::SeqCst) <= before);
    }

    /// Forks, and ends the child with what it says of `check`, which may touch nothing but atomics and its own thread's variables.
    fn holds_in_a_child(check: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child does nothing else, and ends without what runs at an exit.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0, "no fork");
            if child == 0 {
                libc::_exit(i32::from(!check()));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }

    fn nobody_is_counted() -> bool {
        let gate = page::gate();
        gate.inside.load(Ordering::SeqCst) == 0 && gate.look_ups.load(Ordering::SeqCst) == 0
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no forks")]
    fn a_child_gives_no_count_back_that_is_its_parent_s() {
        let (inside, looks_up) = (enter(), look_up());
        assert!(holds_in_a_child(move || {
            drop((inside, looks_up));
            nobody_is_counted()
        }));
        assert_eq!(COUNTED.get().1, 0);

        let inside = enter();
        let outside = Outside::new();
        assert!(holds_in_a_child(move || {
            drop(outside);
            drop(inside);
            nobody_is_counted()
        }));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no forks")]
    fn a_child_counts_for_itself() {
        let _inside = enter();
        assert!(holds_in_a_child(|| {
            let inside = enter();
            let is_counted = page::gate().inside.load(Ordering::SeqCst) == 1;
            drop(inside);
            is_counted && nobody_is_counted()
        }));
    }
}
