//! The table through the AWS SDK: everything that is not sent directly, and every failure.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity};

use super::complaint::Complaints;
use super::connect;
use super::direct::Findings;
use super::failure;
use super::optional::{Asked, Refused};
use super::pushed::PushedCredentials;
use super::rows::{attributes, big_segments_row, request_keys, stored_row, text, write_request, Attributes, Write};
use super::rows::{Page, PageStart, PutOutcome};
use super::sent;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::stats::Stats;
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::{NewRow, StoredItem, StoredRow};
use crate::table::key_range::KeyRange;
use crate::table::schema;

/// At least so many bytes a second are expected of a connection on which nothing is wrong.
const SLOWEST_BYTES_PER_SECOND: usize = 500_000;
/// DynamoDB ends a page of a query here.
pub(super) const MAXIMUM_PAGE_BYTES: usize = 1024 * 1024;

/// So much longer an attempt may take that carries so many bytes; nothing where that changes little.
pub(super) fn surplus_time(bytes: usize) -> Duration {
    let surplus = Duration::from_secs_f64(bytes as f64 / SLOWEST_BYTES_PER_SECOND as f64);
    // A request with settings of its own costs more, and most are small.
    match surplus < Duration::from_millis(100) {
        true => Duration::ZERO,
        false => surplus,
    }
}

/// One table, reached with one set of credentials, from one process.
pub(super) struct Sdk {
    dynamodb: aws_sdk_dynamodb::Client,
    settings: connect::Settings,
    table: String,
    place: String,
    proxy: Option<&'static str>,
    /// `None` where it is the region's.
    #[cfg(feature = "cli")]
    named_endpoint: Option<String>,
    pub(super) stats: Arc<Stats>,
    refused: Arc<Refused>,
}

/// Sends a request, whose attempts may take longer by the time that `$bytes` need where nothing is wrong.
macro_rules! send {
    ($client:expr, $request:expr, $bytes:expr) => {
        match $client.own_settings($bytes) {
            None => $request.send().await,
            Some(settings) => $request.customize().config_override(settings).send().await,
        }
    };
}

#[cfg(feature = "cli")]
mod administration;
pub(super) mod patch;
#[cfg(feature = "cli")]
mod permissions;
#[cfg(test)]
mod tests;

impl Sdk {
    /// Finds region and credentials and makes the client; opens no connection to DynamoDB yet.
    pub(super) async fn connect(
        config: &Config,
        pushed: Option<&PushedCredentials>,
        stats: Arc<Stats>,
        complaints: &Complaints,
    ) -> Result<(Self, Option<Findings>)> {
        let (settings, place) = connect::connect(config, pushed, &stats, complaints).await?;
        let dynamodb = connect::with_own_quota(&settings, "ld-dynamo-store");
        let (proxy, findings, endpoint) = (place.proxy, place.findings, place.endpoint.clone());
        let at = place
            .endpoint
            .map(|endpoint| format!(" at {endpoint}"))
            .unwrap_or_default();
        let place = format!("table {:?} in region {:?}{at}", config.table, place.region);
        if let Some(endpoint) = &endpoint {
            settings.asked.note(endpoint);
        }
        let sdk = Sdk {
            dynamodb,
            settings,
            table: config.table.clone(),
            place,
            proxy,
            #[cfg(feature = "cli")]
            named_endpoint: endpoint,
            stats,
            refused: Arc::default(),
        };
        Ok((sdk, findings))
    }

    /// The same table for one init, which may repeat as much as it likes and takes no retry from other calls.
    pub(super) fn for_init(&self) -> Self {
        Sdk {
            dynamodb: connect::with_own_quota(&self.settings, "ld-dynamo-store init"),
            settings: self.settings.clone(),
            table: self.table.clone(),
            place: self.place.clone(),
            proxy: self.proxy,
            #[cfg(feature = "cli")]
            named_endpoint: self.named_endpoint.clone(),
            stats: Arc::clone(&self.stats),
            refused: Arc::clone(&self.refused),
        }
    }

    /// The endpoint that is asked, once that is known.
    pub(super) fn endpoint(&self) -> Option<&str> {
        self.settings.asked.endpoint()
    }

    pub(super) fn refused(&self) -> Arc<Refused> {
        Arc::clone(&self.refused)
    }

    /// Whether requests wait for AWS credentials, which is what a time-out then says.
    fn awaits_credentials(&self) -> bool {
        self.settings
            .credentials
            .as_ref()
            .is_some_and(|credentials| credentials.are_awaited())
    }

    /// Does what `send` does, and once more without each parameter that the engine refuses to know and that can be done without.
    async fn without_refused<T, E: ProvideErrorMetadata>(
        &self,
        send: impl AsyncFn(Asked) -> std::result::Result<T, SdkError<E, HttpResponse>>,
    ) -> std::result::Result<T, SdkError<E, HttpResponse>> {
        loop {
            let asked = self.refused.remaining();
            match send(asked).await {
                Err(error) if self.refused.learns(&error, asked) => continue,
                answer => return answer,
            }
        }
    }

    /// The call's time was over before the AWS SDK had an answer.
    pub(super) fn out_of_time(&self, operation: &str) -> Error {
        let message = format!("{operation} on {}: no answer within the call's time", self.place);
        if self.awaits_credentials() {
            return failure::no_credentials_for_now(ErrorKind::TimedOut, &message);
        }
        Error::new(ErrorKind::TimedOut, message)
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let failure = failure::describe(operation, &self.place, self.proxy, error);
        if failure.kind() == ErrorKind::TimedOut && self.awaits_credentials() {
            return failure::no_credentials_for_now(ErrorKind::TimedOut, failure.message());
        }
        failure
    }

    /// Settings of a request's own: its attempts may take longer by a second for each 500,000 bytes, and there is one less where the
    /// first was made directly. Nothing where that changes little.
    fn own_settings(&self, bytes: usize) -> Option<Builder> {
        let surplus = surplus_time(bytes);
        let is_attempted = sent::before().is_attempted;
        if surplus.is_zero() && !is_attempted {
            return None;
        }
        let mut settings = aws_sdk_dynamodb::Config::builder();
        let config = self.dynamodb.config();
        if let Some(timeouts) = config.timeout_config() {
            let longer = timeouts.operation_attempt_timeout().map(|limit| limit + surplus);
            let mut timeouts = timeouts.to_builder();
            timeouts.set_operation_attempt_timeout(longer);
            settings = settings.timeout_config(timeouts.build());
        }
        if let Some(retries) = config.retry_config().filter(|_| is_attempted) {
            let left = retries.max_attempts().saturating_sub(1).max(1);
            // The pause after the first attempt is over.
            let next = 2 * retries.initial_backoff();
            let retries = retries.clone().with_max_attempts(left).with_initial_backoff(next);
            settings = settings.retry_config(retries);
        }
        Some(settings)
    }

    pub(super) async fn get_row(&self, namespace: &str, key: &str, consistent: bool) -> Result<Option<StoredRow>> {
        let attributes = self.get_attributes(namespace, key, consistent).await?;
        Ok(attributes.map(|attributes| stored_row(key.to_owned(), attributes)))
    }

    pub(super) async fn get_big_segments_row(
        &self,
        namespace: &str,
        key: &str,
        consistent: bool,
    ) -> Result<Option<BigSegmentsRow>> {
        let attributes = self.get_attributes(namespace, key, consistent).await?;
        Ok(attributes.map(big_segments_row))
    }

    async fn get_attributes(&self, namespace: &str, key: &str, consistent: bool) -> Result<Option<Attributes>> {
        let send = async |asked: Asked| {
            let request = self.dynamodb.get_item().table_name(&self.table);
            let request = request
                .key(schema::NAMESPACE, text(namespace))
                .key(schema::KEY, text(key))
                .consistent_read(consistent)
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, 0)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("GetItem", error))?;
        self.stats.read_units(units(answer.consumed_capacity()));
        Ok(answer.item.filter(|attributes| !attributes.is_empty()))
    }

    /// One page of a part of a namespace, in the order of the sort key: the first, or the one that `start` of the page before names;
    /// while so many queries in all are under way.
    pub(super) async fn query(
        &self,
        queries: usize,
        namespace: &str,
        range: KeyRange<'_>,
        consistent: bool,
        start: Option<PageStart>,
    ) -> Result<Page> {
        let start = start.map(|start| start.0);
        let send = async |asked: Asked| {
            let request = self.dynamodb.query().table_name(&self.table);
            let mut request = request
                .key_condition_expression(range.condition())
                .expression_attribute_names("#namespace", schema::NAMESPACE)
                .expression_attribute_values(":namespace", text(namespace));
            if !range.is_whole() {
                request = request.expression_attribute_names("#key", schema::KEY);
            }
            for (name, end) in [(":from", range.from), (":to", range.to)] {
                if let Some(end) = end {
                    request = request.expression_attribute_values(name, text(end));
                }
            }
            let request = request
                .consistent_read(consistent)
                .set_return_consumed_capacity(asked.consumed_capacity())
                .set_exclusive_start_key(start.clone());
            send!(self, request, queries * MAXIMUM_PAGE_BYTES)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("Query", error))?;
        self.stats.read_units(units(answer.consumed_capacity()));
        let rows = answer.items.unwrap_or_default().into_iter();
        let rows = rows.filter_map(|mut attributes| match attributes.remove(schema::KEY) {
            Some(AttributeValue::S(key)) => Some(stored_row(key, attributes)),
            _ => None,
        });
        let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(Page {
            rows: rows.collect(),
            next: next.map(PageStart),
        })
    }

    /// Writes `row` where there is none or an older one; one request even when it is refused, where the engine knows all parameters.
    pub(super) async fn put_if_newer(&self, row: &NewRow<'_>) -> Result<PutOutcome> {
        let put = self
            .dynamodb
            .put_item()
            .condition_expression("attribute_not_exists(#version) OR :version > #version")
            .expression_attribute_names("#version", schema::VERSION)
            .expression_attribute_values(":version", AttributeValue::N(row.version.to_string()));
        self.put_conditionally(put, row).await
    }

    /// Writes `row` where the item still is what it was in `seen`.
    pub(super) async fn put_over(&self, row: &NewRow<'_>, seen: &StoredRow) -> Result<PutOutcome> {
        let put = self
            .dynamodb
            .put_item()
            .expression_attribute_names("#item", schema::ITEM);
        let put = match &seen.item {
            StoredItem::Text(item) => put
                .condition_expression("#item = :item")
                .expression_attribute_values(":item", text(item)),
            StoredItem::Missing | StoredItem::OtherType => put
                .condition_expression("NOT attribute_type(#item, :string)")
                .expression_attribute_values(":string", text("S")),
        };
        self.put_conditionally(put, row).await
    }

    async fn put_conditionally(&self, put: PutItemFluentBuilder, row: &NewRow<'_>) -> Result<PutOutcome> {
        let send = async |asked: Asked| {
            let request = put.clone().table_name(&self.table);
            let request = request
                .set_item(Some(attributes(row)))
                .set_return_values_on_condition_check_failure(asked.row_of_refusal())
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, Write::Put(row).bytes())
        };
        let (answer, is_repeated) = sent::watching_answers(self.without_refused(send)).await;
        match answer {
            Ok(answer) => {
                self.stats.write_units(units(answer.consumed_capacity()));
                Ok(PutOutcome::Stored)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    // A refused write is billed as one, though the answer does not say so.
                    self.stats.write_units(1.0);
                    let winner = refusal.item().filter(|attributes| !attributes.is_empty());
                    Ok(PutOutcome::Refused {
                        winner: winner.map(|attributes| stored_row(row.key.to_string(), attributes.clone())),
                        is_repeated,
                    })
                }
                _ => Err(self.failed("PutItem", error)),
            },
        }
    }

    /// Writes the row that consists of its two keys.
    pub(super) async fn put_marker(&self, key: &str) -> Result<()> {
        let send = async |asked: Asked| {
            let request = self.dynamodb.put_item().table_name(&self.table);
            let request = request
                .item(schema::NAMESPACE, text(key))
                .item(schema::KEY, text(key))
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, 0)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("PutItem", error))?;
        self.stats.write_units(units(answer.consumed_capacity()));
        Ok(())
    }

    /// Sends at most 25 writes of different rows, while so many bytes in all are under way, and returns those that DynamoDB left undone.
    pub(super) async fn write_batch<'r>(&self, writes: &[Write<'r>], under_way: usize) -> Result<Vec<Write<'r>>> {
        let send = async |asked: Asked| {
            let requests = writes.iter().map(write_request).collect::<std::result::Result<_, _>>();
            let request = self.dynamodb.batch_write_item();
            let request = request
                .request_items(&self.table, requests.map_err(SdkError::construction_failure)?)
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, under_way)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("BatchWriteItem", error))?;
        for consumed in answer.consumed_capacity() {
            self.stats.write_units(units(Some(consumed)));
        }
        let unprocessed = answer.unprocessed_items.unwrap_or_default();
        let unprocessed: Option<Vec<Write<'r>>> = unprocessed
            .into_values()
            .flatten()
            .map(|request| {
                let keys = request_keys(&request)?;
                writes.iter().find(|write| write.keys() == keys).copied()
            })
            .collect();
        // A row that came back and was not recognised would count as done.
        let unprocessed = unprocessed.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "BatchWriteItem on {}: the answer returns a row that was not sent",
                    self.place
                ),
            )
            // Whoever answers so would do it again.
            .with_retriable(false)
        })?;
        self.stats.unprocessed_rows(unprocessed.len());
        Ok(unprocessed)
    }
}

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0)
}
