//! What a `ValidationException` speaks of: the table's keys, or something else.

/// Parts of the messages with which engines refuse keys that their table does not have, in small letters.
const OF_KEYS: [&str; 14] = [
    // Amazon DynamoDB, DynamoDB Local and what follows them: dynalite, dynoxide, LocalStack, moto.
    "does not match the schema",
    "does not match schema type",
    "missing the key",
    "missed key schema element",
    "type mismatch for key",
    "query key condition not supported",
    "number of conditions on the keys is invalid",
    // The rows of a batch differ in both keys, so that they are equal only where one of them is no key.
    "list of item keys contains duplicates",
    // DynamoDB Local.
    "required keys was not given a value",
    // ScyllaDB's Alternator.
    "key column",
    "key attribute not in schema",
    "on non-key attribute",
    "must have an equality (=) condition",
    "missing condition on hash key",
];

/// Whether the table has other keys than ours. Sizes and expressions are the other reasons, and which engine finds what wrong with
/// them is its own affair.
pub(super) fn speaks_of_keys(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    OF_KEYS.iter().any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_engines_about_keys() {
        for message in [
            "The provided key element does not match the schema",
            "The number of conditions on the keys is invalid",
            "Query condition missed key schema element: id",
            "Query key condition not supported",
            "One or more parameter values were invalid: Missing the key id in the item",
            "One or more parameter values were invalid: Type mismatch for key key expected: N actual: S",
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
            "Provided list of item keys contains duplicates",
            "One of the required keys was not given a value",
            "Key column id not found",
            "Type mismatch: expected type N for key column key, got type S",
            "Given key attribute not in schema",
            "KeyConditionExpression condition on non-key attribute namespace",
            "KeyConditionExpression: HASH key id must have an equality (=) condition",
            "Query missing condition on hash key 'id'",
        ] {
            assert!(speaks_of_keys(message), "{message}");
        }
    }

    #[test]
    fn messages_about_other_things() {
        for message in [
            "",
            "Item size has exceeded the maximum allowed size",
            "The parameter 'TableName' must be at least 3 characters long and at most 255 characters long",
            "1 validation error detected: Value 'a b' at 'tableName' failed to satisfy constraint",
            "Invalid ConditionExpression: Syntax error; token: \"OR\", near: \"OR :version\"",
            "Consistent reads are not supported on global secondary indexes",
            "ReturnConsumedCapacity is not supported",
        ] {
            assert!(!speaks_of_keys(message), "{message}");
        }
    }
}
