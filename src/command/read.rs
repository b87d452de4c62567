//! Reading: `get` and `all`.

use serde::Deserialize;
use serde_json::{json, Value};

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
    connection::note_misspelt(&options.kind, output);
    if options.row {
        let outcome = row(&store, options, output);
        output.cost(&store);
        return outcome;
    }
    let found = store.get(&options.kind, &options.key);
    output.cost(&store);
    match found? {
        Some(item) => {
            output.exactly(&item)?;
            Ok(Outcome::Fine)
        }
        None => Ok(absent(&store, options, output)),
    }
}

fn absent(store: &Store, options: &Get, output: &Output) -> Outcome {
    let place = connection::place(store);
    output.failure(&format!(
        "{place} has no item {:?} of kind {:?}",
        options.key, options.kind
    ));
    Outcome::Findings
}

/// The row as it is, of which readers may make nothing.
fn row(store: &Store, options: &Get, output: &Output) -> Result {
    let kind = Kind::parse(&options.kind)?;
    let Some(row) = store.row(kind.name(), &options.key)? else {
        return Ok(absent(store, options, output));
    };
    let (item, item_type) = match &row.item {
        StoredItem::Text(text) => (Some(text), "string"),
        StoredItem::Missing => (None, "missing"),
        StoredItem::OtherType => (None, "other"),
    };
    output.json(&json!({
        "kind": kind.name(),
        "key": row.key,
        "version": row.version,
        "item": item,
        "item_type": item_type,
    }))?;
    Ok(match row.is_corrupt() {
        true => Outcome::Findings,
        false => Outcome::Fine,
    })
}

pub(super) fn all(table: &TableOptions, options: &All, output: &Output) -> Result {
    let store = connection::store(table)?;
    connection::note_misspelt(&options.kind, output);
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

/// A longer key moves the rest of its own line alone.
const WIDEST_KEYS: usize = 60;

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
            output.note("none; check lists the prefixes that there are");
            return Ok(());
        }
        let width = |of: fn(&Line) -> &str, title: &str| {
            let widths = self.lines.iter().map(|line| of(line).chars().count());
            widths.max().unwrap_or(0).max(title.len())
        };
        let keys = width(|line| &line.key, "key").min(WIDEST_KEYS);
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
        let outline = Outline::of(item);
        if outline.is_deleted() {
            State::Deleted
        } else if !kind.is_features() {
            State::There
        } else if outline.on == Some(Value::Bool(true)) {
            State::On
        } else {
            State::Off
        }
    }
}

/// Whether an item is a tombstone.
pub(super) fn is_deleted(item: &str) -> bool {
    Outline::of(item).is_deleted()
}

/// What a list tells of an item.
#[derive(Default, Deserialize)]
struct Outline {
    on: Option<Value>,
    deleted: Option<Value>,
}

impl Outline {
    /// Of what is an object in any case, but may have a member twice.
    fn of(item: &str) -> Self {
        serde_json::from_str(item).unwrap_or_default()
    }

    fn is_deleted(&self) -> bool {
        self.deleted == Some(Value::Bool(true))
    }
}
