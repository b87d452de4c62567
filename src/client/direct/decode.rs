//! The answers to the direct requests. They come out as the AWS SDK and `rows.rs` read them; what is not quite what DynamoDB sends is
//! refused here, so that the AWS SDK asks again and says what is wrong.

mod attributes;
mod segments;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::client::rows::Attributes;
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::{Name, StoredRow};
use crate::table::json_error::reason;

use attributes::{Row, StartKey};
use segments::SegmentsRow;

/// A body that is no answer to the request, with the reason.
#[derive(Debug)]
pub(super) struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        Malformed(reason(&error))
    }
}

/// The row that GetItem found, and the units it took.
pub(super) struct Found<T> {
    pub(super) row: Option<T>,
    pub(super) units: f64,
    /// It answers another request: the row says so.
    pub(super) is_anothers: bool,
}

/// What a page of Query says besides its rows.
pub(super) struct PageEnd {
    /// `None` where the page is the last.
    pub(super) next: Option<Attributes>,
    pub(super) units: f64,
    /// It answers another request: a row says so.
    pub(super) is_anothers: bool,
}

/// What BatchWriteItem left undone, and the units it took.
pub(super) struct BatchOutcome<'a> {
    /// Namespace and key of each row.
    pub(super) unprocessed: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) units: f64,
}

/// The answer to GetItem for `key` in `namespace`.
pub(super) fn get_item(body: &[u8], namespace: &str, key: &str) -> Result<Found<StoredRow>, Malformed> {
    let answer: GotItem<Row<'_>> = serde_json::from_str(object(body)?)?;
    let is_anothers = |row: &Row<'_>| differs(&row.namespace, namespace) || differs(&row.key, key);
    Ok(Found {
        is_anothers: answer.item.as_ref().is_some_and(is_anothers),
        row: stored_row(answer.item, key),
        units: answer.units.0,
    })
}

/// The answer to GetItem for a row of Big Segments.
pub(super) fn get_big_segments_row(
    body: &[u8],
    namespace: &str,
    key: &str,
) -> Result<Found<BigSegmentsRow>, Malformed> {
    let answer: GotItem<SegmentsRow<'_>> = serde_json::from_str(object(body)?)?;
    let item = answer.item.filter(|row| !row.is_empty);
    let is_anothers = |row: &SegmentsRow<'_>| differs(&row.namespace, namespace) || differs(&row.key, key);
    Ok(Found {
        is_anothers: item.as_ref().is_some_and(is_anothers),
        row: item.map(|row| row.row),
        units: answer.units.0,
    })
}

#[derive(serde::Deserialize)]
struct GotItem<R> {
    #[serde(rename = "Item", default = "Option::default")]
    item: Option<R>,
    #[serde(rename = "ConsumedCapacity", default)]
    units: Units,
}

fn differs(known: &Option<Cow<'_, str>>, asked: &str) -> bool {
    known.as_ref().is_some_and(|known| known != asked)
}

/// The answer to Query of `namespace`. Each row is handed to `visit` while the rest is not yet read: where the answer turns out to be malformed, what was
/// made of its rows has to be forgotten.
pub(super) fn query(
    body: &[u8],
    namespace: &str,
    visit: impl FnMut(StoredRow<Cow<'_, str>>),
) -> Result<PageEnd, Malformed> {
    let mut deserializer = serde_json::Deserializer::from_str(object(body)?);
    let end = PageVisitor { namespace, visit }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(end)
}

/// The answer to a PutItem that was done: the units it took.
pub(super) fn put_item(body: &[u8]) -> Result<f64, Malformed> {
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(rename = "ConsumedCapacity", default)]
        units: Units,
    }
    let answer: Answer = serde_json::from_str(object(body)?)?;
    Ok(answer.units.0)
}

/// The answer with status 400 to a PutItem for `key` whose condition was refused: the row that is there, if the engine tells it.
/// Any other failure is malformed.
pub(super) fn refused_condition(body: &[u8], key: &str) -> Result<Option<StoredRow>, Malformed> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(rename = "__type", borrow)]
        type_name: Name<'a>,
        /// Where other services name the failure; the AWS SDK prefers it.
        code: Option<IgnoredAny>,
        #[serde(rename = "Item", borrow)]
        item: Option<Row<'a>>,
    }
    let answer: Answer<'_> = serde_json::from_str(object(body)?)?;
    let Name(type_name) = answer.type_name;
    let name = type_name.rsplit_once('#').map_or(&*type_name, |(_, name)| name);
    if name != "ConditionalCheckFailedException" || answer.code.is_some() {
        return Err(Malformed("a failure that is no refused condition".to_owned()));
    }
    Ok(stored_row(answer.item, key))
}

/// The answer to BatchWriteItem.
pub(super) fn batch_write_item(body: &[u8]) -> Result<BatchOutcome<'_>, Malformed> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        /// By the name of the table, or its ARN; one was asked for.
        #[serde(rename = "UnprocessedItems", borrow)]
        unprocessed: Option<BTreeMap<String, Vec<Request<'a>>>>,
        #[serde(rename = "ConsumedCapacity", default)]
        units: Units,
    }
    #[derive(serde::Deserialize)]
    struct Request<'a> {
        #[serde(rename = "PutRequest", borrow)]
        put: Option<Put<'a>>,
        #[serde(rename = "DeleteRequest", borrow)]
        delete: Option<Delete<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Put<'a> {
        #[serde(rename = "Item", borrow)]
        item: Row<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Delete<'a> {
        #[serde(rename = "Key", borrow)]
        key: Row<'a>,
    }
    let answer: Answer<'_> = serde_json::from_str(object(body)?)?;
    let requests = answer.unprocessed.unwrap_or_default().into_values().flatten();
    let unprocessed = requests.map(|request| {
        let row = match (request.put, request.delete) {
            (Some(put), None) => put.item,
            (None, Some(delete)) => delete.key,
            _ => return None,
        };
        Some((row.namespace?, row.key?))
    });
    let unprocessed: Option<Vec<_>> = unprocessed.collect();
    Ok(BatchOutcome {
        unprocessed: unprocessed.ok_or_else(|| Malformed("an unprocessed request that names no row".to_owned()))?,
        units: answer.units.0,
    })
}

/// The body as text that begins an object: serde takes a list for a struct, too.
fn object(body: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(body).map_err(|error| Malformed(error.to_string()))?;
    if text.trim_ascii_start().starts_with('{') {
        return Ok(text);
    }
    Err(Malformed("no JSON object".to_owned()))
}

fn stored_row(row: Option<Row<'_>>, key: &str) -> Option<StoredRow> {
    let row = row.filter(|row| !row.is_empty)?;
    Some(row.stored_as(key.to_owned()))
}

/// The capacity that an answer says was consumed: of one table, or a list of several.
#[derive(Default)]
struct Units(f64);

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitsVisitor;
        impl<'de> Visitor<'de> for UnitsVisitor {
            type Value = Units;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("consumed capacity")
            }

            fn visit_unit<E>(self) -> Result<Units, E> {
                Ok(Units::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Units, A::Error> {
                let mut units = None;
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "CapacityUnits" => units = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Units(units.unwrap_or(0.0)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Units, A::Error> {
                let mut sum = 0.0;
                while let Some(Units(units)) = list.next_element()? {
                    sum += units;
                }
                Ok(Units(sum))
            }
        }
        deserializer.deserialize_any(UnitsVisitor)
    }
}

struct PageVisitor<'n, F> {
    namespace: &'n str,
    visit: F,
}

impl<'de, F: FnMut(StoredRow<Cow<'_, str>>)> DeserializeSeed<'de> for PageVisitor<'_, F> {
    type Value = PageEnd;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PageEnd, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(StoredRow<Cow<'_, str>>)> Visitor<'de> for PageVisitor<'_, F> {
    type Value = PageEnd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of rows")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<PageEnd, A::Error> {
        let mut has_rows = false;
        let mut next = None;
        let mut units = Units::default();
        let mut is_anothers = false;
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "Items" if has_rows => return Err(A::Error::duplicate_field("Items")),
                "Items" => {
                    has_rows = true;
                    is_anothers = map.next_value_seed(RowsVisitor {
                        namespace: self.namespace,
                        visit: &mut self.visit,
                    })?;
                }
                "LastEvaluatedKey" => next = map.next_value::<Option<StartKey>>()?,
                "ConsumedCapacity" => units = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let next = next.map(|StartKey(attributes)| attributes);
        Ok(PageEnd {
            next: next.filter(|attributes| !attributes.is_empty()),
            units: units.0,
            is_anothers,
        })
    }
}

/// Tells whether a row is of another namespace.
struct RowsVisitor<'v, F> {
    namespace: &'v str,
    visit: &'v mut F,
}

impl<'de, F: FnMut(StoredRow<Cow<'_, str>>)> DeserializeSeed<'de> for RowsVisitor<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(StoredRow<Cow<'_, str>>)> Visitor<'de> for RowsVisitor<'_, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut is_anothers = false;
        while let Some(mut row) = list.next_element::<Row<'de>>()? {
            is_anothers |= row.namespace.as_ref().is_some_and(|known| known != self.namespace);
            // A row without a sort key that is a string belongs to nobody.
            if let Some(key) = row.key.take() {
                (self.visit)(row.stored_as(key));
            }
        }
        Ok(is_anothers)
    }
}

#[cfg(test)]
mod tests;
