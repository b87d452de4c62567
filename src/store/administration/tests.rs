//! The table itself and what is allowed, on the engines that the tests of the library have.

#[path = "../../../tests/support/mod.rs"]
// Within the crate, its enumerations have no further variants; and another test uses the certificates, too.
#[allow(unreachable_patterns, clippy::duplicate_mod)]
mod support;

use serde_json::{json, Value};

use super::*;
use crate::error::ErrorKind;
use support::Engine;

const ACTIONS: [Action; 6] = [
    Action::GetItem,
    Action::Query,
    Action::PutItem,
    Action::BatchWriteItem,
    Action::UpdateItem,
    Action::ConditionCheckItem,
];

fn store(engine: &Engine, table: &str, prefix: &str) -> Store {
    let mut configuration = engine.configuration(table);
    configuration["prefix"] = prefix.into();
    Store::new(crate::Config::from_json(&configuration.to_string()).expect("a configuration")).expect("a store")
}

/// Of a prefix and of none: a flag, the mark of a full data set, Big Segments, and what is nobody's.
fn rows() -> Vec<Value> {
    let named = |namespace: &str, key: &str| json!({"namespace": {"S": namespace}, "key": {"S": key}});
    let with = |mut row: Value, name: &str, value: Value| {
        row[name] = value;
        row
    };
    let flag = with(named("p:features", "flag"), "version", json!({"N": "3"}));
    let flag = with(flag, "item", json!({"S": "{\"key\":\"flag\",\"version\":3}"}));
    let metadata = named("big_segments_metadata", "big_segments_metadata");
    vec![
        named("$inited", "$inited"),
        with(metadata, "synchronizedOn", json!({"N": "17"})),
        with(
            named("big_segments_user", "hash"),
            "included",
            json!({"SS": ["b.g1", "a.g1"]}),
        ),
        flag,
        with(
            named("somebody", "else"),
            "list",
            json!({"L": [{"N": "12"}, {"BOOL": true}]}),
        ),
    ]
}

fn sorted(mut rows: Vec<Value>) -> Vec<String> {
    for row in &mut rows {
        if let Some(set) = row.pointer_mut("/included/SS").and_then(Value::as_array_mut) {
            set.sort_by_key(Value::to_string);
        }
    }
    let mut rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

#[test]
fn trying_what_is_allowed_changes_nothing() {
    for engine in [Engine::embedded(), Engine::amazon(), Engine::fake(&[])] {
        let table = engine.create_table();
        rows().iter().for_each(|row| engine.put(&table, row));
        let before = sorted(engine.rows(&table));
        for prefix in ["", "p"] {
            let store = store(&engine, &table, prefix);
            for action in ACTIONS {
                let refusal = store.try_action(action).expect("an answer");
                assert!(refusal.is_none(), "{action:?}: {refusal:?}");
                assert_eq!(sorted(engine.rows(&table)), before, "{action:?}");
            }
        }
    }
}

#[test]
fn a_refusal_names_the_action_and_is_no_failure() {
    let engine = Engine::fake(&["--create-table", "flags"]);
    let store = store(&engine, "flags", "p");
    for action in ACTIONS {
        let operation = match action {
            Action::ConditionCheckItem => "TransactWriteItems",
            action => action.name(),
        };
        let denied = json!({"error": {"code": "AccessDeniedException", "message": "not authorized"}});
        engine.script(json!([{"match": {"operation": operation}, "action": denied}]));
        for other in ACTIONS {
            let refusal = store.try_action(other).expect("an answer");
            assert_eq!(refusal.is_some(), other == action, "{other:?}: {refusal:?}");
            if let Some(error) = refusal {
                let advice = format!("allow dynamodb:{} on this table", action.name());
                assert!(error.message().contains(&advice), "{error}");
            }
        }
        // Nobody knows who asks: that says nothing of what is allowed.
        let unknown =
            json!({"error": {"code": "UnrecognizedClientException", "message": "The security token is invalid."}});
        engine.script(json!([{"match": {"operation": operation}, "action": unknown}]));
        let error = store.try_action(action).expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    }
    for cut in ["throttle", "server_error"] {
        engine.script(json!([{"action": {cut: true}}]));
        for action in ACTIONS {
            assert!(store.try_action(action).expect_err("no answer").is_retriable());
        }
    }
    engine.script(json!([]));
    for (action, read, written) in [
        (Action::GetItem, 1.0, 0.0),
        (Action::PutItem, 0.0, 1.0),
        (Action::UpdateItem, 0.0, 1.0),
        (Action::BatchWriteItem, 0.0, 1.0),
        (Action::ConditionCheckItem, 0.0, 2.0),
    ] {
        let units = || -> (f64, f64) {
            let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
            let units = |name: &str| stats[name].as_f64().expect("a number");
            (units("consumed_read_units"), units("consumed_write_units"))
        };
        let before = units();
        store.try_action(action).expect("an answer");
        let after = units();
        assert_eq!((after.0 - before.0, after.1 - before.1), (read, written), "{action:?}");
    }
}

#[test]
fn a_table_is_made_and_described() {
    for (engine, tells_protection) in [
        (Engine::embedded(), true),
        (Engine::amazon(), true),
        (Engine::fake(&[]), false),
    ] {
        let store = store(&engine, "made-by-test", "");
        let missing = store.describe_table().expect_err("no table yet");
        assert_eq!(missing.kind(), ErrorKind::TableNotFound, "{missing}");
        let provisioned = Capacity::Provisioned {
            read_units: 5,
            write_units: 7,
        };
        let table = NewTable {
            capacity: provisioned,
            has_deletion_protection: true,
        };
        assert!(store.create_table(&table).expect("an answer"));
        assert!(!store.create_table(&table).expect("an answer"), "there is one");
        let described = store.describe_table().expect("a table");
        let string = |name: &str| KeyAttribute {
            name: name.to_owned(),
            attribute_type: "S".to_owned(),
        };
        assert_eq!(described.keys, [string("namespace"), string("key")]);
        if tells_protection {
            assert_eq!(described.capacity, provisioned);
            assert!(described.has_deletion_protection);
        }
        let written = store.upsert("flags", "a", "{\"version\":1}");
        assert!(matches!(written, Ok(crate::Upsert::Stored)), "{written:?}");
    }
}

#[test]
fn a_table_that_an_unanswered_attempt_made_is_ours() {
    let engine = Engine::fake(&[]);
    let store = store(&engine, "made", "");
    let table = NewTable {
        capacity: Capacity::OnDemand,
        has_deletion_protection: false,
    };
    engine.script(json!([{"match": {"operation": "CreateTable"}, "times": 1, "action": {"cut": "after"}}]));
    assert!(store.create_table(&table).expect("an answer"));
    assert_eq!(engine.log().count("CreateTable"), 2);
}

#[test]
fn rows_are_read_whole_and_page_by_page() {
    for engine in [Engine::embedded(), Engine::amazon(), Engine::fake(&[])] {
        let table = engine.create_table();
        rows().iter().for_each(|row| engine.put(&table, row));
        let large = "x".repeat(350_000);
        for number in 0..5 {
            engine.put(
                &table,
                &json!({"namespace": {"S": "large"}, "key": {"S": format!("{number}")}, "item": {"S": large}}),
            );
        }
        let store = store(&engine, &table, "p");
        let read = |extent| {
            let mut rows = Vec::new();
            store.whole_rows(extent, &mut |row| rows.push(row)).expect("rows");
            rows.sort_by(|one, other| (&one.namespace, &one.row.key).cmp(&(&other.namespace, &other.row.key)));
            rows
        };
        assert_eq!(read(Extent::Namespace("large")).len(), 5);
        assert!(read(Extent::Namespace("nothing")).is_empty());
        let all = read(Extent::Table);
        assert_eq!(all.len(), 10);
        let of = |namespace: &str| all.iter().find(|row| row.namespace == namespace).expect("a row");
        assert_eq!(of("p:features").row.version, Some(3));
        assert!(of("p:features").row.only_our_attributes && of("p:features").other_attributes.is_empty());
        // As the limit of what is written counts it.
        let item = "{\"key\":\"flag\",\"version\":3}";
        let names = "namespacekeyversionitem".len();
        assert_eq!(
            of("p:features").bytes,
            100 + names + "p:featuresflag3".len() + item.len()
        );
        let metadata = &of("big_segments_metadata").big_segments;
        assert_eq!(metadata.synchronized_on, Some(Ok(17)));
        let mut included = of("big_segments_user").big_segments.included.clone().expect("a set");
        included.sort();
        assert_eq!(included, ["a.g1", "b.g1"]);
        assert_eq!(of("somebody").other_attributes, ["list"]);
        assert!(!of("somebody").row.only_our_attributes);
        assert_eq!(
            of("somebody").bytes,
            100 + "namespacekeylistsomebodyelse".len() + 3 + 3 + 2
        );
        let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
        assert!(stats["consumed_read_units"].as_f64() > Some(800.0), "{stats}");
    }
}

#[test]
fn rows_of_other_keys_are_a_table_of_another_kind() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table_with_keys(&["id"]);
    engine.put(&table, &json!({"id": {"S": "1"}}));
    let store = store(&engine, &table, "");
    let error = store.whole_rows(Extent::Table, &mut |_| ()).expect_err("another kind");
    assert_eq!(error.kind(), ErrorKind::TableMismatch, "{error}");
    let keys = store.describe_table().expect("a table").keys;
    assert_eq!(keys.len(), 1);
}

#[test]
fn where_credentials_come_from_is_said_and_never_what_they_are() {
    let engine = Engine::fake(&["--create-table", "flags"]);
    let identity = store(&engine, "flags", "").aws_identity().expect("an identity");
    assert_eq!(identity.region, "us-east-1");
    assert_eq!(identity.endpoint.as_deref(), Some(&*engine.endpoint));
    assert_eq!(identity.credentials, "handed in by the program");
    assert_eq!(engine.requests(), 0);
}
