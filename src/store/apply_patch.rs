//! One patch of a Big Segment: transactions that each see the cursor of the version before, the last of which moves it.

use crate::client::{Client, PatchOutcome, PatchPart};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::process;
use crate::table::big_segments::Patch;
use crate::table::schema;

use super::backoff::Backoff;

/// DynamoDB takes 100 actions in one transaction; one is the cursor's.
const MAXIMUM_CONTEXTS: usize = 99;

/// What became of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a patch that is out of order is not applied"]
pub enum BigSegmentsPatch {
    /// All of it is stored, and the cursor is the patch's version.
    Applied,
    /// The table's cursor is not the patch's previous version. A patch of up to 99 contexts has changed nothing.
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
        error.in_context(format_args!(
            "the patch of Big Segment {:?} to version {:?} is not known to be applied, {done} of its {} context(s) are; apply it again",
            patch.reference,
            patch.version,
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
            let token = format!("{:032x}", fastrand::u128(..));
            let part = PatchPart {
                patch: self.patch,
                updates,
                is_last,
                namespace: self.namespace,
                metadata_key: self.metadata_key,
                token: &token,
            };
            match self.until_answered(&part).await? {
                PatchOutcome::Done if is_last => return Ok(BigSegmentsPatch::Applied),
                PatchOutcome::Done => *done += updates.len(),
                // The cursor holds, and what is written twice stays as it is: smaller transactions come to the same.
                PatchOutcome::TooLarge(_) if updates.len() > 1 => most = updates.len().div_ceil(2),
                PatchOutcome::TooLarge(error) => return Err(self.too_large(&part, &error)),
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

    /// Repeats a transaction whose failure may pass, under one token and with growing pauses; the call's deadline ends it.
    async fn until_answered(&self, part: &PatchPart<'_>) -> Result<PatchOutcome> {
        let mut backoff = Backoff::default();
        let mut may_be_done = false;
        loop {
            let error = match self.client.patch_big_segments(part).await {
                Ok(PatchOutcome::OutOfOrder { is_repeated }) => {
                    let is_repeated = is_repeated || may_be_done;
                    return Ok(PatchOutcome::OutOfOrder { is_repeated });
                }
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            may_be_done = true;
            if !error.is_retriable() || process::generation() != self.made_in {
                return Err(error);
            }
            if !process::is_out_of_time() {
                process::pause(backoff.next());
            }
            if process::is_out_of_time() {
                return Err(self.out_of_time(&error));
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
        Ok(cursor.as_ref() == Some(&self.patch.version))
    }

    fn out_of_time(&self, last: &Error) -> Error {
        let limit = self.config.init_timeout.unwrap_or_default();
        let message = format!(
            "not done within {} ms; the last failure was: {}",
            limit.as_millis(),
            last.message()
        );
        Error::new(ErrorKind::TimedOut, message).with_service_code(last.service_code())
    }

    fn too_large(&self, part: &PatchPart<'_>, error: &Error) -> Error {
        let context = part.updates.first().map_or("", |update| &update.context_hash);
        let message = format!(
            "the row of context {context:?} would hold more than DynamoDB's 400 KB of references: {}",
            error.message()
        );
        Error::new(error.kind(), message).with_service_code(error.service_code())
    }
}
