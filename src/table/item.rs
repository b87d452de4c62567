//! One item and its row: what its JSON says, tombstones, the size limit, and how a stored row becomes an item again.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::json_error::reason;
use crate::table::schema::{self, Kind};

/// DynamoDB takes 409,600 bytes; every official store stops at 400,000 with 100 for overhead, and so do we.
pub(crate) const MAXIMUM_ROW_BYTES: usize = 400_000;
pub(crate) const ROW_OVERHEAD_BYTES: usize = 100;

/// The field names of Go's tombstones: with all of them, no official SDK stumbles over a deletion.
const FEATURE_FIELDS: [&str; 16] = [
    "key",
    "on",
    "prerequisites",
    "targets",
    "contextTargets",
    "rules",
    "fallthrough",
    "offVariation",
    "variations",
    "clientSide",
    "salt",
    "trackEvents",
    "trackEventsFallthrough",
    "debugEventsUntilDate",
    "version",
    "deleted",
];
const SEGMENT_FIELDS: [&str; 10] = [
    "key",
    "included",
    "excluded",
    "includedContexts",
    "excludedContexts",
    "salt",
    "rules",
    "version",
    "generation",
    "deleted",
];

/// A row that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewRow<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) key: Cow<'a, str>,
    pub(crate) version: u64,
    pub(crate) item: Cow<'a, str>,
    /// Keys of the flags that this flag needs; empty for other kinds.
    pub(crate) prerequisites: Vec<Cow<'a, str>>,
}

impl<'a> NewRow<'a> {
    /// Reads an item's JSON and makes the row that stores it.
    pub(crate) fn parse(kind: Kind<'_>, namespace: &'a str, key: Cow<'a, str>, json: &'a str) -> Result<Self> {
        schema::require_key(&key)?;
        let outline: Outline = serde_json::from_str(json).map_err(|error| {
            let cause = if error.is_data() {
                ErrorKind::InvalidItem
            } else {
                ErrorKind::InvalidJson
            };
            Error::new(
                cause,
                format!("item {key:?} of kind {:?}: {}", kind.name(), reason(&error)),
            )
        })?;
        let version = outline.version().map_err(|reason| {
            Error::new(
                ErrorKind::InvalidItem,
                format!("item {key:?} of kind {:?}: {reason}", kind.name()),
            )
        })?;
        let item = if outline.deleted && !outline.has_full_schema(kind) {
            Cow::Owned(tombstone(kind, &key, version))
        } else {
            Cow::Borrowed(json)
        };
        let prerequisites = if kind.is_features() {
            outline.prerequisites()
        } else {
            Vec::new()
        };
        Ok(NewRow {
            namespace,
            key,
            version,
            item,
            prerequisites,
        })
    }

    /// Whether the row is within the limit that all official stores keep.
    pub(crate) fn fits(&self) -> bool {
        self.size() <= MAXIMUM_ROW_BYTES
    }

    fn size(&self) -> usize {
        let names = [schema::NAMESPACE, schema::KEY, schema::VERSION, schema::ITEM];
        ROW_OVERHEAD_BYTES
            + names.iter().map(|name| name.len()).sum::<usize>()
            + self.namespace.len()
            + self.key.len()
            + decimal_digits(self.version)
            + self.item.len()
    }

    /// Whether `stored` is this row, to the byte and to the attribute.
    pub(crate) fn is_stored_as<T: AsRef<str>>(&self, stored: &StoredRow<T>) -> bool {
        stored.only_our_attributes
            && stored.version == Some(self.version)
            && matches!(&stored.item, StoredItem::Text(text) if *text.as_ref() == *self.item)
    }

    /// The log line that the official stores document for a row over the limit.
    pub(crate) fn log_too_large(&self) {
        tracing::error!(
            "The item \"{}\" in \"{}\" was too large to store in DynamoDB and was dropped",
            self.key,
            self.namespace
        );
    }
}

fn decimal_digits(version: u64) -> usize {
    version.checked_ilog10().unwrap_or(0) as usize + 1
}

/// A row as the table holds it, whoever wrote it. Its texts may be borrowed from the answer that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRow<T = String> {
    pub(crate) key: T,
    /// `None` when the attribute is missing or no integer in 0 … 2^63−1.
    pub(crate) version: Option<u64>,
    pub(crate) item: StoredItem<T>,
    /// Whether the row has our four attributes and no other.
    pub(crate) only_our_attributes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredItem<T = String> {
    Text(T),
    Missing,
    /// An attribute of another type than string.
    OtherType,
}

impl StoredRow {
    /// The version in its JSON, which decides where the attribute cannot.
    pub(crate) fn version_in_item(&self) -> Option<u64> {
        match &self.item {
            StoredItem::Text(text) => version(text),
            StoredItem::Missing | StoredItem::OtherType => None,
        }
    }

    /// Whether a reader could make nothing of it, or its version can be compared with none.
    pub(crate) fn is_corrupt(&self) -> bool {
        match &self.item {
            StoredItem::OtherType => true,
            StoredItem::Missing => self.version.is_none(),
            StoredItem::Text(text) => {
                self.version.is_none() || !is_deletion_marker(text) && serde_json::from_str::<AnyObject>(text).is_err()
            }
        }
    }
}

impl<T: AsRef<str> + From<String>> StoredRow<T> {
    /// The item's JSON as stored, or the full-schema tombstone where `item` is missing, empty or `null` (as Java and .NET write deletions).
    pub(crate) fn into_item(self, kind: Kind<'_>) -> Result<T> {
        self.into_key_and_item(kind).1
    }

    /// As `into_item`, with the sort key.
    pub(crate) fn into_key_and_item(self, kind: Kind<'_>) -> (T, Result<T>) {
        let item = stored_item(kind, self.key.as_ref(), self.version, self.item);
        (self.key, item)
    }
}

fn stored_item<T: AsRef<str> + From<String>>(
    kind: Kind<'_>,
    key: &str,
    version: Option<u64>,
    item: StoredItem<T>,
) -> Result<T> {
    let corrupt = |what: &dyn fmt::Display| {
        let kind = kind.name();
        Error::new(
            ErrorKind::CorruptItem,
            format!("item {key:?} of kind {kind:?} is corrupt: {what}"),
        )
    };
    match item {
        StoredItem::OtherType => Err(corrupt(&"its \"item\" attribute is not a string")),
        StoredItem::Text(text) if !is_deletion_marker(text.as_ref()) => {
            match serde_json::from_str::<AnyObject>(text.as_ref()) {
                Ok(AnyObject) => Ok(text),
                Err(error) => Err(corrupt(&error)),
            }
        }
        StoredItem::Text(_) | StoredItem::Missing => Ok(tombstone(kind, key, version.unwrap_or(0)).into()),
    }
}

/// What Java and .NET store for a deletion, or nothing at all.
pub(crate) fn is_deletion_marker(text: &str) -> bool {
    text.is_empty() || text.trim_ascii() == "null"
}

/// The version in an item's JSON, where it has a valid one.
pub(crate) fn version(item: &str) -> Option<u64> {
    let outline: Outline<'_> = serde_json::from_str(item).ok()?;
    outline.version().ok()
}

/// Whether a deletion lacks fields of its kind, over which older PHP SDKs and the Rust SDK stumble.
#[cfg(feature = "cli")]
pub(crate) fn lacks_schema(kind: Kind<'_>, item: &str) -> bool {
    let outline = serde_json::from_str::<Outline<'_>>(item);
    outline.is_ok_and(|outline| outline.deleted && !outline.has_full_schema(kind))
}

/// The deletion that Go writes, with the real key: minimal ones crash older PHP SDKs and empty the Rust SDK's map.
fn tombstone(kind: Kind<'_>, key: &str, version: u64) -> String {
    let key = serde_json::Value::from(key);
    if kind.is_features() {
        format!(
            "{{\"key\":{key},\"on\":false,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],\"rules\":[],\"fallthrough\":{{}},\
             \"offVariation\":null,\"variations\":[],\"clientSide\":false,\"salt\":\"\",\"trackEvents\":false,\
             \"trackEventsFallthrough\":false,\"debugEventsUntilDate\":null,\"version\":{version},\"deleted\":true}}"
        )
    } else if kind.is_segments() {
        format!(
            "{{\"key\":{key},\"included\":[],\"excluded\":[],\"includedContexts\":[],\"excludedContexts\":[],\"salt\":\"\",\
             \"rules\":[],\"version\":{version},\"generation\":null,\"deleted\":true}}"
        )
    } else {
        format!("{{\"key\":{key},\"version\":{version},\"deleted\":true}}")
    }
}

/// Any JSON object; its contents are only checked.
struct AnyObject;

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = AnyObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<AnyObject, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(AnyObject)
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

/// The few things in an item that the store needs to know.
#[derive(Default)]
struct Outline<'a> {
    version: Option<&'a RawValue>,
    deleted: bool,
    prerequisites: Option<&'a RawValue>,
    names: Vec<Cow<'a, str>>,
}

impl<'a> Outline<'a> {
    fn version(&self) -> std::result::Result<u64, &'static str> {
        const EXPECTED: &str = "its \"version\" must be an integer in 0 … 9223372036854775807";
        let version = self.version.ok_or("it has no \"version\"")?;
        let version: u64 = version.get().parse().map_err(|_| EXPECTED)?;
        i64::try_from(version).map_err(|_| EXPECTED)?;
        Ok(version)
    }

    fn has_full_schema(&self, kind: Kind<'_>) -> bool {
        let fields: &[&str] = if kind.is_features() {
            &FEATURE_FIELDS
        } else if kind.is_segments() {
            &SEGMENT_FIELDS
        } else {
            &[]
        };
        let is_present = |field: &&str| self.names.iter().any(|name| name == field);
        fields.iter().all(is_present)
    }

    /// The keys of prerequisites; anything malformed is the evaluator's business, not the store's.
    fn prerequisites(&self) -> Vec<Cow<'a, str>> {
        #[derive(serde::Deserialize)]
        struct Prerequisite<'a> {
            #[serde(borrow)]
            key: Cow<'a, str>,
        }
        let Some(raw) = self.prerequisites else {
            return Vec::new();
        };
        let parsed: Vec<Prerequisite<'a>> = serde_json::from_str(raw.get()).unwrap_or_default();
        parsed.into_iter().map(|one| one.key).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Outline<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct OutlineVisitor;
        impl<'de> Visitor<'de> for OutlineVisitor {
            type Value = Outline<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item, which is a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut outline = Outline::default();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "version" => outline.version = Some(map.next_value()?),
                        "prerequisites" => outline.prerequisites = Some(map.next_value()?),
                        "deleted" => outline.deleted = map.next_value::<&RawValue>()?.get() == "true",
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                    outline.names.push(name);
                }
                Ok(outline)
            }
        }
        deserializer.deserialize_map(OutlineVisitor)
    }
}

/// A JSON object's key, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[cfg(test)]
mod tests;
