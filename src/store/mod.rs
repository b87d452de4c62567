//! What a caller asks: the store, its live state, and the algorithms on the table (read, upsert, init, Big Segments).
//!
//! Joins configuration, live state, cache and client, and decides which call consults the cache and how long it may take. Knows
//! neither C nor the AWS SDK: how a request is signed, sent and repeated is the client's.

#[cfg(feature = "cli")]
pub(crate) mod administration;
mod apply_patch;
mod backoff;
mod big_segments;
#[cfg(feature = "cli")]
pub(crate) mod comparison;
mod credentials;
mod difference;
mod init;
mod live;
mod progress;
mod read;
mod rows;
#[cfg(feature = "cli")]
mod stored_rows;
mod upsert;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache::{Cache, CachedItem, CachedKind, Flights, Sequence};
use crate::client::{Client, PushedCredentials};
use crate::config::{CacheTtl, Config};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, Live, Slot};
use crate::table::item::NewRow;
use crate::table::schema::{self, Kind};
use live::{Identity, LiveState};

#[cfg(feature = "cli")]
pub(crate) use crate::stats::InitReport;
pub use crate::table::big_segments::context_hash;
pub use apply_patch::BigSegmentsPatch;
#[cfg(feature = "cli")]
pub(crate) use progress::{Progress, Reached};
pub use upsert::Upsert;

/// LaunchDarkly's flag data in one DynamoDB table, under one prefix.
///
/// Every call blocks the calling thread and drives its own requests: there is no background thread. A store may be used from
/// many threads at once, and in a forked child, where it starts anew by itself. Making and dropping a store sends nothing;
/// with `share`, making one looks at the time and size of the AWS files.
pub struct Store {
    config: Config,
    /// With whom the live state is shared.
    identity: Option<Identity>,
    /// Where credentials come through [`Store::set_credentials`].
    pushed: Option<PushedCredentials>,
    slot: Slot<LiveState>,
}

impl Store {
    /// Checks the configuration; connects to nothing.
    pub fn new(config: Config) -> Result<Self> {
        config.validate()?;
        // The environment is read under a lock.
        let _inside = process::enter();
        Ok(Store {
            identity: config.share.then(|| Identity::of(&config)),
            pushed: config.pushed_credentials.then(PushedCredentials::none_yet),
            config,
            slot: Slot::new(),
        })
    }

    /// The configuration this store was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The JSON of one item as stored, tombstones included; `None` where there is none.
    ///
    /// `kind` is `features` (or `flags`), `segments` or a kind of your own. A key that DynamoDB cannot hold is simply not found.
    pub fn get(&self, kind: &str, key: &str) -> Result<Option<Arc<str>>> {
        if let Some(item) = self.cached(kind, key, |item| item.cloned())? {
            return Ok(item);
        }
        let kind = Kind::parse(kind)?;
        if !schema::key_fits(key) {
            return Ok(None);
        }
        let live = self.live();
        let Some(cache) = &live.cache else {
            return self.call(async |client| self.read_item(client, kind, key).await);
        };
        // No kind has a colon, so this names one item.
        let name = format!("{}:{key}", kind.name());
        let read = async |client: &Client| {
            let began = cache.sequence();
            let item = self.read_item(client, kind, key).await?;
            cache.fill_item(kind.name(), key, item.clone(), began);
            Ok(item)
        };
        self.read_once(
            live,
            cache,
            &cache.item_flights,
            (&name, cache.sequence()),
            read,
            || cache.stale_item(kind.name(), key),
        )
    }

    /// Shows `show` an item that the cache knows, `None` being that there is none; `Ok(None)` where it has to be read. Logs nothing,
    /// and readers neither wait for each other nor write to memory that they share.
    pub(crate) fn cached<R>(
        &self,
        kind: &str,
        key: &str,
        show: impl FnOnce(Option<&Arc<str>>) -> R,
    ) -> Result<Option<R>> {
        let kind = Kind::parse(kind)?;
        Ok(self.slot_live().known(|cache| cache.item(kind.name(), key, show)))
    }

    async fn read_item(&self, client: &Client, kind: Kind<'_>, key: &str) -> Result<CachedItem> {
        let consistent = self.is_consistent();
        let item = read::get(client, &self.config.prefix, kind, key, consistent).await?;
        Ok(item.map(Arc::from))
    }

    /// All items of a kind as one JSON object from key to item, tombstones included; `{}` where there are none.
    pub fn all(&self, kind: &str) -> Result<Arc<String>> {
        let kind = Kind::parse(kind)?;
        let live = self.live();
        let Some(cache) = &live.cache else {
            return self.call(async |client| self.read_kind(live, client, kind).await);
        };
        if let Some(items) = live.known(|cache| cache.kind(kind.name())) {
            return Ok(items);
        }
        let read = async |client: &Client| {
            let began = cache.sequence();
            let items = self.read_kind(live, client, kind).await?;
            cache.fill_kind(kind.name(), Arc::clone(&items), began);
            Ok(items)
        };
        self.read_once(
            live,
            cache,
            &cache.kind_flights,
            (kind.name(), cache.sequence()),
            read,
            || cache.stale_kind(kind.name()),
        )
    }

    /// All items of a kind where the cache knows them; `Ok(None)` where they have to be read. Logs nothing.
    pub(crate) fn cached_kind(&self, kind: &str) -> Result<Option<Arc<String>>> {
        let kind = Kind::parse(kind)?;
        Ok(self.slot_live().known(|cache| cache.kind(kind.name())))
    }

    async fn read_kind(&self, live: &LiveState, client: &Client, kind: Kind<'_>) -> Result<CachedKind> {
        let (prefix, consistent) = (&self.config.prefix, self.is_consistent());
        let items = read::all(client, prefix, kind, consistent, &live.last_lengths).await?;
        Ok(Arc::new(items))
    }

    /// Reads what the cache does not know, or waits for another caller who does; where that fails, serves what was known before if
    /// the configuration wants that.
    fn read_once<T: Clone + Send + Sync>(
        &self,
        live: &LiveState,
        cache: &Cache,
        flights: &Flights<T>,
        (name, began): (&str, Sequence),
        read: impl AsyncFnOnce(&Client) -> Result<T> + Send,
        stale: impl Fn() -> Option<T>,
    ) -> Result<T> {
        live.stats.miss();
        if self.config.stale_on_error && !cache.may_ask() {
            if let Some(known) = stale() {
                live.stats.stale_hit();
                return Ok(known);
            }
        }
        let mut given_up = None;
        let answer = self.call(async |client| {
            let read = async || match read(client).await {
                // Out of its own time, it leaves the flight to those who have more.
                Err(error) if process::is_out_of_time() => {
                    given_up = Some(error);
                    std::future::pending().await
                }
                answer => answer,
            };
            let (answer, is_joined) = flights.join(name, began, read).await;
            if is_joined && answer.is_ok() {
                live.stats.joined_call();
            }
            answer
        });
        let answer = answer.map_err(|error| given_up.unwrap_or(error));
        let error = match answer {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        // In a child that was forked in the middle of this call, all of the live state is the parent's.
        let is_outage = error.is_retriable() && live.generation() == process::generation();
        if !self.config.stale_on_error || !is_outage {
            return Err(error);
        }
        cache.table_failed();
        let Some(known) = stale() else {
            return Err(error);
        };
        live.stats.stale_hit();
        // A message's first time enters a process-wide list.
        let _inside = process::enter();
        tracing::warn!("serving what was known before: {error}");
        Ok(known)
    }

    /// Writes one item where the table holds none or an older version; `item` is its whole JSON.
    pub fn upsert(&self, kind: &str, key: &str, item: &str) -> Result<Upsert> {
        self.require_writable()?;
        let kind = Kind::parse(kind)?;
        let namespace = schema::namespace(&self.config.prefix, kind)?;
        let row = NewRow::parse(kind, &namespace, Cow::Borrowed(key), item)?;
        if !row.fits() {
            // A message's first time enters a process-wide list.
            let _inside = process::enter();
            row.log_too_large();
            return Ok(Upsert::TooLarge);
        }
        let live = self.live();
        self.call(async |client| {
            let under_way = live.cache.as_ref().map(|cache| cache.upsert_begins(kind.name(), key));
            let has_sent = under_way.as_ref().map_or_else(Arc::default, |upsert| upsert.has_sent());
            let winner = upsert::upsert(client, kind, &row, &has_sent).await?;
            if let Some(under_way) = under_way {
                under_way.answered(winner.clone().unwrap_or_else(|| Arc::from(&*row.item)));
            }
            Ok(winner.map_or(Upsert::Stored, Upsert::NotNewer))
        })
    }

    /// Whether the table holds a full data set under this prefix.
    pub fn initialized(&self) -> Result<bool> {
        let live = self.live();
        let Some(cache) = &live.cache else {
            return self.call(async |client| self.read_marker(client).await);
        };
        if let Some(known) = live.known(Cache::inited) {
            return Ok(known);
        }
        let read = async |client: &Client| {
            let began = cache.sequence();
            let is_initialized = self.read_marker(client).await?;
            cache.fill_inited(is_initialized, began);
            Ok(is_initialized)
        };
        self.read_once(live, cache, &cache.inited_flights, ("", cache.sequence()), read, || {
            cache.stale_inited()
        })
    }

    /// As `initialized` where the cache knows it; `None` where it has to be read. Logs nothing.
    pub(crate) fn cached_initialized(&self) -> Option<bool> {
        self.slot_live().known(Cache::inited)
    }

    /// `Ok` when the table answers now; asks the table, never the cache.
    pub fn available(&self) -> Result<()> {
        self.call(async |client| self.read_marker(client).await.map(drop))
    }

    async fn read_marker(&self, client: &Client) -> Result<bool> {
        read::initialized(client, &self.config.prefix, self.is_consistent()).await
    }

    /// What this store counted in this process, or with `share` all stores of its live state, as one JSON object. Sends nothing.
    ///
    /// Every field but `last_init` and `generation` only grows, from 0 at the first call in a process. A forked child counts for itself.
    ///
    /// * `hits`: get, all, initialized and membership calls that were answered from the cache.
    /// * `misses`: those that were not, while there is a cache.
    /// * `stale_hits`: misses whose read failed, or another's within the last second, and that were served what was known before
    ///   (`stale_on_error`).
    /// * `joined_calls`: misses that were served the answer to another caller's request.
    /// * `requests`: HTTP requests sent to DynamoDB, retries included.
    /// * `direct_requests`: those of them that the calling thread sent itself, past the AWS SDK.
    /// * `retries`: those of `requests` that repeat one that failed.
    /// * `throttles`: answers that said that the table or the account is asked too much.
    /// * `consumed_read_units`, `consumed_write_units`: what DynamoDB says it bills for, in capacity units, halves included; a write that
    ///   was refused because of its version counts as one unit.
    /// * `unprocessed_rows`: rows of batches that DynamoDB left undone, each time it did; they are sent again.
    /// * `last_init`: rows of the last init that succeeded: `written`, `unchanged`, `deleted`, `dropped` for their size.
    /// * `generation`: the number of the process in its line of forks that counted this; it changes in a child and never comes back.
    pub fn stats(&self) -> String {
        self.live().stats_json()
    }

    fn out_of_time(&self) -> Error {
        let limit = self.config.operation_timeout.unwrap_or_default();
        let message = format!(
            "table {:?}: no answer within {} ms to what another caller has asked, too",
            self.config.table,
            limit.as_millis()
        );
        Error::new(ErrorKind::TimedOut, message)
    }

    fn require_writable(&self) -> Result<()> {
        if self.config.read_only {
            return Err(Error::new(
                ErrorKind::ReadOnly,
                "this store is configured \"read_only\"; nothing was sent",
            ));
        }
        Ok(())
    }

    /// What is kept for ever must not come from a replica that lags behind.
    fn is_consistent(&self) -> bool {
        self.config.consistent_reads || self.config.cache_ttl == CacheTtl::Forever
    }

    fn live(&self) -> &LiveState {
        process::generation_of_caller();
        self.slot_live()
    }

    fn slot_live(&self) -> &LiveState {
        self.slot.live(|generation| match self.identity {
            None => LiveState::new(generation, &self.config),
            Some(identity) => live::shared(generation, identity, &self.config),
        })
    }

    /// Runs one call within `operation_timeout`, connecting first where nobody has.
    fn call<T: Send>(&self, call: impl AsyncFnOnce(&Client) -> Result<T> + Send) -> Result<T> {
        let live = self.live();
        let until = ends(self.config.operation_timeout);
        let client = live.client(&self.config, self.pushed.as_ref(), self.config.operation_timeout)?;
        let outcome = process::block_on_here(live.generation(), until, call(client))?;
        // Whoever else was asked for the same has not answered either.
        let outcome = outcome.unwrap_or_else(|| Err(self.out_of_time()));
        // A refusal is an answer, too: it is no time for what was known before.
        let is_outage = outcome.as_ref().is_err_and(Error::is_retriable);
        if let Some(cache) = live.cache.as_ref().filter(|_| !is_outage) {
            cache.table_answered();
        }
        outcome
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(identity) = self.identity {
            drop(std::mem::replace(&mut self.slot, Slot::new()));
            live::given_back(identity);
        }
    }
}

/// When a call that begins now has to be over.
fn ends(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_names_the_table_and_no_secret() {
        let credentials = crate::config::Credentials::new("AKID", "SECRET");
        let store = Store::new(Config::new("flags").credentials(credentials)).expect("a store");
        let text = format!("{store:?}");
        assert!(text.starts_with("Store {") && text.contains("\"flags\""), "{text}");
        assert!(!text.contains("AKID") && !text.contains("SECRET"), "{text}");
    }
}
