//! What official stores do to a table beside writing what they should, and ours does not.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::data_set::item;
use super::stores::{engine, participants, Participant, GO_1, GO_4, NODE, PYTHON};
use crate::support::Engine;

/// A writer that differs, and how; all others do what is right.
type Differing = BTreeMap<&'static str, &'static str>;

/// Each writer's outcome on a table of its own.
fn compare(differing: &[(&'static str, &'static str)], ask: impl Fn(&'static Participant, &str) -> String) {
    let differing: Differing = differing.iter().copied().collect();
    let outcomes = participants().iter().map(|writer| {
        let table = engine().create_table();
        let expected = differing.get(writer.name.text).copied().unwrap_or("right");
        (writer.name.text, ask(writer, &table), expected)
    });
    let wrong: Vec<_> = outcomes.filter(|(_, outcome, expected)| outcome != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn keys(table: &str) -> Vec<String> {
    keys_on(engine(), table)
}

fn keys_on(engine: &Engine, table: &str) -> Vec<String> {
    let rows = engine.rows(table);
    let mut keys: Vec<String> = rows
        .iter()
        .map(|row| row["key"]["S"].as_str().expect("a key").to_owned())
        .collect();
    keys.sort();
    keys
}

fn flags(items: &[Value]) -> Value {
    let items = items
        .iter()
        .map(|item| (item["key"].as_str().expect("a key").to_owned(), item.clone()));
    json!({"features": items.collect::<serde_json::Map<_, _>>(), "segments": {}})
}

#[test]
fn init_removes_a_stale_row_whatever_its_key() {
    let node = (NODE, "the stale row stays");
    compare(&[node], |writer, table| {
        let store = writer.open(table, "");
        let [kept, stale] = ["kept", "a$b"].map(|key| item("features", key, 1, ""));
        store.init(&flags(&[kept.clone(), stale])).expect("init");
        store.init(&flags(&[kept])).expect("init");
        match keys(table).iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["$inited", "kept"] => "right".to_owned(),
            ["$inited", "a$b", "kept"] => "the stale row stays".to_owned(),
            _ => format!("{:?}", keys(table)),
        }
    });
}

#[test]
fn an_item_over_the_limit_takes_no_other_with_it() {
    let ends = "init fails, and the table is not initialized";
    compare(&[(PYTHON, ends), (NODE, ends)], |writer, table| {
        let store = writer.open(table, "");
        let items = [
            item("features", "fits", 1, ""),
            item("features", "large", 1, &"x".repeat(450_000)),
        ];
        let outcome = store.init(&flags(&items));
        let is_initialized = engine().rows(table).iter().any(|row| row["key"]["S"] == "$inited");
        match (outcome, is_initialized) {
            (Ok(()), true) if keys(table) == ["$inited", "fits"] => "right".to_owned(),
            (Err(_), false) => ends.to_owned(),
            other => format!("{other:?}: {:?}", keys(table)),
        }
    });
}

#[test]
fn an_upsert_replaces_a_row_without_a_version() {
    let stays = "the row stays for ever";
    compare(&[(PYTHON, stays), (GO_4, stays), (GO_1, stays)], |writer, table| {
        let row = json!({
            "namespace": {"S": "features"}, "key": {"S": "flag"}, "item": {"S": item("features", "flag", 1, "damaged").to_string()}
        });
        engine().put(table, &row);
        let outcome = writer
            .open(table, "")
            .upsert("features", "flag", &item("features", "flag", 5, "whole"));
        match &engine().rows(table)[..] {
            [stored] if *stored == row => stays.to_owned(),
            [stored] if stored["version"]["N"] == "5" => "right".to_owned(),
            other => format!("{outcome:?}: {other:?}"),
        }
    });
}

#[test]
fn what_is_left_unprocessed_is_sent_again() {
    let scripted = Engine::fake(&[]);
    let lost = "init says that all is well, and the row is missing";
    compare(
        &[(PYTHON, lost), (NODE, lost), (GO_4, lost), (GO_1, lost)],
        |writer, _| {
            let table = scripted.create_table();
            let store = writer.open_on(&scripted, &table, "");
            let rule = json!({"match": {"operation": "BatchWriteItem"}, "times": 1, "action": {"unprocessed": {"keys": ["throttled"]}}});
            scripted.script(json!([rule]));
            let items = ["other", "throttled"].map(|key| item("features", key, 1, ""));
            let outcome = store.init(&flags(&items));
            match (
                outcome,
                keys_on(&scripted, &table)
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .as_slice(),
            ) {
                (Ok(()), ["$inited", "other", "throttled"]) => "right".to_owned(),
                (Ok(()), ["$inited", "other"]) => lost.to_owned(),
                other => format!("{other:?}"),
            }
        },
    );
}
