//! All items of a kind as one JSON object from key to item, as reads return them.

/// Appends a member to an object that is being written.
pub(crate) fn push_member(object: &mut String, key: &str, value: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(&serde_json::Value::from(key).to_string());
    object.push(':');
    object.push_str(value);
}
