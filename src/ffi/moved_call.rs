//! What a call takes along when its work moves to a thread of its own: who listens to it, and that its panics are recorded.

use tracing::metadata::LevelFilter;

use super::collector::{self, Messages};
use super::guard;
use crate::process::CallContext;

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
