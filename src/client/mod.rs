//! DynamoDB: requests and their answers in the terms of the table, failures as [`Error`]. The only place that knows the AWS SDK,
//! but for the type that a Rust user hands in (`config/client_factory.rs`).
//!
//! Owns settings, credentials, connections, attempts, and what a failure means. Does not know what its rows are for, nor that there is
//! a cache.

#[cfg(feature = "cli")]
pub(crate) mod administration;
mod answer;
mod attempts;
mod aws_settings;
mod certificate;
mod chain;
mod complaint;
mod connect;
mod credentials;
mod direct;
mod failure;
mod http;
mod optional;
mod proxy;
mod pushed;
mod rows;
mod sdk;
mod sent;
mod this_machine;
mod validation;

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use crate::config::Config;
use crate::error::Result;
use crate::process::{self, Runtime};
use crate::stats::Stats;
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::{NewRow, StoredItem, StoredRow};
use crate::table::key_range::KeyRange;
use direct::{Direct, Findings, Outcome};
use sdk::{surplus_time, Sdk, MAXIMUM_PAGE_BYTES};
use sent::Before;

pub(crate) use complaint::Complaints;
pub(crate) use connect::{bundle_of_profile, reads_aws_files};
pub(crate) use pushed::PushedCredentials;
pub(crate) use rows::{PageStart, PutOutcome, Write};
pub(crate) use sdk::patch::{PatchOutcome, PatchPart, PatchTransaction};

/// One table, reached from one process. Its requests block the thread that polls them, within the call's deadline.
pub(crate) struct Client {
    sdk: Sdk,
    runtime: Arc<Runtime>,
    direct: Arc<DirectWay>,
}

/// The way past the AWS SDK, from the moment on when the endpoint is known.
struct DirectWay {
    /// `None` where that way is never taken.
    findings: Option<Findings>,
    config: Config,
    stats: Arc<Stats>,
    made: OnceLock<Option<Direct>>,
}

/// Whoever takes the rows of a page. What a page has shown is forgotten where it turns out to be none.
pub(crate) trait Rows {
    fn show(&mut self, row: StoredRow<Cow<'_, str>>);
    fn forget_page(&mut self);
}

impl Client {
    /// Finds region and credentials and makes the client, within `runtime`; opens no connection to DynamoDB yet.
    pub(crate) async fn connect(
        config: &Config,
        pushed: Option<&PushedCredentials>,
        stats: Arc<Stats>,
        runtime: Arc<Runtime>,
        complaints: &Complaints,
    ) -> Result<Self> {
        let (sdk, findings) = Sdk::connect(config, pushed, Arc::clone(&stats), complaints).await?;
        let direct = DirectWay {
            findings,
            config: config.clone(),
            stats,
            made: OnceLock::new(),
        };
        Ok(Client {
            sdk,
            runtime,
            direct: Arc::new(direct),
        })
    }

    /// The same table for one init, which may repeat as much as it likes and takes no retry from other calls.
    pub(crate) fn for_init(&self) -> Self {
        Client {
            sdk: self.sdk.for_init(),
            runtime: Arc::clone(&self.runtime),
            direct: Arc::clone(&self.direct),
        }
    }

    /// What `ask` comes to on a connection of this thread's.
    fn directly<T>(&self, ask: impl FnOnce(&Direct) -> Outcome<T>) -> Outcome<T> {
        let way = &*self.direct;
        if process::is_ending() {
            // A destructor of the host's makes the call, and could not be told of anything from this thread.
            return Outcome::HandedOver(Before::default());
        }
        let (Some(findings), Some(endpoint)) = (&way.findings, self.sdk.endpoint()) else {
            return Outcome::HandedOver(Before::default());
        };
        let make = || {
            Direct::new(
                endpoint,
                findings,
                &way.config,
                self.sdk.refused(),
                Arc::clone(&way.stats),
            )
        };
        match way.made.get_or_init(make) {
            Some(direct) => ask(direct),
            None => Outcome::HandedOver(Before::default()),
        }
    }

    /// What `direct` comes to, or `sdk` where that hands the request over.
    fn ask<T: Send>(
        &self,
        operation: &'static str,
        has_sent: Option<&Arc<AtomicBool>>,
        direct: impl FnOnce(&Direct) -> Outcome<T>,
        sdk: impl AsyncFnOnce(&Sdk) -> Result<T> + Send,
    ) -> Result<T> {
        match self.directly(direct) {
            Outcome::Answered(value) => Ok(value),
            Outcome::HandedOver(before) => self.through_sdk(operation, before, has_sent, sdk),
        }
    }

    /// Has the AWS SDK do `work`, which raises `has_sent` with its first request, on this thread or, inside a runtime of the host's,
    /// on another.
    fn through_sdk<T: Send>(
        &self,
        operation: &'static str,
        before: Before,
        has_sent: Option<&Arc<AtomicBool>>,
        work: impl AsyncFnOnce(&Sdk) -> Result<T> + Send,
    ) -> Result<T> {
        if process::is_out_of_time() {
            return Err(self.sdk.out_of_time(operation));
        }
        let deadline = process::deadline();
        let has_sent = has_sent.cloned();
        // Others may drive meanwhile, and this thread only waits.
        let outcome = process::outside(|| {
            self.runtime.block_on(|| {
                sent::noting_requests(has_sent, async {
                    let work = sent::after(before, work(&self.sdk));
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
        let direct = |direct: &Direct| direct.get_row(namespace, key, consistent);
        let sdk = async |sdk: &Sdk| sdk.get_row(namespace, key, consistent).await;
        self.ask("GetItem", None, direct, sdk)
    }

    pub(crate) async fn row_exists(&self, namespace: &str, key: &str, consistent: bool) -> Result<bool> {
        Ok(self.get_row(namespace, key, consistent).await?.is_some())
    }

    /// A row of Big Segments metadata, whose keys are one, or of a membership.
    pub(crate) async fn get_big_segments_row(
        &self,
        namespace: &str,
        key: &str,
        consistent: bool,
    ) -> Result<Option<BigSegmentsRow>> {
        let direct = |direct: &Direct| direct.get_big_segments_row(namespace, key, consistent);
        let sdk = async |sdk: &Sdk| sdk.get_big_segments_row(namespace, key, consistent).await;
        self.ask("GetItem", None, direct, sdk)
    }

    /// A transaction that changes memberships, to be sent until there is an answer.
    pub(crate) fn patch_transaction<'a>(&self, part: PatchPart<'a>) -> Result<PatchTransaction<'a>> {
        self.sdk.patch_transaction(part)
    }

    /// Changes memberships all at once where the cursor is what the patch says, and moves it with the last of them.
    pub(crate) async fn patch_big_segments(&self, transaction: &PatchTransaction<'_>) -> PatchOutcome {
        let patch = async |sdk: &Sdk| Ok(sdk.patch_big_segments(transaction).await);
        let outcome = self.through_sdk("TransactWriteItems", Before::default(), None, patch);
        outcome.unwrap_or_else(|error| PatchOutcome::Failed {
            error,
            may_be_done: true,
        })
    }

    /// Notes in the metadata, whose keys are both `key`, when Big Segments were synchronized.
    pub(crate) async fn put_synchronized_on(&self, key: &str, unix_milliseconds: i64) -> Result<()> {
        let update = async |sdk: &Sdk| sdk.put_synchronized_on(key, unix_milliseconds).await;
        self.through_sdk("UpdateItem", Before::default(), None, update)
    }

    /// One page of a part of a namespace, in the order of the sort key: the first, or the one that `start` of the page before names;
    /// while so many queries in all are under way. Returns where the next one starts.
    pub(crate) async fn query(
        &self,
        queries: usize,
        namespace: &str,
        range: KeyRange<'_>,
        consistent: bool,
        start: Option<PageStart>,
        rows: &mut dyn Rows,
    ) -> Result<Option<PageStart>> {
        let surplus = surplus_time(queries * MAXIMUM_PAGE_BYTES);
        let from = start.as_ref().map(|start| &start.0);
        let asked =
            self.directly(|direct| direct.query(surplus, namespace, range, consistent, from, |row| rows.show(row)));
        let before = match asked {
            Outcome::Answered(value) => return Ok(value.map(PageStart)),
            Outcome::HandedOver(before) => before,
        };
        rows.forget_page();
        let query = async |sdk: &Sdk| sdk.query(queries, namespace, range, consistent, start).await;
        let page = self.through_sdk("Query", before, None, query)?;
        for row in page.rows {
            rows.show(StoredRow {
                key: Cow::Owned(row.key),
                version: row.version,
                item: match row.item {
                    StoredItem::Text(text) => StoredItem::Text(Cow::Owned(text)),
                    StoredItem::Missing => StoredItem::Missing,
                    StoredItem::OtherType => StoredItem::OtherType,
                },
                only_our_attributes: row.only_our_attributes,
            });
        }
        Ok(page.next)
    }

    /// Writes `row` where there is none or an older one; one request even when it is refused, where the engine knows all parameters.
    /// Raises `has_sent` when the first request goes out.
    pub(crate) async fn put_if_newer(&self, row: &NewRow<'_>, has_sent: &Arc<AtomicBool>) -> Result<PutOutcome> {
        let surplus = surplus_time(Write::Put(row).bytes());
        let direct = |direct: &Direct| direct.put_if_newer(surplus, row, has_sent);
        let sdk = async |sdk: &Sdk| sdk.put_if_newer(row).await;
        self.ask("PutItem", Some(has_sent), direct, sdk)
    }

    /// Writes `row` where the item still is what it was in `seen`; raises `has_sent` as `put_if_newer`.
    pub(crate) async fn put_over(
        &self,
        row: &NewRow<'_>,
        seen: &StoredRow,
        has_sent: &Arc<AtomicBool>,
    ) -> Result<PutOutcome> {
        let surplus = surplus_time(Write::Put(row).bytes());
        let direct = |direct: &Direct| direct.put_over(surplus, row, seen, has_sent);
        let sdk = async |sdk: &Sdk| sdk.put_over(row, seen).await;
        self.ask("PutItem", Some(has_sent), direct, sdk)
    }

    /// Writes the row that consists of its two keys.
    pub(crate) async fn put_marker(&self, key: &str) -> Result<()> {
        let sdk = async |sdk: &Sdk| sdk.put_marker(key).await;
        self.ask("PutItem", None, |direct| direct.put_marker(key), sdk)
    }

    /// Sends at most 25 writes of different rows, while so many bytes in all are under way, and returns those that DynamoDB left undone.
    pub(crate) async fn write_batch<'r>(&self, writes: &[Write<'r>], under_way: usize) -> Result<Vec<Write<'r>>> {
        let direct = |direct: &Direct| direct.write_batch(surplus_time(under_way), writes);
        let sdk = async |sdk: &Sdk| sdk.write_batch(writes, under_way).await;
        let mut undone = self.ask("BatchWriteItem", None, direct, sdk)?;
        // One that is named twice would be sent twice, which no engine takes.
        undone.sort_unstable_by(|one, other| one.keys().cmp(&other.keys()));
        undone.dedup_by(|one, other| one.keys() == other.keys());
        Ok(undone)
    }
}
