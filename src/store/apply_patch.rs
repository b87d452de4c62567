//! One patch of a Big Segment: transactions that each see the cursor of the version before, the last of which moves it.

use crate::client::{Client, PatchOutcome, PatchPart, PatchTransaction};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::process;
use crate::table::big_segments::Patch;
use crate::table::schema;

use super::backoff::Backoff;

/// DynamoDB takes 100 actions in one transaction; one is the cursor's.
const MAXIMUM_CONTEXTS: usize = 99;

/// What a message tells of the last failure.
const MOST_OF_A_CAUSE: usize = 240;

/// What became of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a patch that is out of order is not applied"]
pub enum BigSegmentsPatch {
    /// All of it is stored, and the cursor is the patch's version.
    Applied,
    /// The table's cursor is not the patch's previous version. Nothing is changed where the patch fits into one transaction.
    OutOfOrder,
}

/// Applies `patch` before the call's deadline. `made_in` is the process.
pub(super) async fn apply(client: &Client, config: &Config, made_in: u64, patch: &Patch) -> Result<BigSegmentsPatch> {
    let work = ApplyPatch {
        client: &client.for_init(),
        config,
        made_in,
        patch,
        namespace: &schema::prefixed(&config.prefix, schema::BIG_SEGMENTS_USER),
        metadata_key: &schema::prefixed(&config.prefix, schema::BIG_SEGMENTS_METADATA),
    };
    let mut done = 0;
    let outcome = work.apply(&mut done).await;
    outcome.map_err(|error| {
        let advice = match error.is_retriable() {
            true => "; apply it again",
            false => "",
        };
        error.in_context(format_args!(
            "patch \"{}\" of \"{}\" is not applied, {done} of its {} context(s) are changed{advice}",
            beginning(&patch.version),
            beginning(&patch.reference),
            patch.updates.len()
        ))
    })
}

struct ApplyPatch<'a> {
    client: &'a Client,
    config: &'a Config,
    made_in: u64,
    patch: &'a Patch,
    namespace: &'a str,
    metadata_key: &'a str,
}

impl ApplyPatch<'_> {
    async fn apply(&self, done: &mut usize) -> Result<BigSegmentsPatch> {
        let mut most = MAXIMUM_CONTEXTS;
        loop {
            let rest = &self.patch.updates[*done..];
            let (updates, after) = rest.split_at(rest.len().min(most));
            let is_last = after.is_empty();
            let transaction = self.client.patch_transaction(PatchPart {
                patch: self.patch,
                updates,
                is_last,
                namespace: self.namespace,
                metadata_key: self.metadata_key,
            })?;
            match self.until_answered(&transaction).await {
                PatchOutcome::Done if is_last => return Ok(BigSegmentsPatch::Applied),
                PatchOutcome::Done => *done += updates.len(),
                // Smaller transactions come to the same in the end: what is written twice stays as it is.
                PatchOutcome::TooLarge(_) if updates.len() > 1 => most = updates.len().div_ceil(2),
                PatchOutcome::TooLarge(error) | PatchOutcome::Failed { error, .. } => return Err(error),
                PatchOutcome::OutOfOrder { is_repeated } => {
                    let is_applied = is_repeated && is_last && self.has_moved_cursor().await?;
                    return Ok(match is_applied {
                        true => BigSegmentsPatch::Applied,
                        false => BigSegmentsPatch::OutOfOrder,
                    });
                }
            }
        }
    }

    /// Repeats a transaction whose failure may pass, with growing pauses; the call's deadline ends it.
    async fn until_answered(&self, transaction: &PatchTransaction<'_>) -> PatchOutcome {
        let mut backoff = Backoff::default();
        let mut was_sent = false;
        loop {
            let error = match self.client.patch_big_segments(transaction).await {
                PatchOutcome::Failed { error, may_be_done } => {
                    was_sent |= may_be_done;
                    error
                }
                PatchOutcome::OutOfOrder { is_repeated } => {
                    let is_repeated = is_repeated || was_sent;
                    return PatchOutcome::OutOfOrder { is_repeated };
                }
                outcome => return outcome,
            };
            let ended = |error| PatchOutcome::Failed {
                error,
                may_be_done: was_sent,
            };
            if !error.is_retriable() || process::generation() != self.made_in {
                return ended(error);
            }
            if !process::is_out_of_time() {
                process::pause(backoff.next());
            }
            if process::is_out_of_time() {
                return ended(self.out_of_time(&error));
            }
        }
    }

    /// An engine that knows no tokens refuses the repetition of a transaction whose answer was lost: its cursor has moved.
    async fn has_moved_cursor(&self) -> Result<bool> {
        if !self.patch.moves_cursor() {
            return Ok(false);
        }
        let key = self.metadata_key;
        let row = self.client.get_big_segments_row(key, key, true).await?;
        let cursor = row.and_then(|row| row.last_version);
        Ok(cursor.as_ref() == Some(&Ok(self.patch.version.clone())))
    }

    fn out_of_time(&self, last: &Error) -> Error {
        let limit = self.config.init_timeout.unwrap_or_default();
        let words: String = last.message().chars().take(MOST_OF_A_CAUSE).collect();
        let message = format!("not done within {} ms, at last: {words}", limit.as_millis());
        Error::new(ErrorKind::TimedOut, message).with_service_code(last.service_code())
    }
}

/// What a message tells of a text that may be long.
fn beginning(text: &str) -> String {
    text.escape_debug().take(40).collect()
}
