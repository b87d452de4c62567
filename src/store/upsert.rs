//! One conditional write: the higher version stands.

use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use crate::client::{Client, PutOutcome};
use crate::error::{Error, ErrorKind, Result};
use crate::table::item::NewRow;
use crate::table::schema::Kind;

/// Beyond it, whoever else writes the row is left to it.
const MAXIMUM_ROUNDS: usize = 5;

/// What an upsert did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the table may hold a newer item"]
pub enum Upsert {
    /// The item is stored.
    Stored,
    /// The table holds this version or a newer one, whose JSON this is; nothing was written.
    NotNewer(Arc<str>),
    /// The item is over the size limit; nothing was written, and the stored row stays as it was.
    TooLarge,
}

/// Writes a row that is within the size limit; `Some` is the item that won where the row is not newer.
/// Raises `has_sent` when the first request to write goes out.
pub(crate) async fn upsert(
    client: &Client,
    kind: Kind<'_>,
    row: &NewRow<'_>,
    has_sent: &Arc<AtomicBool>,
) -> Result<Option<Arc<str>>> {
    let mut may_have_stored = false;
    for _ in 0..MAXIMUM_ROUNDS {
        let winner = match client.put_if_newer(row, has_sent).await? {
            PutOutcome::Stored => return Ok(None),
            PutOutcome::Refused { winner, is_repeated } => {
                may_have_stored |= is_repeated;
                winner
            }
        };
        let stored = match winner {
            Some(winner) => winner,
            // Some engines refuse without the row. What is read now need not be what won.
            None => match client.get_row(row.namespace, &row.key, true).await? {
                Some(stored) if stored.is_corrupt() || stored.version >= Some(row.version) => stored,
                _ => continue,
            },
        };
        // A retry met its own success: the answer to an earlier attempt was lost.
        if may_have_stored && row.is_stored_as(&stored) {
            return Ok(None);
        }
        if !stored.is_corrupt() || stored.version_in_item() >= Some(row.version) {
            let winner = stored.into_item(kind)?;
            return Ok(Some(winner.into()));
        }
        // A row that no reader could use must not stand in the way, whatever its version says.
        match client.put_over(row, &stored, has_sent).await? {
            PutOutcome::Stored => return Ok(None),
            PutOutcome::Refused { is_repeated, .. } => may_have_stored |= is_repeated,
        }
        // The row has been repaired meanwhile, perhaps by us with an answer that was lost: which is newer is asked anew.
    }
    let message = format!(
        "the row {:?} in {:?} was another one at each of {MAXIMUM_ROUNDS} attempts to write it",
        row.key, row.namespace
    );
    Err(Error::new(ErrorKind::InvalidResponse, message))
}
