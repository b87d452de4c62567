//! Data sets for tests, with the rows and the order that they should come to, worked out in the simplest way.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::fake::{LoggedRow, RowKey};

/// What an item is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub version: u64,
    /// The whole JSON.
    pub text: String,
    pub prerequisites: Vec<String>,
}

/// A full data set; kinds by name, items by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataSet {
    pub kinds: BTreeMap<String, BTreeMap<String, Item>>,
}

impl DataSet {
    /// `flags` flags in chains of `levels`, each needing the one before in its chain, and `segments` segments.
    pub fn chains(flags: usize, levels: usize, segments: usize) -> Self {
        let mut data_set = DataSet::default();
        data_set.kinds.insert("features".to_owned(), BTreeMap::new());
        data_set.kinds.insert("segments".to_owned(), BTreeMap::new());
        for number in 0..flags {
            let needed = (number % levels > 0).then(|| format!("flag-{}", number - 1));
            data_set.flag(&format!("flag-{number}"), 1, "", needed.as_deref().as_slice());
        }
        for number in 0..segments {
            data_set.item("segments", &format!("segment-{number}"), 1, "");
        }
        data_set
    }

    pub fn flag(&mut self, key: &str, version: u64, note: &str, prerequisites: &[&str]) {
        let needed: Vec<Value> = prerequisites
            .iter()
            .map(|key| json!({"key": key, "variation": 0}))
            .collect();
        let text =
            json!({"key": key, "version": version, "on": true, "prerequisites": needed, "note": note}).to_string();
        let prerequisites = prerequisites.iter().map(|&key| key.to_owned()).collect();
        self.insert(
            "features",
            key,
            Item {
                version,
                text,
                prerequisites,
            },
        );
    }

    /// An item that needs no other.
    pub fn item(&mut self, kind: &str, key: &str, version: u64, note: &str) {
        let text = json!({"key": key, "version": version, "note": note}).to_string();
        self.insert(
            kind,
            key,
            Item {
                version,
                text,
                prerequisites: Vec::new(),
            },
        );
    }

    pub fn insert(&mut self, kind: &str, key: &str, item: Item) {
        self.kinds
            .entry(kind.to_owned())
            .or_default()
            .insert(key.to_owned(), item);
    }

    /// Gives an item another version and text, with the same prerequisites.
    pub fn change(&mut self, kind: &str, key: &str, version: u64, note: &str) {
        let item = self.kinds[kind][key].clone();
        if kind == "features" {
            let prerequisites: Vec<&str> = item.prerequisites.iter().map(String::as_str).collect();
            self.flag(key, version, note, &prerequisites);
        } else {
            self.item(kind, key, version, note);
        }
    }

    pub fn remove(&mut self, kind: &str, key: &str) {
        self.kinds.get_mut(kind).expect("a kind").remove(key).expect("an item");
    }

    pub fn len(&self) -> usize {
        self.kinds.values().map(BTreeMap::len).sum()
    }

    /// The text that `init` takes.
    pub fn json(&self) -> String {
        let kinds = self.kinds.iter().map(|(kind, items)| {
            let items = items
                .iter()
                .map(|(key, item)| format!("{}:{}", Value::from(key.as_str()), item.text));
            format!(
                "{}:{{{}}}",
                Value::from(kind.as_str()),
                items.collect::<Vec<_>>().join(",")
            )
        });
        format!("{{{}}}", kinds.collect::<Vec<_>>().join(","))
    }

    /// Exactly the rows of its items, `$inited` not among them.
    pub fn rows(&self) -> BTreeMap<RowKey, Value> {
        let items = self
            .kinds
            .iter()
            .flat_map(|(kind, items)| items.iter().map(move |(key, item)| (kind, key, item)));
        items
            .map(|(kind, key, item)| ((kind.clone(), key.clone()), row(kind, key, item.version, &item.text)))
            .collect()
    }

    /// The rows of its items and `$inited`.
    pub fn rows_with_marker(&self) -> BTreeMap<RowKey, Value> {
        let mut rows = self.rows();
        rows.insert(marker_key(), marker());
        rows
    }

    /// How many rows must be written before this one: 0 for what needs nothing, flags from 1. Prerequisites must form no cycle.
    pub fn level(&self, kind: &str, key: &str) -> usize {
        if kind != "features" {
            return 0;
        }
        let flags = &self.kinds["features"];
        let Some(flag) = flags.get(key) else { return 0 };
        let needed = flag.prerequisites.iter().filter(|key| flags.contains_key(*key));
        1 + needed.map(|key| self.level(kind, key)).max().unwrap_or(0)
    }

    /// The place of a write in the whole order: levels, then deletions, then `$inited`.
    pub fn stage(&self, row: &LoggedRow) -> usize {
        let is_marker = super::fake::is_marker(row);
        match row.0.as_str() {
            _ if is_marker => usize::MAX,
            "delete" => usize::MAX - 1,
            _ => self.level(&row.1, &row.2),
        }
    }
}

pub fn row(namespace: &str, key: &str, version: u64, item: &str) -> Value {
    json!({"namespace": {"S": namespace}, "key": {"S": key}, "version": {"N": version.to_string()}, "item": {"S": item}})
}

pub fn marker() -> Value {
    json!({"namespace": {"S": "$inited"}, "key": {"S": "$inited"}})
}

pub fn marker_key() -> RowKey {
    super::fake::row_key(&marker())
}
