//! In what engines differ from Amazon DynamoDB, one difference at a time; docs/engines.md says which engine has which.

use hyper::header::{HeaderMap, HeaderValue, CONTENT_TYPE};
use hyper::StatusCode;
use serde_json::{json, Value};

use super::texts::{self, Texts};
use crate::answer::CHECKSUM;
use crate::failure::Failure;

const ROW_OF_REFUSAL: &str = "ReturnValuesOnConditionCheckFailure";
const CONSUMED_CAPACITY: &str = "ReturnConsumedCapacity";

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Difference {
    /// A refused condition comes without the row, whatever was asked for.
    NoRowInRefusal,
    /// It comes with a row that has no attributes.
    EmptyRowInRefusal,
    /// The parameter that asks for that row is refused.
    RefusesRowOfRefusal,
    /// The parameter that asks for units is refused.
    RefusesConsumedCapacity,
    /// No answer tells units.
    NoConsumedCapacity,
    /// No answer has a checksum.
    NoChecksum,
    /// Answers are sent in chunks, their length untold.
    NoContentLength,
    /// A failure of the engine itself is a web page.
    HtmlErrors,
    /// `Message` instead of `message`, or the other way round, in errors.
    OtherMessageName,
    /// Members that Amazon DynamoDB does not send.
    MoreMembers,
    /// The messages of another engine where keys do not match.
    Texts(&'static Texts),
}

const NAMES: [(&str, Difference); 13] = [
    ("no-row-in-refusal", Difference::NoRowInRefusal),
    ("empty-row-in-refusal", Difference::EmptyRowInRefusal),
    ("refuses-row-of-refusal", Difference::RefusesRowOfRefusal),
    ("refuses-consumed-capacity", Difference::RefusesConsumedCapacity),
    ("no-consumed-capacity", Difference::NoConsumedCapacity),
    ("no-checksum", Difference::NoChecksum),
    ("no-content-length", Difference::NoContentLength),
    ("html-errors", Difference::HtmlErrors),
    ("other-message-name", Difference::OtherMessageName),
    ("more-members", Difference::MoreMembers),
    ("texts-of-dynamodb-local", Difference::Texts(&texts::DYNAMODB_LOCAL)),
    ("texts-of-dynalite", Difference::Texts(&texts::DYNALITE)),
    ("texts-of-alternator", Difference::Texts(&texts::ALTERNATOR)),
];

impl Difference {
    pub fn named(name: &str) -> Option<Difference> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, difference)| *difference)
    }

    /// What an engine that does not know a parameter of the request answers; it does no work.
    pub fn refuses(self, request: &[u8]) -> Option<Failure> {
        let (parameter, refusal) = match self {
            Difference::RefusesRowOfRefusal => (
                ROW_OF_REFUSAL,
                Failure::new(
                    400,
                    "SerializationException",
                    format!("unknown field `{ROW_OF_REFUSAL}`"),
                ),
            ),
            Difference::RefusesConsumedCapacity => (
                CONSUMED_CAPACITY,
                Failure::validation("1 validation error detected: 'returnConsumedCapacity' is not supported"),
            ),
            _ => return None,
        };
        let request: Value = serde_json::from_slice(request).ok()?;
        request.get(parameter)?;
        Some(refusal)
    }

    /// The body of an answer as this engine would send it. What is no JSON is left as it is.
    pub fn alter(self, status: u16, body: Vec<u8>) -> Vec<u8> {
        if self == Difference::HtmlErrors && status >= 500 {
            return b"<!doctype html>\n<html><title>500 Internal Server Error</title><h1>Internal Server Error</h1></html>\n".to_vec();
        }
        let Ok(Value::Object(mut answer)) = serde_json::from_slice(&body) else {
            return body;
        };
        let kind = answer
            .get("__type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let is_condition = kind.ends_with("ConditionalCheckFailedException");
        match self {
            Difference::NoRowInRefusal if is_condition => drop(answer.remove("Item")),
            Difference::EmptyRowInRefusal if is_condition => drop(answer.insert("Item".to_owned(), json!({}))),
            Difference::NoConsumedCapacity => drop(answer.remove("ConsumedCapacity")),
            Difference::OtherMessageName if !kind.is_empty() => {
                let other = answer.remove("message").map(|text| ("Message", text));
                let other = other.or_else(|| answer.remove("Message").map(|text| ("message", text)));
                answer.extend(other.map(|(name, text)| (name.to_owned(), text)));
            }
            Difference::MoreMembers if kind.is_empty() => {
                answer.insert("ItemCollectionMetrics".to_owned(), json!({}));
                answer.insert("ConsumedCapacityUnits".to_owned(), json!(0.5));
            }
            Difference::Texts(texts) if kind.ends_with("ValidationException") => {
                for name in ["message", "Message"] {
                    let replaced = answer
                        .get(name)
                        .and_then(Value::as_str)
                        .and_then(|text| texts.instead_of(text));
                    if let Some(text) = replaced {
                        answer.insert(name.to_owned(), json!(text));
                    }
                }
            }
            _ => return body,
        }
        Value::Object(answer).to_string().into_bytes()
    }

    pub fn alter_headers(self, status: StatusCode, headers: &mut HeaderMap) {
        match self {
            Difference::NoChecksum => drop(headers.remove(CHECKSUM)),
            Difference::HtmlErrors if status.is_server_error() => {
                headers.remove(CHECKSUM);
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altered(difference: Difference, status: u16, body: Value) -> Value {
        serde_json::from_slice(&difference.alter(status, body.to_string().into_bytes())).expect("JSON")
    }

    #[test]
    fn refusals_of_conditions() {
        let refusal =
            json!({"__type": "x#ConditionalCheckFailedException", "message": "m", "Item": {"key": {"S": "k"}}});
        let without = json!({"__type": "x#ConditionalCheckFailedException", "message": "m"});
        assert_eq!(altered(Difference::NoRowInRefusal, 400, refusal.clone()), without);
        let empty = altered(Difference::EmptyRowInRefusal, 400, without);
        assert_eq!(empty["Item"], json!({}));
        // An answer to GetItem has an Item of its own.
        let found = json!({"Item": {"key": {"S": "k"}}});
        assert_eq!(altered(Difference::NoRowInRefusal, 200, found.clone()), found);
    }

    #[test]
    fn parameters() {
        let request = json!({"TableName": "t", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}).to_string();
        let refusal = Difference::RefusesRowOfRefusal
            .refuses(request.as_bytes())
            .expect("a refusal");
        assert!(refusal.message.contains(ROW_OF_REFUSAL));
        assert_eq!(Difference::RefusesConsumedCapacity.refuses(request.as_bytes()), None);
        assert_eq!(Difference::NoRowInRefusal.refuses(request.as_bytes()), None);
    }

    #[test]
    fn errors() {
        let page = Difference::HtmlErrors.alter(500, b"{}".to_vec());
        assert!(page.starts_with(b"<!doctype html>"));
        assert_eq!(Difference::HtmlErrors.alter(400, b"{}".to_vec()), b"{}");
        let error =
            json!({"__type": "x#ValidationException", "message": "The provided key element does not match the schema"});
        let other = altered(Difference::OtherMessageName, 400, error.clone());
        assert_eq!(other["Message"], error["message"]);
        let text = altered(Difference::Texts(&texts::ALTERNATOR), 400, error);
        assert_eq!(text["message"], "Key column id not found");
    }
}
