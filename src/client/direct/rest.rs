//! The direct way rests while it leads nowhere: each request that is handed over costs one more than the AWS SDK alone.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// So many requests are handed over in a row before it rests: in an outage, for want of a permission.
const HANDED_OVER: u32 = 5;
/// Then one in so much time is tried.
const LENGTH: Duration = Duration::from_secs(1);

pub(super) struct Rest {
    made: Instant,
    is_for_good: AtomicBool,
    in_a_row: AtomicU32,
    /// Milliseconds from `made` to its end.
    until: AtomicU64,
}

impl Default for Rest {
    fn default() -> Self {
        Rest {
            made: Instant::now(),
            is_for_good: AtomicBool::new(false),
            in_a_row: AtomicU32::new(0),
            until: AtomicU64::new(0),
        }
    }
}

impl Rest {
    /// Whether the next request is better left to the AWS SDK. Of those that come when a rest is over, one is not.
    pub(super) fn is_on(&self) -> bool {
        if self.is_for_good.load(Relaxed) {
            return true;
        }
        if self.in_a_row.load(Relaxed) < HANDED_OVER {
            return false;
        }
        let (now, until) = (self.now(), self.until.load(Relaxed));
        let next = now + LENGTH.as_millis() as u64;
        now < until || self.until.compare_exchange(until, next, Relaxed, Relaxed).is_err()
    }

    /// Only the AWS SDK reads what this engine answers.
    pub(super) fn for_good(&self) {
        self.is_for_good.store(true, Relaxed);
    }

    pub(super) fn answered(&self) {
        // Written only where it changes: all threads read it.
        if self.in_a_row.load(Relaxed) > 0 {
            self.in_a_row.store(0, Relaxed);
        }
    }

    pub(super) fn handed_over(&self) {
        let in_a_row = self.in_a_row.load(Relaxed).saturating_add(1);
        self.in_a_row.store(in_a_row, Relaxed);
        if in_a_row >= HANDED_OVER {
            self.until.store(self.now() + LENGTH.as_millis() as u64, Relaxed);
        }
    }

    fn now(&self) -> u64 {
        self.made.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_some_in_a_row_it_rests_and_then_tries_one() {
        let rest = Rest::default();
        for _ in 1..HANDED_OVER {
            rest.handed_over();
        }
        rest.answered();
        for _ in 1..HANDED_OVER {
            rest.handed_over();
            assert!(!rest.is_on());
        }
        rest.handed_over();
        assert!(rest.is_on());
        rest.until.store(0, Relaxed);
        assert!(!rest.is_on(), "one is tried");
        assert!(rest.is_on(), "and no other");
        rest.answered();
        assert!(!rest.is_on());
        rest.for_good();
        rest.answered();
        assert!(rest.is_on());
    }
}
