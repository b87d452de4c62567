//! What a call has sent so far, on either way: told to whoever has to judge a failure, or a refusal that may come of the call's own attempt.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// What happened before the AWS SDK is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// An attempt was made.
    pub(super) is_attempted: bool,
    /// It may have been carried out.
    pub(super) is_sent: bool,
}

tokio::task_local! {
    /// What became of the request that runs within.
    static SENT: Sent;

    /// Raised when a request is sent.
    static HAS_SENT: Arc<AtomicBool>;

    /// What was done before directly.
    static BEFORE: Before;
}

/// What was done directly before the AWS SDK was asked for the work that this thread polls.
pub(super) fn before() -> Before {
    BEFORE.try_with(|before| *before).unwrap_or_default()
}

/// An attempt of the AWS SDK's goes out.
pub(super) fn attempt_begins() {
    let _ = SENT.try_with(|sent| sent.is_under_way.set(true));
    let _ = HAS_SENT.try_with(|has_sent| has_sent.store(true, Ordering::Relaxed));
}

/// It is over; a refusal says that nothing was done.
pub(super) fn attempt_ends(is_refused: bool) {
    let _ = SENT.try_with(|sent| {
        if sent.is_under_way.take() && !is_refused {
            sent.without_answer.set(true);
        }
    });
}

/// Has the AWS SDK do `work` after what was done directly.
pub(super) async fn after<T>(before: Before, work: impl Future<Output = T>) -> T {
    BEFORE.scope(before, work).await
}

/// Does `work`, which sends one request, and tells whether an attempt of the call may have been carried out although no answer said so.
pub(super) async fn watching_answers<T>(work: impl Future<Output = T>) -> (T, bool) {
    SENT.scope(Sent::after(before()), async {
        let answer = work.await;
        (answer, SENT.with(|sent| sent.without_answer.get()))
    })
    .await
}

/// Does `work` and raises `has_sent` as soon as it sends a request to DynamoDB; looking for credentials does not count.
pub(super) async fn noting_requests<T>(has_sent: Option<Arc<AtomicBool>>, work: impl Future<Output = T>) -> T {
    match has_sent {
        Some(has_sent) => HAS_SENT.scope(has_sent, work).await,
        None => work.await,
    }
}

/// Which attempts of a request may have been carried out although no answer said so.
struct Sent {
    is_under_way: Cell<bool>,
    without_answer: Cell<bool>,
}

impl Sent {
    fn after(before: Before) -> Self {
        Sent {
            is_under_way: Cell::new(false),
            without_answer: Cell::new(before.is_sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::FutureExt;

    use super::*;

    /// Whether attempts that ended so, each in a refusal or not, may have been carried out.
    fn may_be_done(before: Before, refusals: &[bool]) -> bool {
        let work = watching_answers(async {
            for is_refused in refusals {
                attempt_begins();
                attempt_ends(*is_refused);
            }
        });
        after(before, work).now_or_never().expect("no wait").1
    }

    #[test]
    fn an_attempt_without_an_answer_may_be_done_and_a_refused_one_is_not() {
        let direct = |is_sent| Before {
            is_attempted: true,
            is_sent,
        };
        for (refusals, expected) in [
            (&[] as &[bool], false),
            (&[true], false),
            (&[false], true),
            (&[true, false], true),
            (&[false, true], true),
        ] {
            assert_eq!(may_be_done(Before::default(), refusals), expected, "{refusals:?}");
            assert_eq!(may_be_done(direct(false), refusals), expected, "{refusals:?}");
            assert!(may_be_done(direct(true), refusals), "{refusals:?}");
        }
    }

    #[test]
    fn the_end_of_an_attempt_that_never_began_says_nothing() {
        let ends = watching_answers(async { attempt_ends(false) });
        assert!(!ends.now_or_never().expect("no wait").1);
    }

    #[test]
    fn what_was_done_before_is_known_within_only() {
        let given = Before {
            is_attempted: true,
            is_sent: true,
        };
        let known = after(given, async { before() }).now_or_never().expect("no wait");
        assert!(known.is_attempted && known.is_sent);
        assert!(!before().is_attempted && !before().is_sent);
    }

    #[test]
    fn a_request_is_noted_when_it_is_sent() {
        for is_sent in [false, true] {
            let noted = Arc::new(AtomicBool::new(false));
            let work = async {
                if is_sent {
                    attempt_begins();
                }
                7
            };
            let answer = noting_requests(Some(Arc::clone(&noted)), work).now_or_never();
            assert_eq!((answer, noted.load(Ordering::Relaxed)), (Some(7), is_sent));
        }
    }
}
