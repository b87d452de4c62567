//! The runtime of a live state: driven by whoever calls, no thread of its own.

use std::future::Future;
use std::panic::{resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use super::call::interrupted;
use super::call_context;
use super::engine::{is_ending, Engine};
use super::flag::Flag;
use super::inside;
use super::page::generation;
use super::signals::{SignalsBlocked, SigpipeBlocked};
use super::stack::{has_barely_room_for_the_aws_sdk, has_room_for_the_aws_sdk, OF_OUR_THREADS};
use crate::error::{Error, ErrorKind, Result};

/// After so long without anyone driving it, the runtime is turned once before a call: what the server closed meanwhile is seen first.
const IDLE_BEFORE_TURN: Duration = Duration::from_secs(1);
/// The driver sees up to 1,024 sockets at a turn, and a connection that was being made takes several turns until the pool knows it.
const TURNS: u32 = 16;

/// A current-thread runtime, made at the first use.
pub(crate) struct Runtime {
    /// The process it is for.
    generation: u64,
    engine: OnceCell<Engine>,
    made: Instant,
    /// Milliseconds from `made` to when it was last driven.
    last_driven: AtomicU64,
    /// Held by the call that turns the runtime; others that find it idle wait for that.
    turning: tokio::sync::Mutex<()>,
}

impl Runtime {
    pub(crate) fn new(generation: u64) -> Self {
        Runtime {
            generation,
            engine: OnceCell::new(),
            made: Instant::now(),
            last_driven: AtomicU64::new(0),
            turning: tokio::sync::Mutex::const_new(()),
        }
    }

    /// Drives the future that `make` makes to its end on the calling thread, or on a thread of its own where the caller is inside
    /// a runtime already, where its thread is ending and a destructor of the host's makes the call, or where too little of its stack is left.
    /// Where no thread can be started and the stack alone was in the way, what is left of it has to do if it barely can.
    ///
    /// A signal handler of the host's may fork in the middle of this, or since the runtime was made, and return: then it is an error
    /// in the child.
    pub(crate) fn block_on<F>(&self, make: impl FnOnce() -> F + Send) -> Result<F::Output>
    where
        F: Future,
        F::Output: Send,
    {
        let may_drive = tokio::runtime::Handle::try_current().is_err() && !is_ending();
        if may_drive && has_room_for_the_aws_sdk() {
            return self.drive(make);
        }
        let mut make = Some(make);
        let moved = on_a_thread_of_its_own(self.generation, || make.take().map(|make| self.drive(make)));
        match (moved, make) {
            (Ok(Some(outcome)), _) => outcome,
            // In a child that is an error again.
            (Err(_), Some(make)) if may_drive && has_barely_room_for_the_aws_sdk() => self.drive(make),
            (Err(error), _) => Err(error),
            (Ok(None), _) => Err(Error::new(ErrorKind::Internal, "the call was not made on its thread")),
        }
    }

    /// Whether every further call would fail.
    pub(crate) fn is_broken(&self) -> bool {
        self.engine.get().is_some_and(Engine::is_broken)
    }

    /// The futures of the AWS SDK are large: the frame that makes one must not be part of another that does without.
    #[inline(never)]
    fn drive<F: Future>(&self, make: impl FnOnce() -> F) -> Result<F::Output> {
        let engine = match self.engine.get() {
            Some(engine) => engine,
            None => {
                let _inside = inside::enter();
                let made = self.engine.get_or_try_init(|| Engine::new(self.generation));
                made.map_err(|error| internal("no runtime could be made", &error))?
            }
        };
        let _sigpipe = SigpipeBlocked::new();
        let _driving = Driving(self);
        let future = make();
        engine.block_on(async {
            self.turn_if_idle().await;
            future.await
        })
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
            engine.shut_down();
        }
    }
}

/// Notes at its end that the runtime was driven.
struct Driving<'a>(&'a Runtime);

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.last_driven.store(self.0.now(), Ordering::Relaxed);
    }
}

/// Does `work` on a thread made for it, which runs none of the host's signal handlers. Belongs to the process `made_in`.
pub(crate) fn on_a_thread_of_its_own<T: Send>(made_in: u64, work: impl FnOnce() -> T + Send) -> Result<T> {
    struct RaisedAtEnd(Arc<Flag>);
    impl Drop for RaisedAtEnd {
        fn drop(&mut self) {
            self.0.raise();
        }
    }
    if generation() != made_in {
        return Err(interrupted());
    }
    let is_done = Arc::<Flag>::default();
    let raised_at_end = RaisedAtEnd(Arc::clone(&is_done));
    let logs = tracing::dispatcher::get_default(Clone::clone);
    let mut context = call_context::captured();
    let work = move || {
        let _raised_at_end = raised_at_end;
        let mut work = Some(work);
        let mut outcome = None;
        let mut run = || outcome = work.take().map(|work| std::panic::catch_unwind(AssertUnwindSafe(work)));
        tracing::dispatcher::with_default(&logs, || match &mut context {
            Some(context) => context.around(&mut run),
            None => run(),
        });
        (outcome, context)
    };
    let blocked = SignalsBlocked::all();
    let thread = std::thread::Builder::new().name("ld-dynamo-call".to_owned());
    let thread = thread.stack_size(OF_OUR_THREADS);
    // SAFETY: what `work` borrows outlives this function, which returns after the thread has ended, or in a child, where it is not.
    let spawned = unsafe { thread.spawn_unchecked(work) };
    drop(blocked);
    let thread = spawned.map_err(|error| no_thread(&error))?;
    while !is_done.lower() && generation() == made_in {
        is_done.wait();
    }
    // The thread is at its end. A handler that forked in `join` would leave a child that waits for a thread it does not have.
    let blocked = SignalsBlocked::all();
    if generation() != made_in {
        std::mem::forget(thread);
        return Err(interrupted());
    }
    let joined = thread.join();
    drop(blocked);
    let (outcome, context) = joined.unwrap_or_else(|panic| resume_unwind(panic));
    if let Some(context) = context {
        context.come_back();
    }
    match outcome {
        Some(Ok(outcome)) => Ok(outcome),
        Some(Err(panic)) => resume_unwind(panic),
        None => Err(Error::new(ErrorKind::Internal, "the call was not made on its thread")),
    }
}

/// May pass: others end, too.
fn no_thread(error: &std::io::Error) -> Error {
    let message = "no thread could be started, which a call needs inside a tokio runtime or where little stack is left (is there a limit on \
                   threads or processes?)";
    Error::new(ErrorKind::Unreachable, format!("{message}: {error}"))
}

fn internal(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;
    use std::task::{Context, Wake, Waker};

    impl Runtime {
        /// Has tokio's own code panic, in its driver.
        pub(crate) fn break_down(&self) {
            struct Panics;
            impl Wake for Panics {
                fn wake(self: Arc<Self>) {
                    resume_unwind(Box::new(()));
                }
            }
            let waits_for_ever = || async {
                let mut sleep = std::pin::pin!(tokio::time::sleep(Duration::from_millis(1)));
                let waker = Waker::from(Arc::new(Panics));
                assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                std::future::pending::<()>().await;
            };
            assert!(catch_unwind(AssertUnwindSafe(|| self.block_on(waits_for_ever))).is_err());
        }
    }

    #[test]
    fn that_no_thread_can_be_started_may_pass() {
        let error = no_thread(&std::io::Error::from_raw_os_error(libc::EAGAIN));
        assert_eq!((error.kind(), error.is_retriable()), (ErrorKind::Unreachable, true));
        assert!(error.message().contains("limit on threads or processes"), "{error}");
    }

    #[test]
    fn a_panic_of_tokios_own_ends_the_runtime() {
        let runtime = Runtime::new(generation());
        assert_eq!(runtime.block_on(|| async { 7 }).expect("an answer"), 7);
        assert!(!runtime.is_broken());
        runtime.break_down();
        assert!(runtime.is_broken() && runtime.block_on(|| async {}).is_err());
    }

    /// As in a child that was forked after its call found the store, inside a runtime of the host's and outside.
    #[test]
    fn the_runtime_of_another_process_makes_no_call() {
        let runtime = Runtime::new(u64::MAX);
        let host = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        assert!(runtime.block_on(|| async {}).is_err());
        let _inside = host.enter();
        assert!(runtime.block_on(|| async {}).is_err());
    }
}
