//! Big Segments as the Relay Proxy writes them: when they were last synchronized, a context's membership, and the patches that change
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::apply_patch::{self, BigSegmentsPatch};
use super::{ends, Store};
use crate::cache::CachedMembership;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, Live};
use crate::table::big_segments::Patch;
use crate::table::schema;

impl Store {
    /// When Big Segments were last synchronized: `{"synchronizedOn": Unix milliseconds}`; `None` where they never were. Never cached.
    pub fn big_segments_metadata(&self) -> Result<Option<String>> {
        let key = self.metadata_key();
        self.call(async |client| {
            let row = client
                .get_big_segments_row(&key, &key, self.config.consistent_reads)
                .await?;
            match row.and_then(|row| row.synchronized_on) {
                None => Ok(None),
                Some(Ok(milliseconds)) => Ok(Some(serde_json::json!({ "synchronizedOn": milliseconds }).to_string())),
                Some(Err(())) => Err(corrupt(&key, "\"synchronizedOn\" is not an integer")),
            }
        })
    }

    /// The Big Segments that include (true) or exclude (false) a context: `{"segment-key.g1": true, …}`; `None` where it has no row. An
    /// inclusion wins over an exclusion.
    ///
    /// `context_hash` is what [`context_hash`](crate::context_hash) makes of the context's key. Cached for
    /// [`context_cache_ttl`](crate::Config::context_cache_ttl).
    pub fn big_segments_membership(&self, context_hash: &str) -> Result<Option<Arc<str>>> {
        if !schema::key_fits(context_hash) {
            return Ok(None);
        }
        let live = self.live();
        let cached = live.cache.as_ref();
        let Some((cache, memberships)) = cached.and_then(|cache| Some((cache, cache.memberships.as_ref()?))) else {
            return self.call(async |client| self.read_membership(client, context_hash).await);
        };
        if let Some(known) = live.known(|_| memberships.get(context_hash)) {
            return Ok(known);
        }
        let began = memberships.sequence();
        let read = async |client: &Client| {
            let began = memberships.sequence();
            let membership = self.read_membership(client, context_hash).await?;
            memberships.fill(context_hash, membership.clone(), began);
            Ok(membership)
        };
        self.read_once(live, cache, &memberships.flights, (context_hash, began), read, || {
            memberships.stale(context_hash)
        })
    }

    async fn read_membership(&self, client: &Client, context_hash: &str) -> Result<CachedMembership> {
        let namespace = schema::prefixed(&self.config.prefix, schema::BIG_SEGMENTS_USER);
        let row = client
            .get_big_segments_row(&namespace, context_hash, self.config.consistent_reads)
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
        let text = text.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        Ok(Some(text.into()))
    }

    /// Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy: `{"environmentId": …, "segmentId":
    /// "segment-key.g1", "version": …, "previousVersion": …, "changes": {"included": {"add": [context hash, …], "remove": […]},
    /// "excluded": {…}}}`.
    ///
    /// It is applied where the table's cursor is the patch's `previousVersion`, and moves it to `version`. Up to 99 contexts are changed
    /// all at once or not at all, more in several transactions, of which the last moves the cursor: a patch that failed can be applied
    /// again. A removal wins over an addition of the same context to the same set. What may pass (throttling, conflicts, time-outs,
    /// broken connections) is repeated until [`init_timeout`](crate::Config::init_timeout). A bad patch is refused before the first
    /// request.
    pub fn big_segments_apply_patch(&self, patch: &str) -> Result<BigSegmentsPatch> {
        self.require_writable()?;
        let patch = Patch::parse(patch)?;
        let live = self.live();
        let until = ends(self.config.init_timeout);
        let client = live.client(&self.config, self.pushed.as_ref(), self.config.operation_timeout)?;
        let outcome = process::block_on_here(live.generation(), until, async {
            // What the cache is told is told within the future, which a child forked meanwhile leaves alone.
            let memberships = live.cache.as_ref().and_then(|cache| cache.memberships.as_ref());
            let under_way = memberships.map(|memberships| memberships.patch_begins(&patch));
            let outcome = apply_patch::apply(client, &self.config, live.generation(), &patch).await;
            drop(under_way);
            outcome
        })?;
        outcome.unwrap_or_else(|| Err(process::out_of_time()))
    }

    /// Notes that Big Segments were in step with LaunchDarkly at this Unix time in milliseconds, whatever was noted before. SDKs take
    /// memberships for stale some time after it (120 s by default).
    pub fn big_segments_set_synchronized(&self, unix_milliseconds: i64) -> Result<()> {
        self.require_writable()?;
        if unix_milliseconds < 0 {
            return Err(Error::new(
                ErrorKind::InvalidBigSegments,
                format!("{unix_milliseconds} is refused: the time of synchronization is in milliseconds since 1970"),
            ));
        }
        let key = self.metadata_key();
        self.call(async |client| client.put_synchronized_on(&key, unix_milliseconds).await)
    }

    fn metadata_key(&self) -> String {
        schema::prefixed(&self.config.prefix, schema::BIG_SEGMENTS_METADATA)
    }
}

fn corrupt(key: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::CorruptItem,
        format!("Big Segments row {key:?} is corrupt: {what}"),
    )
}
