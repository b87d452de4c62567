//! The bodies of the direct requests, as the AWS SDK would send them.

use std::borrow::Cow;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, Serializer};

use crate::client::optional::Asked;
use crate::client::rows::{Attributes, Write};
use crate::table::item::{NewRow, StoredItem, StoredRow};
use crate::table::key_range::KeyRange;
use crate::table::schema;

pub(super) const GET_ITEM: &str = "DynamoDB_20120810.GetItem";
pub(super) const QUERY: &str = "DynamoDB_20120810.Query";
pub(super) const PUT_ITEM: &str = "DynamoDB_20120810.PutItem";
pub(super) const BATCH_WRITE_ITEM: &str = "DynamoDB_20120810.BatchWriteItem";

/// A start of a page that only the AWS SDK can send: its key is neither a string nor a number.
#[derive(Debug)]
pub(super) struct UnusualKey;

/// Appends the body that asks for one row.
pub(super) fn get_item(table: &str, namespace: &str, key: &str, consistent: bool, asked: Asked, body: &mut Vec<u8>) {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct GetItem<'a> {
        table_name: &'a str,
        key: Keys<'a>,
        consistent_read: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        return_consumed_capacity: Option<&'static str>,
    }
    let request = GetItem {
        table_name: table,
        key: Keys::new(namespace, key),
        consistent_read: consistent,
        return_consumed_capacity: consumed_capacity(asked),
    };
    append(&request, body);
}

/// Appends the body that asks for a page of a part of a namespace, the first or the one that begins after `start`.
pub(super) fn query(
    table: &str,
    namespace: &str,
    range: KeyRange<'_>,
    consistent: bool,
    start: Option<&Attributes>,
    asked: Asked,
    body: &mut Vec<u8>,
) -> Result<(), UnusualKey> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Query<'a> {
        table_name: &'a str,
        key_condition_expression: &'static str,
        expression_attribute_names: Names,
        expression_attribute_values: Values<'a>,
        consistent_read: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        return_consumed_capacity: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        exclusive_start_key: Option<StartKey<'a>>,
    }
    #[derive(Serialize)]
    struct Names {
        #[serde(rename = "#namespace")]
        namespace: &'static str,
        #[serde(rename = "#key", skip_serializing_if = "Option::is_none")]
        key: Option<&'static str>,
    }
    #[derive(Serialize)]
    struct Values<'a> {
        #[serde(rename = ":namespace")]
        namespace: Attribute<'a>,
        #[serde(rename = ":from", skip_serializing_if = "Option::is_none")]
        from: Option<Attribute<'a>>,
        #[serde(rename = ":to", skip_serializing_if = "Option::is_none")]
        to: Option<Attribute<'a>>,
    }
    let start = start.map(StartKey::new).transpose()?;
    let request = Query {
        table_name: table,
        key_condition_expression: range.condition(),
        expression_attribute_names: Names {
            namespace: schema::NAMESPACE,
            key: (!range.is_whole()).then_some(schema::KEY),
        },
        expression_attribute_values: Values {
            namespace: Attribute::S(namespace),
            from: range.from.map(Attribute::S),
            to: range.to.map(Attribute::S),
        },
        consistent_read: consistent,
        return_consumed_capacity: consumed_capacity(asked),
        exclusive_start_key: start,
    };
    append(&request, body);
    Ok(())
}

/// Appends the body that writes `row` where there is none or an older one.
pub(super) fn put_if_newer(table: &str, row: &NewRow<'_>, asked: Asked, body: &mut Vec<u8>) {
    let condition = Condition {
        expression: "attribute_not_exists(#version) OR :version > #version",
        name: ("#version", schema::VERSION),
        value: (":version", Attribute::N(row.version.to_string().into())),
    };
    put_conditionally(table, row, condition, asked, body);
}

/// Appends the body that writes `row` where the item still is what it was in `seen`.
pub(super) fn put_over(table: &str, row: &NewRow<'_>, seen: &StoredRow, asked: Asked, body: &mut Vec<u8>) {
    let (expression, value) = match &seen.item {
        StoredItem::Text(item) => ("#item = :item", (":item", Attribute::S(item))),
        StoredItem::Missing | StoredItem::OtherType => {
            ("NOT attribute_type(#item, :string)", (":string", Attribute::S("S")))
        }
    };
    let condition = Condition {
        expression,
        name: ("#item", schema::ITEM),
        value,
    };
    put_conditionally(table, row, condition, asked, body);
}

struct Condition<'a> {
    expression: &'static str,
    name: (&'static str, &'static str),
    value: (&'static str, Attribute<'a>),
}

fn put_conditionally(table: &str, row: &NewRow<'_>, condition: Condition<'_>, asked: Asked, body: &mut Vec<u8>) {
    let request = PutItem {
        table_name: table,
        item: Row::new(row),
        condition_expression: Some(condition.expression),
        expression_attribute_names: Some(OneMember(condition.name)),
        expression_attribute_values: Some(OneMember(condition.value)),
        return_values_on_condition_check_failure: asked.row_of_refusal().map(|_| "ALL_OLD"),
        return_consumed_capacity: consumed_capacity(asked),
    };
    append(&request, body);
}

/// Appends the body that writes the row which consists of its two keys, both `key`.
pub(super) fn put_marker(table: &str, key: &str, asked: Asked, body: &mut Vec<u8>) {
    let request = PutItem {
        table_name: table,
        item: Keys::new(key, key),
        condition_expression: None,
        expression_attribute_names: None,
        expression_attribute_values: None,
        return_values_on_condition_check_failure: None,
        return_consumed_capacity: consumed_capacity(asked),
    };
    append(&request, body);
}

/// Appends the body of at most 25 writes of different rows.
pub(super) fn batch_write_item(table: &str, writes: &[Write<'_>], asked: Asked, body: &mut Vec<u8>) {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct BatchWriteItem<'a> {
        request_items: OneMember<'a, Requests<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        return_consumed_capacity: Option<&'static str>,
    }
    struct Requests<'a>(&'a [Write<'a>]);
    impl Serialize for Requests<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.iter().map(|write| match write {
                Write::Put(row) => Request::PutRequest { item: Row::new(row) },
                Write::Delete { namespace, key } => Request::DeleteRequest {
                    key: Keys::new(namespace, key),
                },
            }))
        }
    }
    #[derive(Serialize)]
    enum Request<'a> {
        #[serde(rename_all = "PascalCase")]
        PutRequest { item: Row<'a> },
        #[serde(rename_all = "PascalCase")]
        DeleteRequest { key: Keys<'a> },
    }
    let request = BatchWriteItem {
        request_items: OneMember((table, Requests(writes))),
        return_consumed_capacity: consumed_capacity(asked),
    };
    append(&request, body);
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutItem<'a, I> {
    table_name: &'a str,
    item: I,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression_attribute_names: Option<OneMember<'a, &'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression_attribute_values: Option<OneMember<'a, Attribute<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values_on_condition_check_failure: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_consumed_capacity: Option<&'static str>,
}

/// An attribute's value under the name of its type.
#[derive(Serialize)]
enum Attribute<'a> {
    S(&'a str),
    N(Cow<'a, str>),
}

/// The names of the members are those of the schema.
#[derive(Serialize)]
struct Keys<'a> {
    namespace: Attribute<'a>,
    key: Attribute<'a>,
}

impl<'a> Keys<'a> {
    fn new(namespace: &'a str, key: &'a str) -> Self {
        Keys {
            namespace: Attribute::S(namespace),
            key: Attribute::S(key),
        }
    }
}

/// The names of the members are those of the schema.
#[derive(Serialize)]
struct Row<'a> {
    namespace: Attribute<'a>,
    key: Attribute<'a>,
    version: Attribute<'a>,
    item: Attribute<'a>,
}

impl<'a> Row<'a> {
    fn new(row: &'a NewRow<'_>) -> Self {
        Row {
            namespace: Attribute::S(row.namespace),
            key: Attribute::S(&row.key),
            version: Attribute::N(row.version.to_string().into()),
            item: Attribute::S(&row.item),
        }
    }
}

/// An object of one member whose name is not known before.
struct OneMember<'a, V>((&'a str, V));

impl<V: Serialize> Serialize for OneMember<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = &self.0;
        serializer.collect_map([(name, value)])
    }
}

struct StartKey<'a>(Vec<(&'a str, Attribute<'a>)>);

impl<'a> StartKey<'a> {
    fn new(attributes: &'a Attributes) -> Result<Self, UnusualKey> {
        let attributes = attributes.iter().map(|(name, value)| match value {
            AttributeValue::S(text) => Ok((&**name, Attribute::S(text))),
            AttributeValue::N(number) => Ok((&**name, Attribute::N(number.into()))),
            _ => Err(UnusualKey),
        });
        Ok(StartKey(attributes.collect::<Result<_, _>>()?))
    }
}

impl Serialize for StartKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn consumed_capacity(asked: Asked) -> Option<&'static str> {
    asked.consumed_capacity().map(|_| "TOTAL")
}

fn append(request: &impl Serialize, body: &mut Vec<u8>) {
    serde_json::to_writer(body, request).expect("texts and numbers fit into JSON, and a Vec takes them all");
}

#[cfg(test)]
mod tests;
