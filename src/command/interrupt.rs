//! Ctrl-C: the first one asks the work to stop where it can, the second one ends the process.

use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that is raised when somebody wants the work to stop.
pub(super) fn flag() -> Arc<AtomicBool> {
    let raised = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag raised, and ends the process as it would without us.
        let registered = flag::register_conditional_default(signal, Arc::clone(&raised))
            .and_then(|_| flag::register(signal, Arc::clone(&raised)));
        if let Err(error) = registered {
            tracing::warn!("a signal will end this process at once: {error}");
        }
    }
    raised
}
