//! GetItem and Scan.

use std::borrow::Cow;

use serde::Deserialize;

use crate::attributes::Attributes;
use crate::capacity::{read_units, Report};
use crate::failure::Failure;
use crate::table::Tables;

use super::page::{filter, limit, page, projection, push_item, PageOptions};
use super::{find, push_field, Names, Values, Work};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetItem<'a> {
    #[serde(borrow)]
    pub table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub key: Attributes<'a>,
    #[serde(default)]
    consistent_read: bool,
    #[serde(borrow)]
    projection_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    expression_attribute_names: Names<'a>,
    #[serde(borrow)]
    attributes_to_get: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    return_consumed_capacity: Report,
}

impl GetItem<'_> {
    pub fn run(&self, tables: &Tables) -> Result<Work, Failure> {
        let table = find(tables, &self.table_name)?;
        let projection = projection(
            &self.projection_expression,
            &self.attributes_to_get,
            &self.expression_attribute_names,
        )?;
        let row = table.get(&table.key_alone(&self.key)?);
        let mut body = Vec::with_capacity(128 + row.map_or(0, |row| row.attributes.len()));
        body.push(b'{');
        if let Some(row) = row {
            push_field(&mut body, "Item", b"");
            push_item(&mut body, &row.attributes, projection.as_deref());
        }
        let units = read_units(row.map_or(0, |row| row.size), self.consistent_read);
        if let Some(report) = self.return_consumed_capacity.text(&table.name, units) {
            push_field(&mut body, "ConsumedCapacity", report.as_bytes());
        }
        body.push(b'}');
        Ok(Work {
            body,
            read_units: units,
            ..Work::default()
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Scan<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    filter_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    projection_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    expression_attribute_names: Names<'a>,
    #[serde(borrow)]
    expression_attribute_values: Values<'a>,
    #[serde(borrow)]
    attributes_to_get: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    exclusive_start_key: Option<Attributes<'a>>,
    limit: Option<usize>,
    #[serde(default)]
    consistent_read: bool,
    #[serde(borrow)]
    select: Option<Cow<'a, str>>,
    #[serde(default)]
    return_consumed_capacity: Report,
}

impl Scan<'_> {
    pub fn run(&self, tables: &Tables) -> Result<Work, Failure> {
        let table = find(tables, &self.table_name)?;
        let start = self
            .exclusive_start_key
            .as_ref()
            .map(|key| table.key_alone(key))
            .transpose()?;
        let options = PageOptions {
            limit: limit(self.limit)?,
            filter: filter(
                &self.filter_expression,
                &self.expression_attribute_names,
                &self.expression_attribute_values,
            )?,
            projection: projection(
                &self.projection_expression,
                &self.attributes_to_get,
                &self.expression_attribute_names,
            )?,
            only_count: self.select.as_deref() == Some("COUNT"),
            consistent: self.consistent_read,
            report: self.return_consumed_capacity,
        };
        Ok(page(table, table.all_rows(start.as_ref()), &options))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{filled, keys, run};
    use super::super::Operation;
    use serde_json::json;

    #[test]
    fn get_gives_the_item_or_nothing() {
        let mut tables = filled(1, 3000);
        let get = |key: &str| {
            json!({"TableName": "t", "Key": {"namespace": {"S": "features"}, "key": {"S": key}}, "ConsistentRead": true, "ReturnConsumedCapacity": "TOTAL"}).to_string()
        };
        let found = run(&mut tables, Operation::GetItem, &get("k00000")).unwrap();
        assert_eq!(found["Item"]["version"], json!({"N": "0"}));
        assert_eq!(
            found["ConsumedCapacity"],
            json!({"TableName": "t", "CapacityUnits": 1.0})
        );
        assert_eq!(
            run(&mut tables, Operation::GetItem, &get("k")).unwrap().get("Item"),
            None
        );
        let missing = run(&mut tables, Operation::GetItem, &get("k").replace("\"t\"", "\"u\"")).unwrap_err();
        assert_eq!((missing.status, &*missing.code), (400, "ResourceNotFoundException"));
        let mismatch = run(
            &mut tables,
            Operation::GetItem,
            r#"{"TableName":"t","Key":{"id":{"S":"x"}}}"#,
        )
        .unwrap_err();
        assert_eq!(mismatch.message, "The provided key element does not match the schema");
    }
    #[test]
    fn a_scan_gives_every_row() {
        let mut tables = filled(3, 1);
        let page = run(&mut tables, Operation::Scan, r#"{"TableName":"t","Limit":2}"#).unwrap();
        let rest = json!({"TableName": "t", "ExclusiveStartKey": page["LastEvaluatedKey"]}).to_string();
        assert_eq!(keys(&run(&mut tables, Operation::Scan, &rest).unwrap()), ["k00002"]);
    }
}
