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
pub(super) mod tests {
    use super::*;
    use std::time::Duration;

    /// Whether this thread is counted in.
    pub(in crate::process) fn is_counted_in() -> bool {
        COUNTED.get().1 > 0
    }

    /// Does `work` in a forked child, whose gate no other test comes to; it touches nothing that another thread may have held.
    fn in_a_child(work: impl FnOnce()) {
        // SAFETY: the child does nothing but `work`, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: no preconditions.
            unsafe { libc::alarm(30) };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: no preconditions.
            unsafe { libc::_exit(i32::from(outcome.is_err())) };
        }
        let mut status = -1;
        // SAFETY: the child is ours, and the place for its status is alive.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "the child's status; what it said stands above");
    }

    /// Threads at work and looking up, as a fork sees them.
    fn counts() -> (u32, u32) {
        let gate = page::gate();
        (gate.inside.load(Ordering::SeqCst), gate.look_ups.load(Ordering::SeqCst))
    }

    #[test]
    #[cfg_attr(miri, ignore = "it knows no forks")]
    fn a_fork_sees_who_works_and_not_who_waits() {
        in_a_child(|| {
            assert_eq!(counts(), (0, 0));
            let (outer, inner) = (enter(), enter());
            assert_eq!(counts(), (1, 0));
            outside(|| {
                assert_eq!(counts(), (0, 0));
                let back = enter();
                assert_eq!(counts(), (1, 0));
                outside(|| assert_eq!(counts(), (0, 0)));
                assert_eq!(counts(), (1, 0));
                drop(back);
                assert_eq!(counts(), (0, 0));
            });
            assert_eq!(counts(), (1, 0));
            drop(inner);
            assert_eq!(counts(), (1, 0));
            drop(outer);
            let looking_up = look_up();
            assert_eq!(counts(), (0, 1));
            drop(looking_up);
            assert_eq!(counts(), (0, 0));
        });
    }

    #[test]
    #[cfg_attr(miri, ignore = "it knows no forks")]
    fn a_child_gives_nothing_back_for_its_parent() {
        in_a_child(|| {
            let (at_work, waiting, looking_up) = (enter(), Outside::new(), look_up());
            in_a_child(move || {
                assert_eq!(counts(), (0, 0));
                let own = enter();
                drop((waiting, at_work, looking_up));
                assert_eq!(counts(), (1, 0));
                drop(own);
                assert_eq!(counts(), (0, 0));
            });
        });
    }

    /// As a signal handler of the host's may fork in the middle of a call.
    #[test]
    #[cfg_attr(miri, ignore = "it knows no forks")]
    fn a_fork_does_not_wait_for_the_thread_that_forks() {
        in_a_child(|| {
            let _inside = enter();
            let began = Instant::now();
            in_a_child(|| assert_eq!(counts(), (0, 0)));
            // Of the second that it would wait at most.
            assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
        });
    }

    #[test]
    fn who_waits_is_not_counted_and_comes_back_as_before() {
        let _outer = enter();
        let _inner = enter();
        outside(|| {
            assert_eq!(COUNTED.get().1, 0);
            drop(enter());
            outside(|| assert_eq!(COUNTED.get().1, 0));
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
}
