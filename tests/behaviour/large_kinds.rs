//! Kinds of several megabytes: `init` reads them in parts side by side, and finds every difference all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::data_set::{row, DataSet, Item};
use crate::support::fake::is_marker;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use ld_dynamo_store::{ErrorKind, Store};
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(60);

/// `count` flags of `bytes` each, under keys in the order of their numbers.
fn flags(count: usize, bytes: usize) -> DataSet {
    let mut data_set = DataSet::default();
    let note = "n".repeat(bytes);
    for number in 0..count {
        data_set.flag(&format!("flag-{number:05}"), 1, &note, &[]);
    }
    data_set
}

fn differences_are_found(engine: &Engine) {
    let _watchdog = Watchdog::new(PATIENCE);
    let table = engine.create_table();
    let mut data_set = flags(220, 40_000);
    let store = engine.store_with(
        &table,
        json!({"operation_timeout_ms": 30_000, "attempt_timeout_ms": 20_000}),
    );
    let _ = store.init(&data_set.json()).expect("init");
    // On both sides of each part's ends, and where nothing should be.
    let stale = [
        "a",
        "flag-",
        "flag-00054x",
        "flag-00055!",
        "flag-00110x",
        "flag-00164x",
        "zzz",
        "é",
    ];
    for key in stale {
        engine.put(&table, &row("features", key, 1, r#"{"version":1}"#));
    }
    engine.put(&table, &row("other", "a", 1, r#"{"version":1}"#));
    for number in [0, 54, 55, 109, 110, 164, 165, 219] {
        data_set.change("features", &format!("flag-{number:05}"), 2, "changed");
    }
    data_set.flag("flag-00007+", 1, "new", &[]);
    let report = store.init(&data_set.json()).expect("init again");
    assert_eq!(
        (report.written, report.unchanged, report.deleted),
        (9, 212, stale.len())
    );
    let mut expected: BTreeSet<String> = data_set
        .rows_with_marker()
        .values()
        .map(|row| row.to_string())
        .collect();
    expected.insert(row("other", "a", 1, r#"{"version":1}"#).to_string());
    let stored: BTreeSet<String> = engine.rows(&table).iter().map(|row| row.to_string()).collect();
    assert!(
        stored == expected,
        "{} rows instead of {}",
        stored.len(),
        expected.len()
    );
}

#[test]
fn differences_are_found_in_every_part() {
    differences_are_found(&Engine::fake(&[]));
}

#[test]
fn differences_are_found_on_the_embedded_engine() {
    differences_are_found(&Engine::embedded());
}

#[test]
fn differences_are_found_on_amazon_dynamodb_local() {
    differences_are_found(&Engine::amazon());
}

#[test]
fn parts_are_read_side_by_side_and_small_kinds_in_one() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    for (count, parts) in [(1, 1), (45, 1), (110, 2), (160, 3), (300, 4)] {
        let table = engine.create_table();
        engine.script(json!([]));
        let store = engine.store(&table);
        let _ = store.init(&flags(count, 40_000).json()).expect("init");
        assert_eq!(
            engine.log().count("Query"),
            parts,
            "{count} flags of 40 KB in an empty table"
        );
    }
    let table = engine.create_table();
    let store = engine.store_with(&table, json!({"init_timeout_ms": 20_000}));
    engine.script(json!([]));
    engine.latency(400.0);
    let _ = store.init(&flags(300, 40_000).json()).expect("init");
    let log = engine.log();
    let queries: Vec<_> = log.requests("Query").collect();
    assert_eq!(queries.len(), 4);
    let first_answer = queries
        .iter()
        .filter_map(|request| request.finished_ms)
        .fold(f64::MAX, f64::min);
    assert!(queries.iter().all(|request| request.started_ms < first_answer));
}

/// A unit for each 4 KB that are read strongly consistent, half of one otherwise.
#[test]
fn the_last_page_is_read_as_consistently_as_the_first() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = flags(8, 300_000).json();
    let _ = engine.store(&table).init(&data_set).expect("init");
    let read_units = |overrides: Value, call: &dyn Fn(&Store)| {
        let store = engine.store_with(&table, overrides);
        call(&store);
        let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
        stats["consumed_read_units"].as_f64().expect("a number")
    };
    let all = |store: &Store| drop(store.all("features").expect("all"));
    let init = |store: &Store| assert_eq!(store.init(&data_set).expect("init").unchanged, 8);
    let eventual = json!({"consistent_reads": false});
    let consistent = read_units(json!({}), &all);
    assert!(consistent > 500.0, "{consistent} units");
    assert_eq!(read_units(eventual.clone(), &all), consistent / 2.0);
    assert_eq!(read_units(eventual, &init), consistent);
}

/// The row at which two parts meet is read with both.
#[test]
fn an_oversized_item_s_older_copy_is_deleted_once() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::default();
    for number in 0..12 {
        let key = format!("flag-{number:02}");
        engine.put(&table, &row("features", &key, 1, r#"{"version":1}"#));
        let text = format!(r#"{{"version":2,"note":"{}"}}"#, "x".repeat(450_000));
        let item = Item {
            version: 2,
            text,
            prerequisites: vec![],
        };
        data_set.insert("features", &key, item);
    }
    let store = engine.store(&table);
    engine.script(json!([]));
    let report = store.init(&data_set.json()).expect("init");
    assert_eq!((report.written, report.deleted, report.dropped), (0, 12, 12));
    let log = engine.log();
    let deleted: Vec<_> = log
        .writes()
        .flat_map(|request| &request.rows)
        .filter(|row| !is_marker(row))
        .collect();
    assert_eq!(deleted.len(), 12, "{deleted:?}");
}

#[test]
fn the_first_bad_item_of_many_is_named_and_nothing_sent() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    engine.script(json!([]));
    let mut data_set = flags(110, 40_000);
    for key in ["flag-00060", "flag-00109"] {
        let item = data_set.kinds.get_mut("features").and_then(|flags| flags.get_mut(key));
        item.expect("a flag").text = "{}".to_owned();
    }
    for _ in 0..10 {
        let error = store.init(&data_set.json()).expect_err("two items have no version");
        assert_eq!(error.kind(), ErrorKind::InvalidItem);
        assert!(error.message().contains("flag-00060"), "{error}");
    }
    assert_eq!(engine.requests(), 0);
}

#[test]
fn a_page_that_fails_is_read_again_and_only_that_one() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = flags(300, 40_000);
    let store = engine.store(&table);
    let _ = store.init(&data_set.json()).expect("init");
    let queries_with = |rules| {
        engine.script(rules);
        let report = store.init(&data_set.json()).expect("init again");
        assert_eq!((report.written, report.unchanged, report.deleted), (0, 300, 0));
        engine.log().count("Query")
    };
    let pages = queries_with(json!([]));
    let throttled = json!([{"match": {"operation": "Query", "every": 3}, "times": 4, "action": {"throttle": true}}]);
    assert_eq!(queries_with(throttled), pages + 4);
}
