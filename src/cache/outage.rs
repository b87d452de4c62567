//! A refresh that failed is remembered for a second: where stale values may be served, an outage costs one reader one time-out a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const REMEMBERED: Duration = Duration::from_secs(1);

/// Whether the table could not be asked lately.
#[derive(Default)]
pub(super) struct Outage {
    /// Milliseconds of the cache's clock after which somebody asks again; 0 while there is no outage.
    next_attempt: AtomicU64,
}

impl Outage {
    /// Of those who come when it is time to ask again, one is told to.
    pub(super) fn may_ask(&self, now: Duration) -> bool {
        let next = self.next_attempt.load(Ordering::Relaxed);
        if next == 0 {
            return true;
        }
        let following = milliseconds(now + REMEMBERED);
        let exchange = || {
            self.next_attempt
                .compare_exchange(next, following, Ordering::Relaxed, Ordering::Relaxed)
        };
        milliseconds(now) >= next && exchange().is_ok()
    }

    pub(super) fn begin(&self, now: Duration) {
        self.next_attempt
            .store(milliseconds(now + REMEMBERED), Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        // Looked at first: readers share this memory line.
        if self.next_attempt.load(Ordering::Relaxed) != 0 {
            self.next_attempt.store(0, Ordering::Relaxed);
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_a_second_asks_while_the_outage_lasts() {
        let outage = Outage::default();
        let at = |milliseconds| Duration::from_millis(milliseconds);
        assert!(outage.may_ask(at(0)) && outage.may_ask(at(0)));
        outage.begin(at(10));
        assert!(!outage.may_ask(at(10)) && !outage.may_ask(at(1009)));
        assert!(outage.may_ask(at(1010)));
        assert!(!outage.may_ask(at(1010)), "another one asks already");
        assert!(outage.may_ask(at(2010)));
        outage.end();
        assert!(outage.may_ask(at(2010)) && outage.may_ask(at(2010)));
    }
}
