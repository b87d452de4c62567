//! A full data set as `init` takes it: kinds, their items by key, everything checked before the first request.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::item::{Name, NewRow};
use crate::table::json_error::reason;
use crate::table::object::Members;
use crate::table::schema::{self, Kind};

/// The text of a data set, its outer two levels taken apart.
pub(crate) struct DataSet<'a> {
    kinds: Vec<(Cow<'a, str>, Members<'a, &'a RawValue>)>,
}

/// One kind with the rows that store its items.
pub(crate) struct KindRows<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) rows: Vec<NewRow<'a>>,
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

    /// Every item as the row that stores it; the first bad one is an error that names kind and key.
    pub(crate) fn rows(&'a self, namespaces: &'a [String]) -> Result<Vec<KindRows<'a>>> {
        self.rows_of_kinds(namespaces).map_err(|error| {
            if error.kind() == ErrorKind::InvalidItem && self.is_wrapped() {
                Error::new(ErrorKind::InvalidDataSet, WRAPPED)
            } else {
                error
            }
        })
    }

    fn rows_of_kinds(&'a self, namespaces: &'a [String]) -> Result<Vec<KindRows<'a>>> {
        let with_namespaces = self.kinds.iter().zip(namespaces);
        with_namespaces
            .map(|((name, entries), namespace)| {
                let kind = Kind::parse(name)?;
                let mut seen = HashSet::with_capacity(entries.0.len());
                let rows = entries.0.iter().map(|(key, item)| {
                    if !seen.insert(key) {
                        return Err(Error::new(
                            ErrorKind::InvalidDataSet,
                            format!("data set: key {key:?} stands twice in kind {:?}", kind.name()),
                        ));
                    }
                    NewRow::parse(kind, namespace, Cow::Borrowed(key), item.get())
                });
                Ok(KindRows {
                    kind,
                    rows: rows.collect::<Result<_>>()?,
                })
            })
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
    let meant = |name: &str| match name.to_ascii_lowercase().as_str() {
        "feature" | "features" | "flag" | "flags" => Some(schema::FEATURES),
        "segment" | "segments" => Some(schema::SEGMENTS),
        _ => None,
    };
    names.filter_map(|name| Some((name, meant(name)?))).collect()
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

    fn misspelt_in(json: &str) -> Vec<(String, &'static str)> {
        let data_set = DataSet::parse(json).expect("a data set");
        let namespaces = data_set.namespaces("").expect("kinds");
        let kinds = data_set.rows(&namespaces).expect("items");
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
            data_set.rows(&namespaces).err()
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
