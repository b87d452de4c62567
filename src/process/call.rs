//! The future of one call, which belongs to the process that began it.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{unconstrained, Unconstrained};

use super::inside;
use super::page::generation;
use crate::error::{Error, ErrorKind, Result};

/// A call's future, which is neither polled nor dropped in another process than its own: its guards would take inherited locks, and
/// its sockets are the parent's.
pub(super) struct Call<F> {
    generation: u64,
    /// Inside a runtime of the host's, tokio has a task yield now and then to a scheduler that this thread keeps waiting.
    future: ManuallyDrop<Pin<Box<Unconstrained<F>>>>,
}

impl<F: Future> Call<F> {
    pub(super) fn new(generation: u64, future: F) -> Self {
        Call {
            generation,
            future: ManuallyDrop::new(Box::pin(unconstrained(future))),
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<F::Output>> {
        if let Err(error) = self.require_own_process() {
            return Poll::Ready(Err(error));
        }
        let _inside = inside::enter();
        let polled = self.future.as_mut().poll(context);
        // The fork may have come in the middle of that.
        match self.require_own_process() {
            Ok(()) => polled.map(Ok),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<F> Call<F> {
    pub(super) fn require_own_process(&self) -> Result<()> {
        if self.generation == generation() {
            return Ok(());
        }
        Err(interrupted())
    }
}

impl<F> Drop for Call<F> {
    fn drop(&mut self) {
        if self.generation == generation() {
            // SAFETY: dropped once, here, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.future) };
        }
    }
}

/// The failure of a call in the child that a signal handler forked in the middle of it.
pub(super) fn interrupted() -> Error {
    Error::new(
        ErrorKind::Unreachable,
        "this process was forked in the middle of the call, whose connections are its parent's",
    )
}
