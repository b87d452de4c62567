//! Reading: one item, all items of a kind, whether the table holds a full data set.

use crate::client::Client;
use crate::error::Result;
use crate::table::object::push_member;
use crate::table::schema::{self, Kind};

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
pub(crate) async fn all(client: &Client, prefix: &str, kind: Kind<'_>, consistent: bool) -> Result<String> {
    let namespace = schema::namespace(prefix, kind)?;
    let mut items = String::from("{");
    let mut start = None;
    loop {
        let page = client.query(&namespace, consistent, start).await?;
        for row in page.rows {
            let (key, item) = row.into_key_and_item(kind);
            match item {
                Ok(item) => push_member(&mut items, &key, &item),
                Err(error) => tracing::error!("{error}"),
            }
        }
        start = page.next;
        if start.is_none() {
            items.push('}');
            return Ok(items);
        }
    }
}

/// Whether `$inited` stands in the table.
pub(crate) async fn initialized(client: &Client, prefix: &str, consistent: bool) -> Result<bool> {
    let key = schema::inited_key(prefix);
    client.row_exists(&key, &key, consistent).await
}
