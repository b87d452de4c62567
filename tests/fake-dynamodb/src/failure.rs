//! An answer that is an error of the service.

use std::borrow::Cow;

use crate::cancellation::{self, Reason};

#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub status: u16,
    pub code: Cow<'static, str>,
    pub message: String,
    /// The stored item that a failed condition returns, as JSON text.
    pub item: Option<Box<str>>,
    /// Of a transaction that was cancelled.
    pub reasons: Vec<Reason>,
    /// A failed condition is billed like a write.
    pub write_units: f64,
}

impl Failure {
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Failure {
        Failure {
            status,
            code: code.into(),
            message: message.into(),
            item: None,
            reasons: Vec::new(),
            write_units: 0.0,
        }
    }

    pub fn validation(message: impl Into<String>) -> Failure {
        Failure::new(400, "ValidationException", message)
    }

    /// The request body is not what the operation takes; a field this endpoint does not know is named.
    pub fn unreadable(error: &serde_json::Error) -> Failure {
        Failure::new(
            400,
            "SerializationException",
            format!("not read by this endpoint: {error}"),
        )
    }

    pub fn table_not_found() -> Failure {
        Failure::new(400, "ResourceNotFoundException", "Requested resource not found")
    }

    pub fn condition(item: Option<Box<str>>, write_units: f64) -> Failure {
        Failure {
            item,
            write_units,
            ..Failure::new(400, "ConditionalCheckFailedException", "The conditional request failed")
        }
    }

    pub fn cancelled(reasons: Vec<Reason>, write_units: f64) -> Failure {
        let message = cancellation::message(&reasons);
        Failure {
            reasons,
            write_units,
            ..Failure::new(400, "TransactionCanceledException", message)
        }
    }

    pub fn throttled() -> Failure {
        Failure::new(
            400,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
        )
    }

    pub fn internal() -> Failure {
        Failure::new(500, "InternalServerError", "Internal server error")
    }

    pub fn body(&self) -> Vec<u8> {
        // The service takes these codes from other models than its own, and spells the message's name differently in some.
        let namespace = match &*self.code {
            code if code.contains('#') => "",
            "ValidationException" => "com.amazon.coral.validate#",
            "AccessDeniedException"
            | "UnrecognizedClientException"
            | "IncompleteSignatureException"
            | "MissingAuthenticationTokenException"
            | "SerializationException"
            | "UnknownOperationException"
            | "InvalidSignatureException" => "com.amazon.coral.service#",
            "ThrottlingException" => "com.amazon.coral.availability#",
            _ => "com.amazonaws.dynamodb.v20120810#",
        };
        let name = match &*self.code {
            "AccessDeniedException"
            | "TransactionCanceledException"
            | "TransactionInProgressException"
            | "IdempotentParameterMismatchException" => "Message",
            _ => "message",
        };
        let message = serde_json::Value::from(&*self.message);
        let kind = serde_json::Value::from(format!("{namespace}{}", self.code));
        let item = self
            .item
            .as_ref()
            .map(|item| format!(r#","Item":{item}"#))
            .unwrap_or_default();
        let reasons: Vec<_> = self.reasons.iter().map(Reason::json).collect();
        let reasons = if reasons.is_empty() {
            String::new()
        } else {
            format!(r#","CancellationReasons":[{}]"#, reasons.join(","))
        };
        format!(r#"{{"__type":{kind},"{name}":{message}{item}{reasons}}}"#).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_the_services() {
        let text = |failure: Failure| String::from_utf8(failure.body()).unwrap();
        assert_eq!(
            text(Failure::condition(Some(r#"{"key":{"S":"k"}}"#.into()), 1.0)),
            r##"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"key":{"S":"k"}}}"##
        );
        let refused = Reason::of(Failure::condition(Some(r#"{"key":{"S":"k"}}"#.into()), 1.0));
        assert_eq!(
            text(Failure::cancelled(vec![Reason::none(), refused], 4.0)),
            r##"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"key":{"S":"k"}}}]}"##
        );
        assert!(text(Failure::validation("\"")).contains(r#"validate#ValidationException","message":"\"""#));
        assert!(text(Failure::new(400, "AccessDeniedException", "no")).contains(r#""Message":"no""#));
    }
}
