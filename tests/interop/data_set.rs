//! What is written, and what each writer makes of it by itself.

use std::collections::BTreeMap;

use serde_json::{json, Value};

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

/// A writer that gives an item another form before it stores it.
pub struct Form {
    pub writer: &'static str,
    /// Members that it leaves out, at any depth.
    pub left_out: &'static [&'static str],
    pub reason: &'static str,
}

pub const FORMS: [Form; 2] = [
    Form {
        writer: GO_4,
        left_out: &["memberOfTheFuture"],
        reason: "The Go SDK stores what it has parsed: members that it does not know are gone, and what is missing is written as its default.",
    },
    Form {
        writer: GO_1,
        left_out: &[
            "memberOfTheFuture",
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
        reason: "Version 5 of the Go SDK, which this store is for, knows users only: it drops everything about other kinds of contexts.",
    },
];

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
        Expected::Item(item.clone())
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

/// The same in the form that a writer stores.
pub fn in_form_of(writer: &str, mut contents: Contents) -> Contents {
    if let Some(form) = FORMS.iter().find(|form| form.writer == writer) {
        for expected in contents.values_mut() {
            if let Expected::Item(item) = expected {
                leave_out(form.left_out, item);
            }
        }
    }
    contents
}

fn leave_out(members: &[&str], value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !members.contains(&name.as_str()));
            object.values_mut().for_each(|value| leave_out(members, value));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| leave_out(members, value)),
        _ => {}
    }
}
