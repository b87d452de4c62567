//! Big Segments as the Relay Proxy writes them: when they were last synchronized, and a context's membership.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::table::schema;

/// `{"synchronizedOn": …}`, or `None` where nothing has been synchronized.
pub(crate) async fn metadata(client: &Client, prefix: &str, consistent: bool) -> Result<Option<String>> {
    let key = schema::prefixed(prefix, schema::BIG_SEGMENTS_METADATA);
    let row = client.get_big_segments_metadata(&key, consistent).await?;
    match row.and_then(|row| row.synchronized_on) {
        None => Ok(None),
        Some(Ok(milliseconds)) => Ok(Some(serde_json::json!({ "synchronizedOn": milliseconds }).to_string())),
        Some(Err(())) => Err(corrupt(&key, "\"synchronizedOn\" is not an integer")),
    }
}

/// `{"segment.g1": true, …}`, true for included, or `None` where the context has no row. An inclusion wins over an exclusion.
pub(crate) async fn membership(
    client: &Client,
    prefix: &str,
    context_hash: &str,
    consistent: bool,
) -> Result<Option<String>> {
    if !schema::key_fits(context_hash) {
        return Ok(None);
    }
    let namespace = schema::prefixed(prefix, schema::BIG_SEGMENTS_USER);
    let row = client
        .get_big_segments_membership(&namespace, context_hash, consistent)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let not_a_set = |()| corrupt(context_hash, "\"included\" and \"excluded\" must be sets of strings");
    let mut membership = BTreeMap::new();
    for reference in row.excluded.map_err(not_a_set)? {
        membership.insert(reference, false);
    }
    for reference in row.included.map_err(not_a_set)? {
        membership.insert(reference, true);
    }
    let text = serde_json::to_string(&membership);
    text.map(Some)
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

fn corrupt(key: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::CorruptItem,
        format!("Big Segments row {key:?} is corrupt: {what}"),
    )
}
