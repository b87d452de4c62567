//! PutItem and DeleteItem.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::Deserialize;

use crate::attributes::Attributes;
use crate::capacity::{write_units, Report};
use crate::condition::Condition;
use crate::failure::Failure;
use crate::table::{Row, Table, Tables};

use super::{find_mut, push_field, substitutes, Names, Values, Work};

/// Where the stored item is given back.
#[derive(Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnValues {
    #[default]
    None,
    AllOld,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutItem<'a> {
    #[serde(borrow)]
    pub table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub item: Attributes<'a>,
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

impl PutItem<'_> {
    pub fn run(&self, tables: &mut Tables) -> Result<Work, Failure> {
        let table = find_mut(tables, &self.table_name)?;
        let key = table.key_of_item(&self.item)?;
        let condition = self
            .condition_expression
            .as_ref()
            .map(|text| {
                Condition::parse(
                    text,
                    &substitutes(&self.expression_attribute_names, &self.expression_attribute_values),
                )
            })
            .transpose()?;
        check(
            condition,
            table.get(&key),
            self.return_values_on_condition_check_failure,
        )?;
        let size = self.item.size();
        let old = table.put(
            &key,
            Row {
                attributes: self.item.raw.into(),
                size,
            },
        );
        let units = write_units(size.max(old.as_ref().map_or(0, |old| old.size)));
        Ok(Work {
            rows_written: 1,
            ..written(table, old, self.return_values, units, self.return_consumed_capacity)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteItem<'a> {
    #[serde(borrow)]
    pub table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub key: Attributes<'a>,
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

impl DeleteItem<'_> {
    pub fn run(&self, tables: &mut Tables) -> Result<Work, Failure> {
        let table = find_mut(tables, &self.table_name)?;
        let key = table.key_alone(&self.key)?;
        let condition = self
            .condition_expression
            .as_ref()
            .map(|text| {
                Condition::parse(
                    text,
                    &substitutes(&self.expression_attribute_names, &self.expression_attribute_values),
                )
            })
            .transpose()?;
        check(
            condition,
            table.get(&key),
            self.return_values_on_condition_check_failure,
        )?;
        let old = table.delete(&key);
        let units = write_units(old.as_ref().map_or(0, |old| old.size));
        Ok(Work {
            rows_deleted: 1,
            ..written(table, old, self.return_values, units, self.return_consumed_capacity)
        })
    }
}

/// Judges a condition by the stored row.
pub fn check(condition: Option<Condition>, row: Option<&Row>, give_back: ReturnValues) -> Result<(), Failure> {
    let Some(condition) = condition else {
        return Ok(());
    };
    let item = row.map(|row| Attributes::parse(&row.attributes).expect("stored rows were parsed"));
    if condition.holds_for(item.as_ref()) {
        return Ok(());
    }
    let item = row
        .filter(|_| give_back == ReturnValues::AllOld)
        .map(|row| row.attributes.clone());
    Err(Failure::condition(item, write_units(row.map_or(0, |row| row.size))))
}

pub fn written(table: &Table, old: Option<Row>, give_back: ReturnValues, units: f64, report: Report) -> Work {
    let mut body = b"{".to_vec();
    if let (Some(old), ReturnValues::AllOld) = (old, give_back) {
        push_field(&mut body, "Attributes", old.attributes.as_bytes());
    }
    if let Some(report) = report.text(&table.name, units) {
        push_field(&mut body, "ConsumedCapacity", report.as_bytes());
    }
    body.push(b'}');
    Work {
        body,
        write_units: units,
        ..Work::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{run, tables};
    use super::super::Operation;
    use super::*;
    use serde_json::{json, Value};

    fn upsert(tables: &mut Tables, version: u64, give_back: &str) -> Result<Value, Failure> {
        let item = json!({"namespace": {"S": "n"}, "key": {"S": "k"}, "version": {"N": version.to_string()}});
        let body = json!({
            "TableName": "t", "Item": item,
            "ConditionExpression": "attribute_not_exists(#version) or :version > #version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":version": {"N": version.to_string()}},
            "ReturnValuesOnConditionCheckFailure": give_back, "ReturnConsumedCapacity": "INDEXES"
        });
        run(tables, Operation::PutItem, &body.to_string())
    }

    #[test]
    fn the_higher_version_stands() {
        let mut tables = tables();
        assert_eq!(
            upsert(&mut tables, 9, "NONE").unwrap()["ConsumedCapacity"]["Table"]["CapacityUnits"],
            1.0
        );
        assert!(upsert(&mut tables, 10, "NONE").is_ok());
        let refused = upsert(&mut tables, 10, "NONE").unwrap_err();
        assert_eq!(
            (&*refused.code, refused.item),
            ("ConditionalCheckFailedException", None)
        );
        let refused = upsert(&mut tables, 9, "ALL_OLD").unwrap_err();
        let winner: Value = serde_json::from_str(&refused.item.unwrap()).unwrap();
        assert_eq!(winner["version"]["N"], "10");
    }

    #[test]
    fn a_delete_gives_the_old_item_back() {
        let mut tables = tables();
        upsert(&mut tables, 1, "NONE").unwrap();
        let body = r#"{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"k"}},"ReturnValues":"ALL_OLD"}"#;
        assert_eq!(
            run(&mut tables, Operation::DeleteItem, body).unwrap()["Attributes"]["version"]["N"],
            "1"
        );
        assert_eq!(run(&mut tables, Operation::DeleteItem, body).unwrap(), json!({}));
    }

    #[test]
    fn a_bad_expression_writes_nothing() {
        let mut tables = tables();
        let body =
            r#"{"TableName":"t","Item":{"namespace":{"S":"n"},"key":{"S":"k"}},"ConditionExpression":"version >"}"#;
        assert_eq!(
            run(&mut tables, Operation::PutItem, body).unwrap_err().code,
            "ValidationException"
        );
        assert_eq!(tables["t"].rows(), 0);
    }
}
