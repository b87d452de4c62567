//! How far an init has come: for whoever watches it, and for the error that says it did not come to its end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// What is told of a failure beside how far an init came.
const MOST_OF_A_FAILURE: usize = 100;

/// Rows to write and delete, and how many of them are done; whether it is to stop.
#[derive(Default)]
pub(crate) struct Progress {
    /// Rows of the table that were compared.
    pub(super) read: AtomicUsize,
    has_begun: AtomicBool,
    /// `$inited` is being put, and may have been although no answer said so.
    pub(super) is_marking: AtomicBool,
    total: AtomicUsize,
    pub(super) done: AtomicUsize,
    last_failure: Mutex<Option<Error>>,
    /// No request has been answered since the last failure.
    is_waiting: AtomicBool,
    /// Misspelt kinds have been warned of.
    has_warned: bool,
    should_stop: AtomicBool,
    has_stopped: AtomicBool,
}

/// How far it is.
#[cfg(feature = "cli")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// It reads what the table holds, so many rows by now.
    Reading { rows: usize },
    /// It writes and deletes.
    Writing { done: usize, total: usize },
}

impl Progress {
    #[cfg(feature = "cli")]
    pub(crate) fn reached(&self) -> Reached {
        match self.has_begun.load(Relaxed) {
            false => Reached::Reading {
                rows: self.read.load(Relaxed),
            },
            true => Reached::Writing {
                done: self.done.load(Relaxed),
                total: self.total.load(Relaxed),
            },
        }
    }

    /// Of a data set whose misspelt kinds have been warned of.
    #[cfg(feature = "cli")]
    pub(crate) fn after_warnings() -> Self {
        Progress {
            has_warned: true,
            ..Progress::default()
        }
    }

    /// What keeps it from going on.
    #[cfg(feature = "cli")]
    pub(crate) fn waits_for(&self) -> Option<Error> {
        let last = self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone().filter(|_| self.is_waiting.load(Relaxed))
    }

    /// Has it end with an error soon: no further request begins, and what is under way is finished.
    #[cfg(feature = "cli")]
    pub(crate) fn stop(&self) {
        self.should_stop.store(true, Relaxed);
    }

    /// Whether it ended for that.
    pub(crate) fn has_stopped(&self) -> bool {
        self.has_stopped.load(Relaxed)
    }

    pub(super) fn should_stop(&self) -> bool {
        self.should_stop.load(Relaxed)
    }

    /// Whether it stops here, before a request.
    pub(super) fn stops(&self) -> bool {
        let should_stop = self.should_stop();
        if should_stop {
            self.has_stopped.store(true, Relaxed);
        }
        should_stop
    }

    pub(super) fn begin(&self, total: usize) {
        self.total.store(total, Relaxed);
        self.has_begun.store(true, Relaxed);
    }

    pub(super) fn has_warned(&self) -> bool {
        self.has_warned
    }

    pub(super) fn failed(&self, error: Error) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.is_waiting.store(true, Relaxed);
    }

    pub(super) fn answered(&self) {
        self.is_waiting.store(false, Relaxed);
    }

    /// The beginning of what failed last, where nothing has been answered since.
    pub(super) fn what_it_waited_for(&self) -> String {
        let last = self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref().filter(|_| self.is_waiting.load(Relaxed)) {
            Some(error) => {
                let words: String = error.message().chars().take(MOST_OF_A_FAILURE).collect();
                format!("; the last failure was: {words}")
            }
            None => String::new(),
        }
    }

    /// Says what was failing before the time was over, or what it was over in.
    pub(super) fn out_of_time(&self, limit: Duration, end: &Error) -> Error {
        let last = self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().unwrap_or(end);
        let message = format!(
            "init was not done within {} ms; the last failure was: {}",
            limit.as_millis(),
            last.message()
        );
        Error::new(ErrorKind::TimedOut, message).with_service_code(last.service_code())
    }

    pub(super) fn describe(&self) -> String {
        let ended = match self.has_stopped() {
            true => "was stopped",
            false => "failed",
        };
        if !self.has_begun.load(Relaxed) {
            return format!("init {ended} before its first write");
        }
        let (done, total) = (self.done.load(Relaxed), self.total.load(Relaxed));
        if self.is_marking.load(Relaxed) {
            let ended = match self.has_stopped() {
                true => "was stopped while it put",
                false => "failed to put",
            };
            return format!("init wrote or deleted all of its {total} rows, but {ended} \"$inited\"");
        }
        format!(
            "init {ended} with {done} of its {total} rows known to be written or deleted and {} not; \"$inited\" is as it was",
            total - done
        )
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_stopped_says_how_far_it_came() {
        let progress = Progress::default();
        assert!(!progress.has_warned() && Progress::after_warnings().has_warned());
        progress.read.store(7, Relaxed);
        assert_eq!(progress.reached(), Reached::Reading { rows: 7 });
        assert!(!progress.stops() && !progress.has_stopped());
        progress.stop();
        assert!(!progress.has_stopped(), "nothing has come to where it stops");
        assert!(progress.stops() && progress.has_stopped());
        assert_eq!(progress.describe(), "init was stopped before its first write");

        progress.failed(Error::new(ErrorKind::Throttled, "a failure"));
        assert_eq!(progress.waits_for().expect("a failure").message(), "a failure");
        assert_eq!(progress.what_it_waited_for(), "; the last failure was: a failure");
        progress.answered();
        assert!(progress.waits_for().is_none() && progress.what_it_waited_for().is_empty());

        progress.begin(5);
        progress.done.store(2, Relaxed);
        assert_eq!(progress.reached(), Reached::Writing { done: 2, total: 5 });
        assert_eq!(
            progress.describe(),
            "init was stopped with 2 of its 5 rows known to be written or deleted and 3 not; \"$inited\" is as it was"
        );
        progress.is_marking.store(true, Relaxed);
        assert_eq!(
            progress.describe(),
            "init wrote or deleted all of its 5 rows, but was stopped while it put \"$inited\""
        );
    }
}
