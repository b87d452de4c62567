//! Work of one call on several threads, which end with it and run none of the host's signal handlers.

use std::future::Future;
use std::panic::{resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use super::call::interrupted;
use super::call_context;
use super::flag::Flag;
use super::here::{block_on_here, deadline};
use super::inside::outside;
use super::page::generation;
use super::signals::SignalsBlocked;
use super::stack::OF_OUR_THREADS;
use crate::error::{Error, Result};

/// What the threads share. It outlives them all, also in a child that does not have them.
struct Team {
    next: AtomicUsize,
    has_failed: AtomicBool,
    failure: Mutex<Option<Error>>,
    /// Threads beside the caller's that have not ended.
    left: AtomicUsize,
    is_one_less: Flag,
}

impl Team {
    fn fail(&self, made_in: u64, error: Error) {
        self.has_failed.store(true, Ordering::SeqCst);
        if generation() != made_in {
            // The lock may be held by a thread that this process does not have; `end` says the same.
            return;
        }
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        // The first is the one that is told.
        failure.get_or_insert(error);
    }
}

/// Does `work` with every number below `count`, at most so many at a time, the calling thread's own among them, and ends with the first
/// failure, once what was begun is over. Belongs to the process `made_in`; in a child that a signal handler forks meanwhile it is an error.
pub(crate) fn side_by_side<F: Future<Output = Result<()>>>(
    made_in: u64,
    most: usize,
    count: usize,
    work: impl Fn(usize) -> F + Sync,
) -> Result<()> {
    let until = deadline();
    let team = Arc::new(Team {
        next: AtomicUsize::new(0),
        has_failed: AtomicBool::new(false),
        failure: Mutex::default(),
        left: AtomicUsize::new(0),
        is_one_less: Flag::default(),
    });
    let take_part = |team: &Team| {
        while !team.has_failed.load(Ordering::SeqCst) {
            let number = team.next.fetch_add(1, Ordering::SeqCst);
            if number >= count {
                break;
            }
            match block_on_here(made_in, until, work(number)) {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(error))) | Err(error) => team.fail(made_in, error),
                // Nothing in here waits for other callers.
                Ok(None) => team.fail(made_in, super::here::out_of_time()),
            }
        }
    };
    let mut threads = Vec::new();
    for _ in 1..most.min(count) {
        // With fewer threads it takes longer, that is all.
        let Ok(thread) = begin(&team, &take_part) else { break };
        threads.push(thread);
    }
    let own = std::panic::catch_unwind(AssertUnwindSafe(|| take_part(&team)));
    if own.is_err() {
        team.has_failed.store(true, Ordering::SeqCst);
    }
    let ended = end(made_in, &team, threads);
    // Before anything is said of the threads: a child does not have them.
    own.unwrap_or_else(|panic| resume_unwind(panic));
    ended?;
    let failure = team.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(()), Err)
}

/// The same, and what each piece of work came to, in the order of their numbers.
pub(crate) fn collected_side_by_side<T: Send + Sync, F: Future<Output = Result<T>>>(
    made_in: u64,
    most: usize,
    count: usize,
    work: impl Fn(usize) -> F + Sync,
) -> Result<Vec<T>> {
    let found: Vec<OnceLock<T>> = (0..count).map(|_| OnceLock::new()).collect();
    side_by_side(made_in, most, count, async |number: usize| {
        let _ = found[number].set(work(number).await?);
        Ok(())
    })?;
    Ok(found.into_iter().filter_map(OnceLock::into_inner).collect())
}

type Ended = (std::thread::Result<()>, Option<Box<dyn call_context::CallContext>>);

/// Begins a thread, whose `take_part` the caller keeps until it has ended.
fn begin(team: &Arc<Team>, take_part: &(impl Fn(&Team) + Sync)) -> std::io::Result<JoinHandle<Ended>> {
    struct Leaving(Arc<Team>);
    impl Drop for Leaving {
        fn drop(&mut self) {
            self.0.left.fetch_sub(1, Ordering::SeqCst);
            self.0.is_one_less.raise();
        }
    }
    let logs = tracing::dispatcher::get_default(Clone::clone);
    let mut context = call_context::captured();
    team.left.fetch_add(1, Ordering::SeqCst);
    let leaving = Leaving(Arc::clone(team));
    let work = move || {
        let leaving = leaving;
        let mut outcome = Ok(());
        let mut run = || outcome = std::panic::catch_unwind(AssertUnwindSafe(|| take_part(&leaving.0)));
        tracing::dispatcher::with_default(&logs, || match &mut context {
            Some(context) => context.around(&mut run),
            None => run(),
        });
        if outcome.is_err() {
            leaving.0.has_failed.store(true, Ordering::SeqCst);
        }
        (outcome, context)
    };
    let _blocked = SignalsBlocked::all();
    let thread = std::thread::Builder::new().name("ld-dynamo-init".to_owned());
    let thread = thread.stack_size(OF_OUR_THREADS);
    // SAFETY: what `work` borrows outlives `end`, which returns after the thread has ended, or in a child, where it is not.
    unsafe { thread.spawn_unchecked(work) }
}

/// Waits until every thread has ended, and brings back what came together there.
fn end(made_in: u64, team: &Team, threads: Vec<JoinHandle<Ended>>) -> Result<()> {
    outside(|| {
        while team.left.load(Ordering::SeqCst) > 0 && generation() == made_in {
            if !team.is_one_less.lower() {
                team.is_one_less.wait();
            }
        }
    });
    // A handler that forked in `join` would leave a child that waits for a thread it does not have.
    let blocked = SignalsBlocked::all();
    if generation() != made_in {
        std::mem::forget(threads);
        return Err(interrupted());
    }
    let ended: Vec<_> = threads.into_iter().map(JoinHandle::join).collect();
    drop(blocked);
    let mut panic = None;
    for thread in ended {
        let (outcome, context) = thread.unwrap_or_else(|panic| resume_unwind(panic));
        if let Some(context) = context {
            context.come_back();
        }
        panic = panic.or(outcome.err());
    }
    panic.map_or(Ok(()), |panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn every_item_is_worked_on_once_by_several_threads() {
        let count = 40;
        let seen = Mutex::new(Vec::new());
        let threads = Mutex::new(BTreeSet::new());
        let work = async |number: usize| {
            std::thread::sleep(Duration::from_millis(2));
            seen.lock().expect("no panic").push(number);
            threads
                .lock()
                .expect("no panic")
                .insert(format!("{:?}", std::thread::current().id()));
            Ok(())
        };
        side_by_side(generation(), 4, count, work).expect("no failure");
        let mut seen = seen.into_inner().expect("no panic");
        seen.sort_unstable();
        assert_eq!(seen, (0..count).collect::<Vec<_>>());
        assert_eq!(threads.into_inner().expect("no panic").len(), 4);
    }

    #[test]
    fn the_first_failure_ends_it_and_a_panic_comes_back() {
        let begun = AtomicUsize::new(0);
        let work = async |number: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            match number {
                5 => Err(Error::new(ErrorKind::Throttled, "five")),
                _ => Ok(()),
            }
        };
        let error = side_by_side(generation(), 3, 1000, work).expect_err("a failure");
        assert_eq!(error.message(), "five");
        assert!(begun.load(Ordering::SeqCst) < 1000);
        let panics = async |number: usize| {
            std::thread::sleep(Duration::from_millis(1));
            if number == 7 {
                resume_unwind(Box::new("seven"));
            }
            Ok(())
        };
        let unwound = std::panic::catch_unwind(AssertUnwindSafe(|| side_by_side(generation(), 3, 1000, panics)));
        let panic = unwound.expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"seven"));
    }
}
