//! Drives a call on the thread that makes it, without a runtime: what waits for the network blocks, and what waits for another caller
//! is woken by it.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::call::Call;
use super::flag::Flag;
use super::inside::outside;
use super::page::generation;
use crate::error::{Error, ErrorKind, Result};

/// A sleep goes on after a signal, and is begun anew after this.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// When the call that is driven on this thread has to be over; `None` where it may take for ever.
pub(crate) fn deadline() -> Option<Instant> {
    DEADLINE.get()
}

/// Whether the call that is driven on this thread should be over.
pub(crate) fn is_out_of_time() -> bool {
    deadline().is_some_and(|deadline| Instant::now() >= deadline)
}

/// Waits, but not beyond the call's deadline, nor in a child that a signal handler forks meanwhile.
pub(crate) fn pause(duration: Duration) {
    pause_unless(duration, || false);
}

/// The same; ends soon after `is_over` says so.
pub(crate) fn pause_unless(duration: Duration, is_over: impl Fn() -> bool) {
    let made_in = generation();
    let end = Instant::now().checked_add(duration);
    let end = match (end, deadline()) {
        (Some(end), Some(deadline)) => end.min(deadline),
        (Some(end), None) | (None, Some(end)) => end,
        (None, None) => return,
    };
    outside(|| {
        while generation() == made_in && !is_over() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(LONGEST_SLEEP));
        }
    });
}

/// The failure of a call whose time is over.
pub(crate) fn out_of_time() -> Error {
    Error::new(ErrorKind::TimedOut, "the call's time was over")
}

/// Wakes the thread that drives.
#[derive(Default)]
struct Woken(Flag);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.raise();
    }
}

/// Polls `future`, which belongs to the process `made_in`, to its end; `None` where the deadline passes while it waits for somebody
/// else. What blocks within keeps to [`deadline`] itself.
pub(crate) fn block_on_here<F: Future>(made_in: u64, until: Option<Instant>, future: F) -> Result<Option<F::Output>> {
    struct Restored(Option<Instant>);
    impl Drop for Restored {
        fn drop(&mut self) {
            DEADLINE.set(self.0);
        }
    }
    let mut call = Call::new(made_in, future);
    let _restored = Restored(DEADLINE.replace(until));
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(outcome) = call.poll(&mut context) {
            return outcome.map(Some);
        }
        while !woken.0.lower() {
            call.require_own_process()?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match left {
                Some(Duration::ZERO) => return Ok(None),
                Some(left) => woken.0.wait_at_most(left),
                None => woken.0.wait(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[test]
    fn a_call_is_woken_by_another_thread_or_ends_at_its_deadline() {
        let (answer, answered) = oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| answer.send(7));
            let found = block_on_here(generation(), None, answered).expect("own process");
            assert_eq!(found.expect("no deadline"), Ok(7));
        });
        let began = Instant::now();
        let until = began + Duration::from_millis(30);
        let never = std::future::pending::<()>();
        assert!(block_on_here(generation(), Some(until), never)
            .expect("own process")
            .is_none());
        assert!(began.elapsed() >= Duration::from_millis(30));
        assert_eq!(deadline(), None);
    }

    #[test]
    fn a_pause_ends_at_the_deadline() {
        let began = Instant::now();
        let until = began + Duration::from_millis(20);
        let paused = block_on_here(generation(), Some(until), async {
            pause(Duration::from_secs(60));
            deadline()
        });
        assert_eq!(paused.expect("own process"), Some(Some(until)));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn the_call_of_another_process_is_not_polled() {
        let mut is_polled = false;
        assert!(block_on_here(u64::MAX, None, async { is_polled = true }).is_err());
        assert!(!is_polled);
    }
}
