//! What writes Big Segments: a transaction of memberships with the cursor, and the time of synchronization.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};

use super::{text, units, Sdk};
use crate::client::optional::Asked;
use crate::client::sent;
use crate::error::{Error, ErrorKind, Result};
use crate::table::big_segments::{Change, MembershipUpdate, Patch};
use crate::table::schema;

/// The memberships of one transaction.
pub(crate) struct PatchPart<'a> {
    pub(crate) patch: &'a Patch,
    pub(crate) updates: &'a [MembershipUpdate],
    /// Whether the cursor moves with it.
    pub(crate) is_last: bool,
    /// The namespace of memberships.
    pub(crate) namespace: &'a str,
    /// Both keys of the metadata.
    pub(crate) metadata_key: &'a str,
    /// Under which DynamoDB knows a transaction again, so that one that is repeated is done once.
    pub(crate) token: &'a str,
}

/// What became of a transaction.
pub(crate) enum PatchOutcome {
    Done,
    /// The cursor was another one; nothing was changed.
    OutOfOrder {
        /// The request was sent before, without an answer that can be believed: the cursor may be its own.
        is_repeated: bool,
    },
    /// Its rows are too large for one transaction; nothing was changed.
    TooLarge(Error),
}

impl Sdk {
    pub(in crate::client) async fn patch_big_segments(&self, part: &PatchPart<'_>) -> Result<PatchOutcome> {
        let send = async |asked: Asked| {
            let actions = self.actions(part).map_err(SdkError::construction_failure)?;
            let request = self.dynamodb.transact_write_items().set_transact_items(Some(actions));
            let request = request
                .client_request_token(part.token)
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, 0)
        };
        let (answer, is_repeated) = sent::watching_answers(self.without_refused(send)).await;
        let error = match answer {
            Ok(answer) => {
                for consumed in answer.consumed_capacity() {
                    self.stats.write_units(units(Some(consumed)));
                }
                return Ok(PatchOutcome::Done);
            }
            Err(error) => error,
        };
        let cancelled = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => self.cancelled(cancelled),
            Some(refusal) if speaks_of_size(refusal.code(), refusal.message()) => Cancelled::TooLarge,
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => Cancelled::ForNow,
            _ => Cancelled::Otherwise(None),
        };
        let failure = self.failed("TransactWriteItems", error);
        match cancelled {
            Cancelled::OutOfOrder => Ok(PatchOutcome::OutOfOrder { is_repeated }),
            Cancelled::TooLarge => Ok(PatchOutcome::TooLarge(failure)),
            Cancelled::ForNow => Err(failure.with_retriable(true)),
            Cancelled::Throttled => {
                Err(Error::new(ErrorKind::Throttled, failure.message()).with_service_code(failure.service_code()))
            }
            Cancelled::Otherwise(None) => Err(failure),
            Cancelled::Otherwise(Some(reason)) => {
                let message = format!("{} ({reason})", failure.message());
                Err(Error::new(failure.kind(), message).with_service_code(failure.service_code()))
            }
        }
    }

    fn actions(&self, part: &PatchPart<'_>) -> std::result::Result<Vec<TransactWriteItem>, BuildError> {
        let patch = part.patch;
        let condition = match patch.previous_version.is_empty() {
            true => "attribute_not_exists(#cursor) OR #cursor = :previous",
            false => "#cursor = :previous",
        };
        let mut actions = Vec::with_capacity(part.updates.len() + 1);
        for update in part.updates {
            actions.push(
                TransactWriteItem::builder()
                    .update(self.membership_update(part, update)?)
                    .build(),
            );
        }
        let action = TransactWriteItem::builder();
        actions.push(if part.is_last {
            let update = Update::builder()
                .table_name(&self.table)
                .key(schema::NAMESPACE, text(part.metadata_key))
                .key(schema::KEY, text(part.metadata_key))
                .update_expression("SET #cursor = :version")
                .condition_expression(condition)
                .expression_attribute_names("#cursor", schema::LAST_VERSION)
                .expression_attribute_values(":previous", text(&patch.previous_version))
                .expression_attribute_values(":version", text(&patch.version));
            action.update(update.build()?).build()
        } else {
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .key(schema::NAMESPACE, text(part.metadata_key))
                .key(schema::KEY, text(part.metadata_key))
                .condition_expression(condition)
                .expression_attribute_names("#cursor", schema::LAST_VERSION)
                .expression_attribute_values(":previous", text(&patch.previous_version));
            action.condition_check(check.build()?).build()
        });
        Ok(actions)
    }

    fn membership_update(
        &self,
        part: &PatchPart<'_>,
        update: &MembershipUpdate,
    ) -> std::result::Result<Update, BuildError> {
        let mut request = Update::builder()
            .table_name(&self.table)
            .key(schema::NAMESPACE, text(part.namespace))
            .key(schema::KEY, text(&update.context_hash))
            .expression_attribute_values(":reference", AttributeValue::Ss(vec![part.patch.reference.clone()]));
        let mut clauses = Vec::new();
        for (change, clause) in [(Change::Add, "ADD"), (Change::Remove, "DELETE")] {
            let sets = [
                (update.included, "#included", schema::INCLUDED),
                (update.excluded, "#excluded", schema::EXCLUDED),
            ];
            let mut changed = Vec::new();
            for (_, name, attribute) in sets.into_iter().filter(|(wanted, ..)| *wanted == Some(change)) {
                request = request.expression_attribute_names(name, attribute);
                changed.push(format!("{name} :reference"));
            }
            if !changed.is_empty() {
                clauses.push(format!("{clause} {}", changed.join(", ")));
            }
        }
        request.update_expression(clauses.join(" ")).build()
    }

    fn cancelled(&self, cancelled: &TransactionCanceledException) -> Cancelled {
        let reasons = cancelled.cancellation_reasons();
        let codes = || reasons.iter().filter_map(|reason| reason.code());
        // Some engines name the reasons in their words only.
        let words = cancelled.message().unwrap_or_default();
        let has = |code: &str| codes().any(|known| known == code) || reasons.is_empty() && words.contains(code);
        if has("ConditionalCheckFailed") {
            return Cancelled::OutOfOrder;
        }
        if reasons
            .iter()
            .any(|reason| speaks_of_size(reason.code(), reason.message()))
        {
            return Cancelled::TooLarge;
        }
        let other = reasons.iter().find(|reason| {
            let code = reason.code().unwrap_or("None");
            code != "None" && !FOR_NOW.contains(&code) && !THROTTLED.contains(&code)
        });
        if let Some(reason) = other {
            let words = reason.message().unwrap_or_default();
            return Cancelled::Otherwise(Some(format!("{}: {words}", reason.code().unwrap_or_default())));
        }
        if THROTTLED.iter().any(|code| has(code)) {
            self.stats.throttle();
            return Cancelled::Throttled;
        }
        match FOR_NOW.iter().any(|code| has(code)) {
            true => Cancelled::ForNow,
            false => Cancelled::Otherwise(None),
        }
    }

    /// Notes in the metadata, whose keys are both `key`, when Big Segments were synchronized.
    pub(in crate::client) async fn put_synchronized_on(&self, key: &str, unix_milliseconds: i64) -> Result<()> {
        let send = async |asked: Asked| {
            let request = self.dynamodb.update_item().table_name(&self.table);
            let request = request
                .key(schema::NAMESPACE, text(key))
                .key(schema::KEY, text(key))
                .update_expression("SET #synchronized = :time")
                .expression_attribute_names("#synchronized", schema::SYNCHRONIZED_ON)
                .expression_attribute_values(":time", AttributeValue::N(unix_milliseconds.to_string()))
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, 0)
        };
        let answer = self.without_refused(send).await;
        let answer = answer.map_err(|error| self.failed("UpdateItem", error))?;
        self.stats.write_units(units(answer.consumed_capacity()));
        Ok(())
    }
}

/// Reasons that pass: another transaction or request has a row in hand.
const FOR_NOW: [&str; 1] = ["TransactionConflict"];
const THROTTLED: [&str; 2] = ["ThrottlingError", "ProvisionedThroughputExceeded"];

/// Why a transaction did not take place.
enum Cancelled {
    OutOfOrder,
    TooLarge,
    ForNow,
    Throttled,
    /// With the reason, where DynamoDB gives one.
    Otherwise(Option<String>),
}

/// Rows over 400 KB, or over 4 MB together.
fn speaks_of_size(code: Option<&str>, message: Option<&str>) -> bool {
    let is_validation = matches!(code, Some("ValidationError" | "ValidationException"));
    is_validation && message.is_some_and(|message| message.to_ascii_lowercase().contains("size"))
}
