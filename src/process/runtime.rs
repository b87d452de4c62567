//! The runtime of a live state: driven by whoever calls, no thread of its own.

use std::cell::Cell;
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use super::inside::{self, Inside};
use super::signals::{SignalsBlocked, SigpipeBlocked};
use crate::error::{Error, ErrorKind, Result};

/// After so long without anyone driving it, the runtime is turned once before a call: what the server closed meanwhile is seen first.
const IDLE_BEFORE_TURN: Duration = Duration::from_secs(1);
/// The driver sees up to 1,024 sockets at a turn, and a connection that was being made takes several turns until the pool knows it.
const TURNS: u32 = 16;

/// A current-thread runtime, made at the first use.
pub(crate) struct Runtime {
    engine: OnceCell<Engine>,
    made: Instant,
    /// Milliseconds from `made` to when it was last driven.
    last_driven: AtomicU64,
    /// Held by the call that turns the runtime; others that find it idle wait for that.
    turning: tokio::sync::Mutex<()>,
}

impl Runtime {
    pub(crate) fn new() -> Self {
        Runtime {
            engine: OnceCell::new(),
            made: Instant::now(),
            last_driven: AtomicU64::new(0),
            turning: tokio::sync::Mutex::const_new(()),
        }
    }

    /// Drives the future that `make` makes to its end on the calling thread, or on a thread of its own where the caller is inside
    /// a runtime already, or where its thread is ending and a destructor of the host's makes the call.
    pub(crate) fn block_on<F>(&self, make: impl FnOnce() -> F + Send) -> Result<F::Output>
    where
        F: Future,
        F::Output: Send,
    {
        let is_inside = tokio::runtime::Handle::try_current().is_ok();
        let is_ending = DRIVES.try_with(|_| ()).is_err();
        if !is_inside && !is_ending {
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
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(error) => Err(internal("no thread for the call could be started", &error)),
            }
        })
    }

    fn drive<F: Future>(&self, future: F) -> Result<F::Output> {
        let engine = match self.engine.get() {
            Some(engine) => engine,
            None => {
                let _inside = inside::enter();
                self.engine.get_or_try_init(Engine::new)?
            }
        };
        let _sigpipe = SigpipeBlocked::new();
        let _driving = Driving(self);
        Ok(engine.block_on(async {
            self.turn_if_idle().await;
            future.await
        }))
    }

    /// Lets the driver look at its sockets, and the tasks of the connections at what it found, before anybody chooses a connection.
    async fn turn_if_idle(&self) {
        if !self.is_idle() {
            return;
        }
        let _turning = self.turning.lock().await;
        if !self.is_idle() {
            return;
        }
        // On a task: only there a yield hands over to the driver, whichever thread that is, and returns behind the tasks it woke.
        let turn = tokio::spawn(async {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        });
        // A turn that was given up with its runtime is of no interest.
        let _ = turn.await;
        self.last_driven.store(self.now(), Ordering::Relaxed);
    }

    fn is_idle(&self) -> bool {
        let idle = self.now().saturating_sub(self.last_driven.load(Ordering::Relaxed));
        Duration::from_millis(idle) >= IDLE_BEFORE_TURN
    }

    fn now(&self) -> u64 {
        self.made.elapsed().as_millis() as u64
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.tokio.shutdown_background();
        }
    }
}

/// A tokio runtime, whose threads are inside the fork gate whenever they do not wait.
struct Engine {
    tokio: tokio::runtime::Runtime,
    /// Tells the waker of the thread that drives from those of the threads that wait beside it.
    driver: usize,
}

thread_local! {
    /// Held by the thread that drives, from one wait for the network to the next.
    static DRIVES: Cell<Option<Inside>> = const { Cell::new(None) };
}

impl Engine {
    fn new() -> Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .on_thread_park(|| drop(DRIVES.take()))
            .on_thread_unpark(|| DRIVES.set(Some(inside::enter())))
            .build()
            .map_err(|error| internal("no runtime could be made", &error))?;
        // Nobody else knows this runtime yet, so this thread drives it.
        let driver = tokio.block_on(poll_fn(|context| Poll::Ready(context.waker().data() as usize)));
        Ok(Engine { tokio, driver })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        struct Leaves;
        impl Drop for Leaves {
            fn drop(&mut self) {
                drop(DRIVES.take());
            }
        }
        let _leaves = Leaves;
        let mut future = pin!(future);
        self.tokio.block_on(poll_fn(|context| {
            let _inside = inside::enter();
            // The driver goes on to the tasks of the connections; whoever waits beside it waits again after this.
            if context.waker().data() as usize == self.driver {
                DRIVES.set(Some(inside::enter()));
            }
            future.as_mut().poll(context)
        }))
    }
}

/// Notes at its end that the runtime was driven.
struct Driving<'a>(&'a Runtime);

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.last_driven.store(self.0.now(), Ordering::Relaxed);
    }
}

fn internal(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("{what}: {error}"))
}
