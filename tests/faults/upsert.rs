//! One conditional write and its failures: what is sent, what is believed, and which error the caller gets.

use std::time::{Duration, Instant};

use crate::support::data_set::{row, DataSet};
use crate::support::watchdog::Watchdog;
use crate::support::{self, free_port, goes_out_directly, transport, Engine};
use ld_dynamo_store::{ErrorKind, Store, Upsert};
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(30);
const NEWER: &str = r#"{"key":"flag","version":5,"on":true}"#;

/// A table with one flag of version 3.
struct Scene {
    engine: Engine,
    table: String,
    _watchdog: Watchdog,
}

impl Scene {
    fn new() -> Self {
        let _watchdog = Watchdog::new(PATIENCE);
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        let scene = Scene {
            engine,
            table,
            _watchdog,
        };
        scene.stored_is(&row("features", "flag", 3, OLDER));
        scene
    }

    /// Puts the one row, and starts the log and the rules anew.
    fn stored_is(&self, row: &Value) {
        self.engine.empty();
        self.engine.seed(&self.table, std::slice::from_ref(row));
    }

    fn script(&self, action: &Value, times: usize) {
        self.engine.script(json!([{"times": times, "action": action}]));
    }

    fn store(&self) -> Store {
        self.engine.store(&self.table)
    }

    fn stored(&self) -> Value {
        let mut rows: Vec<Value> = self.engine.stored(&self.table).into_values().collect();
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    fn requests(&self) -> usize {
        self.engine.log().0.len()
    }
}

const OLDER: &str = r#"{"key":"flag","version":3,"on":false}"#;

fn stats(store: &Store) -> Value {
    serde_json::from_str(&store.stats()).expect("JSON")
}

/// The winning item's JSON where the table held the same version or a newer one.
fn winner(outcome: Upsert) -> String {
    match outcome {
        Upsert::NotNewer(item) => item.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_upsert_is_one_request_and_gives_the_winner() {
    let scene = Scene::new();
    for version in [2, 3] {
        let store = scene.store();
        scene.engine.script(json!([]));
        let item = format!(r#"{{"key":"flag","version":{version},"from":"elsewhere"}}"#);
        assert_eq!(
            winner(store.upsert("features", "flag", &item).expect("an answer")),
            OLDER
        );
        let log = scene.engine.log();
        assert_eq!((log.0.len(), log.count("PutItem")), (1, 1));
        let stats = stats(&store);
        assert_eq!(
            (&stats["requests"], &stats["consumed_write_units"]),
            (&json!(1), &json!(1.0))
        );
        assert_eq!(stats["direct_requests"], u64::from(transport() == "auto"));
        assert_eq!(scene.stored(), row("features", "flag", 3, OLDER));
    }
}

/// An attempt's time-out grows by a second for each 500,000 bytes, on both ways.
#[test]
fn a_large_upsert_has_more_time() {
    let scene = Scene::new();
    scene.engine.latency(600.0);
    let store = scene
        .engine
        .store_with(&scene.table, json!({"attempt_timeout_ms": 300, "max_attempts": 2}));
    let item = format!(r#"{{"version":9,"note":"{}"}}"#, "x".repeat(390_000));
    assert_eq!(
        store.upsert("features", "flag", &item).expect("time enough"),
        Upsert::Stored
    );
    let stats = stats(&store);
    assert_eq!((&stats["requests"], &stats["retries"]), (&json!(1), &json!(0)));
    let error = store.get("features", "flag");
    let error = error.expect_err("no time for as long an answer to a short question");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

#[test]
fn an_accepted_upsert_is_one_request() {
    let scene = Scene::new();
    let store = scene.store();
    assert_eq!(
        store.upsert("features", "flag", NEWER).expect("an answer"),
        Upsert::Stored
    );
    assert_eq!(scene.requests(), 1);
    assert_eq!(stats(&store)["retries"], 0);
    assert_eq!(scene.stored(), row("features", "flag", 5, NEWER));
}

#[test]
fn an_upsert_whose_answer_was_lost_is_stored() {
    let scene = Scene::new();
    let lost = [
        json!({"cut": "after"}),
        json!({"truncate": 1}),
        json!({"wrong_checksum": true}),
        json!({"wrong_checksum": "header"}),
        json!({"delay_ms": 600}),
    ];
    for action in lost {
        for times in 1..=2 {
            scene.stored_is(&row("features", "flag", 3, OLDER));
            scene.script(&action, times);
            let store = scene
                .engine
                .store_with(&scene.table, json!({"attempt_timeout_ms": 200}));
            let outcome = store
                .upsert("features", "flag", NEWER)
                .unwrap_or_else(|error| panic!("{action}: {error}"));
            assert_eq!(outcome, Upsert::Stored, "{action}");
            assert_eq!(scene.requests(), times + 1, "{action}");
            let stats = stats(&store);
            assert_eq!(
                (&stats["requests"], &stats["retries"]),
                (&json!(times + 1), &json!(times)),
                "{action}"
            );
            assert_eq!(scene.stored(), row("features", "flag", 5, NEWER));
        }
    }
}

#[test]
fn an_upsert_whose_answer_means_nothing_is_stored() {
    // The AWS SDK believes that nothing else would come.
    if !goes_out_directly() {
        return;
    }
    let scene = Scene::new();
    scene.script(&json!({"garbage": true}), 1);
    let outcome = scene.store().upsert("features", "flag", NEWER).expect("an answer");
    assert_eq!((outcome, scene.requests()), (Upsert::Stored, 2));
}

/// Only an attempt of the same call may have stored it.
#[test]
fn an_upsert_of_what_is_stored_is_not_newer_at_its_first_attempt() {
    let scene = Scene::new();
    scene.engine.script(json!([]));
    let store = scene.store();
    assert_eq!(
        winner(store.upsert("features", "flag", OLDER).expect("an answer")),
        OLDER
    );
    assert_eq!(scene.requests(), 1);
    // The attempt before the one that is refused: for all we know it was stored.
    scene.script(&json!({"cut": "before"}), 1);
    assert_eq!(
        store.upsert("features", "flag", OLDER).expect("an answer"),
        Upsert::Stored
    );
    assert_eq!(scene.requests(), 2);
}

/// A corrupt row is replaced by a second write, whose answer may be lost like any other.
#[test]
fn a_replaced_corrupt_row_whose_answer_was_lost_is_stored() {
    let scene = Scene::new();
    scene.stored_is(&row("features", "flag", 9, "{corrupt"));
    scene
        .engine
        .script(json!([{"match": {"contains": "#item = :item"}, "times": 1, "action": {"cut": "after"}}]));
    let store = scene.store();
    assert_eq!(
        store.upsert("features", "flag", NEWER).expect("an answer"),
        Upsert::Stored
    );
    assert_eq!(scene.stored(), row("features", "flag", 5, NEWER));
    scene.engine.script(json!([]));
    assert_eq!(
        winner(store.upsert("features", "flag", NEWER).expect("an answer")),
        NEWER
    );
}

#[test]
fn what_did_not_arrive_is_sent_again() {
    let scene = Scene::new();
    for action in [
        json!({"cut": "before"}),
        json!({"server_error": true}),
        json!({"throttle": true}),
        json!({"black_hole": true}),
    ] {
        scene.stored_is(&row("features", "flag", 3, OLDER));
        scene.script(&action, 2);
        let store = scene
            .engine
            .store_with(&scene.table, json!({"attempt_timeout_ms": 200}));
        let outcome = store
            .upsert("features", "flag", NEWER)
            .unwrap_or_else(|error| panic!("{action}: {error}"));
        assert_eq!(outcome, Upsert::Stored, "{action}");
        assert_eq!(
            (scene.requests(), &stats(&store)["retries"]),
            (3, &json!(2)),
            "{action}"
        );
        assert_eq!(scene.stored(), row("features", "flag", 5, NEWER));
        scene.engine.script(json!([]));
    }
}

#[test]
fn read_only_refuses_every_write_before_any_request() {
    let scene = Scene::new();
    let store = scene.engine.store_with(&scene.table, json!({"read_only": true}));
    let refusals = [
        store.init(&DataSet::chains(3, 1, 0).json()).expect_err("read-only"),
        store.upsert("features", "flag", NEWER).expect_err("read-only"),
        // Refused for what the store is, whatever the input.
        store.init("not JSON").expect_err("read-only"),
        store.upsert("features", "flag", "not JSON").expect_err("read-only"),
    ];
    for error in refusals {
        assert_eq!(error.kind(), ErrorKind::ReadOnly);
        assert!(!error.is_retriable());
    }
    assert_eq!(scene.engine.requests(), 0);
    assert_eq!(
        store.get("features", "flag").expect("reads go on").as_deref(),
        Some(OLDER)
    );
}

#[test]
fn an_altered_answer_is_never_believed() {
    let scene = Scene::new();
    for spoiled in ["body", "header"] {
        let action = json!({"wrong_checksum": spoiled});
        scene.script(&action, 1);
        let store = scene.store();
        assert_eq!(
            store.get("features", "flag").expect("the second answer").as_deref(),
            Some(OLDER)
        );
        assert_eq!((scene.requests(), &stats(&store)["retries"]), (2, &json!(1)));

        scene.script(&action, 1);
        let older = r#"{"key":"flag","version":1}"#;
        assert_eq!(
            winner(store.upsert("features", "flag", older).expect("the second answer")),
            OLDER
        );

        scene.script(&action, 1);
        assert_eq!(
            store.all("features").expect("the second answer").to_string(),
            format!(r#"{{"flag":{OLDER}}}"#)
        );

        scene.script(&action, 100);
        let error = store.get("features", "flag").expect_err("no answer is right");
        assert_eq!(
            (error.kind(), error.is_retriable()),
            (ErrorKind::InvalidResponse, true),
            "{error}"
        );
        assert!(error.message().contains("checksum"), "{error}");
    }
}

#[test]
fn every_failure_is_named_for_what_it_is() {
    let scene = Scene::new();
    let code = |status: u16, code: &str| json!({"error": {"status": status, "code": code, "message": "as scripted"}});
    // Action, kind, retriable, AWS code, requests.
    let cases = [
        (
            json!({"throttle": true}),
            ErrorKind::Throttled,
            true,
            Some("ProvisionedThroughputExceededException"),
            3,
        ),
        (
            code(400, "ThrottlingException"),
            ErrorKind::Throttled,
            true,
            Some("ThrottlingException"),
            3,
        ),
        (
            code(400, "RequestLimitExceeded"),
            ErrorKind::Throttled,
            true,
            Some("RequestLimitExceeded"),
            3,
        ),
        (
            json!({"server_error": true}),
            ErrorKind::Service,
            true,
            Some("InternalServerError"),
            3,
        ),
        (
            code(503, "ServiceUnavailable"),
            ErrorKind::Service,
            true,
            Some("ServiceUnavailable"),
            3,
        ),
        (
            code(400, "ResourceNotFoundException"),
            ErrorKind::TableNotFound,
            false,
            Some("ResourceNotFoundException"),
            1,
        ),
        (
            code(400, "ValidationException"),
            ErrorKind::Service,
            false,
            Some("ValidationException"),
            1,
        ),
        (
            json!({"error": {"code": "ValidationException", "message": "as scripted: the key element does not match the schema"}}),
            ErrorKind::TableMismatch,
            false,
            Some("ValidationException"),
            1,
        ),
        (
            code(400, "AccessDeniedException"),
            ErrorKind::AccessDenied,
            false,
            Some("AccessDeniedException"),
            1,
        ),
        (
            code(400, "UnrecognizedClientException"),
            ErrorKind::AccessDenied,
            false,
            Some("UnrecognizedClientException"),
            1,
        ),
        (
            code(400, "InvalidSignatureException"),
            ErrorKind::AccessDenied,
            false,
            Some("InvalidSignatureException"),
            1,
        ),
        (
            code(400, "ExpiredTokenException"),
            ErrorKind::AccessDenied,
            false,
            Some("ExpiredTokenException"),
            1,
        ),
        (
            code(400, "ItemCollectionSizeLimitExceededException"),
            ErrorKind::Service,
            false,
            Some("ItemCollectionSizeLimitExceededException"),
            1,
        ),
        (
            code(400, "SomethingNewException"),
            ErrorKind::Service,
            false,
            Some("SomethingNewException"),
            1,
        ),
        (json!({"garbage": true}), ErrorKind::InvalidResponse, true, None, 1),
        (json!({"truncate": 1}), ErrorKind::InvalidResponse, true, None, 3),
        (json!({"cut": "before"}), ErrorKind::Unreachable, true, None, 3),
        (json!({"cut": "after"}), ErrorKind::Unreachable, true, None, 3),
        (json!({"delay_ms": 400}), ErrorKind::TimedOut, true, None, 3),
        (json!({"black_hole": true}), ErrorKind::TimedOut, true, None, 3),
    ];
    for (action, kind, retriable, service_code, requests) in cases {
        scene.script(&action, 100);
        let store = scene
            .engine
            .store_with(&scene.table, json!({"attempt_timeout_ms": 150}));
        let error = store.upsert("features", "flag", OLDER).expect_err("a failure");
        assert_eq!(
            (error.kind(), error.is_retriable(), error.service_code()),
            (kind, retriable, service_code),
            "{action}: {error}"
        );
        let stats = stats(&store);
        // What is not repeated is repeated once through the AWS SDK, which says what it is.
        let requests = match requests {
            1 => support::requests_of_a_refusal(),
            several => several,
        };
        assert_eq!(
            (&stats["requests"], &stats["retries"]),
            (&json!(requests), &json!(requests - 1)),
            "{action}"
        );
        let throttles = if kind == ErrorKind::Throttled { requests } else { 0 };
        assert_eq!(stats["throttles"], throttles, "{action}");
        assert!(
            error.message().contains(&scene.table) && error.message().contains("us-east-1"),
            "{error}"
        );
        if let Some(service_code) = service_code {
            assert!(error.message().contains(service_code), "{error}");
        }
        // Lets go of requests that are never answered.
        scene.engine.script(json!([]));
    }
}

#[test]
fn the_operation_timeout_bounds_all_attempts_together() {
    let scene = Scene::new();
    for action in [
        json!({"black_hole": true}),
        json!({"delay_ms": 5000}),
        json!({"throttle": true}),
    ] {
        scene.script(&action, 1000);
        let store = scene
            .engine
            .store_with(&scene.table, json!({"operation_timeout_ms": 300, "max_attempts": 1000}));
        let started = Instant::now();
        let error = store.upsert("features", "flag", NEWER).expect_err("no time");
        let took = started.elapsed();
        assert_eq!(
            (error.kind(), error.is_retriable()),
            (ErrorKind::TimedOut, true),
            "{action}: {error}"
        );
        assert!((290..1500).contains(&took.as_millis()), "{action}: {took:?}");
        scene.engine.script(json!([]));
    }
}

#[test]
fn nobody_listens() {
    let port = free_port();
    let scene = Scene::new();
    let store = scene
        .engine
        .store_with(&scene.table, json!({"endpoint": format!("http://127.0.0.1:{port}")}));
    let error = store.upsert("features", "flag", NEWER).expect_err("nobody listens");
    assert_eq!(
        (error.kind(), error.is_retriable(), error.service_code()),
        (ErrorKind::Unreachable, true, None),
        "{error}"
    );
    assert_eq!(stats(&store)["retries"], 2);
}
