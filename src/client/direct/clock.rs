//! The time at which requests are signed on both ways: this machine's, moved by what a refusal's date said where that is far off.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_types::date_time::Format;
use aws_smithy_types::DateTime;
use aws_types::sdk_config::TimeSource;

/// DynamoDB takes what was signed within five minutes; the AWS SDK corrects the clock from four on.
const TOLERANCE: Duration = Duration::from_secs(4 * 60);

#[derive(Debug, Clone, Default)]
pub(in crate::client) struct Clock {
    /// Seconds by which this machine's clock is behind the service's.
    behind: Arc<AtomicI64>,
}

impl Clock {
    /// Takes the date of a refusal for the service's time.
    pub(in crate::client) fn learn(&self, date: Option<&str>) {
        self.learn_at(date, SystemTime::now());
    }

    fn learn_at(&self, date: Option<&str>, now: SystemTime) {
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        let Some(date) = date else { return };
        let now = DateTime::from(now);
        let behind = date.secs() - now.secs();
        let is_far = behind.unsigned_abs() > TOLERANCE.as_secs();
        self.behind.store(if is_far { behind } else { 0 }, Relaxed);
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        moved(SystemTime::now(), self.behind.load(Relaxed))
    }
}

fn moved(time: SystemTime, seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moved = match seconds < 0 {
        true => time.checked_sub(distance),
        false => time.checked_add(distance),
    };
    moved.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_moved_until_it_is_right() {
        let clock = Clock::default();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        clock.learn_at(Some("Thu, 01 Jan 1970 02:00:00 GMT"), at(3600));
        assert_eq!(moved(at(10), clock.behind.load(Relaxed)), at(3610));
        clock.learn_at(None, at(3600));
        clock.learn_at(Some("yesterday"), at(3600));
        assert_eq!(clock.behind.load(Relaxed), 3600);
        clock.learn_at(Some("Thu, 01 Jan 1970 01:00:00 GMT"), at(3600 + 120));
        assert_eq!(clock.behind.load(Relaxed), 0);
        clock.learn_at(Some("Thu, 01 Jan 1970 01:00:00 GMT"), at(7200));
        assert_eq!(moved(at(7200), clock.behind.load(Relaxed)), at(3600));
    }
}
