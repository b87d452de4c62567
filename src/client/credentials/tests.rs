//! Which credentials are used, and for how long.

use super::*;
use aws_credential_types::credential_fn::provide_credentials_fn;
use std::sync::atomic::{AtomicUsize, Ordering};

fn run(test: impl std::future::Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(test);
}

fn lasting(seconds: u64) -> Credentials {
    let expiry = SystemTime::now() + Duration::from_secs(seconds);
    Credentials::new("id", "key", None, Some(expiry), "test")
}

#[test]
fn a_load_goes_on_when_the_caller_who_began_it_goes_away() {
    let loads = Arc::new(AtomicUsize::new(0));
    let answered = Arc::new(tokio::sync::Notify::new());
    let (counted, answer) = (Arc::clone(&loads), Arc::clone(&answered));
    let last = LastCredentials::of(SharedCredentialsProvider::new(provide_credentials_fn(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = Arc::clone(&answer);
        async move {
            answer.notified().await;
            Ok(lasting(3600))
        }
    })));
    run(async {
        let patience = Duration::from_millis(20);
        assert!(tokio::time::timeout(patience, last.credentials()).await.is_err());
        answered.notify_one();
        last.credentials().await.expect("credentials");
        last.credentials().await.expect("credentials");
    });
    assert_eq!(loads.load(Ordering::Relaxed), 1);
}

#[test]
fn a_renewal_that_takes_long_delays_one_caller_a_second() {
    let loads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&loads);
    let last = LastCredentials::of(SharedCredentialsProvider::new(provide_credentials_fn(move || {
        let is_first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !is_first {
                std::future::pending::<()>().await;
            }
            Ok(lasting(3600))
        }
    })));
    run(async {
        last.credentials().await.expect("credentials");
        let due = SystemTime::now();
        last.state().last.as_mut().expect("the last ones").renewal = due;
        last.credentials().await.expect("the last ones");
        let mut state = last.state();
        let renewal = &mut state.last.as_mut().expect("the last ones").renewal;
        assert!(*renewal >= due + PAUSE_BETWEEN_RENEWALS, "{renewal:?}");
        // However long this test takes.
        *renewal += Duration::from_secs(600);
        drop(state);
        for _ in 0..10 {
            last.credentials()
                .now_or_never()
                .expect("no wait")
                .expect("the last ones");
        }
    });
    assert_eq!(loads.load(Ordering::Relaxed), 2);
}

#[test]
fn what_is_due_for_renewal_is_good_and_not_fresh() {
    let begun = SystemTime::now();
    let without_expiry = Credentials::new("id", "key", None, None, "test");
    for (credentials, seconds) in [
        (lasting(3600), 3590),
        (lasting(15), 5),
        (lasting(5), 1),
        (without_expiry, 15 * 60),
    ] {
        let last = LastCredentials::of(SharedCredentialsProvider::new(credentials));
        run(async {
            last.credentials().await.expect("credentials");
        });
        let used = Duration::from_secs(seconds);
        let renewal = last.state().last.as_ref().expect("the last ones").renewal;
        assert!(
            begun + used <= renewal && renewal <= SystemTime::now() + used,
            "{seconds}"
        );
        assert!(last.fresh().is_some(), "{seconds}");
        last.state().last.as_mut().expect("the last ones").renewal = SystemTime::now();
        assert!(last.fresh().is_none(), "{seconds}");
        assert!(last.state().good(SystemTime::now()).is_some(), "{seconds}");
    }
}

#[test]
fn what_has_expired_is_not_fresh_though_its_renewal_was_put_off() {
    let last = LastCredentials::of(SharedCredentialsProvider::new(provide_credentials_fn(|| async {
        Ok(lasting(1))
    })));
    run(async {
        last.credentials().await.expect("credentials");
        assert!(last.fresh().is_some());
    });
    let expired = Credentials::new("id", "key", None, Some(SystemTime::now()), "test");
    last.state().last = Some(Last {
        credentials: expired,
        renewal: SystemTime::now() + Duration::from_secs(60),
    });
    assert!(last.fresh().is_none());
}

#[test]
fn a_panic_in_the_chain_is_an_error_for_all_and_the_next_load_may_succeed() {
    let loads = Arc::new(AtomicUsize::new(0));
    let last = LastCredentials::of(SharedCredentialsProvider::new(provide_credentials_fn(move || {
        let number = loads.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            assert!(number > 0, "a test's panic");
            Ok(lasting(3600))
        }
    })));
    run(async {
        let (one, other) = futures_util::future::join(last.credentials(), last.credentials()).await;
        for outcome in [one, other] {
            let error = outcome.expect_err("a panic");
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        }
        last.credentials().await.expect("credentials");
    });
}

#[test]
fn having_none_any_more_is_an_outage_and_never_having_had_any_is_not() {
    let loads = Arc::new(AtomicUsize::new(0));
    let last = LastCredentials::of(SharedCredentialsProvider::new(provide_credentials_fn(move || {
        let number = loads.fetch_add(1, Ordering::Relaxed);
        async move {
            match number {
                1 => Ok(lasting(0)),
                _ => Err(CredentialsError::not_loaded("none")),
            }
        }
    })));
    run(async {
        let never = last.credentials().await.expect_err("none");
        assert_eq!((never.kind(), never.is_retriable()), (ErrorKind::NoCredentials, false));
        last.credentials().await.expect("some that have expired at once");
        let gone = last.credentials().await.expect_err("none any more");
        assert_eq!((gone.kind(), gone.is_retriable()), (ErrorKind::Unreachable, true));
    });
}
