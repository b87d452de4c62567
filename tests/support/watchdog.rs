//! Turns a hang into a failure.

use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::time::Duration;

/// Ends the whole test process unless it is dropped in time.
pub struct Watchdog {
    _alive: Sender<()>,
}

impl Watchdog {
    pub fn new(limit: Duration) -> Self {
        let (alive, gone) = channel::<()>();
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        std::thread::spawn(move || {
            if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{test} did not end within {} s", limit.as_secs());
                std::process::abort();
            }
        });
        Watchdog { _alive: alive }
    }
}
