//! What is written, and what each writer makes of it by itself.

use std::collections::BTreeMap;

use serde_json::{json, Map, Value};

use super::stores::{GO_1, GO_4};
use crate::support;

/// A kind and a key.
pub type Place = (String, String);

/// What a table should hold: an item, or the version of its deletion.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    Item(Value),
    Deleted(u64),
}

pub type Contents = BTreeMap<Place, Expected>;

/// Stands in data_set.json for a character beyond U+FFFF that comes as two escapes.
const ESCAPED: &str = "\u{e000}";
const CHARACTER: &str = "😊";
const ESCAPES: &str = r"\ud83d\ude0a";

/// A store whose SDK makes of an item what it has parsed, where it writes and where it reads.
pub struct Form {
    pub store: &'static str,
    /// Members that it leaves out, at any depth.
    pub left_out: &'static [&'static str],
    /// What is found of it where it writes, and where it reads.
    pub written: &'static [&'static str],
    pub read: &'static [&'static str],
    pub reason: &'static str,
}

pub const FORMS: [Form; 2] = [
    Form {
        store: GO_4,
        left_out: &[NEW_MEMBER],
        written: &["dropped-members"],
        // What a version does not know, its programs cannot miss.
        read: &[],
        reason: "The Go SDK hands on what it has parsed: members that it does not know are gone, and what is missing is written as its default.",
    },
    Form {
        store: GO_1,
        left_out: &[
            NEW_MEMBER,
            "contextTargets",
            "contextKind",
            "includedContexts",
            "excludedContexts",
            "rolloutContextKind",
            "unboundedContextKind",
            "migration",
            "samplingRatio",
            "excludeFromSummaries",
        ],
        written: &["dropped-members", "users-only"],
        read: &["users-only"],
        reason: "Version 5 of the Go SDK, which this store is for, knows users only: it drops everything about other kinds of contexts.",
    },
];
/// What no SDK knows.
pub const NEW_MEMBER: &str = "memberOfTheFuture";

pub fn form_of(store: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.store == store)
}

/// What a driver is handed: escapes, too, unless its SDK would lose them before it writes.
pub fn text_for(store: &str, value: &Value) -> String {
    let character = if form_of(store).is_some() { CHARACTER } else { ESCAPES };
    value.to_string().replace(ESCAPED, character)
}

/// An item as the Go SDK's parser takes it: two escapes for one character are two U+FFFD. Nothing where it has none.
pub fn with_escapes_lost(text: &str) -> Option<Value> {
    let is_half = |at: usize, first: [u8; 2]| {
        let half = text.as_bytes().get(at..at + 6);
        half.is_some_and(|half| {
            half.starts_with(b"\\u") && half[2].eq_ignore_ascii_case(&b'd') && {
                let digit = half[3].to_ascii_lowercase();
                (first[0]..=first[1]).contains(&digit)
            }
        })
    };
    let is_pair = |at: usize| is_half(at, *b"8b") && is_half(at + 6, *b"cf");
    let pair = (0..text.len()).find(|&at| is_pair(at))?;
    let mut lost = text[..pair].to_owned();
    lost.push_str("\u{fffd}\u{fffd}");
    let rest = &text[pair + 12..];
    lost.push_str(rest);
    Some(with_escapes_lost(&lost).unwrap_or_else(|| serde_json::from_str(&lost).expect("JSON")))
}

/// The data set of data_set.json.
pub fn data_set() -> Value {
    let file = support::repository().join("tests/interop/data_set.json");
    serde_json::from_str(&std::fs::read_to_string(file).expect("a data set")).expect("JSON")
}

/// An item of a kind with an empty full schema.
pub fn item(kind: &str, key: &str, version: u64, salt: &str) -> Value {
    if kind == "segments" {
        return json!({
            "key": key, "included": [], "excluded": [], "includedContexts": [], "excludedContexts": [], "salt": salt, "rules": [],
            "version": version, "generation": null, "deleted": false
        });
    }
    json!({
        "key": key, "on": true, "prerequisites": [], "targets": [], "contextTargets": [], "rules": [], "fallthrough": {"variation": 0},
        "offVariation": 0, "variations": [true, false], "clientSide": false, "salt": salt, "trackEvents": false,
        "trackEventsFallthrough": false, "debugEventsUntilDate": null, "version": version, "deleted": false
    })
}

pub fn tombstone(key: &str, version: u64) -> Value {
    json!({"key": key, "version": version, "deleted": true})
}

pub fn place(kind: &str, key: &str) -> Place {
    (kind.to_owned(), key.to_owned())
}

pub fn expected(item: &Value) -> Expected {
    if item["deleted"] == true {
        Expected::Deleted(item["version"].as_u64().expect("a version"))
    } else {
        let text = item.to_string().replace(ESCAPED, CHARACTER);
        Expected::Item(serde_json::from_str(&text).expect("JSON"))
    }
}

/// What a table holds after init with this data set.
pub fn contents(data_set: &Value) -> Contents {
    let kinds = data_set.as_object().expect("kinds");
    let items = kinds
        .iter()
        .flat_map(|(kind, items)| items.as_object().expect("items").iter().map(move |item| (kind, item)));
    items
        .map(|(kind, (key, item))| (place(kind, key), expected(item)))
        .collect()
}

/// The same in the form of a store that makes of an item what it has parsed.
pub fn in_form_of(store: &str, mut contents: Contents) -> Contents {
    if let Some(form) = form_of(store) {
        for ((kind, key), expected) in &mut contents {
            if let Expected::Item(item) = expected {
                for (name, default) in item_defaults(kind, key) {
                    item.as_object_mut().expect("an item").entry(name).or_insert(default);
                }
                // The one default that it does not write.
                let object = item.as_object_mut().expect("an item");
                object.retain(|name, value| name != "excludeFromSummaries" || *value != false);
                leave_out(form.left_out, item);
            }
        }
    }
    contents
}

/// A deletion in the whole schema.
pub fn full_tombstone(kind: &str, key: &str, version: u64) -> Value {
    let mut full = item(kind, key, version, "");
    full["deleted"] = json!(true);
    if kind == "features" {
        full["on"] = json!(false);
        full["fallthrough"] = json!({});
        full["offVariation"] = Value::Null;
        full["variations"] = json!([]);
    }
    full
}

/// What the Go SDK takes a member for that is missing.
fn item_defaults(kind: &str, key: &str) -> Map<String, Value> {
    let mut defaults = item(kind, key, 0, "");
    if kind == "features" {
        defaults["offVariation"] = Value::Null;
    }
    defaults.as_object().expect("an item").clone()
}

pub fn leave_out(members: &[&str], value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !members.contains(&name.as_str()));
            object.values_mut().for_each(|value| leave_out(members, value));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| leave_out(members, value)),
        _ => {}
    }
}
