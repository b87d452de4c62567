//! The official stores that cannot be had here, as the rules by which they read a row (readers.json, from their sources).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::data_set::{data_set, place, Place};
use super::matrix::written_rows;
use super::stores::{engine, participant};
use crate::support;

/// What a reader makes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Outcome {
    #[serde(rename = "is right")]
    Right,
    /// An error instead of an answer; of `all`, for the whole kind.
    #[serde(rename = "fails")]
    Fails,
    /// A deleted flag is taken for one that is switched off.
    #[serde(rename = "is off")]
    Off,
    /// Another answer than the right one.
    #[serde(rename = "is wrong")]
    Wrong,
}

/// One store's rules: whatever is not listed is read as it should be.
#[derive(Debug, Deserialize)]
pub struct Reader {
    pub name: String,
    /// What the attribute `version` is parsed into; otherwise it is not looked at.
    version_bits: Option<u32>,
    /// The members without which a tombstone is a minimal one to it, by kind.
    #[serde(default)]
    tombstone_needs: BTreeMap<String, Vec<String>>,
    get: BTreeMap<String, Outcome>,
    all: BTreeMap<String, Outcome>,
}

pub fn readers() -> Vec<Reader> {
    let file = support::repository().join("tests/interop/readers.json");
    let readers: Vec<Reader> = serde_json::from_str(&std::fs::read_to_string(file).expect("rules")).expect("rules");
    assert!(!readers.is_empty(), "no reader");
    readers
}

impl Reader {
    /// What sort of row it is, in the words of the rules.
    fn sort(&self, row: &Value) -> &'static str {
        let Some(text) = row["item"]["S"].as_str().filter(|text| !text.is_empty()) else {
            return "no item";
        };
        let has_needed = |item: &Map<String, Value>| {
            let kind = row["namespace"]["S"].as_str().expect("a namespace");
            match self.tombstone_needs.get(kind) {
                Some(needed) => needed.iter().all(|name| item.contains_key(name)),
                None => item.contains_key("rules"),
            }
        };
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Null) => "null",
            Ok(Value::Object(item)) if item.get("deleted") != Some(&Value::Bool(true)) => "item",
            Ok(Value::Object(item)) if has_needed(&item) => "full",
            Ok(Value::Object(_)) => "minimal",
            _ => "damaged",
        }
    }

    /// What get and all make of a row that lies in a namespace of the SDK's.
    pub fn outcomes(&self, row: &Value) -> [Outcome; 2] {
        let version = row["version"]["N"].as_str().and_then(|text| text.parse::<i64>().ok());
        let is_too_wide = |bits: u32| version.is_none_or(|version| version >= 1_i64 << (bits - 1));
        if self.version_bits.is_some_and(is_too_wide) {
            return [Outcome::Fails; 2];
        }
        let of = |rules: &BTreeMap<String, Outcome>| rules.get(self.sort(row)).copied().unwrap_or(Outcome::Right);
        [of(&self.get), of(&self.all)]
    }
}

/// The attributes of a row and their types, by name.
fn types(row: &Value) -> String {
    let of_row = row.as_object().expect("a row").iter();
    let types: BTreeMap<&String, String> = of_row
        .map(|(name, value)| (name, value.as_object().expect("a value").keys().cloned().collect()))
        .collect();
    let types: Vec<String> = types.iter().map(|(name, of)| format!("{name}: {of}")).collect();
    types.join(", ")
}

#[test]
fn rows_of_our_big_segments_have_the_types_that_all_readers_ask_for() {
    let table = engine().create_table();
    let store = participant("Rust").open(&table, "");
    let changes = serde_json::json!({"included": {"add": ["in"]}, "excluded": {"add": ["out"]}});
    let patch = serde_json::json!({"segmentId": "segment.g1", "version": "1", "changes": changes}).to_string();
    assert_eq!(store.call("big_segments_apply_patch", &[&patch]).status, 0);
    assert_eq!(store.call("big_segments_set_synchronized", &["5"]).status, 0);
    let found: BTreeSet<String> = engine().rows(&table).iter().map(types).collect();
    let expected = [
        "excluded: SS, key: S, namespace: S",
        "included: SS, key: S, namespace: S",
        "key: S, lastVersion: S, namespace: S, synchronizedOn: N",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn stores_that_cannot_be_had_read_our_rows_by_their_rules() {
    let rows: BTreeMap<Place, Value> = written_rows("Rust")
        .into_iter()
        .map(|row| {
            (
                place(
                    row["namespace"]["S"].as_str().expect("a key"),
                    row["key"]["S"].as_str().expect("a key"),
                ),
                row,
            )
        })
        .collect();
    let of_kind = |(kind, _): &&Place| ["features", "segments"].contains(&kind.as_str());
    let mark = place("$inited", "$inited");
    assert_eq!(types(&rows[&mark]), "key: S, namespace: S");
    assert!(rows.keys().filter(of_kind).count() > data_set()["features"].as_object().expect("flags").len());
    for reader in readers() {
        for (place, row) in rows.iter().filter(|(place, _)| of_kind(place)) {
            let is_tombstone = reader.sort(row) == "full";
            let expected = if is_tombstone && reader.name == "official C++ 0.2.1" {
                Outcome::Off
            } else {
                Outcome::Right
            };
            assert_eq!(
                reader.outcomes(row),
                [expected; 2],
                "{} reads {place:?}: {row}",
                reader.name
            );
        }
    }
}
