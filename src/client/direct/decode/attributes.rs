//! A row out of the attributes in an answer, under the rules of `rows.rs`, without a map of them.

use std::borrow::Cow;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::client::rows::Attributes;
use crate::table::item::{Name, StoredItem, StoredRow};
use crate::table::schema;

/// What a row's attributes say. Of an attribute that is there twice, the last counts.
pub(super) struct Row<'a> {
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) key: Option<Cow<'a, str>>,
    version: Option<u64>,
    item: StoredItem<Cow<'a, str>>,
    only_our_attributes: bool,
    /// Whether there is no attribute at all, which is how some engines say that there is no row.
    pub(super) is_empty: bool,
}

impl<'a> Row<'a> {
    /// The row under `key`, which its own attribute need not hold.
    pub(super) fn stored_as<T: From<Cow<'a, str>>>(self, key: T) -> StoredRow<T> {
        StoredRow {
            key,
            version: self.version,
            item: match self.item {
                StoredItem::Text(text) => StoredItem::Text(text.into()),
                StoredItem::Missing => StoredItem::Missing,
                StoredItem::OtherType => StoredItem::OtherType,
            },
            only_our_attributes: self.only_our_attributes,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = Row<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row's attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
                let mut row = Row {
                    namespace: None,
                    key: None,
                    version: None,
                    item: StoredItem::Missing,
                    only_our_attributes: true,
                    is_empty: true,
                };
                while let Some(Name(name)) = map.next_key()? {
                    let attribute: Attribute<'de> = map.next_value()?;
                    row.is_empty = false;
                    match &*name {
                        schema::NAMESPACE => row.namespace = attribute.into_text(),
                        schema::KEY => row.key = attribute.into_text(),
                        schema::VERSION => row.version = attribute.version(),
                        schema::ITEM => {
                            row.item = attribute.into_text().map_or(StoredItem::OtherType, StoredItem::Text);
                        }
                        _ => row.only_our_attributes = false,
                    }
                }
                Ok(row)
            }
        }
        deserializer.deserialize_map(RowVisitor)
    }
}

/// One attribute's value.
pub(super) enum Attribute<'a> {
    Text(Cow<'a, str>),
    Number(Cow<'a, str>),
    Texts(Vec<String>),
    /// Of another type; what it holds is not looked at.
    Other,
}

impl<'a> Attribute<'a> {
    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Attribute::Text(text) => Some(text),
            Attribute::Number(_) | Attribute::Texts(_) | Attribute::Other => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Attribute::Number(number) => number.parse().ok(),
            Attribute::Text(_) | Attribute::Texts(_) | Attribute::Other => None,
        }
    }

    fn version(&self) -> Option<u64> {
        match self {
            Attribute::Number(number) => number
                .parse()
                .ok()
                .filter(|&number: &u64| i64::try_from(number).is_ok()),
            Attribute::Text(_) | Attribute::Texts(_) | Attribute::Other => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attribute<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AttributeVisitor;
        impl<'de> Visitor<'de> for AttributeVisitor {
            type Value = Attribute<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an attribute's value under the name of its type")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attribute<'de>, A::Error> {
                let mut attribute = None;
                while let Some(Name(name)) = map.next_key()? {
                    // A type that is `null` is not there.
                    let value = match &*name {
                        "S" => map
                            .next_value::<Option<Name>>()?
                            .map(|Name(text)| Attribute::Text(text)),
                        "N" => map
                            .next_value::<Option<Name>>()?
                            .map(|Name(number)| Attribute::Number(number)),
                        "SS" => map.next_value::<Option<Vec<String>>>()?.map(Attribute::Texts),
                        "B" | "NS" | "BS" | "M" | "L" | "NULL" | "BOOL" => {
                            map.next_value::<Option<IgnoredAny>>()?.map(|_| Attribute::Other)
                        }
                        _ => return Err(A::Error::custom("an attribute of a type that DynamoDB does not have")),
                    };
                    if value.is_some() && attribute.is_some() {
                        return Err(A::Error::custom("an attribute of two types"));
                    }
                    attribute = attribute.or(value);
                }
                attribute.ok_or_else(|| A::Error::custom("an attribute without a type"))
            }
        }
        deserializer.deserialize_map(AttributeVisitor)
    }
}

/// The key attributes of the row after which the next page starts.
pub(super) struct StartKey(pub(super) Attributes);

impl<'de> Deserialize<'de> for StartKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StartKeyVisitor;
        impl<'de> Visitor<'de> for StartKeyVisitor {
            type Value = StartKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("key attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StartKey, A::Error> {
                let mut attributes = Attributes::new();
                while let Some(name) = map.next_key()? {
                    let value = match map.next_value()? {
                        Attribute::Text(text) => AttributeValue::S(text.into_owned()),
                        Attribute::Number(number) => AttributeValue::N(number.into_owned()),
                        Attribute::Texts(_) | Attribute::Other => {
                            return Err(A::Error::custom("a key that is neither a string nor a number"))
                        }
                    };
                    attributes.insert(name, value);
                }
                Ok(StartKey(attributes))
            }
        }
        deserializer.deserialize_map(StartKeyVisitor)
    }
}
