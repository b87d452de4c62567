//! An upsert of one store is seen and refused by another as by itself: older and equal versions lose, newer ones win.

use serde_json::{json, Value};

use super::data_set::{expected, in_form_of, item, place, tombstone, Contents, Expected};
use super::stores::{engine, participants, Handle};

/// The version and the text of a row's item.
fn row(table: &str, key: &str) -> (String, Value) {
    let request = json!({
        "TableName": table, "ConsistentRead": true, "Key": {"namespace": {"S": "features"}, "key": {"S": key}}
    });
    let row = engine().request("GetItem", &request).expect("an answer")["Item"].take();
    (
        row["version"]["N"].as_str().unwrap_or_default().to_owned(),
        row["item"].clone(),
    )
}

/// What one store writes, another asks for in older, equal and newer versions.
fn exchange(table: &str, first: &Handle, second: &Handle) -> Result<(), String> {
    let (one, other) = (first.participant.name.text, second.participant.name.text);
    let key = format!("{one} and {other}");
    let store = |store: &Handle, item: Value| store.upsert("features", &key, &item);
    let of_version = |version, salt| item("features", &key, version, salt);
    // The row is as this writer writes the item.
    let must_win = |writer: &Handle, change: Value| {
        let version = change["version"].to_string();
        let outcome = store(writer, change.clone())?;
        let (stored, text) = row(table, &key);
        let text: Value = serde_json::from_str(text["S"].as_str().unwrap_or_default()).unwrap_or_default();
        let contents = Contents::from([(place("features", &key), expected(&change))]);
        let is_as_written = match &in_form_of(writer.participant.name.text, contents)[&place("features", &key)] {
            Expected::Item(item) => *item == text,
            Expected::Deleted(version) => text["deleted"] == true && text["version"] == *version,
        };
        match outcome {
            Some(false) => Err(format!("version {version} is newer, and was refused")),
            _ if stored != version => Err(format!("version {version} is newer, and {stored} is stored")),
            _ if !is_as_written => Err(format!("version {version} is newer, and {text} is stored")),
            _ => Ok(()),
        }
    };
    let must_lose = |outcome, before: (String, Value), what: &str| {
        if outcome == Some(true) || row(table, &key) != before {
            return Err(format!("{what} version was stored over {}", before.0));
        }
        Ok(())
    };
    must_win(first, of_version(5, "first"))?;
    let before = row(table, &key);
    must_lose(store(second, of_version(4, "second"))?, before.clone(), "an older")?;
    must_lose(store(second, of_version(5, "second"))?, before.clone(), "an equal")?;
    must_lose(store(second, tombstone(&key, 4))?, before.clone(), "an older deleted")?;
    must_lose(store(second, tombstone(&key, 5))?, before, "an equal deleted")?;
    must_win(second, of_version(6, "second"))?;
    must_lose(store(first, of_version(5, "first"))?, row(table, &key), "an older")?;
    must_win(second, tombstone(&key, 10))?;
    must_lose(store(first, of_version(10, "first"))?, row(table, &key), "an equal")?;
    must_lose(store(first, tombstone(&key, 10))?, row(table, &key), "an equal deleted")?;
    for store in [first, second] {
        if store.get("features", &key)?.is_some() {
            return Err(format!("{} finds what is deleted", store.participant.name.text));
        }
    }
    // As numbers, not as texts.
    must_lose(store(first, of_version(9, "first"))?, row(table, &key), "an older")?;
    must_win(first, of_version(100, "first"))
}

#[test]
fn upserts_of_one_are_seen_and_refused_by_another() {
    let table = engine().create_table();
    let stores: Vec<Handle> = participants()
        .iter()
        .map(|participant| participant.open(&table, ""))
        .collect();
    let mut failures = Vec::new();
    for first in &stores {
        for second in &stores {
            if let Err(reason) = exchange(&table, first, second) {
                let (first, second) = (first.participant.name.text, second.participant.name.text);
                failures.push(format!("{first}, then {second}: {reason}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
