//! What the operator's command asks beside what stores ask: the table itself, whole rows of any namespace, and what is allowed.

use super::rows::PageStart;
use super::sdk::Sdk;
use super::sent::Before;
use super::Client;
use crate::error::{Error, Result};
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::StoredRow;
use crate::table::schema;

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
    /// Where the credentials come from, in words; never the credentials.
    pub(crate) credentials: String,
}

/// An action that IAM allows or refuses, which is tried without changing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    GetItem,
    Query,
    PutItem,
    BatchWriteItem,
    UpdateItem,
    ConditionCheckItem,
}

impl Action {
    /// As a policy has it, behind `dynamodb:`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Action::GetItem => "GetItem",
            Action::Query => "Query",
            Action::PutItem => "PutItem",
            Action::BatchWriteItem => "BatchWriteItem",
            Action::UpdateItem => "UpdateItem",
            Action::ConditionCheckItem => "ConditionCheckItem",
        }
    }
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
    /// As the official stores count it against their limit: names, values, digits of numbers, and 100.
    pub(crate) bytes: usize,
    /// Names of attributes that are not the store's four.
    pub(crate) other_attributes: Vec<String>,
    /// What the row is where its namespace is one of Big Segments.
    pub(crate) big_segments: BigSegmentsRow,
}

/// At most a megabyte of rows.
pub(crate) struct WholePage {
    pub(crate) rows: Vec<WholeRow>,
    /// `None` where this page is the last.
    pub(crate) next: Option<PageStart>,
}

impl Client {
    pub(crate) async fn describe_table(&self) -> Result<TableDescription> {
        let describe = async |sdk: &Sdk| sdk.describe_table().await;
        self.through_sdk("DescribeTable", Before::default(), None, describe)
    }

    /// Makes the table; `Ok(false)` where there is one of that name.
    pub(crate) async fn create_table(&self, table: &NewTable) -> Result<bool> {
        let create = async |sdk: &Sdk| sdk.create_table(table).await;
        self.through_sdk("CreateTable", Before::default(), None, create)
    }

    /// Looks for the credentials, and asks the table nothing.
    pub(crate) async fn identity(&self) -> Result<Identity> {
        let look = async |sdk: &Sdk| sdk.identity().await;
        self.through_sdk("looking for credentials", Before::default(), None, look)
    }

    /// Tries an action in a way that changes nothing, within the namespaces of `prefix`: `Ok(Some(error))` where it is refused.
    pub(crate) async fn try_action(&self, prefix: &str, action: Action) -> Result<Option<Error>> {
        // No kind begins with "$", so that no store takes this row for its own; and it is within what a policy gives to the prefix.
        let key = schema::prefixed(prefix, "$check");
        let attempt = async |sdk: &Sdk| sdk.try_action(&key, action).await;
        self.through_sdk(action.name(), Before::default(), None, attempt)
    }

    /// One page of rows: the first, or the one that `start` of the page before names.
    pub(crate) async fn whole_rows(
        &self,
        extent: Extent<'_>,
        consistent: bool,
        start: Option<PageStart>,
    ) -> Result<WholePage> {
        let operation = match extent {
            Extent::Table => "Scan",
            Extent::Namespace(_) => "Query",
        };
        let read = async |sdk: &Sdk| sdk.whole_rows(extent, consistent, start).await;
        self.through_sdk(operation, Before::default(), None, read)
    }
}
