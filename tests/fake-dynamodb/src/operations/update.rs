//! UpdateItem.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::Deserialize;

use crate::attributes::Attributes;
use crate::capacity::{write_units, Report};
use crate::condition::{Condition, Substitutes};
use crate::failure::Failure;
use crate::table::{Key, Row, Table, Tables, ITEM_BYTES};
use crate::update_expression::UpdateExpression;

use super::write::{check, written, ReturnValues};
use super::{find_mut, substitutes, Names, Values, Work};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateItem<'a> {
    #[serde(borrow)]
    pub table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub key: Attributes<'a>,
    #[serde(borrow)]
    update_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    condition_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    expression_attribute_names: Names<'a>,
    #[serde(borrow)]
    expression_attribute_values: Values<'a>,
    #[serde(default)]
    return_values: ReturnValues,
    #[serde(default)]
    return_values_on_condition_check_failure: ReturnValues,
    #[serde(default)]
    return_consumed_capacity: Report,
    #[serde(default, rename = "ReturnItemCollectionMetrics")]
    _return_item_collection_metrics: IgnoredAny,
}

impl UpdateItem<'_> {
    pub fn run(&self, tables: &mut Tables) -> Result<Work, Failure> {
        let table = find_mut(tables, &self.table_name)?;
        let substitutes = substitutes(&self.expression_attribute_names, &self.expression_attribute_values);
        let (update, condition) = (self.update_expression.as_deref(), self.condition_expression.as_deref());
        let parsed = condition.map(|text| Condition::parse(text, &substitutes)).transpose()?;
        let changes = parse(update, &substitutes)?;
        substitutes.check(&[update, condition])?;
        let key = key(table, &self.key, &changes)?;
        check(parsed, table.get(&key), self.return_values_on_condition_check_failure)?;
        let stored = table.get(&key);
        let row = updated(stored, &self.key, &changes)?;
        let units = write_units(row.size.max(stored.map_or(0, |old| old.size)));
        let old = table.put(&key, row);
        Ok(Work {
            rows_written: 1,
            ..written(table, old, self.return_values, units, self.return_consumed_capacity)
        })
    }
}

/// The changes that an UpdateExpression asks for; without one there are none.
pub fn parse<'a>(text: Option<&'a str>, substitutes: &Substitutes<'a>) -> Result<UpdateExpression<'a>, Failure> {
    text.map_or_else(
        || Ok(UpdateExpression::default()),
        |text| UpdateExpression::parse(text, substitutes),
    )
}

/// The key of the row that is updated; no change may be to the key itself.
pub fn key<'k>(table: &Table, attributes: &'k Attributes, changes: &UpdateExpression) -> Result<Key<'k>, Failure> {
    let key = table.key_alone(attributes)?;
    let changed = changes.names().find(|name| table.has_key(name));
    changed.map_or(Ok(key), |name| {
        Err(Failure::validation(format!(
            "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
        )))
    })
}

/// The row after the update; one that was not there begins with its key alone.
pub fn updated(stored: Option<&Row>, key: &Attributes, update: &UpdateExpression) -> Result<Row, Failure> {
    let attributes = match stored {
        Some(row) => update.apply(&Attributes::parse(&row.attributes).expect("stored rows were parsed"))?,
        None => update.apply(key)?,
    };
    let size = Attributes::parse(&attributes).expect("it was written as JSON").size();
    if size > ITEM_BYTES {
        return Err(Failure::validation(
            "Item size to update has exceeded the maximum allowed size",
        ));
    }
    Ok(Row {
        attributes: attributes.into(),
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{run, tables, work};
    use super::super::Operation;
    use super::*;
    use serde_json::{json, Value};

    fn body(more: Value) -> String {
        let mut body = json!({"TableName": "t", "Key": {"namespace": {"S": "n"}, "key": {"S": "k"}}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.to_string()
    }

    fn update(tables: &mut Tables, more: Value) -> Result<Value, Failure> {
        run(tables, Operation::UpdateItem, &body(more))
    }

    fn stored(tables: &mut Tables) -> Value {
        run(tables, Operation::GetItem, &body(json!({}))).unwrap()["Item"].clone()
    }

    fn add(member: &str) -> Value {
        json!({"UpdateExpression": "ADD included :i", "ExpressionAttributeValues": {":i": {"SS": [member]}}})
    }

    #[test]
    fn rows_are_made_and_updated() {
        let mut tables = tables();
        assert_eq!(update(&mut tables, add("a")).unwrap(), json!({}));
        let key = json!({"namespace": {"S": "n"}, "key": {"S": "k"}});
        let mut expected = key.clone();
        expected["included"] = json!({"SS": ["a"]});
        assert_eq!(stored(&mut tables), expected);
        let mut more = add("b");
        more["ReturnValues"] = json!("ALL_OLD");
        more["ReturnConsumedCapacity"] = json!("TOTAL");
        let answer = update(&mut tables, more).unwrap();
        assert_eq!(answer["Attributes"], expected);
        assert_eq!(answer["ConsumedCapacity"]["CapacityUnits"], 1.0);
        let delete =
            json!({"UpdateExpression": "DELETE included :i", "ExpressionAttributeValues": {":i": {"SS": ["b", "a"]}}});
        update(&mut tables, delete).unwrap();
        assert_eq!(stored(&mut tables), key);
    }

    #[test]
    fn an_absent_row_is_made_with_its_key_alone() {
        for more in [
            json!({}),
            json!({"UpdateExpression": "REMOVE included"}),
            json!({"UpdateExpression": "DELETE a :a", "ExpressionAttributeValues": {":a": {"SS": ["x"]}}, "ReturnValues": "ALL_OLD"}),
        ] {
            let mut tables = tables();
            let done = work(&mut tables, Operation::UpdateItem, &body(more), &[]).unwrap();
            assert_eq!(
                (done.body, done.rows_written, done.write_units),
                (b"{}".to_vec(), 1, 1.0)
            );
            assert_eq!(stored(&mut tables), json!({"namespace": {"S": "n"}, "key": {"S": "k"}}));
        }
    }

    #[test]
    fn conditions_decide() {
        let mut tables = tables();
        let set = |previous: &str, cursor: &str| {
            json!({
                "UpdateExpression": "SET #c = :c",
                "ConditionExpression": "attribute_not_exists(#c) OR #c = :p",
                "ExpressionAttributeNames": {"#c": "lastVersion"},
                "ExpressionAttributeValues": {":c": {"S": cursor}, ":p": {"S": previous}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
            })
        };
        update(&mut tables, set("x", "1")).unwrap();
        let refused = update(&mut tables, set("x", "2")).unwrap_err();
        assert_eq!(refused.code, "ConditionalCheckFailedException");
        assert!(refused.item.unwrap().contains(r#""lastVersion":{"S":"1"}"#));
        assert_eq!(stored(&mut tables)["lastVersion"]["S"], "1");
        update(&mut tables, set("1", "2")).unwrap();
        assert_eq!(stored(&mut tables)["lastVersion"]["S"], "2");
    }

    #[test]
    fn what_the_service_refuses_changes_nothing() {
        let set = |name: &str| json!({"UpdateExpression": format!("SET {name} = :v"), "ExpressionAttributeValues": {":v": {"S": "v"}}});
        let large = json!({"UpdateExpression": "SET b = :v", "ExpressionAttributeValues": {":v": {"S": "x".repeat(409_600 - 10)}}});
        let empty = json!({"UpdateExpression": "ADD included :i", "ExpressionAttributeValues": {":i": {"SS": []}}});
        let unused = json!({"UpdateExpression": "REMOVE b", "ExpressionAttributeValues": {":i": {"S": "x"}}});
        for (more, expected) in [
            (set("namespace"), "Cannot update attribute namespace. This attribute is part of the key"),
            (set("key"), "Cannot update attribute key"),
            (large, "Item size to update has exceeded the maximum allowed size"),
            (empty, "may not be empty for key :i"),
            (unused, "unused in expressions: keys: {:i}"),
            (add("a").as_object().map(|add| json!({"UpdateExpression": "ADD a :i", "ExpressionAttributeValues": add["ExpressionAttributeValues"]})).unwrap(), "incorrect data type"),
            (json!({"Key": {"namespace": {"S": "n"}}}), "does not match the schema"),
        ] {
            let mut tables = tables();
            update(&mut tables, set("a")).unwrap();
            let before = stored(&mut tables);
            let failure = update(&mut tables, more).unwrap_err();
            assert_eq!(failure.code, "ValidationException");
            assert!(failure.message.contains(expected), "{}", failure.message);
            assert_eq!(stored(&mut tables), before);
        }
        for field in ["AttributeUpdates", "Expected"] {
            let failure = update(&mut tables(), json!({field: {}})).unwrap_err();
            assert!(failure.code == "SerializationException" && failure.message.contains(field));
        }
        assert!(update(&mut tables(), json!({"ReturnValues": "UPDATED_NEW"})).is_err());
    }
}
