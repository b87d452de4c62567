//! Rows that no reader could use must not stand in the way of an upsert, whatever their version says.

use std::time::Duration;

use crate::support::data_set::row;
use crate::support::fake::row_key;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use ld_dynamo_store::Upsert;
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(30);
const OLDER: &str = r#"{"key":"flag","version":3,"on":false}"#;
const NEWER: &str = r#"{"key":"flag","version":5,"on":true}"#;

fn corrupt_rows() -> Vec<Value> {
    let mut rows: Vec<Value> = [
        (json!({"N": "99"}), json!({"S": "not JSON"})),
        (json!({"N": "99"}), json!({"S": "[1]"})),
        (json!({"N": "99"}), json!({"S": "{\"version\":99"})),
        (json!({"N": "99"}), json!({"N": "1"})),
        (json!({"N": "99"}), json!({"M": {"version": {"N": "1"}}})),
        (json!({"N": "99.5"}), json!({"S": OLDER})),
        (json!({"N": "9223372036854775808"}), json!({"S": OLDER})),
        (json!({"S": "3"}), json!({"S": OLDER})),
    ]
    .into_iter()
    .map(|(version, item)| {
        json!({"namespace": {"S": "features"}, "key": {"S": "flag"}, "version": version, "item": item})
    })
    .collect();
    rows.push(json!({"namespace": {"S": "features"}, "key": {"S": "flag"}, "item": {"N": "1"}}));
    rows.push(json!({"namespace": {"S": "features"}, "key": {"S": "flag"}, "version": {"S": "3"}}));
    rows
}

fn newer_row() -> Value {
    row("features", "flag", 5, NEWER)
}

#[test]
fn a_corrupt_row_is_replaced() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for corrupt in corrupt_rows() {
        engine.empty();
        engine.seed(&table, std::slice::from_ref(&corrupt));
        let outcome = engine.store(&table).upsert("features", "flag", NEWER);
        assert_eq!(outcome.expect("an answer"), Upsert::Stored, "{corrupt}");
        assert_eq!(engine.stored(&table)[&row_key(&corrupt)], newer_row(), "{corrupt}");
        assert!(engine.requests() <= 2, "{corrupt}");
    }
}

/// A rule for the request that puts over the corrupt row: its condition speaks of the item.
fn script(engine: &Engine, action: Value) {
    engine.script(json!([{"match": {"contains": "#item"}, "times": 1, "action": action}]));
}

#[test]
fn a_corrupt_row_is_replaced_though_the_answer_was_lost() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for corrupt in corrupt_rows() {
        engine.empty();
        engine.seed(&table, std::slice::from_ref(&corrupt));
        script(&engine, json!({"cut": "after"}));
        let outcome = engine.store(&table).upsert("features", "flag", NEWER);
        assert_eq!(outcome.expect("an answer"), Upsert::Stored, "{corrupt}");
        assert_eq!(engine.stored(&table)[&row_key(&corrupt)], newer_row(), "{corrupt}");
    }
}

/// Somebody puts `repaired` while the first attempt to put over the corrupt row is under way and the second is still to come.
fn upsert_while_repaired(corrupt: &Value, repaired: &[Value]) -> (Upsert, Vec<Value>) {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    engine.empty();
    engine.seed(&table, std::slice::from_ref(corrupt));
    script(&engine, json!({"black_hole": true}));
    let store = engine.store_with(&table, json!({"attempt_timeout_ms": 400}));
    let outcome = std::thread::scope(|scope| {
        let upsert = scope.spawn(|| store.upsert("features", "flag", NEWER).expect("an answer"));
        while engine.requests() < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        engine.seed(&table, repaired);
        upsert.join().expect("a thread")
    });
    (outcome, engine.stored(&table).into_values().collect())
}

#[test]
fn a_row_that_somebody_repairs_meanwhile_is_judged_by_its_version() {
    for corrupt in [&corrupt_rows()[0], &corrupt_rows()[3]] {
        let newest = r#"{"version":9}"#;
        let repaired = row("features", "flag", 9, newest);
        let (outcome, stored) = upsert_while_repaired(corrupt, std::slice::from_ref(&repaired));
        assert_eq!((outcome, stored), (Upsert::NotNewer(newest.into()), vec![repaired]));

        let repaired = row("features", "flag", 3, OLDER);
        let (outcome, stored) = upsert_while_repaired(corrupt, &[repaired]);
        assert_eq!((outcome, stored), (Upsert::Stored, vec![newer_row()]));
    }
}

#[test]
fn a_row_that_is_corrupted_in_another_way_meanwhile_is_replaced_all_the_same() {
    let (outcome, stored) = upsert_while_repaired(&corrupt_rows()[0], &corrupt_rows()[1..2]);
    assert_eq!((outcome, stored), (Upsert::Stored, vec![newer_row()]));
}
