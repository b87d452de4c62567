//! Reading: one item, all items of a kind, whether the table holds a full data set.

use crate::client::Client;
use crate::error::Result;
use crate::schema::{self, Kind};

/// The item as stored, `None` where there is no row or DynamoDB could not hold such a key.
pub(crate) async fn get(
    client: &Client,
    prefix: &str,
    kind: Kind<'_>,
    key: &str,
    consistent: bool,
) -> Result<Option<String>> {
    if !schema::key_fits(key) {
        return Ok(None);
    }
    let namespace = schema::namespace(prefix, kind)?;
    let row = client.get_row(&namespace, key, consistent).await?;
    row.map(|row| row.into_item(kind)).transpose()
}

/// `{sort key: item, …}` as one JSON text; a corrupt row is left out and logged.
pub(crate) async fn all(
    client: &Client,
    prefix: &str,
    kind: Kind<'_>,
    consistent: bool,
) -> Result<String> {
    let namespace = schema::namespace(prefix, kind)?;
    let mut items = String::from("{");
    client
        .query(&namespace, consistent, |row| {
            let key = serde_json::Value::from(row.key.as_str());
            match row.into_item(kind) {
                Ok(item) => {
                    if items.len() > 1 {
                        items.push(',');
                    }
                    items.push_str(&key.to_string());
                    items.push(':');
                    items.push_str(&item);
                }
                Err(error) => tracing::error!("{error}"),
            }
        })
        .await?;
    items.push('}');
    Ok(items)
}

/// Whether `$inited` stands in the table.
pub(crate) async fn initialized(client: &Client, prefix: &str, consistent: bool) -> Result<bool> {
    let key = schema::inited_key(prefix);
    client.row_exists(&key, &key, consistent).await
}
