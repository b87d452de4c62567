//! DynamoDB: requests and their answers in the terms of the table, failures as [`Error`]. The only place that knows the AWS SDK,
//! but for the type that a Rust user hands in (`config/client_factory.rs`).
//!
//! Owns settings, credentials, connections, attempts, and what a failure means. Does not know what its rows are for, nor that there is
//! a cache.

mod aws_settings;
mod certificate;
mod chain;
mod complaint;
mod connect;
mod credentials;
#[allow(dead_code)]
mod direct;
mod failure;
mod http;
mod optional;
mod proxy;
mod pushed;
mod rows;
mod sdk;
mod validation;

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::process::{self, Runtime};
use crate::stats::Stats;
use crate::table::big_segments::{MembershipRow, MetadataRow};
use crate::table::item::{NewRow, StoredRow};
use sdk::Sdk;

pub(crate) use complaint::Complaints;
pub(crate) use connect::{bundle_of_profile, noting_requests, reads_aws_files};
pub(crate) use pushed::PushedCredentials;
pub(crate) use rows::{Page, PageStart, PutOutcome, Write};

/// One table, reached from one process. Its requests block the thread that polls them, within the call's deadline.
pub(crate) struct Client {
    sdk: Sdk,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Finds region and credentials and makes the client, within `runtime`; opens no connection to DynamoDB yet.
    pub(crate) async fn connect(
        config: &Config,
        pushed: Option<&PushedCredentials>,
        stats: Arc<Stats>,
        runtime: Arc<Runtime>,
    ) -> Result<Self> {
        Ok(Client {
            sdk: Sdk::connect(config, pushed, stats).await?,
            runtime,
        })
    }

    /// The same table for one init, which may repeat as much as it likes and takes no retry from other calls.
    pub(crate) fn for_init(&self) -> Self {
        Client {
            sdk: self.sdk.for_init(),
            runtime: Arc::clone(&self.runtime),
        }
    }

    /// Has the AWS SDK do `work`, on this thread or, inside a runtime of the host's, on another.
    fn through_sdk<T: Send>(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(&Sdk) -> Result<T> + Send,
    ) -> Result<T> {
        let deadline = process::deadline();
        let noted = connect::noted();
        // Others may drive meanwhile, and this thread only waits.
        let outcome = process::outside(|| {
            self.runtime.block_on(|| {
                connect::within_note(noted, async {
                    let work = work(&self.sdk);
                    match deadline {
                        None => work.await,
                        Some(deadline) => match tokio::time::timeout_at(deadline.into(), work).await {
                            Ok(outcome) => outcome,
                            Err(_) => Err(self.sdk.out_of_time(operation)),
                        },
                    }
                })
            })
        });
        outcome?
    }

    pub(crate) async fn get_row(&self, namespace: &str, key: &str, consistent: bool) -> Result<Option<StoredRow>> {
        self.through_sdk("GetItem", async |sdk| sdk.get_row(namespace, key, consistent).await)
    }

    pub(crate) async fn row_exists(&self, namespace: &str, key: &str, consistent: bool) -> Result<bool> {
        self.through_sdk("GetItem", async |sdk| sdk.row_exists(namespace, key, consistent).await)
    }

    pub(crate) async fn get_big_segments_metadata(&self, key: &str, consistent: bool) -> Result<Option<MetadataRow>> {
        let get = async |sdk: &Sdk| sdk.get_big_segments_metadata(key, consistent).await;
        self.through_sdk("GetItem", get)
    }

    pub(crate) async fn get_big_segments_membership(
        &self,
        namespace: &str,
        context_hash: &str,
        consistent: bool,
    ) -> Result<Option<MembershipRow>> {
        let get = async |sdk: &Sdk| {
            sdk.get_big_segments_membership(namespace, context_hash, consistent)
                .await
        };
        self.through_sdk("GetItem", get)
    }

    /// One page of a namespace, in the order of the sort key: the first, or the one that `start` of the page before names.
    pub(crate) async fn query(&self, namespace: &str, consistent: bool, start: Option<PageStart>) -> Result<Page> {
        self.query_beside(0, namespace, consistent, start).await
    }

    /// The same, while so many queries in all are under way.
    pub(crate) async fn query_beside(
        &self,
        queries: usize,
        namespace: &str,
        consistent: bool,
        start: Option<PageStart>,
    ) -> Result<Page> {
        let query = async |sdk: &Sdk| sdk.query(queries, namespace, consistent, start).await;
        self.through_sdk("Query", query)
    }

    /// Writes `row` where there is none or an older one; one request even when it is refused, where the engine knows all parameters.
    pub(crate) async fn put_if_newer(&self, row: &NewRow<'_>) -> Result<PutOutcome> {
        self.through_sdk("PutItem", async |sdk| sdk.put_if_newer(row).await)
    }

    /// Writes `row` where the item still is what it was in `seen`.
    pub(crate) async fn put_over(&self, row: &NewRow<'_>, seen: &StoredRow) -> Result<PutOutcome> {
        self.through_sdk("PutItem", async |sdk| sdk.put_over(row, seen).await)
    }

    /// Writes the row that consists of its two keys.
    pub(crate) async fn put_marker(&self, key: &str) -> Result<()> {
        self.through_sdk("PutItem", async |sdk| sdk.put_marker(key).await)
    }

    /// Sends at most 25 writes of different rows, while so many bytes in all are under way, and returns those that DynamoDB left undone.
    pub(crate) async fn write_batch<'r>(&self, writes: &[Write<'r>], under_way: usize) -> Result<Vec<Write<'r>>> {
        let write = async |sdk: &Sdk| sdk.write_batch(writes, under_way).await;
        self.through_sdk("BatchWriteItem", write)
    }
}
