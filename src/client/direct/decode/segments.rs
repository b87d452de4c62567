//! A row of Big Segments out of the attributes in an answer, under the rules of `rows.rs`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::attributes::Attribute;
use crate::table::big_segments::{BigSegmentsRow, SegmentReferences};
use crate::table::item::Name;
use crate::table::schema;

/// What the attributes say. Of an attribute that is there twice, the last counts.
pub(super) struct SegmentsRow<'a> {
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) row: BigSegmentsRow,
    /// Whether there is no attribute at all, which is how some engines say that there is no row.
    pub(super) is_empty: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for SegmentsRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = SegmentsRow<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row's attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SegmentsRow<'de>, A::Error> {
                let mut found = SegmentsRow {
                    namespace: None,
                    key: None,
                    row: BigSegmentsRow {
                        synchronized_on: None,
                        last_version: None,
                        included: Ok(Vec::new()),
                        excluded: Ok(Vec::new()),
                    },
                    is_empty: true,
                };
                while let Some(Name(name)) = map.next_key()? {
                    let attribute: Attribute<'de> = map.next_value()?;
                    found.is_empty = false;
                    match &*name {
                        schema::NAMESPACE => found.namespace = attribute.into_text(),
                        schema::KEY => found.key = attribute.into_text(),
                        schema::SYNCHRONIZED_ON => found.row.synchronized_on = Some(attribute.integer().ok_or(())),
                        schema::LAST_VERSION => {
                            found.row.last_version = Some(attribute.into_text().map(Cow::into_owned).ok_or(()));
                        }
                        schema::INCLUDED => found.row.included = references(attribute),
                        schema::EXCLUDED => found.row.excluded = references(attribute),
                        _ => {}
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(RowVisitor)
    }
}

fn references(attribute: Attribute<'_>) -> SegmentReferences {
    match attribute {
        Attribute::Texts(references) => Ok(references),
        _ => Err(()),
    }
}
