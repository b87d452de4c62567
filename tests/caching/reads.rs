//! What the cache does to requests: how many there are, which calls share one, what is served when none is answered.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::support::cached::{all, flag, get, stats, Place};
use crate::support::requests_of_a_refusal;
use ld_dynamo_store::{ErrorKind, Store};
use serde_json::{json, Value};

/// The same call by 16 threads at once.
fn sixteen_times<T: Send>(call: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        let together = || {
            barrier.wait();
            call()
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(together)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

#[test]
fn one_request_for_each_key_and_ttl() {
    let place = Place::new();
    place.put("flag", 1);
    let store = place.store(json!({"cache_ttl_ms": 2000}));
    let began = Instant::now();
    for _ in 0..5 {
        assert_eq!(get(&store, "flag"), Some(flag(1)));
        assert_eq!(
            store.get("flags", "flag").unwrap().as_deref(),
            Some(&*flag(1)),
            "an alias of the same kind"
        );
        assert_eq!(get(&store, "absent"), None);
        assert_eq!(all(&store), json!({"flag": {"version": 1}}));
        assert!(!store.initialized().unwrap());
    }
    assert!(
        began.elapsed() < Duration::from_millis(1800),
        "this machine is too slow for the test"
    );
    place.put("flag", 2);
    place.put("absent", 3);
    assert_eq!(
        (get(&store, "flag"), get(&store, "absent")),
        (Some(flag(1)), None),
        "nothing is asked within the TTL"
    );
    // get of two keys, and the marker.
    assert_eq!(place.requests("GetItem"), 3);
    std::thread::sleep(Duration::from_millis(2050));
    for _ in 0..5 {
        assert_eq!(
            (get(&store, "flag"), get(&store, "absent")),
            (Some(flag(2)), Some(flag(3)))
        );
    }
    assert_eq!(all(&store).as_object().unwrap().len(), 2);
    assert_eq!((place.requests("GetItem"), place.requests("Query")), (2, 0));
    let stats = stats(&store);
    assert_eq!(
        (&stats["misses"], &stats["hits"]),
        (&json!(7), &json!(5 * 5 - 4 + 2 + 2 * 5 - 2))
    );
}

#[test]
fn concurrent_misses_make_one_request() {
    type Call = (&'static str, fn(&Store) -> Value);
    let calls: [Call; 4] = [
        ("GetItem", |store| json!(get(store, "flag"))),
        ("GetItem", |store| json!(get(store, "absent"))),
        ("Query", all),
        ("GetItem", |store| json!(store.initialized().expect("an answer"))),
    ];
    for ttl in [60_000, -1] {
        for (number, (operation, call)) in calls.iter().enumerate() {
            let place = Place::new();
            place.put("flag", 1);
            place.engine.latency(300.0);
            let store = place.store(json!({"cache_ttl_ms": ttl}));
            let answers = sixteen_times(|| call(&store));
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
            assert_eq!(place.requests(operation), 1, "call {number}");
            let stats = stats(&store);
            assert_eq!(
                (&stats["misses"], &stats["joined_calls"], &stats["hits"]),
                (&json!(16), &json!(15), &json!(0)),
                "{stats}"
            );
        }
    }
}

#[test]
fn different_keys_do_not_wait_for_each_other() {
    let place = Place::new();
    place.engine.latency(500.0);
    let store = place.store(json!({"cache_ttl_ms": -1}));
    std::thread::scope(|scope| {
        for key in 0..8 {
            let store = &store;
            scope.spawn(move || get(store, &key.to_string()));
        }
    });
    let log = place.engine.log();
    let gets: Vec<_> = log.requests("GetItem").collect();
    assert_eq!(gets.len(), 8);
    let first_answer = gets.iter().filter_map(|get| get.finished_ms).fold(f64::MAX, f64::min);
    assert!(gets.iter().all(|get| get.started_ms < first_answer), "{gets:?}");
}

#[test]
fn a_ttl_of_zero_neither_caches_nor_joins() {
    let place = Place::new();
    place.put("flag", 1);
    place.engine.latency(100.0);
    let store = place.store(json!({"cache_ttl_ms": 0}));
    sixteen_times(|| get(&store, "flag"));
    get(&store, "flag");
    assert_eq!(place.requests("GetItem"), 17);
    let _ = store.upsert("features", "flag", &flag(2)).expect("an upsert");
    assert_eq!(get(&store, "flag"), Some(flag(2)));
    assert_eq!(place.requests("GetItem"), 1);
    let stats = stats(&store);
    assert_eq!(
        (&stats["misses"], &stats["joined_calls"], &stats["hits"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn a_read_only_store_caches_and_its_refusals_change_nothing() {
    let place = Place::new();
    place.put("a", 1);
    let store = place.store(json!({"cache_ttl_ms": 60_000, "read_only": true}));
    get(&store, "a");
    all(&store);
    assert_eq!(
        store.upsert("features", "a", &flag(2)).unwrap_err().kind(),
        ErrorKind::ReadOnly
    );
    assert_eq!(store.init("{}").unwrap_err().kind(), ErrorKind::ReadOnly);
    place.engine.script(json!([]));
    assert_eq!(get(&store, "a"), Some(flag(1)));
    all(&store);
    assert_eq!(place.engine.requests(), 0);
}

#[test]
fn a_failure_is_given_to_everybody_who_waited() {
    let place = Place::new();
    place.put("flag", 1);
    let refusal = json!({"error": {"status": 400, "code": "AccessDeniedException", "message": "no"}, "delay_ms": 300});
    place
        .engine
        .script(json!([{"match": {"operation": "GetItem"}, "times": requests_of_a_refusal(), "action": refusal}]));
    let store = place.store(json!({"cache_ttl_ms": -1}));
    let answers = sixteen_times(|| store.get("features", "flag"));
    for answer in answers {
        assert_eq!(answer.expect_err("the refusal").kind(), ErrorKind::AccessDenied);
    }
    assert_eq!(get(&store, "flag"), Some(flag(1)), "a failure is not remembered");
    assert_eq!(place.requests("GetItem"), requests_of_a_refusal() + 1);
}

#[test]
fn waiters_of_a_server_that_fails_wait_for_one_cycle_of_attempts() {
    let place = Place::new();
    place.engine.script(json!([{"action": {"server_error": true}}]));
    let store = place.store(json!({"cache_ttl_ms": -1}));
    // The first call also makes the client, and spends a part of the retry quota.
    store.get("features", "other").expect_err("a failure");
    let before = place.engine.requests();
    let answers = sixteen_times(|| store.get("features", "flag"));
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    let requests = place.engine.requests() - before;
    assert!(
        requests <= 2 * 3,
        "{requests} requests, where each caller came in time for the first's attempts"
    );
}

#[test]
fn waiters_of_a_client_that_cannot_be_made_fail_with_the_first() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": -1, "ca_bundle": "/nonexistent", "credentials": null}));
    let answers = sixteen_times(|| store.get("features", "flag"));
    for answer in answers {
        let error = answer.expect_err("the certificates cannot be read");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{error}");
    }
}

#[test]
fn a_waiter_keeps_its_own_time_out() {
    let place = Place::new();
    place.put("flag", 1);
    let limits = json!({"cache_ttl_ms": -1, "operation_timeout_ms": 1000, "attempt_timeout_ms": 0, "max_attempts": 1});
    let black_hole = |times: Value| {
        place
            .engine
            .script(json!([{"times": times, "action": {"black_hole": true}}]))
    };

    // The leader runs out of time in the middle of the waiter's; the waiter then asks for itself.
    black_hole(json!(1));
    let store = place.store(limits.clone());
    let (leader, waiter) = two_calls(&store);
    assert_eq!(leader.0.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(waiter.0.expect("an answer").as_deref(), Some(&*flag(1)));
    assert!(waiter.1 < Duration::from_millis(1000), "{:?}", waiter.1);

    // Nobody is answered: each has all of its own time and no more.
    black_hole(Value::Null);
    let store = place.store(limits);
    let (leader, waiter) = two_calls(&store);
    for (answer, time) in [leader, waiter] {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(
            time >= Duration::from_millis(990) && time < Duration::from_millis(1500),
            "{time:?}"
        );
    }
    place.engine.script(json!([]));
    assert_eq!(get(&store, "flag"), Some(flag(1)));
}

type TimedAnswer = (ld_dynamo_store::Result<Option<std::sync::Arc<str>>>, Duration);

/// The same get twice, the second 400 ms later.
fn two_calls(store: &Store) -> (TimedAnswer, TimedAnswer) {
    let timed = |delay| {
        std::thread::sleep(Duration::from_millis(delay));
        let began = Instant::now();
        (store.get("features", "flag"), began.elapsed())
    };
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| timed(0));
        let waiter = timed(400);
        (leader.join().expect("no panic"), waiter)
    })
}

#[test]
fn reads_do_not_wait_for_a_marker() {
    let place = Place::new();
    place.put("flag", 1);
    let store = place.store(json!({"cache_ttl_ms": 60_000}));
    assert!(!store.initialized().unwrap());
    assert_eq!(get(&store, "flag"), Some(flag(1)));
}

#[test]
fn stale_values_are_served_for_retriable_failures_only() {
    let place = Place::new();
    place.put("flag", 1);
    let config = json!({"cache_ttl_ms": 50, "stale_on_error": true, "max_attempts": 1, "operation_timeout_ms": 500});
    let store = place.store(config.clone());
    let without = place.store(json!({"cache_ttl_ms": 50, "max_attempts": 1}));
    for store in [&store, &without] {
        get(store, "flag");
        get(store, "absent");
        all(store);
        assert!(!store.initialized().unwrap());
    }
    std::thread::sleep(Duration::from_millis(80));
    let refusal = json!({"error": {"status": 400, "code": "AccessDeniedException", "message": "no"}});
    let actions = [
        (json!({"throttle": true}), true),
        (json!({"server_error": true}), true),
        (json!({"cut": "before"}), true),
        (json!({"garbage": true}), true),
        (json!({"black_hole": true}), true),
        (refusal, false),
    ];
    for (action, is_retriable) in actions {
        // A failed refresh is remembered for a second.
        std::thread::sleep(Duration::from_millis(1100));
        place.engine.script(json!([{"action": action}]));
        let error = without.get("features", "flag").unwrap_err();
        assert_eq!(error.is_retriable(), is_retriable, "{action}: {error}");
        if is_retriable {
            assert_eq!(get(&store, "flag"), Some(flag(1)), "{action}");
            assert_eq!(get(&store, "absent"), None);
            assert_eq!(all(&store), json!({"flag": {"version": 1}}));
            assert!(!store.initialized().unwrap());
            assert!(store.get("features", "never-read").unwrap_err().is_retriable());
        } else {
            assert_eq!(
                store.get("features", "flag").unwrap_err().kind(),
                ErrorKind::AccessDenied
            );
            assert_eq!(store.all("features").unwrap_err().kind(), ErrorKind::AccessDenied);
        }
        assert!(store.available().is_err());
    }
    assert_eq!(stats(&store)["stale_hits"], json!(5 * 4));
    assert_eq!(stats(&without)["stale_hits"], json!(0));
    place.engine.script(json!([]));
    place.put("flag", 2);
    store.available().expect("the table answers again");
    assert_eq!(get(&store, "flag"), Some(flag(2)), "the first answer after recovery");
}

#[test]
fn an_outage_costs_one_reader_one_time_out_a_second() {
    let place = Place::new();
    place.put("flag", 1);
    let store = place.store(json!({
        "cache_ttl_ms": 1, "stale_on_error": true, "max_attempts": 1, "attempt_timeout_ms": 300, "operation_timeout_ms": 400,
    }));
    get(&store, "flag");
    all(&store);
    assert!(!store.initialized().unwrap());
    std::thread::sleep(Duration::from_millis(20));
    place.engine.script(json!([{"action": {"black_hole": true}}]));
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(get(&store, "flag"), Some(flag(1)));
        assert_eq!(all(&store), json!({"flag": {"version": 1}}));
        assert!(!store.initialized().unwrap());
    }
    let seconds = began.elapsed().as_secs() + 1;
    let requests = place.engine.requests();
    assert!(requests <= seconds, "{requests} requests in {seconds} s");
    assert_eq!(stats(&store)["stale_hits"], json!(300));
    // Nobody has to wait for what is not known at all, either.
    assert!(store.get("features", "never-read").unwrap_err().is_retriable());
    place.engine.script(json!([]));
    place.put("flag", 2);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(get(&store, "flag"), Some(flag(2)), "one who asks finds out");
    assert_eq!(all(&store), json!({"flag": {"version": 2}}));
}

#[test]
fn writes_leave_what_may_be_served_stale() {
    let place = Place::new();
    place.put("flag", 1);
    let store =
        place.store(json!({"cache_ttl_ms": 60_000, "stale_on_error": true, "max_attempts": 1, "init_timeout_ms": 300}));
    get(&store, "flag");
    all(&store);
    let _ = store.upsert("features", "flag", &flag(2)).expect("an upsert");
    assert_eq!(place.requests("Query"), 1);
    assert_eq!(all(&store), json!({"flag": {"version": 2}}), "patched");
    assert_eq!(place.requests("Query"), 0);

    place.engine.script(json!([{"action": {"server_error": true}}]));
    store.init(r#"{"features": {}}"#).expect_err("no row was read");
    assert_eq!(
        get(&store, "flag"),
        Some(flag(2)),
        "an init that sent nothing touches nothing"
    );
    assert_eq!(place.requests("GetItem"), 0);
    place.engine.script(json!([{"action": {"server_error": true}}]));
    store.upsert("features", "flag", &flag(3)).expect_err("a failure");
    assert_eq!(get(&store, "flag"), Some(flag(2)), "served stale");
    assert_eq!(all(&store), json!({"flag": {"version": 2}}));
    assert!(
        place.requests("GetItem") > 0,
        "nobody can be sure of it, so it was asked for"
    );
}

#[test]
fn statistics_only_grow() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": 20}));
    let growing = |stats: &Value| -> Vec<f64> {
        let fields = stats.as_object().expect("an object").iter();
        fields
            .filter(|(name, _)| *name != "generation")
            .filter_map(|(_, value)| value.as_f64())
            .collect()
    };
    let mut before = growing(&stats(&store));
    assert_eq!(before.len(), 11);
    assert!(before.iter().all(|value| *value == 0.0));
    place.engine.script(
        json!([{"match": {"operation": "GetItem", "nth": 2}, "action": {"throttle": true}},
        {"match": {"operation": "BatchWriteItem", "nth": 1}, "action": {"unprocessed": {"count": 1}}}]),
    );
    for round in 0..10 {
        let _ = store
            .init(&format!(
                r#"{{"features":{{"a":{{"version":{round}}},"b":{{"version":1}}}}}}"#
            ))
            .expect("an init");
        let _ = store.upsert("features", "c", &flag(round)).expect("an upsert");
        get(&store, "a");
        get(&store, &round.to_string());
        std::thread::sleep(Duration::from_millis(if round % 2 == 0 { 25 } else { 0 }));
        let now = growing(&stats(&store));
        assert_eq!(now.len(), before.len());
        assert!(
            before.iter().zip(&now).all(|(before, now)| now >= before),
            "{before:?} {now:?}"
        );
        before = now;
    }
    let stats = stats(&store);
    for name in [
        "hits",
        "misses",
        "requests",
        "retries",
        "throttles",
        "consumed_read_units",
        "consumed_write_units",
        "unprocessed_rows",
    ] {
        assert!(stats[name].as_f64().expect("a number") > 0.0, "{name} in {stats}");
    }
    // The last init replaced one flag, found one as it was, and deleted the one that the upsert before it stored.
    assert_eq!(
        stats["last_init"],
        json!({"written": 1, "unchanged": 1, "deleted": 1, "dropped": 0})
    );
    assert!(stats["generation"].as_u64().expect("a number") > 0);
}

/// A get that the cache answers is a matter of memory alone: the kernel ends this child at the first system call.
#[cfg(target_os = "linux")]
#[test]
fn a_cached_get_makes_no_system_call() {
    use ld_dynamo_store::ffi::{ld_dynamo_store_get, ld_dynamo_store_new, ld_dynamo_string_free};
    let place = Place::new();
    place.put("flag", 1);
    let mut configuration = place.engine.configuration(&place.table);
    configuration["cache_ttl_ms"] = json!(600_000);
    let configuration = std::ffi::CString::new(configuration.to_string()).expect("no NUL");
    let get = |store, key: &std::ffi::CStr| {
        let mut item = std::ptr::null_mut();
        // SAFETY: the store is there, the strings end with NUL, and the item is freed once.
        unsafe {
            let status = ld_dynamo_store_get(
                store,
                c"features".as_ptr(),
                key.as_ptr(),
                &mut item,
                std::ptr::null_mut(),
            );
            ld_dynamo_string_free(item);
            status
        }
    };
    // SAFETY: the child makes calls of this library and ends without running anything of the parent's.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "no fork");
        if child == 0 {
            libc::alarm(30);
            let mut store = std::ptr::null_mut();
            ld_dynamo_store_new(configuration.as_ptr(), &mut store, std::ptr::null_mut());
            let statuses = (get(store, c"flag"), get(store, c"absent"));
            if libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) != 0 {
                libc::_exit(2);
            }
            let are_equal = (0..10_000).all(|_| (get(store, c"flag"), get(store, c"absent")) == statuses);
            let code = libc::c_long::from(!are_equal || statuses != (0, 1));
            // The only way out that is left.
            libc::syscall(libc::SYS_exit, code);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert!(
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
            "the child ended with {status:#x}"
        );
    }
}
