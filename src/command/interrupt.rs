//! Ctrl-C: the first one asks the work to stop where it can, the second one ends the process.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use super::outcome::{Failure, Result};

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

/// Somebody's wish that the work stop, which ends a wait at once.
pub(super) struct Interruption {
    raised: Arc<AtomicBool>,
    /// Written to by a signal that comes.
    woken: UnixStream,
}

impl Interruption {
    pub(super) fn new() -> Result<Self> {
        let raised = flag();
        let woken =
            woken_by_signals().map_err(|error| Failure::Stopped(format!("a signal would not end a wait: {error}")))?;
        Ok(Interruption { raised, woken })
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Waits for so long, or until somebody wants to stop; returns whether that is so.
    pub(super) fn wait(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            // No time at all would be taken for endless time.
            if self.is_wanted() || rest.is_zero() {
                return self.is_wanted();
            }
            // Woken, out of time or disturbed: what has happened is looked up above.
            let _ = self
                .woken
                .set_read_timeout(Some(rest))
                .and_then(|()| self.woken.read(&mut [0]));
        }
    }
}

/// The end to read from, in which a signal writes.
fn woken_by_signals() -> std::io::Result<UnixStream> {
    let (woken, end) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, end.try_clone()?)?;
    }
    Ok(woken)
}
