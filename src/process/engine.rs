//! A tokio runtime and the threads that wait for its answers: one of them drives it, the others wait beside and take over in turn.
//!
//! tokio could keep that queue itself, but a child that was forked by a signal handler in the middle of a call would find its locks
//! taken and its waits without an end. What is here, a child leaves behind without a lock and without touching anything inherited.

use std::cell::{Cell, RefCell};
use std::future::{poll_fn, Future};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::call::Call;
use super::flag::Flag;
use super::inside::{self, Inside};
use super::page::generation;
use crate::error::{Error, ErrorKind, Result};

/// A tokio runtime, whose threads are inside the fork gate whenever they do not wait.
pub(super) struct Engine {
    /// The process it belongs to. A call does not ask for it itself: it may be in a child already, forked since it found its store.
    generation: u64,
    tokio: tokio::runtime::Runtime,
    is_driven: AtomicBool,
    /// A panic of tokio's own has taken its driver away: whoever waited for it would wait for ever.
    is_broken: AtomicBool,
    /// The threads beside the one that drives, first come, first to take over. Locked inside the fork gate only.
    waiting: Mutex<Vec<Arc<Waiting>>>,
}

thread_local! {
    /// Held by the thread that drives, from one wait for the network to the next.
    static DRIVES: Cell<Option<Inside>> = const { Cell::new(None) };
    /// What has the call polled that this thread drives, and the generation it was made in.
    static DRIVEN: RefCell<Option<(u64, Waker)>> = const { RefCell::new(None) };
}

/// Whether the thread is ending, and its variables are gone.
pub(crate) fn is_ending() -> bool {
    DRIVES.try_with(|_| ()).is_err()
}

impl Engine {
    pub(super) fn new(generation: u64) -> std::io::Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .on_thread_park(|| {
                drop(DRIVES.take());
                // Forked while a connection's task was polled: tokio looks once more after this, and does not block.
                poll_if_forked();
            })
            .on_thread_unpark(|| {
                DRIVES.set(Some(inside::enter()));
                poll_if_forked();
            })
            .build()?;
        Ok(Engine {
            generation,
            tokio,
            is_driven: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
            waiting: Mutex::default(),
        })
    }

    /// Has `future` polled to its end, on this thread. In a child of the engine's process it is an error.
    pub(super) fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        let mut call = Call::new(self.generation, future);
        call.require_own_process()?;
        self.require_working()?;
        match self.take_over() {
            Some(driving) => driving.drive(&mut call),
            None => self.wait_beside(&mut call),
        }
    }

    /// Ends the runtime without waiting for anything.
    pub(super) fn shut_down(self) {
        if self.is_broken.into_inner() {
            // It would panic again.
            std::mem::forget(self.tokio);
        } else {
            self.tokio.shutdown_background();
        }
    }

    fn require_working(&self) -> Result<()> {
        if !self.is_broken() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Internal,
            "the runtime of this call has ended with a defect; the next call gets another",
        ))
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::SeqCst)
    }

    fn take_over(&self) -> Option<Driving<'_>> {
        let is_free = !self.is_driven.swap(true, Ordering::SeqCst);
        is_free.then(|| Driving {
            engine: self,
            polls: Cell::new(false),
            has_returned: Cell::new(false),
        })
    }

    fn wait_beside<F: Future>(&self, call: &mut Call<F>) -> Result<F::Output> {
        let place = Place::new(self);
        let waker = Waker::from(Arc::clone(&place.waiting));
        let mut context = Context::from_waker(&waker);
        loop {
            // Before anything inherited is looked at.
            call.require_own_process()?;
            self.require_working()?;
            let entered = self.tokio.enter();
            if let Poll::Ready(outcome) = call.poll(&mut context) {
                return outcome;
            }
            drop(entered);
            // Who has an answer takes nothing over, as that would wake the next for nothing.
            call.require_own_process()?;
            if let Some(driving) = self.take_over() {
                drop(place);
                return driving.drive(call);
            }
            while !place.waiting.is_woken.lower() && self.generation == generation() {
                place.waiting.is_woken.wait();
            }
        }
    }

    /// Tells the first of those who wait that it may take over, where nobody has.
    fn pass_on(&self, waiting: &[Arc<Waiting>]) {
        if let Some(first) = waiting.first() {
            if !self.is_driven.load(Ordering::SeqCst) {
                first.is_woken.raise();
            }
        }
    }

    fn with_waiting<T>(&self, work: impl FnOnce(&mut Vec<Arc<Waiting>>) -> T) -> T {
        let _inside = inside::enter();
        work(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// tokio polls a call again only when something woke it, and what wakes it is the parent's.
fn poll_if_forked() {
    DRIVEN.with_borrow(|driven| match driven {
        Some((made_in, waker)) if *made_in != generation() => waker.wake_by_ref(),
        _ => {}
    });
}

/// This thread drives the engine.
struct Driving<'a> {
    engine: &'a Engine,
    /// A panic in the call itself leaves tokio in order.
    polls: Cell<bool>,
    /// Whether the thread unwinds does not tell: it may have done so before, where a destructor of the host's makes the call.
    has_returned: Cell<bool>,
}

impl Driving<'_> {
    fn drive<F: Future>(self, call: &mut Call<F>) -> Result<F::Output> {
        let made_in = self.engine.generation;
        let outcome = self.engine.tokio.block_on(poll_fn(|context| {
            if made_in == generation() {
                // The driver goes on to the tasks of the connections after this.
                DRIVES.set(Some(inside::enter()));
                DRIVEN.with_borrow_mut(|driven| {
                    driven.get_or_insert_with(|| (made_in, context.waker().clone()));
                });
            }
            self.polls.set(true);
            let polled = call.poll(context);
            self.polls.set(false);
            polled
        }));
        self.has_returned.set(true);
        outcome
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        drop(DRIVES.take());
        drop(DRIVEN.take());
        if self.engine.generation == generation() {
            let is_broken = !self.has_returned.get() && !self.polls.get();
            self.engine.is_broken.fetch_or(is_broken, Ordering::SeqCst);
            self.engine.is_driven.store(false, Ordering::SeqCst);
            self.engine.with_waiting(|waiting| self.engine.pass_on(waiting));
        }
    }
}

/// A thread beside the one that drives.
#[derive(Default)]
struct Waiting {
    /// By its own future, or by the thread that drove until now.
    is_woken: Flag,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.is_woken.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.raise();
    }
}

/// A thread's place in the queue.
struct Place<'a> {
    engine: &'a Engine,
    waiting: Arc<Waiting>,
}

impl<'a> Place<'a> {
    fn new(engine: &'a Engine) -> Self {
        let waiting = Arc::<Waiting>::default();
        engine.with_waiting(|all| all.push(Arc::clone(&waiting)));
        Place { engine, waiting }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.engine.generation != generation() {
            return;
        }
        self.engine.with_waiting(|all| {
            all.retain(|other| !Arc::ptr_eq(other, &self.waiting));
            // It may have been told to take over and have got its answer instead.
            self.engine.pass_on(all);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::inside::tests::is_counted_in;
    use super::*;
    use std::panic::AssertUnwindSafe;
    use std::time::Duration;

    /// Threads that come and go together: each gets its answer, whoever drives, and nobody is left behind.
    #[test]
    fn threads_take_over_from_each_other() {
        let engine = Engine::new(generation()).expect("a runtime");
        std::thread::scope(|scope| {
            for number in 0..8_u64 {
                let engine = &engine;
                scope.spawn(move || {
                    for round in 0..50 {
                        let pause = Duration::from_micros((number * 131 + round * 17) % 900);
                        let answer = engine.block_on(async {
                            tokio::time::sleep(pause).await;
                            number
                        });
                        assert_eq!(answer.expect("an answer"), number);
                    }
                });
            }
        });
        assert!(!engine.is_driven.load(Ordering::SeqCst));
        assert!(engine.with_waiting(|waiting| waiting.is_empty()));
    }

    /// The tasks of the connections are polled by nobody's call.
    #[test]
    fn a_thread_that_drives_is_counted_in_while_it_does_the_work_of_tasks() {
        let engine = Engine::new(generation()).expect("a runtime");
        let counted = engine.block_on(async {
            let task = tokio::spawn(async {
                let at_first = is_counted_in();
                tokio::time::sleep(Duration::from_millis(20)).await;
                (at_first, is_counted_in())
            });
            task.await.expect("no panic")
        });
        assert_eq!(counted.expect("an answer"), (true, true), "at first, and after a wait");
        assert!(!is_counted_in(), "afterwards");
    }

    #[test]
    fn a_panic_of_the_thread_that_drives_leaves_the_engine_to_the_next() {
        let engine = Engine::new(generation()).expect("a runtime");
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                engine.block_on(async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    std::panic::resume_unwind(Box::new(()));
                })
            });
            let answers = scope.spawn(|| {
                engine.block_on(async {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    7
                })
            });
            assert!(panics.join().is_err());
            assert_eq!(answers.join().expect("no panic").expect("an answer"), 7);
        });
    }

    #[test]
    fn a_call_from_a_destructor_of_a_thread_that_unwinds_leaves_the_engine_in_order() {
        struct CallsAtEnd<'a>(&'a Engine);
        impl Drop for CallsAtEnd<'_> {
            fn drop(&mut self) {
                assert_eq!(self.0.block_on(async { 7 }).expect("an answer"), 7);
            }
        }
        let engine = Engine::new(generation()).expect("a runtime");
        let unwound = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let _calls_at_end = CallsAtEnd(&engine);
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(unwound.is_err());
        assert_eq!(engine.block_on(async { 8 }).expect("an answer"), 8);
    }

    /// As in a child that was forked after its call found the store.
    #[test]
    fn the_engine_of_another_process_polls_nothing() {
        let engine = Engine::new(u64::MAX).expect("a runtime");
        let mut is_polled = false;
        assert!(engine.block_on(async { is_polled = true }).is_err());
        assert!(!is_polled && !engine.is_driven.load(Ordering::SeqCst));
    }
}
