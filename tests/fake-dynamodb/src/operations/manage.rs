//! CreateTable, DeleteTable, DescribeTable and ListTables.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use crate::failure::Failure;
use crate::table::{KeyAttribute, Table, Tables};

use super::{find, Work};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeySchemaElement<'a> {
    #[serde(borrow)]
    attribute_name: Cow<'a, str>,
    #[serde(borrow)]
    key_type: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttributeDefinition<'a> {
    #[serde(borrow)]
    attribute_name: Cow<'a, str>,
    #[serde(borrow)]
    attribute_type: Cow<'a, str>,
}

/// Settings other than the keys mean nothing here, so they are not refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTable<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    key_schema: Vec<KeySchemaElement<'a>>,
    #[serde(borrow)]
    attribute_definitions: Vec<AttributeDefinition<'a>>,
}

impl CreateTable<'_> {
    pub fn run(&self, tables: &mut Tables) -> Result<Work, Failure> {
        if tables.contains_key(&*self.table_name) {
            return Err(Failure::new(
                400,
                "ResourceInUseException",
                format!("Table already exists: {}", self.table_name),
            ));
        }
        let partition = self
            .key("HASH")?
            .ok_or_else(|| Failure::validation("No Hash Key specified in schema"))?;
        let table = Table::new(&self.table_name, partition, self.key("RANGE")?);
        let answer = Work {
            body: json!({"TableDescription": description(&table)})
                .to_string()
                .into_bytes(),
            ..Work::default()
        };
        tables.insert(self.table_name.to_string(), table);
        Ok(answer)
    }

    fn key(&self, key_type: &str) -> Result<Option<KeyAttribute>, Failure> {
        let Some(element) = self.key_schema.iter().find(|element| element.key_type == key_type) else {
            return Ok(None);
        };
        let definition = self
            .attribute_definitions
            .iter()
            .find(|definition| definition.attribute_name == element.attribute_name);
        let definition = definition.ok_or_else(|| {
            Failure::validation("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions.")
        })?;
        Ok(Some(KeyAttribute {
            name: element.attribute_name.to_string(),
            kind: definition.attribute_type.to_string(),
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedTable<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
}

impl NamedTable<'_> {
    pub fn describe(&self, tables: &Tables) -> Result<Work, Failure> {
        let table = find(tables, &self.table_name)?;
        Ok(Work {
            body: json!({"Table": description(table)}).to_string().into_bytes(),
            ..Work::default()
        })
    }

    pub fn delete(&self, tables: &mut Tables) -> Result<Work, Failure> {
        let table = tables.remove(&*self.table_name).ok_or_else(Failure::table_not_found)?;
        Ok(Work {
            body: json!({"TableDescription": description(&table)})
                .to_string()
                .into_bytes(),
            ..Work::default()
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListTables {
    exclusive_start_table_name: Option<String>,
    limit: Option<usize>,
}

impl ListTables {
    pub fn run(&self, tables: &Tables) -> Result<Work, Failure> {
        let after = |name: &&String| {
            self.exclusive_start_table_name
                .as_ref()
                .is_none_or(|start| *name > start)
        };
        let limit = self.limit.unwrap_or(100);
        let names: Vec<_> = tables.keys().filter(after).take(limit).collect();
        let more = tables.keys().filter(after).nth(limit).and(names.last().copied());
        let mut answer = json!({ "TableNames": names });
        if let Some(last) = more {
            answer["LastEvaluatedTableName"] = last.as_str().into();
        }
        Ok(Work {
            body: answer.to_string().into_bytes(),
            ..Work::default()
        })
    }
}

fn description(table: &Table) -> serde_json::Value {
    let keys = [
        Some((&table.partition, "HASH")),
        table.sort.as_ref().map(|sort| (sort, "RANGE")),
    ];
    let schema: Vec<_> = keys
        .iter()
        .flatten()
        .map(|(key, kind)| json!({"AttributeName": key.name, "KeyType": kind}))
        .collect();
    let attributes: Vec<_> = keys
        .iter()
        .flatten()
        .map(|(key, _)| json!({"AttributeName": key.name, "AttributeType": key.kind}))
        .collect();
    json!({
        "TableName": table.name,
        "TableArn": format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", table.name),
        "TableStatus": "ACTIVE",
        "CreationDateTime": 0,
        "KeySchema": schema,
        "AttributeDefinitions": attributes,
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "ItemCount": table.rows(),
        "TableSizeBytes": table.all_rows(None).map(|at| at.row.size).sum::<usize>(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{run, tables};
    use super::super::Operation;
    use serde_json::json;

    #[test]
    fn tables_are_made_described_listed_and_deleted() {
        let mut tables = tables();
        let create = r#"{"TableName":"u","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}"#;
        run(&mut tables, Operation::CreateTable, create).unwrap();
        assert_eq!(
            run(&mut tables, Operation::CreateTable, create).unwrap_err().code,
            "ResourceInUseException"
        );
        let table = run(&mut tables, Operation::DescribeTable, r#"{"TableName":"u"}"#).unwrap();
        assert_eq!(
            table["Table"]["KeySchema"],
            json!([{"AttributeName": "id", "KeyType": "HASH"}])
        );
        assert_eq!(
            run(&mut tables, Operation::ListTables, r#"{"Limit":1}"#).unwrap(),
            json!({"TableNames": ["t"], "LastEvaluatedTableName": "t"})
        );
        assert_eq!(
            run(&mut tables, Operation::ListTables, r#"{"ExclusiveStartTableName":"t"}"#).unwrap(),
            json!({"TableNames": ["u"]})
        );
        run(
            &mut tables,
            Operation::PutItem,
            r#"{"TableName":"u","Item":{"id":{"S":"x"}}}"#,
        )
        .unwrap();
        assert!(run(
            &mut tables,
            Operation::PutItem,
            r#"{"TableName":"u","Item":{"namespace":{"S":"x"}}}"#
        )
        .is_err());
        run(&mut tables, Operation::DeleteTable, r#"{"TableName":"u"}"#).unwrap();
        assert_eq!(
            run(&mut tables, Operation::DescribeTable, r#"{"TableName":"u"}"#)
                .unwrap_err()
                .code,
            "ResourceNotFoundException"
        );
    }
}
