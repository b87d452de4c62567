//! BatchWriteItem: every row is judged before the first is written.

use serde::de::IgnoredAny;
use serde::Deserialize;

use crate::attributes::{Attributes, Map};
use crate::capacity::{write_units, Report};
use crate::failure::Failure;
use crate::table::{Key, Row, Table, Tables};

use super::{find, find_mut, push_field, row_name, RowName, Work};

const BATCH_ROWS: usize = 25;

/// One row: exactly one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum WriteRequest<'a> {
    #[serde(borrow)]
    PutRequest(Put<'a>),
    #[serde(borrow)]
    DeleteRequest(Delete<'a>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Put<'a> {
    #[serde(borrow)]
    item: Attributes<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Delete<'a> {
    #[serde(borrow)]
    key: Attributes<'a>,
}

impl WriteRequest<'_> {
    fn key<'k>(&'k self, table: &Table) -> Result<Key<'k>, Failure> {
        match self {
            WriteRequest::PutRequest(put) => table.key_of_item(&put.item),
            WriteRequest::DeleteRequest(delete) => table.key_alone(&delete.key),
        }
    }

    fn text(&self) -> String {
        match self {
            WriteRequest::PutRequest(put) => {
                format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, put.item.raw)
            }
            WriteRequest::DeleteRequest(delete) => {
                format!(r#"{{"DeleteRequest":{{"Key":{}}}}}"#, delete.key.raw)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchWriteItem<'a> {
    #[serde(borrow)]
    request_items: Map<'a, Vec<WriteRequest<'a>>>,
    #[serde(default)]
    return_consumed_capacity: Report,
    #[serde(default, rename = "ReturnItemCollectionMetrics")]
    _return_item_collection_metrics: IgnoredAny,
}

impl BatchWriteItem<'_> {
    pub fn rows(&self, tables: &Tables) -> Vec<RowName> {
        let rows = self.request_items.0.iter().flat_map(|(name, requests)| {
            let table = tables.get(&**name);
            requests.iter().map(move |request| match request {
                WriteRequest::PutRequest(put) => row_name("put", table, &put.item),
                WriteRequest::DeleteRequest(delete) => row_name("delete", table, &delete.key),
            })
        });
        rows.collect()
    }

    /// The keys in the order of the request, or the reason why the whole batch is refused.
    fn keys(&self, tables: &Tables) -> Result<Vec<(&str, Key<'_>)>, Failure> {
        let count: usize = self.request_items.0.iter().map(|(_, requests)| requests.len()).sum();
        if count > BATCH_ROWS {
            return Err(Failure::validation(format!(
                "Too many items requested for the BatchWriteItem call: {count}, at most {BATCH_ROWS}"
            )));
        }
        if count == 0 || self.request_items.0.iter().any(|(_, requests)| requests.is_empty()) {
            return Err(Failure::validation(
                "The batch write request list for a table cannot be null or empty",
            ));
        }
        let mut keys: Vec<(&str, Key)> = Vec::with_capacity(count);
        for (name, requests) in &self.request_items.0 {
            let table = find(tables, name)?;
            for request in requests {
                let place = (&**name, request.key(table)?);
                if keys.contains(&place) {
                    return Err(Failure::validation("Provided list of item keys contains duplicates"));
                }
                keys.push(place);
            }
        }
        Ok(keys)
    }

    /// `unprocessed` says of each row, in the order of the request, whether it is left undone; empty where none is.
    pub fn run(&self, tables: &mut Tables, unprocessed: &[bool]) -> Result<Work, Failure> {
        let keys = self.keys(tables)?;
        let mut work = Work::default();
        let (mut undone, mut reports) = (Vec::new(), Vec::new());
        let mut rows = keys.iter().enumerate();
        for (name, requests) in &self.request_items.0 {
            let table = find_mut(tables, name)?;
            let (mut units, mut left) = (0.0, Vec::new());
            for (request, (index, (_, key))) in requests.iter().zip(&mut rows) {
                if unprocessed.get(index) == Some(&true) {
                    left.push(request.text());
                    continue;
                }
                units += apply(table, key, request, &mut work);
            }
            if !left.is_empty() {
                undone.push(format!("{}:[{}]", serde_json::Value::from(&**name), left.join(",")));
            }
            reports.extend(self.return_consumed_capacity.text(name, units));
            work.write_units += units;
        }
        work.body = format!(r#"{{"UnprocessedItems":{{{}}}"#, undone.join(",")).into_bytes();
        if !reports.is_empty() {
            push_field(
                &mut work.body,
                "ConsumedCapacity",
                format!("[{}]", reports.join(",")).as_bytes(),
            );
        }
        work.body.push(b'}');
        Ok(work)
    }
}

/// Writes one row; gives the units it consumed.
fn apply(table: &mut Table, key: &Key, request: &WriteRequest, work: &mut Work) -> f64 {
    match request {
        WriteRequest::PutRequest(put) => {
            let size = put.item.size();
            work.rows_written += 1;
            let old = table.put(
                key,
                Row {
                    attributes: put.item.raw.into(),
                    size,
                },
            );
            write_units(size.max(old.map_or(0, |old| old.size)))
        }
        WriteRequest::DeleteRequest(_) => {
            work.rows_deleted += 1;
            write_units(table.delete(key).map_or(0, |old| old.size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{run, tables, work};
    use super::super::Operation;
    use serde_json::{json, Value};

    fn put(key: &str) -> Value {
        json!({"PutRequest": {"Item": {"namespace": {"S": "n"}, "key": {"S": key}, "version": {"N": "1"}}}})
    }

    fn delete(key: &str) -> Value {
        json!({"DeleteRequest": {"Key": {"namespace": {"S": "n"}, "key": {"S": key}}}})
    }

    fn batch(requests: &[Value]) -> String {
        json!({"RequestItems": {"t": requests}, "ReturnConsumedCapacity": "TOTAL"}).to_string()
    }

    #[test]
    fn rows_are_put_and_deleted() {
        let mut tables = tables();
        let answer = run(&mut tables, Operation::BatchWriteItem, &batch(&[put("a"), put("b")])).unwrap();
        assert_eq!(
            answer,
            json!({"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 2.0}]})
        );
        run(
            &mut tables,
            Operation::BatchWriteItem,
            &batch(&[delete("a"), delete("z"), put("c")]),
        )
        .unwrap();
        let left: Vec<_> = tables["t"].all_rows(None).map(|at| at.sort.to_owned()).collect();
        assert_eq!(left, ["b", "c"]);
    }

    #[test]
    fn unprocessed_rows_are_given_back_and_not_done() {
        let mut tables = tables();
        run(
            &mut tables,
            Operation::PutItem,
            &json!({"TableName": "t", "Item": put("d")["PutRequest"]["Item"]}).to_string(),
        )
        .unwrap();
        let requests = [put("a"), put("b"), delete("d"), put("c")];
        let done = work(
            &mut tables,
            Operation::BatchWriteItem,
            &batch(&requests),
            &[false, true, true, false],
        )
        .unwrap();
        let answer: Value = serde_json::from_slice(&done.body).unwrap();
        assert_eq!(answer["UnprocessedItems"], json!({"t": [put("b"), delete("d")]}));
        assert_eq!((done.rows_written, done.rows_deleted, done.write_units), (2, 0, 2.0));
        let left: Vec<_> = tables["t"].all_rows(None).map(|at| at.sort.to_owned()).collect();
        assert_eq!(left, ["a", "c", "d"]);
    }

    #[test]
    fn a_bad_row_refuses_the_whole_batch() {
        let many: Vec<_> = (0..26).map(|index| put(&index.to_string())).collect();
        let large = json!({"PutRequest": {"Item": {"namespace": {"S": "n"}, "key": {"S": "l"}, "item": {"S": "x".repeat(409_600)}}}});
        for (requests, expected) in [
            (many, "Too many items"),
            (vec![put("a"), delete("a")], "contains duplicates"),
            (vec![put("a"), put("")], "empty string"),
            (vec![put("a"), large], "exceeded the maximum allowed size"),
            (vec![], "null or empty"),
        ] {
            let mut tables = tables();
            let failure = run(&mut tables, Operation::BatchWriteItem, &batch(&requests)).unwrap_err();
            assert_eq!(failure.code, "ValidationException");
            assert!(failure.message.contains(expected), "{}", failure.message);
            assert_eq!(tables["t"].rows(), 0);
        }
        let elsewhere = batch(&[put("a")]).replace("\"t\"", "\"u\"");
        assert_eq!(
            run(&mut tables(), Operation::BatchWriteItem, &elsewhere)
                .unwrap_err()
                .code,
            "ResourceNotFoundException"
        );
    }
}
