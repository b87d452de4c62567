//! One conditional write: the higher version stands.

use std::sync::Arc;

use crate::client::{Client, PutOutcome};
use crate::error::Result;
use crate::item::{NewRow, StoredRow};
use crate::schema::Kind;

/// What an upsert did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upsert {
    /// The item is stored.
    Stored,
    /// The table holds this version or a newer one, whose JSON this is; nothing was written.
    NotNewer(Arc<str>),
    /// The item is over the size limit; nothing was written, and the stored row stays as it was.
    TooLarge,
}

pub(crate) async fn upsert(client: &Client, kind: Kind<'_>, row: &NewRow<'_>) -> Result<Upsert> {
    if !row.fits() {
        row.log_too_large();
        return Ok(Upsert::TooLarge);
    }
    match client.put_if_newer(row).await? {
        PutOutcome::Stored => Ok(Upsert::Stored),
        // A retry met its own success: the answer to the first attempt was lost.
        PutOutcome::Refused(stored) if row.is_stored_as(&stored) => Ok(Upsert::Stored),
        // A row that no reader could use must not stand in the way, whatever its version says.
        PutOutcome::Refused(stored) if stored.is_corrupt() => replace(client, kind, row, &stored).await,
        PutOutcome::Refused(stored) => not_newer(kind, stored),
    }
}

fn not_newer(kind: Kind<'_>, stored: StoredRow) -> Result<Upsert> {
    let item = stored.into_item(kind)?;
    Ok(Upsert::NotNewer(item.into()))
}

/// Writes over a corrupt row, unless somebody else has repaired it meanwhile.
async fn replace(
    client: &Client,
    kind: Kind<'_>,
    row: &NewRow<'_>,
    corrupt: &StoredRow,
) -> Result<Upsert> {
    match client.put_over(row, corrupt).await? {
        PutOutcome::Stored => Ok(Upsert::Stored),
        PutOutcome::Refused(stored) => not_newer(kind, stored),
    }
}
