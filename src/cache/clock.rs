//! The time by which entries grow old.

use std::time::Duration;

/// Time since some moment before the cache was made.
pub(crate) trait Clock {
    fn now(&self) -> Duration;

    /// Called before a lock is taken to change the cache: tests let other threads run here.
    fn before_lock(&self) {}
}

#[cfg(not(target_vendor = "apple"))]
const COARSE: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
#[cfg(target_vendor = "apple")]
const COARSE: libc::clockid_t = libc::CLOCK_MONOTONIC_RAW_APPROX;

/// The kernel's coarse clock: a few milliseconds behind, and a fraction of the cost of the exact one.
#[derive(Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes to `now` only; the clock is there since Linux 2.6.32, and else time stands still at 0.
        unsafe { libc::clock_gettime(COARSE, &mut now) };
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
}
