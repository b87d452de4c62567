//! What an `init` sends: nothing on bad input, nothing larger than the service takes, and no more than the difference needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::data_set::{row, DataSet, Item};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use ld_dynamo_store::ErrorKind;
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(60);
const MAXIMUM_BATCH_ROWS: usize = 25;
const MAXIMUM_REQUEST_BYTES: usize = 16 * 1024 * 1024;

#[test]
fn bad_input_sends_nothing() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    engine.script(json!([]));
    let good = r#""features": {"a": {"version": 1}}"#;
    let long_key = "k".repeat(1025);
    for (data, kind) in [
        ("", ErrorKind::InvalidJson),
        (r#"{"features": {"a": {"version": 1}}"#, ErrorKind::InvalidJson),
        ("[]", ErrorKind::InvalidDataSet),
        (r#"{"features": []}"#, ErrorKind::InvalidDataSet),
        (r#"{"features": {}, "flags": {}}"#, ErrorKind::InvalidDataSet),
        (
            r#"{"features": {"a": {"version": 1}, "a": {"version": 1}}}"#,
            ErrorKind::InvalidDataSet,
        ),
        (
            &format!(r#"{{{good}, "segments": {{"s": null}}}}"#),
            ErrorKind::InvalidItem,
        ),
        (
            &format!(r#"{{{good}, "segments": {{"s": {{}}}}}}"#),
            ErrorKind::InvalidItem,
        ),
        (
            &format!(r#"{{{good}, "segments": {{"s": {{"version": -1}}}}}}"#),
            ErrorKind::InvalidItem,
        ),
        (
            &format!(r#"{{{good}, "segments": {{"": {{"version": 1}}}}}}"#),
            ErrorKind::InvalidKey,
        ),
        (
            &format!(r#"{{{good}, "segments": {{"{long_key}": {{"version": 1}}}}}}"#),
            ErrorKind::InvalidKey,
        ),
        (&format!(r#"{{{good}, "$inited": {{}}}}"#), ErrorKind::InvalidKind),
        (
            &format!(r#"{{{good}, "other:features": {{}}}}"#),
            ErrorKind::InvalidKind,
        ),
        (
            &format!(r#"{{{good}, "big_segments_user": {{}}}}"#),
            ErrorKind::InvalidKind,
        ),
    ] {
        let error = store.init(data).expect_err(data);
        assert_eq!(error.kind(), kind, "{data}: {error}");
        assert!(!error.is_retriable());
    }
    assert_eq!(engine.requests(), 0);
    assert_eq!(engine.stored(&table), BTreeMap::new());
}

#[test]
fn no_request_exceeds_what_the_service_takes() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::default();
    // Quotes double when an item becomes a string of the request; the others grow less or not at all.
    let fillings = ["\\\\", "é", "😀", "\u{7f}", "/", "\\u0001"].into_iter().cycle();
    let fillings = std::iter::repeat_n("\\\"", 30).chain(fillings);
    for (number, filling) in fillings.take(54).enumerate() {
        let note = filling.repeat(390_000 / filling.len());
        let text = format!("{{\"version\":1,\n\t\"note\":\"{note}\"}}");
        let item = Item {
            version: 1,
            text,
            prerequisites: vec![],
        };
        data_set.insert("features", &format!("flag-{number:02}"), item);
    }
    engine.script(json!([{"match": {"operation": "BatchWriteItem"}, "probability": 0.3, "action": {"unprocessed": {"fraction": 0.5}}}]));

    let _ = engine
        .store_with(&table, json!({"max_concurrency": 2}))
        .init(&data_set.json())
        .expect("init");

    let log = engine.log();
    assert!(log
        .writes()
        .all(|request| request.rows.len() <= MAXIMUM_BATCH_ROWS && request.bytes <= MAXIMUM_REQUEST_BYTES));
    let largest = log.writes().map(|request| request.bytes).max().expect("writes");
    assert!(
        largest > MAXIMUM_REQUEST_BYTES * 3 / 4,
        "the largest request has only {largest} bytes"
    );
    assert_eq!(engine.stored(&table), data_set.rows_with_marker());
}

#[test]
fn batches_of_a_level_run_concurrently_up_to_the_limit() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    engine.script(json!([]));
    engine.latency(10.0);
    let data_set = DataSet::chains(500, 1, 0);
    let _ = engine
        .store_with(&table, json!({"max_concurrency": 4}))
        .init(&data_set.json())
        .expect("init");
    let log = engine.log();
    let batches: Vec<_> = log
        .writes()
        .filter(|request| request.operation == "BatchWriteItem")
        .collect();
    assert_eq!(batches.len(), 20);
    let under_way = |moment: f64| {
        let is_under_way = |finished: Option<f64>| finished.is_some_and(|finished| moment < finished);
        batches
            .iter()
            .filter(|request| request.started_ms <= moment && is_under_way(request.finished_ms))
            .count()
    };
    let most = batches.iter().map(|request| under_way(request.started_ms)).max();
    assert_eq!(most, Some(4));
}

#[test]
fn a_row_that_differs_in_anything_is_rewritten_and_no_other() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::default();
    let keys = [
        "same",
        "text",
        "lower",
        "higher",
        "space",
        "extra",
        "type",
        "version",
        "no-item",
        "no-version",
        "missing",
    ];
    for key in keys {
        data_set.item("segments", key, 2, "");
    }
    let with = |key: &str, attribute: &str, value: Value| {
        let mut stored = row("segments", key, 2, &data_set.kinds["segments"][key].text);
        let attributes = stored.as_object_mut().expect("a row");
        match value {
            Value::Null => attributes.remove(attribute),
            _ => attributes.insert(attribute.to_owned(), value),
        };
        stored
    };
    let text = |key: &str| data_set.kinds["segments"][key].text.clone();
    engine.seed(
        &table,
        &[
            row("segments", "same", 2, &text("same")),
            with("text", "item", json!({"S": text("text").replace("\"\"", "\"other\"")})),
            with("lower", "version", json!({"N": "1"})),
            with("higher", "version", json!({"N": "3"})),
            with("space", "item", json!({"S": format!("{} ", text("space"))})),
            with("extra", "expires", json!({"N": "1700000000"})),
            with("type", "item", json!({"M": {}})),
            with("version", "version", json!({"S": "2"})),
            with("no-item", "item", Value::Null),
            with("no-version", "version", Value::Null),
        ],
    );
    let report = engine.store(&table).init(&data_set.json()).expect("init");
    assert_eq!(
        (report.written, report.unchanged, report.deleted),
        (keys.len() - 1, 1, 0)
    );
    assert!(engine
        .log()
        .items_sent()
        .iter()
        .all(|row| row.0 == "put" && row.2 != "same"));
    assert_eq!(engine.stored(&table), data_set.rows_with_marker());
}

#[test]
fn an_unchanged_init_writes_the_marker_alone() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = DataSet::chains(180, 3, 60);
    let store = engine.store(&table);
    let _ = store.init(&data_set.json()).expect("init");
    engine.script(json!([]));
    let report = store.init(&data_set.json()).expect("init again");
    assert_eq!(
        (report.written, report.unchanged, report.deleted),
        (0, data_set.len(), 0)
    );
    let log = engine.log();
    assert_eq!(
        (log.count("BatchWriteItem"), log.count("PutItem"), log.count("Query")),
        (0, 1, 2)
    );
}

#[test]
fn one_percent_changed_takes_at_most_ten_write_requests() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::chains(9_900, 2, 100);
    let store = engine.store(&table);
    let _ = store.init(&data_set.json()).expect("init");
    for number in 0..100 {
        let (kind, key) = if number % 3 == 0 {
            ("segments", format!("segment-{number}"))
        } else {
            ("features", format!("flag-{}", number * 97))
        };
        data_set.change(kind, &key, 2, "changed");
    }
    engine.script(json!([]));
    let report = store.init(&data_set.json()).expect("init again");
    assert_eq!((report.written, report.unchanged), (100, 9_900));
    let log = engine.log();
    let levels: BTreeSet<_> = log.items_sent().iter().map(|row| data_set.stage(row)).collect();
    assert_eq!(levels.len(), 3, "changes on three levels");
    let writes = log.writes().count();
    assert!(writes <= 10, "{writes} write requests");
    log.require_order(|row| data_set.stage(row));
}
