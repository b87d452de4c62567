//! The calls of the SDK's interface, as its other stores answer them.

use std::collections::HashMap;
use std::time::Duration;

use launchdarkly_server_sdk::{AllData, DataKind, PersistentDataStore, SerializedItem};
use ld_dynamo_store::launchdarkly::DynamoDbDataStore;
use ld_dynamo_store::Config;
use serde_json::{json, Value};

use super::data_store;
use crate::support::Engine;

fn item(version: u64) -> SerializedItem {
    SerializedItem {
        version,
        deleted: false,
        serialized_item: format!(r#"{{"key":"a","version":{version}}}"#),
    }
}

/// A deletion as the SDK writes it.
fn tombstone(version: u64) -> SerializedItem {
    SerializedItem {
        version,
        deleted: true,
        serialized_item: json!({"version": version, "key": "$deleted", "deleted": true}).to_string(),
    }
}

fn head(item: Option<SerializedItem>) -> Option<(u64, bool)> {
    item.map(|item| (item.version, item.deleted))
}

#[test]
fn init_replaces_both_kinds_and_marks_the_table() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let mut store = data_store(&engine, &table);
    assert!(!store.is_initialized());
    let first = AllData {
        flags: HashMap::from([("a".to_owned(), item(1)), ("b \"quoted\" é".to_owned(), item(2))]),
        segments: HashMap::from([("s".to_owned(), item(3)), ("gone".to_owned(), tombstone(4))]),
    };
    store.init(first).expect("init");
    // Another instance sees it.
    let other = data_store(&engine, &table);
    assert!(other.is_initialized());
    assert_eq!(head(other.flag("b \"quoted\" é").expect("an answer")), Some((2, false)));
    assert_eq!(head(other.segment("s").expect("an answer")), Some((3, false)));
    assert_eq!(head(other.segment("gone").expect("an answer")), Some((4, true)));
    assert_eq!(head(other.flag("s").expect("an answer")), None);
    let second = AllData {
        flags: HashMap::from([("c".to_owned(), item(1))]),
        segments: HashMap::new(),
    };
    store.init(second).expect("init");
    for absent in ["a", "b \"quoted\" é"] {
        assert_eq!(head(store.flag(absent).expect("an answer")), None);
    }
    assert_eq!(head(store.segment("s").expect("an answer")), None);
    assert_eq!(head(store.flag("c").expect("an answer")), Some((1, false)));
}

#[test]
fn an_empty_init_marks_the_table_too() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let mut store = data_store(&engine, &table);
    let nothing = AllData {
        flags: HashMap::new(),
        segments: HashMap::new(),
    };
    store.init(nothing).expect("init");
    assert!(store.is_initialized());
    assert!(store.all_flags().expect("an answer").is_empty());
}

#[test]
fn upsert_says_whether_it_stored() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let mut store = data_store(&engine, &table);
    let mut upsert = |item| store.upsert(DataKind::Flag, "a", item).expect("an outcome");
    assert!(upsert(item(5)));
    assert!(!upsert(item(5)));
    assert!(!upsert(item(4)));
    assert!(!upsert(tombstone(5)));
    assert!(upsert(tombstone(6)));
    assert!(!upsert(item(6)));
    assert_eq!(head(store.flag("a").expect("an answer")), Some((6, true)));
    // What nobody has stored before is deleted all the same.
    assert!(store.upsert(DataKind::Segment, "s", tombstone(1)).expect("an outcome"));
    assert_eq!(head(store.segment("s").expect("an answer")), Some((1, true)));
}

#[test]
fn a_tombstone_is_stored_so_that_every_sdk_reads_it() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let mut store = data_store(&engine, &table);
    assert!(store.upsert(DataKind::Flag, "a", tombstone(7)).expect("an outcome"));
    let rows = engine.rows(&table);
    let text = rows[0]["item"]["S"].as_str().expect("an item");
    let stored: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(
        (&stored["key"], &stored["version"], &stored["deleted"]),
        (&json!("a"), &json!(7), &json!(true))
    );
    assert!(stored.get("variations").is_some(), "{stored}");
}

#[test]
fn tombstones_of_other_writers_are_marked() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let row = |key: &str, item: &str| json!({"namespace": {"S": "features"}, "key": {"S": key}, "version": {"N": "9"}, "item": {"S": item}});
    engine.put(&table, &row("null", "null"));
    engine.put(&table, &row("empty", ""));
    engine.put(&table, &row("minimal", r#"{"version":9,"deleted":true}"#));
    let store = data_store(&engine, &table);
    let all = store.all_flags().expect("an answer");
    for key in ["null", "empty", "minimal"] {
        assert_eq!(head(store.flag(key).expect("an answer")), Some((9, true)), "{key}");
        assert_eq!(head(all.get(key).cloned()), Some((9, true)), "{key}");
    }
}

#[test]
fn a_corrupt_row_counts_as_absent() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let row = json!({"namespace": {"S": "features"}, "key": {"S": "a"}, "version": {"N": "1"}, "item": {"S": "[]"}});
    engine.put(&table, &row);
    let mut store = data_store(&engine, &table);
    assert_eq!(head(store.flag("a").expect("an answer")), None);
    assert!(store.all_flags().expect("an answer").is_empty());
    assert!(store.upsert(DataKind::Flag, "a", item(2)).expect("an outcome"));
    assert_eq!(head(store.flag("a").expect("an answer")), Some((2, false)));
}

#[test]
fn what_fails_is_an_error_and_never_a_panic() {
    let engine = Engine::embedded();
    let mut store = data_store(&engine, "no-such-table");
    let nothing = AllData {
        flags: HashMap::new(),
        segments: HashMap::new(),
    };
    let message = store.init(nothing).expect_err("no table").to_string();
    assert!(message.contains("no-such-table"), "{message}");
    assert!(store.flag("a").is_err());
    assert!(store.segment("a").is_err());
    assert!(store.all_flags().is_err());
    assert!(store.upsert(DataKind::Flag, "a", item(1)).is_err());
    assert!(!store.is_initialized());
}

#[test]
fn a_broken_text_is_refused_before_any_request() {
    let engine = Engine::running("http://127.0.0.1:1");
    let mut store = data_store(&engine, "flags");
    let broken = SerializedItem {
        version: 1,
        deleted: false,
        serialized_item: r#"{"version":1},"b":{"version":2}"#.to_owned(),
    };
    let data = AllData {
        flags: HashMap::from([("a".to_owned(), broken.clone())]),
        segments: HashMap::new(),
    };
    let message = store.init(data).expect_err("not JSON").to_string();
    assert!(message.contains("\"a\" is not JSON"), "{message}");
    assert!(store.upsert(DataKind::Flag, "a", broken).is_err());
}

#[test]
fn too_large_an_item_is_not_stored_and_no_error() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let mut store = data_store(&engine, &table);
    let mut large = item(1);
    large.serialized_item = json!({"version": 1, "text": "x".repeat(400_000)}).to_string();
    assert!(!store
        .upsert(DataKind::Flag, "large", large.clone())
        .expect("an outcome"));
    let data = AllData {
        flags: HashMap::from([("large".to_owned(), large), ("a".to_owned(), item(1))]),
        segments: HashMap::new(),
    };
    store.init(data).expect("init");
    assert_eq!(head(store.flag("large").expect("an answer")), None);
    assert_eq!(head(store.flag("a").expect("an answer")), Some((1, false)));
}

#[test]
fn an_init_has_thirty_seconds_unless_something_else_was_wanted() {
    let limit = |config: Config| {
        let shown = format!("{:?}", DynamoDbDataStore::new(config).expect("a store"));
        let (_, limit) = shown.split_once("init_timeout: ").expect("the configuration");
        limit.split([',', ')']).next().unwrap_or_default().to_owned()
    };
    let config = || Config::new("flags");
    assert_eq!(limit(config()), "Some(30s");
    assert_eq!(limit(config().init_timeout(Duration::from_secs(300))), "Some(30s");
    assert_eq!(limit(config().init_timeout(Duration::from_secs(299))), "Some(299s");
    assert_eq!(limit(config().init_timeout(None)), "None");
}
