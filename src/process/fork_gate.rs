//! Keeps a fork from happening while a thread of this library is inside one of the crates below it.
//!
//! Those crates hold process-wide locks: hundreds of cells that are filled at the first use, the registry of `tracing`, the random
//! numbers of AWS-LC. A child that inherits one of them taken waits for it for ever, as the thread that took it is not there. So
//! every thread is counted in while it works and out while it waits for the network. `fork` first waits until nobody is in, and nobody
//! gets in until it is done. That takes as long as the work between two waits, and never longer than a second.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::process;

/// How long a fork waits for work, and work for a fork. Beyond it a lock may be inherited, which is better than a host that hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long a fork waits for name look-ups, which may take longer than this but hold a lock for moments only.
const LONGEST_WAIT_FOR_LOOK_UPS: Duration = Duration::from_millis(50);

/// Who is where. Lies on the page that is wiped in a child, where nobody is inside.
#[derive(Default)]
#[repr(C, align(64))]
pub(crate) struct Gate {
    inside: AtomicU32,
    look_ups: AtomicU32,
    forks: AtomicU32,
}

impl Gate {
    fn count_in(&self, counter: &AtomicU32) {
        let mut wait = Wait::at_most(LONGEST_WAIT);
        loop {
            counter.fetch_add(1, Ordering::SeqCst);
            if self.forks.load(Ordering::SeqCst) == 0 || wait.is_over() {
                return;
            }
            counter.fetch_sub(1, Ordering::SeqCst);
            wait.a_little();
        }
    }

    /// Closes the gate and waits until all but `own` have left.
    fn begin_fork(&self, own: u32) {
        self.forks.fetch_add(1, Ordering::SeqCst);
        let mut wait = Wait::at_most(LONGEST_WAIT);
        while self.inside.load(Ordering::SeqCst) > own && !wait.is_over() {
            wait.a_little();
        }
        let mut wait = Wait::at_most(LONGEST_WAIT_FOR_LOOK_UPS);
        while self.look_ups.load(Ordering::SeqCst) > 0 && !wait.is_over() {
            wait.a_little();
        }
    }

    fn end_fork(&self) {
        // Never below zero, even if the handlers were registered in the middle of a fork.
        let _ = self
            .forks
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |forks| forks.checked_sub(1));
    }

    /// For kernels that do not wipe the page.
    pub(crate) fn wipe(&self) {
        for counter in [&self.inside, &self.look_ups, &self.forks] {
            counter.store(0, Ordering::SeqCst);
        }
    }
}

/// Waiting without a lock: gives the processor away a few times, then sleeps in small steps.
struct Wait {
    deadline: Instant,
    steps: u32,
}

impl Wait {
    fn at_most(limit: Duration) -> Self {
        Wait {
            deadline: Instant::now() + limit,
            steps: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.steps > 0 && Instant::now() >= self.deadline
    }

    fn a_little(&mut self) {
        self.steps += 1;
        if self.steps < 20 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

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
    let generation = process::generation();
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
        let gate = process::gate();
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
        if self.generation != process::generation() {
            return;
        }
        let (generation, depth) = COUNTED.get();
        if depth == 1 {
            process::gate().inside.fetch_sub(1, Ordering::SeqCst);
        }
        COUNTED.set((generation, depth - 1));
    }
}

/// This thread looks a name up.
pub(crate) struct LookingUp {
    generation: u64,
}

/// As [`enter`], for the system's resolver, which may wait for the network inside.
pub(crate) fn look_up() -> LookingUp {
    let generation = process::generation();
    let gate = process::gate();
    gate.count_in(&gate.look_ups);
    LookingUp { generation }
}

impl Drop for LookingUp {
    fn drop(&mut self) {
        if self.generation == process::generation() {
            process::gate().look_ups.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// A child continues its parent's sequence of random delays otherwise, and so do all its siblings.
fn seed_again(generation: u64) {
    fastrand::seed(RandomState::new().hash_one((std::process::id(), generation, Instant::now())));
}

/// Has every `fork` of this process and its children wait at the gate. Done once.
pub(crate) fn register() {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    extern "C" fn before() {
        let (generation, depth) = COUNTED.get();
        let own = generation == process::generation() && depth > 0;
        process::gate().begin_fork(u32::from(own));
    }
    extern "C" fn after_in_parent() {
        process::gate().end_fork();
    }
    // Miri knows no forks.
    if cfg!(miri) || IS_REGISTERED.swap(true, Ordering::Relaxed) {
        return;
    }
    // The child has nothing to do: the gate it finds was wiped. SAFETY: the handlers touch atomics and thread-locals without destructors.
    unsafe {
        libc::pthread_atfork(Some(before), Some(after_in_parent), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_fork_waits_for_work_and_work_for_a_fork() {
        let gate = Gate::default();
        let has_begun = AtomicBool::new(false);
        let is_over = AtomicBool::new(false);
        gate.count_in(&gate.inside);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                gate.begin_fork(0);
                has_begun.store(true, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(50));
                is_over.store(true, Ordering::SeqCst);
                gate.end_fork();
            });
            while gate.forks.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(50));
            assert!(
                !has_begun.load(Ordering::SeqCst),
                "the fork began while a thread was inside"
            );
            gate.inside.fetch_sub(1, Ordering::SeqCst);
            gate.count_in(&gate.inside);
            assert!(is_over.load(Ordering::SeqCst), "a thread got in during the fork");
        });
    }

    #[test]
    fn nobody_waits_for_ever() {
        let gate = Gate::default();
        gate.count_in(&gate.inside);
        let began = Instant::now();
        gate.begin_fork(0);
        gate.count_in(&gate.inside);
        let waited = began.elapsed();
        assert!(waited >= LONGEST_WAIT && waited < 10 * LONGEST_WAIT, "{waited:?}");
    }

    #[test]
    fn a_fork_waits_neither_for_its_own_thread_nor_long_for_look_ups() {
        let gate = Gate::default();
        gate.count_in(&gate.inside);
        gate.count_in(&gate.look_ups);
        let began = Instant::now();
        gate.begin_fork(1);
        let waited = began.elapsed();
        assert!(
            waited >= LONGEST_WAIT_FOR_LOOK_UPS && waited < LONGEST_WAIT,
            "{waited:?}"
        );
    }

    #[test]
    fn entering_twice_counts_once() {
        let gate = process::gate();
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
