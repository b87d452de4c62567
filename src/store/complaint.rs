//! What stands in the way of every call is said once, and then at most once a minute: a program that asks again and again gets the
//! error each time, and its log the reason.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

const PAUSE: Duration = Duration::from_secs(60);

/// The complaints of one live state.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<Option<(Instant, String)>>);

impl Complaints {
    /// Logs why no client can be made. What may pass by itself is left to the caller, who is told the same.
    pub(crate) fn say(&self, error: &Error) {
        if !error.is_retriable() && self.is_news(error.message(), Instant::now()) {
            tracing::warn!("no request can be sent: {error}");
        }
    }

    fn is_news(&self, message: &str, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = last
            .as_ref()
            .is_some_and(|(said, known)| known == message && now < *said + PAUSE);
        if !is_known {
            *last = Some((now, message.to_owned()));
        }
        !is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_minute_and_something_else_at_once() {
        let complaints = Complaints::default();
        let began = Instant::now();
        assert!(complaints.is_news("no region", began));
        assert!(!complaints.is_news("no region", began + PAUSE / 2));
        assert!(complaints.is_news("no region", began + PAUSE));
        assert!(complaints.is_news("no bundle", began + PAUSE));
    }
}
