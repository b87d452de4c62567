//! What a call takes along when its work moves to a thread of its own: who listens to it, and that its panics are recorded.

use tracing::metadata::LevelFilter;

use super::collector::{self, Collector, Messages};
use super::guard::{self, Outcome};
use crate::error::{Error, ErrorKind};
use crate::process::{self, CallContext};

struct MovedCall {
    level: Option<LevelFilter>,
    is_guarded: bool,
    messages: Messages,
    panic: Option<String>,
}

/// Captures the call that the current thread is in.
pub(super) fn capture() -> Box<dyn CallContext> {
    Box::new(MovedCall {
        level: collector::level_heard(),
        is_guarded: guard::is_guarded(),
        messages: Messages::default(),
        panic: None,
    })
}

impl CallContext for MovedCall {
    fn around(&mut self, work: &mut dyn FnMut()) {
        guard::set_guarded(self.is_guarded);
        match self.level {
            Some(level) => ((), self.messages) = collector::listen(level, work),
            None => work(),
        }
        self.panic = guard::take_panic();
    }

    fn come_back(self: Box<Self>) {
        collector::add(self.messages);
        if let Some(panic) = self.panic {
            guard::record_panic(panic);
        }
    }
}

/// Does `work`, on a thread of its own where its messages would not be heard on this one: a destructor of the host's makes the call, and
/// its thread is ending.
pub(super) fn heard(work: impl FnOnce() -> Outcome) -> Outcome {
    let is_listening = collector::level_heard().is_some_and(|level| level != LevelFilter::OFF);
    // The variables of `tracing` go away with the thread, in no order that one could know.
    if !is_listening || tracing::dispatcher::get_default(|current| current.is::<Collector>()) {
        return work();
    }
    let made_in = process::generation();
    let mut work = Movable(Some(work));
    match process::on_a_thread_of_its_own(made_in, || work.run()) {
        Ok(outcome) => outcome,
        // No thread could be started: better done and not heard.
        Err(_) if process::generation() == made_in => work.run(),
        Err(error) => Err(error.into()),
    }
}

/// A call that is made once, on whichever thread.
struct Movable<F>(Option<F>);

// SAFETY: what a call holds are pointers of its caller's, who waits for it and does nothing else meanwhile; a logger is for all threads.
unsafe impl<F> Send for Movable<F> {}

impl<F: FnOnce() -> Outcome> Movable<F> {
    fn run(&mut self) -> Outcome {
        let work = self.0.take();
        let work = work.ok_or_else(|| Error::new(ErrorKind::Internal, "the call was made before"))?;
        work()
    }
}
