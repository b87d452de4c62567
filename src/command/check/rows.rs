//! One row after the other: what is wrong with each. Nothing is kept of a row but its key and what it needs.

use serde_json::value::RawValue;

use super::faults::{Fault, Faults};
use super::references::References;
use crate::store::administration::WholeRow;
use crate::table::item::{self, StoredItem, MAXIMUM_ROW_BYTES};
use crate::table::json_error::reason;
use crate::table::object::Members;
use crate::table::schema::Kind;

/// So many hundredths of the limit are near to it.
const NEAR: usize = 90;
/// Go's tombstones have this key, and every SDK knows them.
const KEY_OF_TOMBSTONES: &str = "$deleted";

/// What is wrong with a row of a kind, and what it needs and is for others.
pub(super) fn judge(kind: Kind<'_>, whole: &WholeRow, faults: &mut Faults, references: &mut References) {
    let row = &whole.row;
    let mut add = |fault, detail: String| faults.add(fault, kind.name(), &whole.namespace, &row.key, detail);
    references.found(kind, &row.key);
    if row.version.is_none() {
        add(Fault::NoVersion, String::new());
    }
    if !whole.other_attributes.is_empty() {
        add(Fault::OtherAttributes, whole.other_attributes.join(", "));
    }
    if whole.bytes > MAXIMUM_ROW_BYTES {
        add(Fault::TooLarge, bytes(whole.bytes));
    } else if whole.bytes > MAXIMUM_ROW_BYTES / 100 * NEAR {
        add(Fault::NearLimit, bytes(whole.bytes));
    }
    // LaunchDarkly's SDKs read features and segments alone, and other kinds have no schema.
    let is_read_by_sdks = kind.is_features() || kind.is_segments();
    let text = match &row.item {
        StoredItem::OtherType => return add(Fault::Corrupt, "its \"item\" is not a string".to_owned()),
        StoredItem::Missing if is_read_by_sdks => return add(Fault::NullTombstone, "no \"item\"".to_owned()),
        StoredItem::Text(text) if item::is_deletion_marker(text) && is_read_by_sdks => {
            let what = if text.is_empty() { "empty" } else { "null" };
            return add(Fault::NullTombstone, what.to_owned());
        }
        StoredItem::Missing => return,
        StoredItem::Text(text) if item::is_deletion_marker(text) => return,
        StoredItem::Text(text) => text,
    };
    let Members(members) = match serde_json::from_str::<Members<'_, &RawValue>>(text) {
        Ok(members) => members,
        Err(error) => return add(Fault::Corrupt, reason(&error)),
    };
    let member = |name: &str| {
        let found = members.iter().rfind(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    };
    let is_deleted = member("deleted") == Some("true");
    match (row.version, item::version(text)) {
        (_, None) => add(Fault::NoVersionInItem, String::new()),
        (Some(of_row), Some(of_item)) if of_row != of_item => {
            add(Fault::OtherVersion, format!("the row has {of_row}, its item {of_item}"));
        }
        _ => {}
    }
    let key = member("key").map(serde_json::from_str::<String>);
    match key {
        Some(Ok(key)) if key == row.key || is_deleted && key == KEY_OF_TOMBSTONES => {}
        Some(Ok(key)) => add(Fault::OtherKey, format!("the item says {key:?}")),
        Some(Err(_)) => add(Fault::OtherKey, "the item's key is no text".to_owned()),
        None if is_read_by_sdks => add(Fault::OtherKey, "the item has no key".to_owned()),
        None => {}
    }
    if is_deleted {
        if is_read_by_sdks && item::lacks_schema(kind, text) {
            add(Fault::MinimalTombstone, String::new());
        }
        return;
    }
    if is_read_by_sdks {
        references.needs(
            kind,
            &whole.namespace,
            &row.key,
            member("prerequisites"),
            member("rules"),
        );
    }
}

fn bytes(count: usize) -> String {
    let thousands = (count / 1000, count % 1000);
    match thousands {
        (0, rest) => format!("{rest} bytes"),
        (thousands, rest) => format!("{thousands},{rest:03} bytes"),
    }
}

#[cfg(test)]
mod tests;
