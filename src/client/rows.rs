//! Rows as the attributes of DynamoDB, in both directions.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};

use crate::table::big_segments::{BigSegmentsRow, SegmentReferences};
use crate::table::item::{NewRow, StoredItem, StoredRow};
use crate::table::schema;

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// One request of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Write<'r> {
    Put(&'r NewRow<'r>),
    Delete { namespace: &'r str, key: &'r str },
}

impl Write<'_> {
    pub(crate) fn keys(&self) -> (&str, &str) {
        match self {
            Write::Put(row) => (row.namespace, &row.key),
            Write::Delete { namespace, key } => (namespace, key),
        }
    }

    /// Those of its texts.
    pub(crate) fn bytes(&self) -> usize {
        let (namespace, key) = self.keys();
        let item = match self {
            Write::Put(row) => row.item.len(),
            Write::Delete { .. } => 0,
        };
        namespace.len() + key.len() + item
    }
}

/// Where a page of a query starts.
#[derive(Clone)]
pub(crate) struct PageStart(pub(super) Attributes);

/// At most a megabyte of rows.
pub(crate) struct Page {
    pub(crate) rows: Vec<StoredRow>,
    /// `None` where this page is the last.
    pub(crate) next: Option<PageStart>,
}

/// What became of a conditional write.
pub(crate) enum PutOutcome {
    Stored,
    Refused {
        /// The row that won, from an engine that tells it with the refusal.
        winner: Option<StoredRow>,
        /// The request was sent before, without an answer that can be believed: the row that won may be its own.
        is_repeated: bool,
    },
}

/// Makes a row of Big Segments of its attributes.
pub(super) fn big_segments_row(mut attributes: Attributes) -> BigSegmentsRow {
    let synchronized_on = attributes.remove(schema::SYNCHRONIZED_ON);
    BigSegmentsRow {
        synchronized_on: synchronized_on.map(|value| value.as_n().ok().and_then(|n| n.parse().ok()).ok_or(())),
        last_version: attributes.remove(schema::LAST_VERSION).map(|value| match value {
            AttributeValue::S(version) => Ok(version),
            _ => Err(()),
        }),
        included: segment_references(attributes.remove(schema::INCLUDED)),
        excluded: segment_references(attributes.remove(schema::EXCLUDED)),
    }
}

fn segment_references(attribute: Option<AttributeValue>) -> SegmentReferences {
    match attribute {
        None => Ok(Vec::new()),
        Some(AttributeValue::Ss(references)) => Ok(references),
        Some(_) => Err(()),
    }
}

/// Bytes of names and values as the official stores count them: UTF-8, digits of numbers, and DynamoDB's own overhead of lists and maps.
#[cfg(feature = "cli")]
pub(super) fn size(attributes: &Attributes) -> usize {
    attributes
        .iter()
        .map(|(name, value)| name.len() + size_of_value(value))
        .sum()
}

#[cfg(feature = "cli")]
fn size_of_value(value: &AttributeValue) -> usize {
    const OF_A_COLLECTION: usize = 3;
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        AttributeValue::L(values) => {
            let values = values.iter().map(|value| 1 + size_of_value(value));
            OF_A_COLLECTION + values.sum::<usize>()
        }
        AttributeValue::M(members) => OF_A_COLLECTION + members.len() + size(members),
        _ => 1,
    }
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn attributes(row: &NewRow<'_>) -> Attributes {
    HashMap::from([
        (schema::NAMESPACE.to_owned(), text(row.namespace)),
        (schema::KEY.to_owned(), text(&row.key)),
        (schema::VERSION.to_owned(), AttributeValue::N(row.version.to_string())),
        (schema::ITEM.to_owned(), text(&row.item)),
    ])
}

/// Makes a row of what is left of its attributes once `key` is known; `key` may have been taken out of them.
pub(super) fn stored_row(key: String, mut attributes: Attributes) -> StoredRow {
    let item = match attributes.remove(schema::ITEM) {
        Some(AttributeValue::S(text)) => StoredItem::Text(text),
        Some(_) => StoredItem::OtherType,
        None => StoredItem::Missing,
    };
    let version = match attributes.remove(schema::VERSION) {
        Some(AttributeValue::N(number)) => number.parse().ok().filter(|&n: &u64| i64::try_from(n).is_ok()),
        _ => None,
    };
    attributes.remove(schema::NAMESPACE);
    attributes.remove(schema::KEY);
    StoredRow {
        key,
        version,
        item,
        only_our_attributes: attributes.is_empty(),
    }
}

pub(super) fn write_request(write: &Write<'_>) -> Result<WriteRequest, BuildError> {
    let request = WriteRequest::builder();
    Ok(match write {
        Write::Put(row) => {
            let put = PutRequest::builder().set_item(Some(attributes(row))).build();
            request.put_request(put?)
        }
        Write::Delete { namespace, key } => {
            let delete = DeleteRequest::builder()
                .key(schema::NAMESPACE, text(namespace))
                .key(schema::KEY, text(key))
                .build();
            request.delete_request(delete?)
        }
    }
    .build())
}

pub(super) fn request_keys(request: &WriteRequest) -> Option<(&str, &str)> {
    let attributes = match (request.put_request(), request.delete_request()) {
        (Some(put), _) => put.item(),
        (None, Some(delete)) => delete.key(),
        (None, None) => return None,
    };
    let namespace = attributes.get(schema::NAMESPACE)?.as_s().ok()?;
    let key = attributes.get(schema::KEY)?.as_s().ok()?;
    Some((namespace, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_as_large_as_its_texts() {
        let row = NewRow {
            namespace: "features",
            key: "abc".into(),
            version: 12,
            item: "{\"key\":1}".into(),
            prerequisites: Vec::new(),
        };
        assert_eq!(Write::Put(&row).bytes(), 8 + 3 + 9);
        let delete = Write::Delete {
            namespace: "segments",
            key: "abcd",
        };
        assert_eq!(delete.bytes(), 8 + 4);
        for write in [Write::Put(&row), delete] {
            let request = write_request(&write).expect("a request");
            assert_eq!(request_keys(&request), Some(write.keys()));
        }
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_row_is_as_large_as_the_official_stores_count_it() {
        use aws_sdk_dynamodb::primitives::Blob;

        let n = |number: &str| AttributeValue::N(number.to_owned());
        let texts = || vec!["a".to_owned(), "bcd".to_owned()];
        let cases = [
            (text("äb"), 3),
            (n("1234"), 4),
            (AttributeValue::Ss(texts()), 4),
            (AttributeValue::Ns(texts()), 4),
            (AttributeValue::B(Blob::new([1, 2])), 2),
            (AttributeValue::Bs(vec![Blob::new([1, 2]), Blob::new([3])]), 3),
            (AttributeValue::L(vec![text("ab"), n("7")]), 3 + 1 + 2 + 1 + 1),
            (
                AttributeValue::M(HashMap::from([
                    ("name".to_owned(), text("ab")),
                    ("n".to_owned(), n("7")),
                ])),
                3 + 2 + (4 + 2) + (1 + 1),
            ),
            (AttributeValue::Bool(true), 1),
            (AttributeValue::Null(true), 1),
        ];
        for (value, expected) in cases {
            let attributes = HashMap::from([("item".to_owned(), value)]);
            assert_eq!(size(&attributes), 4 + expected, "{attributes:?}");
        }
        let both = HashMap::from([("key".to_owned(), text("a")), ("version".to_owned(), n("12"))]);
        assert_eq!(size(&both), 3 + 1 + 7 + 2);
    }
}
