//! A full data set as `init` takes it: kinds, their items by key, everything checked before the first request.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::item::{Name, NewRow};
use crate::table::json_error::reason;
use crate::table::key_range::{self, KeyRange};
use crate::table::object::Members;
use crate::table::schema::{self, Kind};

/// The text of a data set, its outer two levels taken apart.
pub(crate) struct DataSet<'a> {
    kinds: Vec<(Cow<'a, str>, Members<'a, &'a RawValue>)>,
}

/// Some of a kind's items, next to each other in the text.
pub(crate) struct Run {
    kind: usize,
    entries: Range<usize>,
}

/// One kind with the rows that store its items.
pub(crate) struct KindRows<'a> {
    pub(crate) kind: Kind<'a>,
    /// In the order of the data set.
    pub(crate) rows: Vec<NewRow<'a>>,
    /// Their indices in the order of the table, which is that of the keys' bytes.
    by_key: Vec<usize>,
}

impl<'a> KindRows<'a> {
    /// Each key may be there once.
    pub(crate) fn new(kind: Kind<'a>, rows: Vec<NewRow<'a>>) -> Result<Self> {
        let mut by_key: Vec<usize> = (0..rows.len()).collect();
        by_key.sort_unstable_by(|&one, &other| rows[one].key.cmp(&rows[other].key));
        if let Some(pair) = by_key.windows(2).find(|pair| rows[pair[0]].key == rows[pair[1]].key) {
            let (key, kind) = (&rows[pair[0]].key, kind.name());
            return Err(Error::new(
                ErrorKind::InvalidDataSet,
                format!("data set: key {key:?} stands twice in kind {kind:?}"),
            ));
        }
        Ok(KindRows { kind, rows, by_key })
    }

    pub(crate) fn index_of(&self, key: &str) -> Option<usize> {
        let place = self
            .by_key
            .binary_search_by(|&index| (*self.rows[index].key).cmp(key))
            .ok()?;
        Some(self.by_key[place])
    }

    /// At most `most` parts of the namespace that hold `least` bytes of these rows each, or more.
    pub(crate) fn ranges(&self, least: usize, most: usize) -> Vec<KeyRange<'_>> {
        let rows = self.by_key.iter().map(|&index| &self.rows[index]);
        key_range::ranges(rows.map(|row| (&*row.key, row.item.len())), least, most)
    }
}

impl<'a> DataSet<'a> {
    /// Takes `{"features": {key: item, …}, …}` apart. Only the outer shape is checked here; `rows` checks the items.
    pub(crate) fn parse(json: &'a str) -> Result<Self> {
        let Members(kinds) = serde_json::from_str::<Members<'a, Members<'a, &'a RawValue>>>(json)
            .map_err(|error| refusal(json, &error))?;
        let mut seen = HashSet::new();
        for (name, _) in &kinds {
            let kind = Kind::parse(name)?;
            if !seen.insert(kind.name()) {
                let both = if kind.is_features() {
                    " (\"flags\" is another name for \"features\")"
                } else {
                    ""
                };
                return Err(Error::new(
                    ErrorKind::InvalidDataSet,
                    format!("data set: kind {:?} stands there twice{both}", kind.name()),
                ));
            }
        }
        drop(seen);
        Ok(DataSet { kinds })
    }

    /// The namespaces of the kinds, in the order of `rows`.
    pub(crate) fn namespaces(&self, prefix: &str) -> Result<Vec<String>> {
        self.kinds
            .iter()
            .map(|(name, _)| schema::namespace(prefix, Kind::parse(name)?))
            .collect()
    }

    /// The items in runs of `bytes` and more, each of which can be read by itself.
    pub(crate) fn runs(&self, bytes: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        for (kind, (_, Members(entries))) in self.kinds.iter().enumerate() {
            let (mut begin, mut length) = (0, 0);
            for (number, (_, item)) in entries.iter().enumerate() {
                length += item.get().len();
                if length >= bytes {
                    let entries = begin..number + 1;
                    runs.push(Run { kind, entries });
                    (begin, length) = (number + 1, 0);
                }
            }
            let entries = begin..entries.len();
            runs.push(Run { kind, entries });
        }
        runs
    }

    /// The items of a run as the rows that store them; the first bad one is an error that names kind and key.
    pub(crate) fn rows(&'a self, run: &Run, namespaces: &'a [String]) -> Result<Vec<NewRow<'a>>> {
        let (name, Members(entries)) = &self.kinds[run.kind];
        let (kind, namespace) = (Kind::parse(name)?, &namespaces[run.kind]);
        let rows = entries[run.entries.clone()].iter();
        let rows = rows.map(|(key, item)| NewRow::parse(kind, namespace, Cow::Borrowed(key), item.get()));
        rows.collect::<Result<_>>().map_err(|error| {
            if error.kind() == ErrorKind::InvalidItem && self.is_wrapped() {
                Error::new(ErrorKind::InvalidDataSet, WRAPPED)
            } else {
                error
            }
        })
    }

    /// The kinds, of the rows of all runs.
    pub(crate) fn kinds(&'a self, runs: impl IntoIterator<Item = (Run, Vec<NewRow<'a>>)>) -> Result<Vec<KindRows<'a>>> {
        let mut rows: Vec<Vec<NewRow<'a>>> = self.kinds.iter().map(|_| Vec::new()).collect();
        for (run, mut some) in runs {
            rows[run.kind].append(&mut some);
        }
        let kinds = self.kinds.iter().zip(rows);
        kinds
            .map(|((name, _), rows)| KindRows::new(Kind::parse(name)?, rows))
            .collect()
    }

    /// Whether the only kind is "data", and its items are named like kinds. With versions they are a kind of the caller's own.
    fn is_wrapped(&self) -> bool {
        let [(name, Members(entries))] = self.kinds.as_slice() else {
            return false;
        };
        let is_ours = |key: &str| Kind::parse(key).is_ok_and(|kind| kind.is_features() || kind.is_segments());
        name == "data" && !entries.is_empty() && entries.iter().all(|(key, _)| is_ours(key))
    }
}

/// Kinds that are probably misspelt, each with the one that was probably meant: a data set with neither features nor segments, but with
/// names like theirs, fills namespaces that no SDK reads.
pub(crate) fn misspelt<'k>(kinds: &'k [KindRows<'_>]) -> Vec<(&'k str, &'static str)> {
    if kinds
        .iter()
        .any(|group| group.kind.is_features() || group.kind.is_segments())
    {
        return Vec::new();
    }
    let names = kinds.iter().map(|group| group.kind.name());
    names.filter_map(|name| Some((name, meant(name)?))).collect()
}

/// The kind that is probably meant by a name like it.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "feature" | "features" | "flag" | "flags" => Some(schema::FEATURES),
        "segment" | "segments" => Some(schema::SEGMENTS),
        _ => None,
    }
}

const WRAPPED: &str = "data set: it is in a member \"data\" of this object: pass what \"data\" holds, the object with \"flags\" or \"features\"";
const PUT: &str = "data set: this is a message of LaunchDarkly's stream around one: pass its \"data\", the object that holds \"flags\" and \
                   \"segments\"";
const PATCH: &str = "data set: this is a message of LaunchDarkly's stream with one flag or segment: upsert what is in \"data\", under the \
                     kind and the key that \"path\" names";

/// What is wrong with a text that is no data set: its JSON, or its shape.
fn refusal(json: &str, shape: &serde_json::Error) -> Error {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
        return Error::new(ErrorKind::InvalidJson, format!("data set: {}", reason(&error)));
    }
    match streaming_message(json) {
        Some(message) => Error::new(ErrorKind::InvalidDataSet, message),
        None => Error::new(ErrorKind::InvalidDataSet, format!("data set: {}", reason(shape))),
    }
}

/// What to do with `{"path": …, "data": …}`, or with an `event` instead of the path, in any order.
fn streaming_message(json: &str) -> Option<&'static str> {
    let Members(members) = serde_json::from_str::<Members<'_, &RawValue>>(json).ok()?;
    let member = |name: &str| {
        let found = members.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    };
    // Compared as text, not as JSON: some languages write "\/".
    let text = |name: &str| member(name).and_then(|value| serde_json::from_str::<Name<'_>>(value).ok());
    member("data")?;
    match (text("event"), text("path")) {
        (Some(Name(event)), _) if event == "put" => Some(PUT),
        (Some(Name(event)), _) if event == "patch" => Some(PATCH),
        (_, Some(Name(path))) if path == "/" || path.is_empty() => Some(PUT),
        (_, Some(_)) => Some(PATCH),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows, of runs of a byte and more.
    fn rows<'a>(data_set: &'a DataSet<'a>, namespaces: &'a [String]) -> Result<Vec<KindRows<'a>>> {
        let runs = data_set.runs(1).into_iter();
        let rows = runs.map(|run| {
            let rows = data_set.rows(&run, namespaces)?;
            Ok((run, rows))
        });
        data_set.kinds(rows.collect::<Result<Vec<_>>>()?)
    }

    #[test]
    fn runs_are_long_enough_and_hold_every_item_once() {
        let data_set =
            DataSet::parse(r#"{"features":{"a":{"version":1},"b":{"version":2},"c":{"version":3}},"segments":{}}"#);
        let data_set = data_set.expect("a data set");
        let runs = |bytes| -> Vec<_> {
            data_set
                .runs(bytes)
                .into_iter()
                .map(|run| (run.kind, run.entries))
                .collect()
        };
        assert_eq!(runs(1), [(0, 0..1), (0, 1..2), (0, 2..3), (0, 3..3), (1, 0..0)]);
        assert_eq!(runs(14), [(0, 0..2), (0, 2..3), (1, 0..0)]);
        assert_eq!(runs(1000), [(0, 0..3), (1, 0..0)]);
        let namespaces = data_set.namespaces("").expect("kinds");
        let kinds = rows(&data_set, &namespaces).expect("items");
        let versions: Vec<u64> = kinds[0].rows.iter().map(|row| row.version).collect();
        assert_eq!(versions, [1, 2, 3]);
        assert_eq!(
            (kinds[0].index_of("b"), kinds[0].index_of("bb"), kinds[1].index_of("a")),
            (Some(1), None, None)
        );
    }

    fn misspelt_in(json: &str) -> Vec<(String, &'static str)> {
        let data_set = DataSet::parse(json).expect("a data set");
        let namespaces = data_set.namespaces("").expect("kinds");
        let kinds = rows(&data_set, &namespaces).expect("items");
        let found = misspelt(&kinds).into_iter();
        found.map(|(name, meant)| (name.to_owned(), meant)).collect()
    }

    #[test]
    fn names_like_ours_are_found_where_ours_are_missing() {
        for (json, name, meant) in [
            (r#"{"feature":{}}"#, "feature", "features"),
            (r#"{"Features":{}}"#, "Features", "features"),
            (r#"{"Flags":{},"things":{}}"#, "Flags", "features"),
            (r#"{"flag":{}}"#, "flag", "features"),
            (r#"{"segment":{}}"#, "segment", "segments"),
            (r#"{"SEGMENTS":{}}"#, "SEGMENTS", "segments"),
        ] {
            assert_eq!(misspelt_in(json), [(name.to_owned(), meant)], "{json}");
        }
        for json in [
            "{}",
            r#"{"things":{}}"#,
            r#"{"features":{},"segment":{}}"#,
            r#"{"flags":{},"Features":{}}"#,
            r#"{"segments":{},"feature":{}}"#,
        ] {
            assert_eq!(misspelt_in(json), [], "{json}");
        }
    }

    #[test]
    fn a_long_value_is_not_repeated() {
        let long = "v".repeat(100_000);
        for json in [
            format!(r#"{{"features":"{long}"}}"#),
            format!(r#"{{"{long}":1}}"#),
            format!("\"{long}\""),
        ] {
            let error = DataSet::parse(&json).err().expect("an error");
            assert!(error.message().len() <= 300, "{} bytes", error.message().len());
            assert!(error.message().contains("line 1"), "{error}");
        }
    }

    #[test]
    fn a_streaming_message_is_not_a_data_set() {
        for json in [
            r#"{"path":"/","data":{"flags":{},"segments":{}}}"#,
            r#"{"data":{"flags":{}},"path":"/"}"#,
            r#"{"event":"put","data":{"path":"/","data":{}}}"#,
            r#"{"event":"put","data":"{}"}"#,
            r#"{"path":"\/","data":{}}"#,
            r#"{"path":"","data":{"flags":{}}}"#,
        ] {
            let error = DataSet::parse(json).err().expect("an error");
            assert_eq!(error.kind(), ErrorKind::InvalidDataSet, "{json}");
            assert!(error.message().contains("pass its \"data\""), "{error}");
        }
        for json in [
            r#"{"path":"/flags/a","data":{"key":"a","version":2}}"#,
            r#"{"data":{},"path":"\/segments\/a"}"#,
            r#"{"path":"flags","data":null}"#,
            r#"{"event":"patch","data":{"path":"/flags/a","data":{}}}"#,
        ] {
            let error = DataSet::parse(json).err().expect("an error");
            assert_eq!(error.kind(), ErrorKind::InvalidDataSet, "{json}");
            assert!(error.message().contains("upsert what is in \"data\""), "{error}");
        }
        for json in [
            r#"{"path":1,"data":{}}"#,
            r#"{"path":"/"}"#,
            r#"{"event":"x","data":{}}"#,
            r#"["data"]"#,
        ] {
            let error = DataSet::parse(json).err().expect("an error");
            assert!(!error.message().contains("stream"), "{error}");
        }
    }

    #[test]
    fn a_data_set_in_a_member_is_told_from_a_kind_of_that_name() {
        let refused = |json: &str| {
            let data_set = DataSet::parse(json).expect("objects");
            let namespaces = data_set.namespaces("").expect("kinds");
            rows(&data_set, &namespaces).err()
        };
        for json in [
            r#"{"data":{"flags":{"a":{"version":1}},"segments":{}}}"#,
            r#"{"data":{"features":{}}}"#,
            r#"{"data":{"flags":{"version":{"key":"version","version":1}}}}"#,
        ] {
            let error = refused(json).expect("an error");
            assert_eq!(error.kind(), ErrorKind::InvalidDataSet, "{json}");
            assert!(error.message().contains("pass what \"data\" holds"), "{error}");
        }
        for json in [
            r#"{"data":{"other":{}}}"#,
            r#"{"data":{"flags":{},"other":{}}}"#,
            r#"{"other":{"flags":{}}}"#,
        ] {
            assert_eq!(
                refused(json).expect("an error").kind(),
                ErrorKind::InvalidItem,
                "{json}"
            );
        }
        for json in [r#"{"data":{}}"#, r#"{"data":{"flags":{"version":1}}}"#] {
            assert!(refused(json).is_none(), "{json}");
        }
    }
}
