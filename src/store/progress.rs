//! How far an init has come, for the error that says it did not come to its end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Rows to write and delete, and how many of them are done.
#[derive(Default)]
pub(super) struct Progress {
    has_begun: AtomicBool,
    /// `$inited` is being put, and may have been although no answer said so.
    pub(super) is_marking: AtomicBool,
    total: AtomicUsize,
    pub(super) done: AtomicUsize,
    last_failure: Mutex<Option<Error>>,
}

impl Progress {
    pub(super) fn begin(&self, total: usize) {
        self.total.store(total, Relaxed);
        self.has_begun.store(true, Relaxed);
    }

    pub(super) fn failed(&self, error: Error) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
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
        if !self.has_begun.load(Relaxed) {
            return "init failed before its first write".to_owned();
        }
        let (done, total) = (self.done.load(Relaxed), self.total.load(Relaxed));
        if self.is_marking.load(Relaxed) {
            return format!("init wrote or deleted all of its {total} rows, but failed to put \"$inited\"");
        }
        format!(
            "init failed with {done} of its {total} rows known to be written or deleted and {} not; \"$inited\" is as it was",
            total - done
        )
    }
}
