//! What is allowed, found out by requests that change nothing.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};

use super::{text, Sdk};
use crate::client::administration::Action;
use crate::client::rows::Write;
use crate::error::{Error, ErrorKind, Result};
use crate::table::key_range::KeyRange;
use crate::table::schema;

/// The key of no flag, segment or context's hash.
const ROW: &str = "$check";
/// What no row can fulfil.
const NEVER: &str = "attribute_exists(#key) AND attribute_not_exists(#key)";
/// Codes of who may not do this; others say that nobody knows who asks.
const REFUSALS: [&str; 2] = ["AccessDeniedException", "NotAuthorized"];

impl Sdk {
    /// Tries an action on a row that there never is: `Ok(Some(error))` where it is refused.
    pub(in crate::client) async fn try_action(&self, namespace: &str, action: Action) -> Result<Option<Error>> {
        let tried = match action {
            Action::GetItem => self.get_row(namespace, ROW, true).await.map(drop),
            Action::Query => {
                // Of that row alone, so that none is billed.
                let row = KeyRange {
                    from: Some(ROW),
                    to: Some(ROW),
                };
                self.query(1, namespace, row, true, None).await.map(drop)
            }
            Action::PutItem => self.try_put(namespace).await,
            Action::UpdateItem => self.try_update(namespace).await,
            Action::BatchWriteItem => {
                let delete = Write::Delete { namespace, key: ROW };
                self.write_batch(&[delete], 0).await.map(drop)
            }
            Action::ConditionCheckItem => self.try_condition_check(namespace).await,
        };
        match tried {
            Ok(()) => Ok(None),
            Err(error) if is_refused(&error) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    async fn try_put(&self, namespace: &str) -> Result<()> {
        let request = self.dynamodb.put_item().table_name(&self.table);
        let request = request
            .item(schema::NAMESPACE, text(namespace))
            .item(schema::KEY, text(ROW))
            .condition_expression(NEVER)
            .expression_attribute_names("#key", schema::KEY);
        let sent = send!(self, request, 0);
        self.judged("PutItem", sent, PutItemError::is_conditional_check_failed_exception)
    }

    async fn try_update(&self, namespace: &str) -> Result<()> {
        let request = self.dynamodb.update_item().table_name(&self.table);
        let request = request
            .key(schema::NAMESPACE, text(namespace))
            .key(schema::KEY, text(ROW))
            .update_expression("REMOVE #version")
            .condition_expression(NEVER)
            .expression_attribute_names("#version", schema::VERSION)
            .expression_attribute_names("#key", schema::KEY);
        let sent = send!(self, request, 0);
        self.judged(
            "UpdateItem",
            sent,
            UpdateItemError::is_conditional_check_failed_exception,
        )
    }

    /// What was done, or stopped at nothing but its condition; a write that is refused for that is billed as one.
    fn judged<R, E>(
        &self,
        operation: &str,
        sent: std::result::Result<R, SdkError<E, HttpResponse>>,
        is_condition: fn(&E) -> bool,
    ) -> Result<()>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_condition) => {
                self.stats.write_units(1.0);
                Ok(())
            }
            Err(error) => Err(self.failed(operation, error)),
        }
    }

    async fn try_condition_check(&self, namespace: &str) -> Result<()> {
        let check = self.never(namespace);
        let check = check.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let request = self.dynamodb.transact_write_items().transact_items(check);
        let Err(error) = send!(self, request, 0) else {
            return Ok(());
        };
        if is_failed_condition(&error) {
            // Billed as any action of a transaction.
            self.stats.write_units(2.0);
            return Ok(());
        }
        // A transaction is permitted by its actions.
        let is_refused = error.code().is_some_and(|code| REFUSALS.contains(&code));
        let operation = match is_refused {
            true => "ConditionCheckItem",
            false => "TransactWriteItems",
        };
        Err(self.failed(operation, error))
    }

    fn never(&self, namespace: &str) -> std::result::Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key(schema::NAMESPACE, text(namespace))
            .key(schema::KEY, text(ROW))
            .condition_expression(NEVER)
            .expression_attribute_names("#key", schema::KEY);
        Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
    }
}

fn is_refused(error: &Error) -> bool {
    let code = error.service_code();
    error.kind() == ErrorKind::AccessDenied && code.is_some_and(|code| REFUSALS.contains(&code))
}

fn is_failed_condition<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    const CODE: &str = "ConditionalCheckFailed";
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let reasons = cancelled.cancellation_reasons();
    // Some engines name the reasons in their words only.
    let in_words = || cancelled.message().is_some_and(|words| words.contains(CODE));
    reasons.iter().any(|reason| reason.code() == Some(CODE)) || reasons.is_empty() && in_words()
}
