//! The gate itself: counts who is at work, and has a fork wait for them and them for a fork. `inside` says who is counted and why.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a fork waits for work, and work for a fork. Beyond it a lock may be inherited, which is better than a host that hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long a fork waits for name look-ups, which may take longer than this but hold a lock for moments only.
const LONGEST_WAIT_FOR_LOOK_UPS: Duration = Duration::from_millis(50);

/// Who is where. Lies on the page that is wiped in a child, where nobody is inside.
#[derive(Default)]
#[repr(C, align(64))]
pub(super) struct Gate {
    pub(super) inside: AtomicU32,
    pub(super) look_ups: AtomicU32,
    forks: AtomicU32,
}

impl Gate {
    pub(super) fn count_in(&self, counter: &AtomicU32) {
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
    pub(super) fn begin_fork(&self, own: u32) {
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

    pub(super) fn end_fork(&self) {
        // Never below zero, even if the handlers were registered in the middle of a fork.
        let _ = self
            .forks
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |forks| forks.checked_sub(1));
    }

    /// For kernels that do not wipe the page.
    pub(super) fn wipe(&self) {
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

    /// As a child has to find it: nobody is inside, and no fork is under way.
    #[test]
    fn a_wiped_gate_counts_nobody() {
        let gate = Gate::default();
        gate.count_in(&gate.inside);
        gate.count_in(&gate.look_ups);
        gate.forks.store(1, Ordering::SeqCst);
        gate.wipe();
        let counters = [&gate.inside, &gate.look_ups, &gate.forks];
        assert_eq!(counters.map(|counter| counter.load(Ordering::SeqCst)), [0; 3]);
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
}
