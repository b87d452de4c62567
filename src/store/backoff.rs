//! Pauses before what may pass is repeated.

use std::time::Duration;

const FIRST_BACKOFF: Duration = Duration::from_millis(25);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Pauses that grow exponentially, each shortened by chance so that writers do not come back all at once.
pub(super) struct Backoff {
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { longest: FIRST_BACKOFF }
    }
}

impl Backoff {
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.longest.mul_f64(fastrand::f64());
        self.longest = (self.longest * 2).min(LONGEST_BACKOFF);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_seconds_and_none_is_longer_than_its_turn_allows() {
        let longest = |turn: u32| (FIRST_BACKOFF * 2_u32.pow(turn)).min(LONGEST_BACKOFF);
        let mut longest_seen = [Duration::ZERO; 10];
        for _ in 0..200 {
            let mut backoff = Backoff::default();
            for (turn, seen) in (0..).zip(&mut longest_seen) {
                let pause = backoff.next();
                assert!(pause <= longest(turn), "{turn}: {pause:?}");
                *seen = pause.max(*seen);
            }
        }
        for (turn, seen) in (0..).zip(longest_seen) {
            assert!(
                seen > longest(turn) / 2,
                "{turn}: chance alone gives no more than {seen:?}"
            );
        }
        assert_eq!(longest(9), LONGEST_BACKOFF);
    }
}
