//! What is allowed, found out by requests that change nothing.

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

/// What no row can fulfil.
const NEVER: &str = "attribute_exists(#key) AND attribute_not_exists(#key)";
/// Codes of who may not do this; others say that nobody knows who asks.
const REFUSALS: [&str; 2] = ["AccessDeniedException", "NotAuthorized"];

impl Sdk {
    /// Tries an action on the row whose keys both are `key`, which there never is: `Ok(Some(error))` where it is refused.
    pub(in crate::client) async fn try_action(&self, key: &str, action: Action) -> Result<Option<Error>> {
        let tried = match action {
            Action::GetItem => self.get_row(key, key, true).await.map(drop),
            Action::Query => {
                let whole = KeyRange::default();
                self.query(1, key, whole, true, None).await.map(drop)
            }
            Action::PutItem => self.try_put(key).await,
            Action::UpdateItem => self.try_update(key).await,
            Action::BatchWriteItem => {
                let delete = Write::Delete { namespace: key, key };
                self.write_batch(&[delete], 0).await.map(drop)
            }
            Action::ConditionCheckItem => self.try_condition_check(key).await,
        };
        match tried {
            Ok(()) => Ok(None),
            Err(error) if is_refused(&error) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    async fn try_put(&self, key: &str) -> Result<()> {
        let request = self.dynamodb.put_item().table_name(&self.table);
        let request = request
            .item(schema::NAMESPACE, text(key))
            .item(schema::KEY, text(key))
            .condition_expression(NEVER)
            .expression_attribute_names("#key", schema::KEY);
        match send!(self, request, 0) {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    self.stats.write_units(1.0);
                    Ok(())
                }
                _ => Err(self.failed("PutItem", error)),
            },
        }
    }

    async fn try_update(&self, key: &str) -> Result<()> {
        let request = self.dynamodb.update_item().table_name(&self.table);
        let request = request
            .key(schema::NAMESPACE, text(key))
            .key(schema::KEY, text(key))
            .update_expression("REMOVE #version")
            .condition_expression(NEVER)
            .expression_attribute_names("#version", schema::VERSION)
            .expression_attribute_names("#key", schema::KEY);
        match send!(self, request, 0) {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    self.stats.write_units(1.0);
                    Ok(())
                }
                _ => Err(self.failed("UpdateItem", error)),
            },
        }
    }

    async fn try_condition_check(&self, key: &str) -> Result<()> {
        let check = self.never(key);
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

    fn never(&self, key: &str) -> std::result::Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key(schema::NAMESPACE, text(key))
            .key(schema::KEY, text(key))
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
