//! Engines that differ from Amazon DynamoDB: the shared cases behind each known set of differences, and what a difference costs.

use crate::support::cases::run_all;
use crate::support::data_set::row;
use crate::support::driver::InProcess;
use crate::support::fake::row_key;
use crate::support::{requests_of_a_refusal, Engine};
use ld_dynamo_store::{ErrorKind, Store, Upsert};
use serde_json::{json, Value};

const OLDER: &str = r#"{"key":"flag","version":3}"#;
const NEWER: &str = r#"{"key":"flag","version":5}"#;

/// On both engines of our own.
fn cases_hold(differences: &[&str]) {
    for engine in [Engine::embedded(), Engine::fake(&[])] {
        run_all(&engine.differing(differences), &mut InProcess::default());
    }
}

#[test]
fn cases_hold_without_any_difference() {
    cases_hold(&[]);
}

#[test]
fn cases_hold_on_dynamodb_local_s_texts() {
    cases_hold(&["texts-of-dynamodb-local", "other-message-name"]);
}

#[test]
fn cases_hold_on_an_engine_like_dynalite() {
    cases_hold(&["no-row-in-refusal", "texts-of-dynalite"]);
}

#[test]
fn cases_hold_on_an_engine_like_moto() {
    cases_hold(&["no-row-in-refusal", "more-members", "html-errors"]);
}

#[test]
fn cases_hold_on_an_engine_like_alternator() {
    cases_hold(&[
        "no-row-in-refusal",
        "no-consumed-capacity",
        "no-checksum",
        "no-content-length",
        "texts-of-alternator",
    ]);
}

#[test]
fn cases_hold_on_an_engine_that_refuses_parameters() {
    cases_hold(&[
        "refuses-row-of-refusal",
        "refuses-consumed-capacity",
        "no-row-in-refusal",
        "no-consumed-capacity",
    ]);
}

/// On the engine whose address is in `DYNAMODB_ENDPOINT`, for example dynalite or moto.
#[test]
#[ignore = "needs an engine that somebody started"]
fn cases_hold_on_a_running_engine() {
    let endpoint = std::env::var("DYNAMODB_ENDPOINT").expect("DYNAMODB_ENDPOINT is an address");
    run_all(&Engine::running(&endpoint), &mut InProcess::default());
}

fn counted(store: &Store, what: &str) -> f64 {
    let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
    stats[what].as_f64().expect("a number")
}

fn upserted(store: &Store, item: &str) -> Upsert {
    store.upsert("features", "flag", item).expect("an answer")
}

#[test]
fn a_refusal_without_the_row_takes_one_more_request() {
    for difference in ["no-row-in-refusal", "empty-row-in-refusal"] {
        let fake = Engine::fake(&[]);
        let engine = fake.differing(&[difference]);
        let store = engine.store(&engine.create_table());
        assert_eq!(upserted(&store, NEWER), Upsert::Stored);
        fake.script(json!([]));
        // At a first attempt, the same item is not newer.
        for item in [OLDER, NEWER] {
            assert_eq!(upserted(&store, item), Upsert::NotNewer(NEWER.into()), "{difference}");
        }
        let log = fake.log();
        assert_eq!((log.count("PutItem"), log.count("GetItem")), (2, 2), "{difference}");
        assert_eq!(counted(&store, "requests"), 5.0, "{difference}");
    }
}

#[test]
fn a_lost_answer_and_a_refusal_without_the_row_are_a_success() {
    let fake = Engine::fake(&[]);
    let engine = fake.differing(&["no-row-in-refusal"]);
    let table = engine.create_table();
    fake.script(json!([{"match": {"operation": "PutItem"}, "times": 1, "action": {"cut": "after"}}]));
    assert_eq!(upserted(&engine.store(&table), NEWER), Upsert::Stored);
    let log = fake.log();
    assert_eq!((log.count("PutItem"), log.count("GetItem")), (2, 1));
}

/// A condition that the engine refuses once although nothing stands against it, as if the row had gone before it is read.
#[test]
fn a_row_that_is_gone_or_older_when_it_is_read_is_written_over() {
    let refusal = json!({"error": {"status": 400, "code": "ConditionalCheckFailedException", "message": "The conditional request failed"}});
    for older in [None, Some(row("features", "flag", 3, OLDER))] {
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        engine.seed(&table, older.as_slice());
        engine.script(json!([{"match": {"operation": "PutItem"}, "times": 1, "action": refusal}]));
        assert_eq!(upserted(&engine.store(&table), NEWER), Upsert::Stored, "{older:?}");
        let stored = row("features", "flag", 5, NEWER);
        assert_eq!(engine.stored(&table)[&row_key(&stored)], stored);
        let log = engine.log();
        assert_eq!((log.count("PutItem"), log.count("GetItem")), (2, 1), "{older:?}");
    }
}

#[test]
fn an_engine_that_refuses_for_no_reason_is_given_up() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let refusal = json!({"error": {"status": 400, "code": "ConditionalCheckFailedException", "message": "The conditional request failed"}});
    engine.script(json!([{"match": {"operation": "PutItem"}, "action": refusal}]));
    let error = engine
        .store(&table)
        .upsert("features", "flag", NEWER)
        .expect_err("no end");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert!(error.message().contains("\"flag\""), "{error}");
    assert_eq!(engine.requests(), 10);
}

#[test]
fn a_refused_parameter_is_asked_for_once() {
    let fake = Engine::fake(&[]);
    let engine = fake.differing(&[
        "refuses-row-of-refusal",
        "refuses-consumed-capacity",
        "no-row-in-refusal",
    ]);
    let store = engine.store(&engine.create_table());
    assert_eq!(upserted(&store, NEWER), Upsert::Stored);
    // Two were refused, and the third was done; the first of them perhaps directly, and then once more.
    let before = 3.0 + (requests_of_a_refusal() - 1) as f64;
    assert_eq!(counted(&store, "requests"), before);
    assert_eq!(counted(&store, "consumed_write_units"), 0.0);
    assert_eq!(upserted(&store, OLDER), Upsert::NotNewer(NEWER.into()));
    assert_eq!(counted(&store, "requests"), before + 2.0);
    let _ = store.init(r#"{"flags":{"flag":{"version":6}}}"#).expect("init");
    // A query, a batch, the marker: init knows what the others were told.
    assert_eq!(counted(&store, "requests"), before + 5.0);
    assert_eq!(
        store.all("features").expect("flags").as_str(),
        r#"{"flag":{"version":6}}"#
    );
    assert_eq!(counted(&store, "requests"), before + 6.0);
}

/// An attempt that was cut off may have stored the row, whatever was refused after it.
#[test]
fn a_parameter_refused_after_a_lost_answer_changes_nothing() {
    let fake = Engine::fake(&[]);
    let table = fake.create_table();
    let refusal = json!({"error": {"status": 400, "code": "ValidationException", "message": "ReturnValuesOnConditionCheckFailure is unknown"}});
    fake.script(json!([
        {"match": {"operation": "PutItem"}, "times": 1, "action": {"cut": "after"}},
        {"match": {"operation": "PutItem"}, "times": 1, "action": refusal},
    ]));
    assert_eq!(upserted(&fake.store(&table), NEWER), Upsert::Stored);
    let log = fake.log();
    assert_eq!((log.count("PutItem"), log.count("GetItem")), (3, 1));
}

#[test]
fn a_web_page_instead_of_an_error_is_an_outage() {
    let fake = Engine::fake(&[]);
    let engine = fake.differing(&["html-errors"]);
    let table = engine.create_table();
    fake.script(json!([{"times": 1, "action": {"server_error": true}}]));
    assert_eq!(engine.store(&table).get("features", "flag").expect("an answer"), None);
    fake.script(json!([{"action": {"server_error": true}}]));
    let error = engine.store(&table).get("features", "flag").expect_err("no answer");
    assert!(error.is_retriable(), "{error}");
    assert!(error.message().contains("HTTP 500"), "{error}");
    let says = error
        .message()
        .contains("this is no DynamoDB, its answer begins with \"<");
    assert!(says && !error.message().contains('\n'), "{error}");
}

/// What a `ValidationException` means, by its message.
#[test]
fn a_refusal_is_a_matter_of_keys_only_where_it_says_so() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for (message, kind) in [
        (
            "The provided key element does not match the schema",
            ErrorKind::TableMismatch,
        ),
        ("Item size has exceeded the maximum allowed size", ErrorKind::Service),
        (
            "1 validation error detected: Value at 'consistentRead' is wrong",
            ErrorKind::Service,
        ),
    ] {
        let refusal = json!({"error": {"status": 400, "code": "ValidationException", "message": message}});
        engine.script(json!([{"action": refusal}]));
        let error = engine.store(&table).get("features", "flag").expect_err("a refusal");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error}");
        assert_eq!(error.service_code(), Some("ValidationException"));
        assert!(!error.is_retriable(), "{error}");
    }
}

/// Rows that a batch leaves undone come back under the name that was asked for, or under the other one.
#[test]
fn an_arn_names_a_table() {
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/flags";
    let engine = Engine::fake(&["--create-table", arn]);
    engine.script(
        json!([{"match": {"operation": "BatchWriteItem"}, "times": 2, "action": {"unprocessed": {"count": 1}}}]),
    );
    let store = engine.store(arn);
    let report = store
        .init(r#"{"flags":{"a":{"version":1},"b":{"version":1},"c":{"version":1}}}"#)
        .expect("init");
    assert_eq!(report.written, 3);
    assert_eq!(engine.log().count("BatchWriteItem"), 3);
    assert_eq!(counted(&store, "unprocessed_rows"), 2.0);
    assert_eq!(engine.stored(arn).len(), 4);
    assert_eq!(upserted(&store, NEWER), Upsert::Stored);
}
