//! The operations: a request is parsed, named for the journal, and carried out on the tables.

mod batch;
mod manage;
mod page;
mod query;
mod read;
mod transact;
mod update;
mod write;

use std::borrow::Cow;
use std::time::Instant;

use serde::Deserialize;

use crate::attributes::{Attributes, Map};
use crate::condition::Substitutes;
use crate::failure::Failure;
use crate::table::{Table, Tables};

pub use transact::Tokens;

macro_rules! operations {
    ($($name:ident),*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation { $($name,)* Unknown }

        impl Operation {
            pub const ALL: &'static [Operation] = &[$(Operation::$name,)* Operation::Unknown];

            /// By the name behind the dot of `X-Amz-Target`.
            pub fn named(name: &str) -> Operation {
                match name { $(stringify!($name) => Operation::$name,)* _ => Operation::Unknown }
            }

            pub fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name),)* Operation::Unknown => "Unknown" }
            }
        }
    };
}

operations!(
    GetItem,
    PutItem,
    UpdateItem,
    DeleteItem,
    Query,
    Scan,
    BatchWriteItem,
    TransactWriteItems,
    CreateTable,
    DeleteTable,
    DescribeTable,
    ListTables
);

pub enum Request<'a> {
    GetItem(read::GetItem<'a>),
    PutItem(write::PutItem<'a>),
    UpdateItem(Box<update::UpdateItem<'a>>),
    DeleteItem(write::DeleteItem<'a>),
    Query(Box<query::Query<'a>>),
    Scan(Box<read::Scan<'a>>),
    BatchWriteItem(batch::BatchWriteItem<'a>),
    TransactWriteItems(transact::TransactWriteItems<'a>),
    CreateTable(manage::CreateTable<'a>),
    DeleteTable(manage::NamedTable<'a>),
    DescribeTable(manage::NamedTable<'a>),
    ListTables(manage::ListTables),
}

/// One row that a request names: for the journal, and to choose unprocessed ones.
#[derive(Debug, Clone, PartialEq)]
pub struct RowName {
    pub method: &'static str,
    pub partition: Box<str>,
    pub sort: Box<str>,
}

/// What a request did.
#[derive(Debug, Default, PartialEq)]
pub struct Work {
    /// The answer's JSON text.
    pub body: Vec<u8>,
    pub read_units: f64,
    pub write_units: f64,
    pub rows_written: u64,
    pub rows_deleted: u64,
}

impl<'a> Request<'a> {
    pub fn parse(operation: Operation, body: &'a [u8]) -> Result<Request<'a>, Failure> {
        fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
            serde_json::from_slice(body).map_err(|error| Failure::unreadable(&error))
        }
        Ok(match operation {
            Operation::GetItem => Request::GetItem(read(body)?),
            Operation::PutItem => Request::PutItem(read(body)?),
            Operation::UpdateItem => Request::UpdateItem(read(body)?),
            Operation::DeleteItem => Request::DeleteItem(read(body)?),
            Operation::Query => Request::Query(read(body)?),
            Operation::Scan => Request::Scan(read(body)?),
            Operation::BatchWriteItem => Request::BatchWriteItem(read(body)?),
            Operation::TransactWriteItems => Request::TransactWriteItems(read(body)?),
            Operation::CreateTable => Request::CreateTable(read(body)?),
            Operation::DeleteTable => Request::DeleteTable(read(body)?),
            Operation::DescribeTable => Request::DescribeTable(read(body)?),
            Operation::ListTables => Request::ListTables(read(body)?),
            Operation::Unknown => {
                return Err(Failure::new(
                    400,
                    "UnknownOperationException",
                    "this endpoint does not have the operation",
                ))
            }
        })
    }

    pub fn writes(&self) -> bool {
        !matches!(
            self,
            Request::GetItem(_)
                | Request::Query(_)
                | Request::Scan(_)
                | Request::DescribeTable(_)
                | Request::ListTables(_)
        )
    }

    /// How many actions a transaction has; none where it is no transaction.
    pub fn actions(&self) -> usize {
        match self {
            Request::TransactWriteItems(request) => request.actions(),
            _ => 0,
        }
    }

    /// The rows it names, in the order of the request; Query has one without a sort key.
    pub fn rows(&self, tables: &Tables) -> Vec<RowName> {
        match self {
            Request::GetItem(request) => named("get", tables, &request.table_name, &request.key),
            Request::PutItem(request) => named("put", tables, &request.table_name, &request.item),
            Request::UpdateItem(request) => named("update", tables, &request.table_name, &request.key),
            Request::DeleteItem(request) => named("delete", tables, &request.table_name, &request.key),
            Request::BatchWriteItem(request) => request.rows(tables),
            Request::TransactWriteItems(request) => request.rows(tables),
            Request::Query(request) => request.rows(tables),
            _ => Vec::new(),
        }
    }

    /// A request that only reads.
    pub fn read(&self, tables: &Tables) -> Result<Work, Failure> {
        match self {
            Request::GetItem(request) => request.run(tables),
            Request::Query(request) => request.run(tables),
            Request::Scan(request) => request.run(tables),
            Request::DescribeTable(request) => request.describe(tables),
            Request::ListTables(request) => request.run(tables),
            _ => unreachable!("it writes"),
        }
    }

    /// A request that writes; `unprocessed` says of each row of a BatchWriteItem whether it is left undone, and is empty where none is.
    pub fn write(&self, tables: &mut Tables, tokens: &mut Tokens, unprocessed: &[bool]) -> Result<Work, Failure> {
        match self {
            Request::PutItem(request) => request.run(tables),
            Request::UpdateItem(request) => request.run(tables),
            Request::DeleteItem(request) => request.run(tables),
            Request::BatchWriteItem(request) => request.run(tables, unprocessed),
            Request::TransactWriteItems(request) => request.run(tables, tokens, Instant::now()),
            Request::CreateTable(request) => request.run(tables),
            Request::DeleteTable(request) => request.delete(tables),
            _ => unreachable!("it only reads"),
        }
    }
}

fn find<'t>(tables: &'t Tables, name: &str) -> Result<&'t Table, Failure> {
    tables.get(name).ok_or_else(Failure::table_not_found)
}

fn find_mut<'t>(tables: &'t mut Tables, name: &str) -> Result<&'t mut Table, Failure> {
    tables.get_mut(name).ok_or_else(Failure::table_not_found)
}

/// The name of a row by the table's key attributes; a table that is not there is taken for the standard one.
fn row_name(method: &'static str, table: Option<&Table>, attributes: &Attributes) -> RowName {
    let text = |name: Option<&str>| {
        let value = name
            .and_then(|name| attributes.values.find(name))
            .and_then(|value| value.scalar());
        value.map(|value| value.text()).unwrap_or_default().into()
    };
    let (partition, sort) = match table {
        Some(table) => (
            table.partition.name.as_str(),
            table.sort.as_ref().map(|sort| sort.name.as_str()),
        ),
        None => ("namespace", Some("key")),
    };
    RowName {
        method,
        partition: text(Some(partition)),
        sort: text(sort),
    }
}

fn named(method: &'static str, tables: &Tables, table: &str, attributes: &Attributes) -> Vec<RowName> {
    vec![row_name(method, tables.get(table), attributes)]
}

/// Field names of an object as the service sends them, each allowed once.
type Names<'a> = Option<Map<'a, Cow<'a, str>>>;
type Values<'a> = Option<Map<'a, crate::attributes::AttributeValue<'a>>>;

fn substitutes<'a>(names: &'a Names<'a>, values: &'a Values<'a>) -> Substitutes<'a> {
    Substitutes {
        names: names.as_ref(),
        values: values.as_ref(),
    }
}

fn push_field(body: &mut Vec<u8>, name: &str, value: &[u8]) {
    if body.last() != Some(&b'{') {
        body.push(b',');
    }
    body.push(b'"');
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\":");
    body.extend_from_slice(value);
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub fn tables() -> Tables {
        Tables::from([("t".to_owned(), Table::standard("t"))])
    }

    /// Carries out a request given as JSON text, and gives the answer's body as a value.
    pub fn run(tables: &mut Tables, operation: Operation, body: &str) -> Result<serde_json::Value, Failure> {
        work(tables, operation, body, &[]).map(|work| serde_json::from_slice(&work.body).expect("the answer is JSON"))
    }

    pub fn work(tables: &mut Tables, operation: Operation, body: &str, unprocessed: &[bool]) -> Result<Work, Failure> {
        let request = Request::parse(operation, body.as_bytes())?;
        if request.writes() {
            request.write(tables, &mut Tokens::default(), unprocessed)
        } else {
            request.read(tables)
        }
    }

    /// The standard table with rows whose `item` has so many bytes.
    pub fn filled(rows: usize, bytes: usize) -> Tables {
        let mut tables = tables();
        for index in 0..rows {
            let item = serde_json::json!({"namespace": {"S": "features"}, "key": {"S": format!("k{index:05}")}, "version": {"N": index.to_string()}, "item": {"S": "x".repeat(bytes)}});
            run(
                &mut tables,
                Operation::PutItem,
                &serde_json::json!({"TableName": "t", "Item": item}).to_string(),
            )
            .unwrap();
        }
        tables
    }
    pub fn keys(answer: &serde_json::Value) -> Vec<&str> {
        answer["Items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["key"]["S"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn operations_have_their_names() {
        for operation in Operation::ALL {
            assert_eq!(Operation::named(operation.name()), *operation);
        }
        assert_eq!(Operation::named("BatchGetItem"), Operation::Unknown);
    }

    #[test]
    fn a_field_that_is_not_known_is_named() {
        let failure = run(&mut tables(), Operation::Query, r#"{"TableName":"t","IndexName":"i"}"#).unwrap_err();
        assert_eq!(failure.code, "SerializationException");
        assert!(failure.message.contains("IndexName"));
    }

    #[test]
    fn rows_are_named() {
        let body = r#"{"RequestItems":{"t":[{"PutRequest":{"Item":{"key":{"S":"k"},"namespace":{"S":"n"}}}},{"DeleteRequest":{"Key":{"namespace":{"S":"n"},"key":{"S":"l"}}}}]}}"#;
        let request = Request::parse(Operation::BatchWriteItem, body.as_bytes()).unwrap();
        let rows = request.rows(&tables());
        let row = |method, sort: &str| RowName {
            method,
            partition: "n".into(),
            sort: sort.into(),
        };
        assert_eq!(rows, [row("put", "k"), row("delete", "l")]);
        let body = r#"{"TransactItems":[{"ConditionCheck":{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"k"}},"ConditionExpression":"a = b"}},{"Put":{"TableName":"t","Item":{"namespace":{"S":"n"},"key":{"S":"l"}}}},{"Update":{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"m"}},"UpdateExpression":"REMOVE a"}},{"Delete":{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"o"}}}}]}"#;
        let request = Request::parse(Operation::TransactWriteItems, body.as_bytes()).unwrap();
        let expected = [
            row("check", "k"),
            row("put", "l"),
            row("update", "m"),
            row("delete", "o"),
        ];
        assert_eq!((request.rows(&tables()), request.actions()), (expected.to_vec(), 4));
        let body = r#"{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"k"}}}"#;
        let request = Request::parse(Operation::UpdateItem, body.as_bytes()).unwrap();
        assert_eq!(request.rows(&tables()), [row("update", "k")]);
    }
}
