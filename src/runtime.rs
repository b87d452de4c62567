//! The runtime of a live state: driven by whoever calls, no thread of its own.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use crate::error::{Error, ErrorKind, Result};
use crate::process::{SignalsBlocked, SigpipeBlocked};

/// After so long without anyone driving it, the runtime is turned once before a call: what the server closed meanwhile is seen first.
const IDLE_BEFORE_TURN: Duration = Duration::from_secs(1);

/// A current-thread runtime, made at the first use.
pub(crate) struct Runtime {
    tokio: OnceCell<tokio::runtime::Runtime>,
    made: Instant,
    driving: AtomicUsize,
    /// Milliseconds from `made` to when it was last driven.
    last_driven: AtomicU64,
}

impl Runtime {
    pub(crate) fn new() -> Self {
        Runtime {
            tokio: OnceCell::new(),
            made: Instant::now(),
            driving: AtomicUsize::new(0),
            last_driven: AtomicU64::new(0),
        }
    }

    /// Drives the future that `make` makes to its end on the calling thread, or on a thread of its own where the caller is inside
    /// a runtime already.
    pub(crate) fn block_on<F>(&self, make: impl FnOnce() -> F + Send) -> Result<F::Output>
    where
        F: Future,
        F::Output: Send,
    {
        if tokio::runtime::Handle::try_current().is_err() {
            return self.drive(make());
        }
        let logs = tracing::dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            let blocked = SignalsBlocked::all();
            let spawned = std::thread::Builder::new()
                .name("ld-dynamo-call".to_owned())
                .spawn_scoped(scope, || {
                    tracing::dispatcher::with_default(&logs, || self.drive(make()))
                });
            drop(blocked);
            match spawned {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(error) => Err(internal("no thread for the call could be started", &error)),
            }
        })
    }

    fn drive<F: Future>(&self, future: F) -> Result<F::Output> {
        let tokio = self.tokio.get_or_try_init(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build()
                .map_err(|error| internal("no runtime could be made", &error))
        })?;
        let _sigpipe = SigpipeBlocked::new();
        let _driving = Driving::begin(self);
        Ok(tokio.block_on(async {
            if self.is_stale() {
                turn().await;
            }
            future.await
        }))
    }

    fn is_stale(&self) -> bool {
        let idle = self
            .now()
            .saturating_sub(self.last_driven.load(Ordering::Relaxed));
        self.driving.load(Ordering::Relaxed) == 1
            && Duration::from_millis(idle) >= IDLE_BEFORE_TURN
    }

    fn now(&self) -> u64 {
        self.made.elapsed().as_millis() as u64
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(tokio) = self.tokio.take() {
            tokio.shutdown_background();
        }
    }
}

/// Lets the driver look at its sockets and the connection tasks at what it found.
async fn turn() {
    // One yield polls the driver, the next runs the tasks it woke, the third what those woke in turn.
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

struct Driving<'a>(&'a Runtime);

impl<'a> Driving<'a> {
    fn begin(runtime: &'a Runtime) -> Self {
        runtime.driving.fetch_add(1, Ordering::Relaxed);
        Driving(runtime)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.last_driven.store(self.0.now(), Ordering::Relaxed);
        self.0.driving.fetch_sub(1, Ordering::Relaxed);
    }
}

fn internal(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("{what}: {error}"))
}
