//! A full data set as `init` takes it: kinds, their items by key, everything checked before the first request.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::item::NewRow;
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
}

/// What is wrong with a text that is no data set: its JSON, or its shape.
fn refusal(json: &str, shape: &serde_json::Error) -> Error {
    match serde_json::from_str::<IgnoredAny>(json) {
        Err(error) => Error::new(ErrorKind::InvalidJson, format!("data set: {error}")),
        Ok(_) => Error::new(ErrorKind::InvalidDataSet, format!("data set: {shape}")),
    }
}
