//! Which prefixes the table has, with what of each, and which one was probably meant.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::text::{self, Lines};
use crate::command::output::{counted, BOLD, DIM};
use crate::command::read::is_deleted;
use crate::store::administration::WholeRow;
use crate::table::item::{self, StoredItem};
use crate::table::schema::{self, Kind};

/// Whether rows of other prefixes were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Seen,
    NotWanted,
    Refused,
}

/// So many namespaces of others are told apart; those after them are only counted.
const MOST_NAMESPACES: usize = 1000;

/// What a namespace is by its last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'n> {
    Features,
    Segments,
    Mark,
    Metadata,
    Membership,
    /// A kind of somebody's own, or nothing of a store's.
    Other(&'n str),
}

/// What a namespace is called behind the prefix. A colon without a prefix belongs to the name: a Ruby SDK that is told the prefix "" writes it.
pub(super) fn name(namespace: &str) -> &str {
    match namespace.rsplit_once(':') {
        Some(("", _)) | None => namespace,
        Some((_, name)) => name,
    }
}

/// Splits a namespace into prefix and role: no kind has a colon, and a prefix may.
pub(super) fn split(namespace: &str) -> (&str, Role<'_>) {
    let (prefix, _) = namespace.rsplit_once(':').unwrap_or(("", namespace));
    let role = match name(namespace) {
        schema::FEATURES => Role::Features,
        schema::SEGMENTS => Role::Segments,
        schema::INITED => Role::Mark,
        schema::BIG_SEGMENTS_METADATA => Role::Metadata,
        schema::BIG_SEGMENTS_USER => Role::Membership,
        other => Role::Other(other),
    };
    (prefix, role)
}

/// Whether a row of another kind is an item: others keep rows of theirs here, and some have a version or an item of their own.
pub(super) fn is_item(whole: &WholeRow, role: Role<'_>) -> bool {
    matches!(role, Role::Other(name) if Kind::parse(name).is_ok()) && is_as_stores_write(whole)
}

/// Whether a row has what stores write, a version and a JSON object, and nothing else.
pub(super) fn is_as_stores_write(whole: &WholeRow) -> bool {
    let has_item = matches!(&whole.row.item, StoredItem::Text(text) if !item::is_deletion_marker(text));
    has_item && !whole.row.is_corrupt() && whole.other_attributes.is_empty()
}

/// Whether a flag or segment is stored as deleted.
fn is_tombstone(whole: &WholeRow) -> bool {
    match &whole.row.item {
        StoredItem::Text(text) => item::is_deletion_marker(text) || is_deleted(text),
        StoredItem::Missing => true,
        StoredItem::OtherType => false,
    }
}

/// What is under one prefix, in rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) features: usize,
    pub(super) segments: usize,
    /// Of flags and segments, which are counted apart.
    pub(super) tombstones: usize,
    pub(super) other_kinds: usize,
    pub(super) big_segments: usize,
    pub(super) is_initialized: bool,
}

impl Contents {
    /// Rows of items.
    pub(super) fn items(&self) -> usize {
        self.features + self.segments + self.tombstones + self.other_kinds
    }
}

/// All rows of a table by prefix.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    known: BTreeMap<String, Contents>,
    /// Rows of other namespaces, those that could be items first.
    others: BTreeMap<String, (usize, usize)>,
    /// Rows of namespaces beyond those.
    beyond: usize,
}

/// Rows of namespaces that are no store's.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) rows: usize,
    pub(super) namespaces: Vec<String>,
}

impl Prefixes {
    pub(super) fn add(&mut self, whole: &WholeRow) {
        let namespace = whole.namespace.as_str();
        let (prefix, role) = split(namespace);
        let is_in_place = whole.row.key == namespace;
        match role {
            Role::Features | Role::Segments if is_tombstone(whole) => self.contents(prefix).tombstones += 1,
            Role::Features => self.contents(prefix).features += 1,
            Role::Segments => self.contents(prefix).segments += 1,
            Role::Mark if is_in_place => self.contents(prefix).is_initialized = true,
            Role::Metadata if is_in_place => self.contents(prefix).big_segments += 1,
            Role::Membership => self.contents(prefix).big_segments += 1,
            Role::Mark | Role::Metadata | Role::Other(_) => {
                if !self.others.contains_key(namespace) {
                    if self.others.len() == MOST_NAMESPACES {
                        self.beyond += 1;
                        return;
                    }
                    self.others.insert(namespace.to_owned(), (0, 0));
                }
                let (items, foreign) = self.others.get_mut(namespace).expect("inserted above");
                let count = if is_item(whole, role) { items } else { foreign };
                *count += 1;
            }
        }
    }

    fn contents(&mut self, prefix: &str) -> &mut Contents {
        if !self.known.contains_key(prefix) {
            self.known.insert(prefix.to_owned(), Contents::default());
        }
        self.known.get_mut(prefix).expect("inserted above")
    }

    /// Gives what could be items of other kinds to the prefixes that have anything of a store's, or that are `own`.
    pub(super) fn end(&mut self, own: &str) -> Foreign {
        let mut foreign = Foreign {
            rows: self.beyond,
            ..Foreign::default()
        };
        for (namespace, (items, mut others)) in std::mem::take(&mut self.others) {
            let (prefix, _) = split(&namespace);
            if prefix == own || self.known.contains_key(prefix) {
                self.contents(prefix).other_kinds += items;
            } else {
                others += items;
            }
            if others > 0 {
                foreign.rows += others;
                foreign.namespaces.push(namespace);
            }
        }
        self.known.retain(|_, contents| *contents != Contents::default());
        foreign
    }

    pub(super) fn of(&self, prefix: &str) -> Contents {
        self.known.get(prefix).cloned().unwrap_or_default()
    }

    /// The prefixes that hold flags or segments, but for `own`.
    pub(super) fn others(&self, own: &str) -> Vec<&str> {
        let others = self.known.iter().filter(|(prefix, _)| *prefix != own);
        let filled = others.filter(|(_, contents)| contents.items() > 0);
        filled.map(|(prefix, _)| prefix.as_str()).collect()
    }

    /// The prefix that was probably meant by `own`, under which there is nothing.
    pub(super) fn nearest(&self, own: &str) -> Option<&str> {
        let others = self.others(own);
        if let [only] = others[..] {
            return Some(only);
        }
        let distance = |prefix: &str| edit_distance(&normal(prefix), &normal(own));
        let nearest = others.into_iter().min_by_key(|prefix| distance(prefix))?;
        // "dev" is not meant by "prod": a third of the letters may differ.
        let is_near = distance(nearest) * 3 <= normal(own).chars().count().max(3);
        is_near.then_some(nearest)
    }

    pub(super) fn json(&self) -> Value {
        let prefixes = self.known.iter().map(|(prefix, contents)| {
            json!({
                "prefix": prefix,
                "features": contents.features,
                "segments": contents.segments,
                "tombstones": contents.tombstones,
                "other_kinds": contents.other_kinds,
                "big_segments": contents.big_segments,
                "initialized": contents.is_initialized,
            })
        });
        prefixes.collect()
    }

    pub(super) fn show(&self, own: &str, lines: &mut Lines) {
        if self.known.is_empty() {
            return lines.line("  none");
        }
        let named = |prefix: &str| match prefix {
            "" => "(none)".to_owned(),
            prefix => text::plain(prefix),
        };
        let longest = self.known.keys().map(|prefix| named(prefix).chars().count());
        let width = longest.max().unwrap_or(0).clamp(12, 32);
        lines.line(format_args!(
            "  {DIM}{:<width$}  {:>7}  {:>8}  {:>12}  initialized{DIM:#}",
            "prefix", "flags", "segments", "Big Segments"
        ));
        for (prefix, contents) in &self.known {
            let style = if prefix == own { BOLD } else { anstyle::Style::new() };
            let initialized = if contents.is_initialized { "yes" } else { "no" };
            lines.line(format_args!(
                "  {style}{:<width$}  {:>7}  {:>8}  {:>12}  {initialized}{style:#}",
                named(prefix),
                contents.features,
                contents.segments,
                counted(contents.big_segments, "row", "rows")
            ));
        }
    }
}

/// A prefix without what is easily mistaken: case, and a colon or spaces around it.
fn normal(prefix: &str) -> String {
    let around = |c: char| c == ':' || c.is_whitespace();
    prefix.trim_matches(around).to_lowercase()
}

/// How many letters have to be put in, left out or changed.
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (place, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::check::inspection::row;

    fn prefixes(namespaces: &[&str]) -> Prefixes {
        let mut prefixes = Prefixes::default();
        namespaces
            .iter()
            .for_each(|namespace| prefixes.add(&row(namespace, namespace, "{}")));
        prefixes
    }

    /// Rows of other applications look like a store's at first sight.
    #[test]
    fn a_row_is_an_item_only_where_it_is_as_stores_write_it() {
        let is_own = |change: fn(&mut WholeRow)| {
            let mut whole = row("orders", "1", "{}");
            change(&mut whole);
            is_item(&whole, split(&whole.namespace).1)
        };
        assert!(is_own(|_| {}));
        assert!(!is_own(|whole| whole.row.version = None));
        assert!(!is_own(|whole| whole.row.item = StoredItem::Missing));
        assert!(!is_own(|whole| whole.row.item = StoredItem::Text("paid".to_owned())));
        assert!(!is_own(|whole| whole.row.item = StoredItem::Text("null".to_owned())));
        assert!(!is_own(|whole| whole.other_attributes.push("total".to_owned())));
    }

    #[test]
    fn deletions_are_no_flags() {
        let mut prefixes = Prefixes::default();
        for item in ["{}", "null", r#"{"deleted":true}"#] {
            prefixes.add(&row("features", item, item));
        }
        let contents = prefixes.of("");
        assert_eq!((contents.features, contents.tombstones, contents.items()), (1, 2, 3));
    }

    #[test]
    fn a_namespace_is_split_at_its_last_colon() {
        assert_eq!(split("features"), ("", Role::Features));
        assert_eq!(split("a:b:segments"), ("a:b", Role::Segments));
        assert_eq!(split("a::$inited"), ("a:", Role::Mark));
        assert_eq!(split("a:Features"), ("a", Role::Other("Features")));
        assert_eq!(split(":features"), ("", Role::Other(":features")));
    }

    #[test]
    fn rows_are_counted_by_prefix_and_those_of_nobody_apart() {
        let mut prefixes = prefixes(&[
            "p:features",
            "p:things",
            "q:big_segments_user",
            "orders",
            "p:$inited",
            "own:things",
        ]);
        let foreign = prefixes.end("own");
        assert_eq!(foreign.rows, 1);
        assert_eq!(foreign.namespaces, ["orders"]);
        let contents = prefixes.of("p");
        assert_eq!(
            (contents.features, contents.other_kinds, contents.is_initialized),
            (1, 1, true)
        );
        assert_eq!((prefixes.of("q").big_segments, prefixes.of("own").other_kinds), (1, 1));
        assert_eq!(prefixes.others("own"), ["p"]);
    }

    #[test]
    fn what_is_probably_meant() {
        let two = prefixes(&["production:features", "dev:features"]);
        for (own, meant) in [
            ("production:", Some("production")),
            ("Production", Some("production")),
            ("prodution", Some("production")),
            ("DEV ", Some("dev")),
            ("", None),
            ("staging", None),
        ] {
            assert_eq!(two.nearest(own), meant, "{own}");
        }
        let one = prefixes(&["production:features"]);
        assert_eq!(one.nearest("staging"), Some("production"));
        assert_eq!(one.nearest(""), Some("production"));
        assert_eq!(prefixes(&["features"]).nearest("production"), Some(""));
        assert_eq!(prefixes(&["x:big_segments_user"]).nearest("production"), None);
    }

    #[test]
    fn namespaces_of_others_take_no_memory_without_end() {
        let mut prefixes = Prefixes::default();
        (0..MOST_NAMESPACES + 5).for_each(|number| prefixes.add(&row(&format!("x:order-{number}"), "k", "{}")));
        assert_eq!((prefixes.others.len(), prefixes.beyond), (MOST_NAMESPACES, 5));
        assert_eq!(prefixes.end("").rows, MOST_NAMESPACES + 5);
    }
}
