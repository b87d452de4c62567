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
