//! A flag that a thread waits for, and a signal handler of the host's interrupts the wait: whoever was forked meanwhile can notice.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::system;

/// A wait ends by itself after this. The signal whose handler forks may have come just before the wait.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Down until another thread raises it.
#[derive(Default)]
pub(super) struct Flag(AtomicU32);

const DOWN: u32 = 0;
const UP: u32 = 1;

impl Flag {
    pub(super) fn raise(&self) {
        if self.0.swap(UP, Ordering::AcqRel) == DOWN {
            system::wake_all(&self.0);
        }
    }

    /// Takes the flag down again; tells whether it was up.
    pub(super) fn lower(&self) -> bool {
        self.0.swap(DOWN, Ordering::AcqRel) == UP
    }

    /// Returns when the flag is up, or after a signal, or after a while.
    pub(super) fn wait(&self) {
        self.wait_at_most(LONGEST_WAIT);
    }

    /// The same, after `limit` at the latest.
    pub(super) fn wait_at_most(&self, limit: Duration) {
        system::wait(&self.0, DOWN, limit.min(LONGEST_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_flag_ends_the_wait_and_is_lowered_once() {
        let flag = Flag::default();
        std::thread::scope(|scope| {
            scope.spawn(|| flag.raise());
            while !flag.lower() {
                flag.wait();
            }
        });
        assert!(!flag.lower());
    }
}
