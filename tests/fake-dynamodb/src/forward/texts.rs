//! What engines say where a request's keys are not the table's, which Amazon DynamoDB says in other words.

/// For each part of a message of the engine behind, the whole message instead. Keys are those of the tests' tables.
#[derive(Debug, PartialEq)]
pub struct Texts(&'static [(&'static str, &'static str)]);

/// DynamoDB Local 2.6.1.
pub static DYNAMODB_LOCAL: Texts = Texts(&[
    (
        "does not match the schema",
        "One of the required keys was not given a value",
    ),
    ("Missing the key", "One of the required keys was not given a value"),
    ("missed key schema element", "Query condition missed key schema element"),
    (
        "Type mismatch for key",
        "One or more parameter values were invalid: Type mismatch for key",
    ),
]);

/// dynalite 4.0.0.
pub static DYNALITE: Texts = Texts(&[
    (
        "does not match the schema",
        "The provided key element does not match the schema",
    ),
    (
        "required keys was not given a value",
        "The provided key element does not match the schema",
    ),
    (
        "number of conditions on the keys",
        "The provided key element does not match the schema",
    ),
    (
        "Missing the key",
        "One or more parameter values were invalid: Missing the key id in the item",
    ),
    (
        "missed key schema element",
        "Query condition missed key schema element: id",
    ),
]);

/// ScyllaDB's Alternator, as its sources have them.
pub static ALTERNATOR: Texts = Texts(&[
    ("does not match the schema", "Key column id not found"),
    ("required keys was not given a value", "Key column id not found"),
    ("number of conditions on the keys", "Given key attribute not in schema"),
    ("Missing the key", "Key column id not found"),
    (
        "missed key schema element",
        "KeyConditionExpression condition on non-key attribute namespace",
    ),
    (
        "Type mismatch for key",
        "Type mismatch: expected type N for key column key, got type S",
    ),
]);

impl Texts {
    pub fn instead_of(&self, message: &str) -> Option<&'static str> {
        let found = self.0.iter().find(|(part, _)| message.contains(part));
        found.map(|(_, text)| *text)
    }
}
