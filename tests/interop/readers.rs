//! The official stores that cannot be had here, as the rules by which they read a row (readers.json, from their sources).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::data_set::{data_set, place, Place};
use super::matrix::written_rows;
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
    get: BTreeMap<String, Outcome>,
    all: BTreeMap<String, Outcome>,
}

pub fn readers() -> Vec<Reader> {
    let file = support::repository().join("tests/interop/readers.json");
    serde_json::from_str(&std::fs::read_to_string(file).expect("rules")).expect("rules")
}

/// What sort of row it is, in the words of the rules.
fn sort(row: &Value) -> &'static str {
    let Some(text) = row["item"]["S"].as_str().filter(|text| !text.is_empty()) else {
        return "no item";
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Null) => "null",
        Ok(Value::Object(item)) if item.get("deleted") != Some(&Value::Bool(true)) => "item",
        Ok(Value::Object(item)) if item.contains_key("rules") => "full",
        Ok(Value::Object(_)) => "minimal",
        _ => "damaged",
    }
}

impl Reader {
    /// What get and all make of a row that lies in a namespace of the SDK's.
    pub fn outcomes(&self, row: &Value) -> [Outcome; 2] {
        let version = row["version"]["N"].as_str().and_then(|text| text.parse::<i64>().ok());
        let is_too_wide = |bits: u32| version.is_none_or(|version| version >= 1_i64 << (bits - 1));
        if self.version_bits.is_some_and(is_too_wide) {
            return [Outcome::Fails; 2];
        }
        let of = |rules: &BTreeMap<String, Outcome>| rules.get(sort(row)).copied().unwrap_or(Outcome::Right);
        [of(&self.get), of(&self.all)]
    }
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
    assert!(rows.keys().filter(of_kind).count() > data_set()["features"].as_object().expect("flags").len());
    for reader in readers() {
        for (place, row) in rows.iter().filter(|(place, _)| of_kind(place)) {
            let is_tombstone = sort(row) == "full";
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
