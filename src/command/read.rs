//! Reading: `get` and `all`.

use serde::Deserialize;
use serde_json::Value;

use super::arguments::{All, Get, TableOptions};
use super::changes::Version;
use super::connection;
use super::outcome::{Outcome, Result};
use super::output::{shown, Output, BAD, BOLD, DIM, GOOD};
use crate::store::Store;
use crate::table::item::{StoredItem, StoredRow};
use crate::table::object::push_member;
use crate::table::schema::Kind;

pub(super) fn get(table: &TableOptions, options: &Get, output: &Output) -> Result {
    let store = connection::store(table)?;
    let found = store.get(&options.kind, &options.key);
    output.cost(&store);
    match found? {
        Some(item) => {
            output.exactly(&item)?;
            Ok(Outcome::Fine)
        }
        None => {
            let place = connection::place(&store);
            output.failure(&format!(
                "{place} has no item {:?} of kind {:?}",
                options.key, options.kind
            ));
            Ok(Outcome::Findings)
        }
    }
}

pub(super) fn all(table: &TableOptions, options: &All, output: &Output) -> Result {
    let store = connection::store(table)?;
    let outcome = list(&store, &options.kind, output);
    output.cost(&store);
    outcome
}

fn list(store: &Store, kind: &str, output: &Output) -> Result {
    let parsed = Kind::parse(kind)?;
    let mut items = Items {
        lines: Vec::new(),
        object: "{".to_owned(),
        corrupt: Vec::new(),
    };
    store.rows(kind, &mut |row| items.add(parsed, row, output.is_json))?;
    match output.is_json {
        true => output.exactly(&format!("{}}}", items.object))?,
        false => items.show(output)?,
    }
    for message in &items.corrupt {
        output.failure(message);
    }
    Ok(match items.corrupt.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}

/// The items of a kind, as a list for people or as one object.
struct Items {
    lines: Vec<Line>,
    /// Not closed yet.
    object: String,
    corrupt: Vec<String>,
}

struct Line {
    key: String,
    version: String,
    state: State,
    bytes: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    On,
    Off,
    Deleted,
    /// Segments and others are neither on nor off.
    There,
    Corrupt,
}

impl Items {
    fn add(&mut self, kind: Kind<'_>, row: StoredRow, is_json: bool) {
        let version = Version(row.version).to_string();
        let bytes = match &row.item {
            StoredItem::Text(text) => text.len().to_string(),
            StoredItem::Missing | StoredItem::OtherType => "0".to_owned(),
        };
        let (key, item) = row.into_key_and_item(kind);
        let state = match &item {
            Ok(item) => State::of(kind, item),
            Err(error) => {
                self.corrupt.push(error.to_string());
                State::Corrupt
            }
        };
        match item {
            Ok(item) if is_json => push_member(&mut self.object, &key, &item),
            _ if is_json => {}
            _ => self.lines.push(Line {
                key: shown(&key).into_owned(),
                version,
                state,
                bytes,
            }),
        }
    }

    fn show(&self, output: &Output) -> std::io::Result<()> {
        if self.lines.is_empty() {
            output.note("none");
            return Ok(());
        }
        let width = |of: fn(&Line) -> &str, title: &str| {
            let widths = self.lines.iter().map(|line| of(line).chars().count());
            widths.max().unwrap_or(0).max(title.len())
        };
        let keys = width(|line| &line.key, "key");
        let versions = width(|line| &line.version, "version");
        let sizes = width(|line| &line.bytes, "bytes");
        let mut text = format!(
            "{BOLD}{:keys$}  {:>versions$}  {:7}  {:>sizes$}{BOLD:#}",
            "key", "version", "state", "bytes"
        );
        for line in &self.lines {
            let (state, style) = match line.state {
                State::On => ("on", GOOD),
                State::Off => ("off", anstyle::Style::new()),
                State::Deleted => ("deleted", DIM),
                State::There => ("", anstyle::Style::new()),
                State::Corrupt => ("corrupt", BAD),
            };
            let (key, version, bytes) = (&line.key, &line.version, &line.bytes);
            text += &format!("\n{key:keys$}  {version:>versions$}  {style}{state:7}{style:#}  {bytes:>sizes$}");
        }
        output.line(text)
    }
}

impl State {
    fn of(kind: Kind<'_>, item: &str) -> Self {
        if is_deleted(item) {
            return State::Deleted;
        }
        match member(item, "on") {
            Some(Value::Bool(true)) if kind.is_features() => State::On,
            _ if kind.is_features() => State::Off,
            _ => State::There,
        }
    }
}

/// Whether an item is a tombstone.
pub(super) fn is_deleted(item: &str) -> bool {
    member(item, "deleted") == Some(Value::Bool(true))
}

fn member(item: &str, name: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Outline {
        on: Option<Value>,
        deleted: Option<Value>,
    }
    let outline: Outline = serde_json::from_str(item).ok()?;
    match name {
        "on" => outline.on,
        _ => outline.deleted,
    }
}
