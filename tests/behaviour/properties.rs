//! Rows and differences, for inputs that nobody would think of, against simple models.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::data_set::{row, DataSet, Item};
use crate::support::fake::{LoggedRow, RowKey};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use ld_dynamo_store::Upsert;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, Just, Strategy};
use proptest::prop_oneof;
use proptest::test_runner::{Config as PropertyConfig, TestCaseError, TestRunner};
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(60);

/// Fails with the smallest input for which `holds` does not.
fn for_all<S: Strategy>(cases: u32, strategy: S, holds: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = PropertyConfig {
        cases,
        failure_persistence: None,
        ..PropertyConfig::default()
    };
    TestRunner::new(config)
        .run(&strategy, holds)
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// A string as JSON, with more escapes than it needs.
fn escaped(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

#[test]
fn a_row_is_encoded_to_the_byte_and_comes_back_so() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let kinds = prop_oneof![
        Just("features".to_owned()),
        Just("segments".to_owned()),
        "[a-z_é]{1,10}"
    ];
    let key = any::<String>().prop_filter("a key that DynamoDB can hold", |key| {
        !key.is_empty() && key.len() <= 1024
    });
    let input = (
        "[a-zé:$ ]{0,8}",
        kinds,
        key,
        0..=i64::MAX as u64,
        any::<String>(),
        any::<bool>(),
    );
    for_all(300, input, |(prefix, kind, key, version, note, is_escaped)| {
        let note = if is_escaped {
            escaped(&note)
        } else {
            Value::from(note).to_string()
        };
        let item = format!("{{ \"version\" : {version},\n\t\"note\":{note} }}");
        let namespace = if prefix.is_empty() {
            kind.clone()
        } else {
            format!("{prefix}:{kind}")
        };
        let at = (namespace.clone(), key.clone());
        let expected = row(&namespace, &key, version, &item);
        let store = engine.store_with(&table, json!({"prefix": prefix}));

        engine.empty();
        prop_assert_eq!(store.upsert(&kind, &key, &item).expect("an answer"), Upsert::Stored);
        prop_assert_eq!(engine.stored(&table), BTreeMap::from([(at.clone(), expected.clone())]));
        let read = store.get(&kind, &key).expect("an answer").map(|item| item.to_string());
        prop_assert_eq!(read.as_deref(), Some(item.as_str()));

        let data = format!("{{{}:{{{}:{item}}}}}", Value::from(kind.as_str()), escaped(&key));
        prop_assert_eq!(store.init(&data).expect("init").unchanged, 1);
        engine.empty();
        prop_assert_eq!(store.init(&data).expect("init").written, 1);
        prop_assert_eq!(engine.stored(&table).remove(&at), Some(expected));
        let all: BTreeMap<String, Value> = serde_json::from_str(&store.all(&kind).expect("an answer")).expect("JSON");
        prop_assert_eq!(all, BTreeMap::from([(key, serde_json::from_str(&item).expect("JSON"))]));
        Ok(())
    });
}

#[test]
fn the_limit_is_the_same_for_init_and_upsert() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let input = (
        "[a-zé€😀]{1,100}",
        prop::sample::select(vec!["a", "é", "€", "😀", "\\n"]),
        399_999..=400_001_usize,
    );
    for_all(30, input, |(key, filling, size)| {
        let names: usize = ["namespace", "features", "key", "version", "1", "item"]
            .map(str::len)
            .iter()
            .sum();
        let left = size - 100 - names - key.len() - r#"{"version":1,"note":""}"#.len();
        let (full, rest) = (left / filling.len(), left % filling.len());
        let item = format!(
            r#"{{"version":1,"note":"{}{}"}}"#,
            filling.repeat(full),
            "-".repeat(rest)
        );
        let fits = size <= 400_000;
        engine.empty();
        let outcome = store.upsert("features", &key, &item).expect("an answer");
        prop_assert_eq!(outcome, if fits { Upsert::Stored } else { Upsert::TooLarge });
        prop_assert_eq!(engine.stored(&table).len(), usize::from(fits));
        let report = store
            .init(&format!(r#"{{"features":{{{}:{item}}}}}"#, Value::from(key.as_str())))
            .expect("init");
        prop_assert_eq!(
            (report.unchanged, report.dropped),
            (usize::from(fits), usize::from(!fits))
        );
        prop_assert!(engine.log().0.iter().all(|request| request.rows.len() <= 1));
        Ok(())
    });
}

/// A row in the table, as somebody may have left it.
#[derive(Debug, Clone)]
struct Stored {
    version: Value,
    item: Option<Value>,
    extra: Option<Value>,
}

impl Stored {
    fn row(&self, namespace: &str, key: &str) -> Value {
        let mut row = json!({"namespace": {"S": namespace}, "key": {"S": key}});
        let attributes = [
            ("version", (!self.version.is_null()).then(|| self.version.clone())),
            ("item", self.item.clone()),
            ("extra", self.extra.clone()),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                row[name] = value;
            }
        }
        row
    }
}

const KINDS: [&str; 3] = ["features", "segments", "custom"];

fn text(version: u64, note: bool) -> String {
    format!("{{\"version\":{version}{}}}", if note { ", \"note\":1" } else { "" })
}

fn stored_row() -> impl Strategy<Value = Stored> {
    let usual = (0..3_u64, any::<bool>())
        .prop_map(|(version, note)| (json!({"N": version.to_string()}), json!({"S": text(version, note)})));
    let version = prop_oneof![
        Just(Value::Null),
        Just(json!({"S": "1"})),
        Just(json!({"N": "-1"})),
        Just(json!({"N": "99"}))
    ];
    let item = prop_oneof![
        Just(None),
        Just(Some(json!({"S": "null"}))),
        Just(Some(json!({"N": "1"}))),
        Just(Some(json!({"B": "AAAA"})))
    ];
    let extra = prop_oneof![
        Just(json!({"S": "ttl"})),
        Just(json!({"NULL": true})),
        Just(json!({"L": []}))
    ];
    (
        usual,
        prop::option::weighted(0.15, version),
        prop::option::weighted(0.15, item),
        prop::option::weighted(0.1, extra),
    )
        .prop_map(|((usual_version, usual_item), version, item, extra)| Stored {
            version: version.unwrap_or(usual_version),
            item: item.unwrap_or(Some(usual_item)),
            extra,
        })
}

#[test]
fn the_difference_is_that_of_a_simple_model() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let keys = || prop::sample::select(vec!["a", "b", "c", "é", "\"", "k\u{1}"]);
    let stored = prop::collection::btree_map((prop::sample::select(KINDS.to_vec()), keys()), stored_row(), 0..12);
    let items = prop::collection::btree_map(keys(), (0..3_u64, any::<bool>()), 0..6);
    let data = prop::collection::btree_map(prop::sample::select(KINDS.to_vec()), items, 0..4);
    for_all(200, (stored, data), |(stored, data)| {
        let before: BTreeMap<RowKey, Value> = stored
            .iter()
            .map(|((kind, key), row)| (((*kind).to_owned(), (*key).to_owned()), row.row(kind, key)))
            .collect();
        let mut data_set = DataSet::default();
        for (kind, items) in &data {
            data_set.kinds.entry((*kind).to_owned()).or_default();
            for (key, (version, note)) in items {
                let item = Item {
                    version: *version,
                    text: text(*version, *note),
                    prerequisites: vec![],
                };
                data_set.insert(kind, key, item);
            }
        }
        engine.empty();
        engine.seed(&table, &before.values().cloned().collect::<Vec<_>>());
        let report = store.init(&data_set.json()).expect("init");

        let wanted = data_set.rows();
        let is_ours = |key: &RowKey| data_set.kinds.contains_key(&key.0);
        let written: BTreeSet<_> = wanted
            .iter()
            .filter(|(key, row)| before.get(*key) != Some(*row))
            .map(|(key, _)| key.clone())
            .collect();
        let deleted: BTreeSet<_> = before
            .keys()
            .filter(|key| is_ours(key) && !wanted.contains_key(*key))
            .cloned()
            .collect();
        let mut after: BTreeMap<_, _> = before.into_iter().filter(|(key, _)| !is_ours(key)).collect();
        after.extend(data_set.rows_with_marker());
        prop_assert_eq!(engine.stored(&table), after);
        let sent = engine.log().items_sent();
        let sent_by = |method: &str| {
            sent.iter()
                .filter(|row| row.0 == method)
                .map(LoggedRow::key)
                .collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(
            (report.written, report.unchanged, report.deleted),
            (written.len(), wanted.len() - written.len(), deleted.len())
        );
        prop_assert_eq!(sent_by("put"), written);
        prop_assert_eq!(sent_by("delete"), deleted);
        Ok(())
    });
}
