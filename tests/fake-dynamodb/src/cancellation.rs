//! Why a transaction was cancelled: one reason for each of its actions.

use std::borrow::Cow;

use crate::failure::Failure;

/// The service's codes and what it says with them.
const CODES: [(&str, &str); 6] = [
    ("ConditionalCheckFailed", "The conditional request failed"),
    ("ItemCollectionSizeLimitExceeded", "Collection size exceeded."),
    ("TransactionConflict", "Transaction is ongoing for the item"),
    (
        "ProvisionedThroughputExceeded",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
    ),
    (
        "ThrottlingError",
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.",
    ),
    ("ValidationError", "One or more parameter values were invalid."),
];

#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub code: Cow<'static, str>,
    pub message: Option<String>,
    /// The stored item that a failed condition returns, as JSON text.
    item: Option<Box<str>>,
}

impl Reason {
    /// Of an action that would have been done.
    pub fn none() -> Reason {
        Reason::new("None", None)
    }

    pub fn new(code: impl Into<Cow<'static, str>>, message: Option<String>) -> Reason {
        Reason {
            code: code.into(),
            message,
            item: None,
        }
    }

    /// One of the service's codes, with its message.
    pub fn named(code: &str) -> Option<Reason> {
        if code == "None" {
            return Some(Reason::none());
        }
        let (code, message) = CODES.iter().find(|(known, _)| *known == code)?;
        Some(Reason::new(*code, Some((*message).to_owned())))
    }

    pub fn is_none(&self) -> bool {
        self.code == "None"
    }

    /// What would have refused the action if it had come alone.
    pub fn of(failure: Failure) -> Reason {
        let code = match &*failure.code {
            "ConditionalCheckFailedException" => "ConditionalCheckFailed",
            _ => "ValidationError",
        };
        Reason {
            item: failure.item,
            ..Reason::new(code, Some(failure.message))
        }
    }

    pub fn json(&self) -> String {
        let code = serde_json::Value::from(&*self.code);
        let message = self.message.as_deref().map(serde_json::Value::from);
        let message = message.map(|text| format!(r#","Message":{text}"#)).unwrap_or_default();
        let item = self.item.as_ref().map(|item| format!(r#","Item":{item}"#));
        format!(r#"{{"Code":{code}{message}{}}}"#, item.unwrap_or_default())
    }
}

/// What the service says of all of them.
pub fn message(reasons: &[Reason]) -> String {
    let codes: Vec<_> = reasons.iter().map(|reason| &*reason.code).collect();
    format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    )
}
