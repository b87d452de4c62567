//! What the operator's command asks beside what stores ask: the table itself, whole rows of any namespace, and what is allowed.

use super::Client;
use crate::error::{Error, Result};
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::StoredRow;

/// The table as DynamoDB describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableDescription {
    /// `ACTIVE`, `CREATING`, `UPDATING`, `DELETING` …
    pub(crate) status: String,
    /// The partition key, then the sort key where there is one.
    pub(crate) keys: Vec<KeyAttribute>,
    pub(crate) capacity: Capacity,
    /// Of about the last six hours.
    pub(crate) rows: Option<i64>,
    pub(crate) bytes: Option<i64>,
    pub(crate) arn: Option<String>,
    pub(crate) has_deletion_protection: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyAttribute {
    pub(crate) name: String,
    /// `S`, `N` or `B`.
    pub(crate) attribute_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capacity {
    OnDemand,
    Provisioned { read_units: i64, write_units: i64 },
}

/// A table to make, with the store's keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewTable {
    pub(crate) capacity: Capacity,
    pub(crate) has_deletion_protection: bool,
}

/// Where requests go, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) region: String,
    /// `None` where it is the region's.
    pub(crate) endpoint: Option<String>,
    /// Who handed out the credentials, as the AWS SDK names it; never the credentials.
    pub(crate) credentials: String,
}

/// An action that IAM allows or refuses, which is tried without changing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    GetItem,
    Query,
    Scan,
    PutItem,
    BatchWriteItem,
    UpdateItem,
    ConditionCheckItem,
}

/// Which rows are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent<'a> {
    Table,
    Namespace(&'a str),
}

/// A row of any namespace with all that it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WholeRow {
    pub(crate) namespace: String,
    pub(crate) row: StoredRow,
    /// As DynamoDB counts it against the limit of an item, with the 100 bytes that the official stores add.
    pub(crate) bytes: usize,
    /// Names of attributes that are not the store's four.
    pub(crate) other_attributes: Vec<String>,
    /// What the row is where its namespace is one of Big Segments.
    pub(crate) big_segments: BigSegmentsRow,
}

impl Client {
    pub(crate) async fn describe_table(&self) -> Result<TableDescription> {
        unimplemented!()
    }

    /// Makes the table; `Ok(false)` where there is one of that name.
    pub(crate) async fn create_table(&self, _table: &NewTable) -> Result<bool> {
        unimplemented!()
    }

    pub(crate) async fn identity(&self) -> Result<Identity> {
        unimplemented!()
    }

    /// Tries an action in a way that changes nothing, within the namespaces of `prefix`: `Ok(Some(error))` where it is refused.
    pub(crate) async fn try_action(&self, _prefix: &str, _action: Action) -> Result<Option<Error>> {
        unimplemented!()
    }
}
