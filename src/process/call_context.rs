//! What a call takes along when its work moves to a thread of its own: whom it logs to, and who catches its panics.

use once_cell::race::OnceBox;

/// The surroundings of one call, captured on the thread that made it.
pub(crate) trait CallContext: Send {
    /// Does `work`, which never unwinds, on another thread as the thread that made the call would do it.
    fn around(&mut self, work: &mut dyn FnMut());

    /// Brings back what came together meanwhile, on the thread that made the call.
    fn come_back(self: Box<Self>);
}

/// Captures the surroundings of the call that the current thread is in.
pub(crate) type Capture = fn() -> Box<dyn CallContext>;

static CAPTURE: OnceBox<Capture> = OnceBox::new();

/// Has every call that moves take along what `capture` captures. Only the first of these counts.
pub(crate) fn carry(capture: Capture) {
    if CAPTURE.get().is_none() {
        let _ = CAPTURE.set(Box::new(capture));
    }
}

pub(super) fn captured() -> Option<Box<dyn CallContext>> {
    CAPTURE.get().map(|capture| capture())
}
