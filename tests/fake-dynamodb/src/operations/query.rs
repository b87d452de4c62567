//! Query: the rows of one partition, in the order of their sort keys.

use std::borrow::Cow;

use serde::Deserialize;

use crate::attributes::{AttributeValue, Attributes, Map};
use crate::capacity::Report;
use crate::condition::{Comparison, Condition, Operand};
use crate::failure::Failure;
use crate::table::{Table, Tables};

use super::page::{filter, limit, page, projection, PageOptions};
use super::{find, substitutes, Names, RowName, Values, Work};

/// The comparison of the older KeyConditions; EQ is the only one taken.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyCondition<'a> {
    #[serde(borrow)]
    attribute_value_list: Vec<AttributeValue<'a>>,
    #[serde(borrow)]
    comparison_operator: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Query<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    key_condition_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key_conditions: Option<Map<'a, KeyCondition<'a>>>,
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
    scan_index_forward: Option<bool>,
    #[serde(default)]
    return_consumed_capacity: Report,
}

impl Query<'_> {
    pub fn rows(&self, tables: &Tables) -> Vec<RowName> {
        let partition = tables
            .get(&*self.table_name)
            .map_or("namespace", |table| &table.partition.name);
        let condition = self.key_condition().ok();
        let value = condition
            .as_ref()
            .and_then(|condition| condition.required(partition))
            .and_then(|value| value.scalar());
        value
            .map(|value| RowName {
                method: "query",
                partition: value.text().into(),
                sort: "".into(),
            })
            .into_iter()
            .collect()
    }

    pub fn run(&self, tables: &Tables) -> Result<Work, Failure> {
        let table = find(tables, &self.table_name)?;
        if self.scan_index_forward == Some(false) {
            return Err(Failure::validation("this endpoint reads forward only"));
        }
        let condition = self.key_condition()?;
        let partition = condition
            .required(&table.partition.name)
            .and_then(|value| value.scalar())
            .ok_or_else(|| {
                Failure::validation(format!(
                    "Query condition missed key schema element: {}",
                    table.partition.name
                ))
            })?;
        let start = self
            .exclusive_start_key
            .as_ref()
            .map(|key| table.key_alone(key))
            .transpose()?;
        let partition = partition.text();
        if start.as_ref().is_some_and(|start| start.partition != partition) {
            return Err(Failure::validation(
                "The provided starting key is outside query boundaries based on provided conditions",
            ));
        }
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
        let rows = table.partition_rows(&partition, start.as_ref().map(|start| &*start.sort));
        if condition.is_single() {
            return Ok(page(table, rows, &options));
        }
        Ok(page(
            table,
            rows.filter(|at| sort_key_matches(&condition, table, at.partition, at.sort)),
            &options,
        ))
    }

    fn key_condition(&self) -> Result<Condition<'_>, Failure> {
        if let Some(text) = &self.key_condition_expression {
            return Condition::parse(
                text,
                &substitutes(&self.expression_attribute_names, &self.expression_attribute_values),
            );
        }
        let missing = || {
            Failure::validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
            )
        };
        let conditions = self.key_conditions.as_ref().ok_or_else(missing)?;
        let comparisons = conditions
            .0
            .iter()
            .map(|(name, condition)| match &*condition.attribute_value_list {
                [value] if condition.comparison_operator == "EQ" => Ok(Condition::Compare(
                    Operand::Attribute(Cow::Borrowed(name)),
                    Comparison::Equal,
                    Operand::Value(value),
                )),
                _ => Err(Failure::validation("this endpoint takes KeyConditions with EQ only")),
            });
        let both = |left, right| Ok(Condition::And(Box::new(left?), Box::new(right?)));
        comparisons.reduce(both).unwrap_or_else(|| Err(missing()))
    }
}

/// Judges a key condition by the key alone, so that no row has to be parsed.
fn sort_key_matches(condition: &Condition, table: &Table, partition: &str, sort: &str) -> bool {
    let key = table.key_json(partition, sort);
    let key = Attributes::parse(&key).expect("a key is written as JSON");
    condition.holds_for(Some(&key))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{filled, keys, run};
    use super::super::Operation;
    use super::*;
    use serde_json::{json, Value};

    fn query(tables: &mut Tables, more: Value) -> Result<Value, Failure> {
        let mut body = json!({"TableName": "t", "KeyConditionExpression": "#n = :n", "ExpressionAttributeNames": {"#n": "namespace"}, "ExpressionAttributeValues": {":n": {"S": "features"}}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run(tables, Operation::Query, &body.to_string())
    }
    const PAGE: usize = 1024 * 1024;

    #[test]
    fn pages_end_at_one_megabyte_and_join_up() {
        // 1037 bytes beside the version, which takes 2 or 3.
        let mut tables = filled(2500, 1000);
        let (mut seen, mut pages, mut more) = (Vec::new(), 0, json!({}));
        loop {
            let page = query(&mut tables, more).unwrap();
            let scanned = page["ScannedCount"].as_u64().unwrap() as usize;
            assert_eq!(scanned, keys(&page).len());
            assert!(
                scanned * 1039 <= PAGE && (page.get("LastEvaluatedKey").is_none() || (scanned + 1) * 1040 > PAGE),
                "{scanned}"
            );
            seen.extend(keys(&page).into_iter().map(str::to_owned));
            pages += 1;
            let Some(last) = page.get("LastEvaluatedKey") else {
                break;
            };
            more = json!({ "ExclusiveStartKey": last });
        }
        assert_eq!((pages, seen.len()), (3, 2500));
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_row_larger_than_what_is_left_begins_the_next_page() {
        let mut tables = filled(4, 390_000);
        let page = query(&mut tables, json!({})).unwrap();
        assert_eq!(keys(&page), ["k00000", "k00001"]);
        assert_eq!(page["LastEvaluatedKey"]["key"]["S"], "k00001");
    }

    #[test]
    fn a_limit_always_gives_a_key_to_go_on_from() {
        let mut tables = filled(2, 1);
        let page = query(&mut tables, json!({"Limit": 2})).unwrap();
        let rest = query(
            &mut tables,
            json!({"Limit": 2, "ExclusiveStartKey": page["LastEvaluatedKey"]}),
        )
        .unwrap();
        assert_eq!((keys(&page).len(), keys(&rest).len()), (2, 0));
        assert_eq!(rest.get("LastEvaluatedKey"), None);
    }

    #[test]
    fn older_clients_send_key_conditions() {
        let mut tables = filled(2, 1);
        let body = json!({"TableName": "t", "ConsistentRead": true, "KeyConditions": {"namespace": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "features"}]}}, "ProjectionExpression": "#n, version", "ExpressionAttributeNames": {"#n": "namespace"}});
        let answer = run(&mut tables, Operation::Query, &body.to_string()).unwrap();
        assert_eq!(
            answer["Items"][1],
            json!({"namespace": {"S": "features"}, "version": {"N": "1"}})
        );
        let refused = body.to_string().replace("EQ", "GT");
        assert!(run(&mut tables, Operation::Query, &refused).is_err());
    }

    #[test]
    fn sort_keys_filters_and_counts() {
        let mut tables = filled(4, 1);
        let between = json!({"KeyConditionExpression": "namespace = :n and #k between :a and :b", "ExpressionAttributeNames": {"#k": "key"}, "ExpressionAttributeValues": {":n": {"S": "features"}, ":a": {"S": "k00001"}, ":b": {"S": "k00002"}}});
        assert_eq!(keys(&query(&mut tables, between).unwrap()), ["k00001", "k00002"]);
        let filtered = json!({"FilterExpression": "version > :v", "ExpressionAttributeValues": {":n": {"S": "features"}, ":v": {"N": "2"}}});
        let filtered = query(&mut tables, filtered).unwrap();
        assert_eq!(
            (keys(&filtered), &filtered["ScannedCount"]),
            (vec!["k00003"], &json!(4))
        );
        let counted = query(&mut tables, json!({"Select": "COUNT"})).unwrap();
        assert_eq!(counted, json!({"Count": 4, "ScannedCount": 4}));
    }

    #[test]
    fn a_query_without_the_partition_key_is_refused() {
        let failure = query(&mut filled(0, 0), json!({"ExpressionAttributeNames": {"#n": "other"}})).unwrap_err();
        assert!(failure.message.contains("missed key schema element: namespace"));
    }
}
