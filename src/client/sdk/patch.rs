//! What writes Big Segments: a transaction of memberships with the cursor, and the time of synchronization.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};

use super::{text, units, Sdk};
use crate::client::aws_settings::shortened;
use crate::client::optional::Asked;
use crate::client::sent;
use crate::error::{Error, ErrorKind, Result};
use crate::process;
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
}

/// A transaction that is the same to the byte each time it is sent, and under one token, so that DynamoDB does it once.
pub(crate) struct PatchTransaction<'a> {
    part: PatchPart<'a>,
    actions: Vec<TransactWriteItem>,
    token: String,
    bytes: usize,
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
    Failed {
        error: Error,
        /// It was sent, without an answer that can be believed.
        may_be_done: bool,
    },
}

impl Sdk {
    pub(in crate::client) fn patch_transaction<'a>(&self, part: PatchPart<'a>) -> Result<PatchTransaction<'a>> {
        let actions = self.actions(&part);
        let actions = actions.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let fixed = part.namespace.len() + part.patch.reference.len() + self.table.len() + ACTION_BYTES;
        let bytes = part
            .updates
            .iter()
            .map(|update| fixed + update.context_hash.len())
            .sum();
        Ok(PatchTransaction {
            part,
            actions,
            token: process::token(),
            bytes,
        })
    }

    pub(in crate::client) async fn patch_big_segments(&self, transaction: &PatchTransaction<'_>) -> PatchOutcome {
        let send = async |asked: Asked| {
            let request = self.dynamodb.transact_write_items();
            let request = request
                .set_transact_items(Some(transaction.actions.clone()))
                .client_request_token(&transaction.token)
                .set_return_consumed_capacity(asked.consumed_capacity());
            send!(self, request, transaction.bytes)
        };
        let (answer, is_repeated) = sent::watching_answers(self.without_refused(send)).await;
        let error = match answer {
            Ok(answer) => {
                for consumed in answer.consumed_capacity() {
                    self.stats.write_units(units(Some(consumed)));
                }
                return PatchOutcome::Done;
            }
            Err(error) => error,
        };
        let failed = |error| PatchOutcome::Failed {
            error,
            may_be_done: is_repeated,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                match self.cancelled(&transaction.part, cancelled) {
                    None => PatchOutcome::OutOfOrder { is_repeated },
                    Some(error) => failed(error),
                }
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                failed(self.failed(OPERATION, error).with_retriable(true))
            }
            Some(refusal) if is_too_large(refusal.code(), refusal.message()) => {
                PatchOutcome::TooLarge(self.failed(OPERATION, error))
            }
            _ => failed(self.failed(OPERATION, error)),
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
            let update = self.membership_update(part, update)?;
            actions.push(TransactWriteItem::builder().update(update).build());
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

    /// What a transaction was cancelled for; nothing where that is the cursor.
    fn cancelled(&self, part: &PatchPart<'_>, cancelled: &TransactionCanceledException) -> Option<Error> {
        let reasons = cancelled.cancellation_reasons();
        // Some engines name the reasons in their words only.
        let words = cancelled.message().unwrap_or_default();
        let has = |code: &str| {
            let mut codes = reasons.iter().filter_map(|reason| reason.code());
            codes.any(|known| known == code) || reasons.is_empty() && words.contains(code)
        };
        if has("ConditionalCheckFailed") {
            return None;
        }
        let passes = |code: &str| code == CONFLICT || THROTTLED.contains(&code);
        // What cannot pass goes before what can.
        let decisive = |wanted: bool| {
            let mut numbered = reasons.iter().enumerate();
            numbered.find(|(_, reason)| {
                let code = reason.code().unwrap_or("None");
                code != "None" && passes(code) == wanted
            })
        };
        let reason = decisive(false).or_else(|| decisive(true));
        let code = match reason {
            Some((_, reason)) => reason.code().unwrap_or_default(),
            None => *[CONFLICT]
                .iter()
                .chain(&THROTTLED)
                .find(|code| has(code))
                .unwrap_or(&""),
        };
        let is_throttled = THROTTLED.contains(&code);
        if is_throttled {
            self.stats.throttle();
        }
        let why = match reason {
            Some((index, reason)) => {
                // Reasons come in the order of the actions, the last of which is the cursor's.
                let of = part.updates.get(index).map(|update| &*update.context_hash);
                let of = of.map(|hash| format!(" of context \"{}\"", hash.escape_debug().take(44).collect::<String>()));
                let words = reason.message().map(|words| format!(": {}", shortened(words, 80)));
                format!("{code}{}{}", of.unwrap_or_default(), words.unwrap_or_default())
            }
            None => shortened(words, 120),
        };
        let kind = match is_throttled {
            true => ErrorKind::Throttled,
            false => ErrorKind::Service,
        };
        let message = format!("{OPERATION} on {}: cancelled for {why}", self.place);
        let error = Error::new(kind, message).with_service_code(Some("TransactionCanceledException"));
        Some(error.with_retriable(passes(code)))
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

const OPERATION: &str = "TransactWriteItems";
/// For the expression, names and JSON of one action.
const ACTION_BYTES: usize = 384;
/// A reason that passes: another transaction or request has the row in hand.
const CONFLICT: &str = "TransactionConflict";
const THROTTLED: [&str; 2] = ["ThrottlingError", "ProvisionedThroughputExceeded"];

/// The refusal of a transaction that has too much in it, in all; one row that is too large is a reason of its own.
fn is_too_large(code: Option<&str>, message: Option<&str>) -> bool {
    let message = message.unwrap_or_default().to_ascii_lowercase();
    code == Some("ValidationException") && ["4 mb", "4mb"].iter().any(|limit| message.contains(limit))
}
