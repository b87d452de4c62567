//! What stands in the way of every call is said once, and then at most once a minute: a program that asks again and again gets the
//! error each time, and its log the reason.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

const PAUSE: Duration = Duration::from_secs(60);

/// So many different ones are remembered.
const MOST: usize = 8;

/// What one live state has said, and when.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<Vec<(Instant, String)>>);

impl Complaints {
    /// Logs why no request can be sent. What may pass by itself is left to the caller, who is told the same.
    pub(crate) fn say(&self, error: &Error) {
        if !error.is_retriable() {
            self.warn(&format!("no request can be sent: {error}"));
        }
    }

    pub(super) fn warn(&self, message: &str) {
        if self.is_news(message, Instant::now()) {
            tracing::warn!("{message}");
        }
    }

    fn is_news(&self, message: &str, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|(when, _)| now < *when + PAUSE);
        let is_known = said.iter().any(|(_, known)| known == message);
        if !is_known {
            if said.len() >= MOST {
                said.remove(0);
            }
            said.push((now, message.to_owned()));
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
        assert!(!complaints.is_news("no region", began + PAUSE));
    }
}
