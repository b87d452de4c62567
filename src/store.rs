//! The store: joins configuration, live state, cache and the calls.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::big_segments;
use crate::cache::{Cache, CachedItem, CachedKind};
use crate::client::Client;
use crate::config::Config;
use crate::data_set::{DataSet, KindRows};
use crate::error::{Error, ErrorKind, Result};
use crate::init::{self, InitReport};
use crate::item::NewRow;
use crate::live::{self, Identity, LiveState};
use crate::process::{self, Slot};
use crate::read;
use crate::schema::{self, Kind};
use crate::upsert::{self, Upsert};

/// LaunchDarkly's flag data in one DynamoDB table, under one prefix.
///
/// Every call blocks the calling thread and drives its own requests: there is no background thread. A store may be used from
/// many threads at once, and in a forked child, where it starts anew by itself. Making and dropping a store does no I/O.
pub struct Store {
    config: Config,
    /// With whom the live state is shared.
    identity: Option<Identity>,
    slot: Slot<LiveState>,
}

impl Store {
    /// Checks the configuration; connects to nothing.
    pub fn new(config: Config) -> Result<Self> {
        config.validate()?;
        Ok(Store {
            identity: config.share.then(|| Identity::of(&config)),
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
        if let Some(item) = self.cached(kind, key)? {
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
        live.stats.miss();
        let began = cache.sequence();
        let name = format!("{}\0{key}", kind.name());
        let outcome = self.call(async |client| {
            let flight = cache.item_flights.join(&name, began, || async {
                let began = cache.sequence();
                let item = self.read_item(client, kind, key).await?;
                cache.fill_item(kind.name(), key, item.clone(), began);
                Ok(item)
            });
            flight.await
        });
        self.or_stale(live, outcome, || cache.stale_item(kind.name(), key))
    }

    /// An item from the cache alone: `None` where it has to be read. Takes no lock that makes readers wait for each other.
    pub(crate) fn cached(&self, kind: &str, key: &str) -> Result<Option<CachedItem>> {
        let kind = Kind::parse(kind)?;
        let live = self.slot_live();
        let hit = live.cache.as_ref().and_then(|cache| cache.item(kind.name(), key));
        if hit.is_some() {
            live.stats.hit();
        }
        Ok(hit)
    }

    async fn read_item(&self, client: &Client, kind: Kind<'_>, key: &str) -> Result<CachedItem> {
        let consistent = self.config.consistent_reads;
        let item = read::get(client, &self.config.prefix, kind, key, consistent).await?;
        Ok(item.map(Arc::from))
    }

    /// All items of a kind as one JSON object from key to item, tombstones included; `{}` where there are none.
    pub fn all(&self, kind: &str) -> Result<Arc<String>> {
        let kind = Kind::parse(kind)?;
        let live = self.live();
        let Some(cache) = &live.cache else {
            return self.call(async |client| self.read_kind(client, kind).await);
        };
        if let Some(items) = cache.kind(kind.name()) {
            live.stats.hit();
            return Ok(items);
        }
        live.stats.miss();
        let began = cache.sequence();
        let outcome = self.call(async |client| {
            let flight = cache.kind_flights.join(kind.name(), began, || async {
                let began = cache.sequence();
                let items = self.read_kind(client, kind).await?;
                cache.fill_kind(kind.name(), Arc::clone(&items), began);
                Ok(items)
            });
            flight.await
        });
        self.or_stale(live, outcome, || cache.stale_kind(kind.name()))
    }

    async fn read_kind(&self, client: &Client, kind: Kind<'_>) -> Result<CachedKind> {
        let consistent = self.config.consistent_reads;
        let items = read::all(client, &self.config.prefix, kind, consistent).await?;
        Ok(Arc::new(items))
    }

    /// Counts a joined call, and serves what was known before where the configuration wants that.
    fn or_stale<T>(
        &self,
        live: &LiveState,
        outcome: Result<(T, bool)>,
        stale: impl FnOnce() -> Option<T>,
    ) -> Result<T> {
        match outcome {
            Ok((found, is_joined)) => {
                if is_joined {
                    live.stats.joined_call();
                }
                Ok(found)
            }
            Err(error) if self.config.stale_on_error && error.is_retriable() => match stale() {
                Some(known) => {
                    live.stats.stale_hit();
                    tracing::warn!("serving what was known before: {error}");
                    Ok(known)
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Makes the kinds in `all_data` hold exactly its items, then marks the table as initialized.
    ///
    /// `all_data` is `{"features": {key: item, …}, "segments": {key: item, …}}`, as LaunchDarkly sends it. Bad input is refused
    /// before the first request. An item over the size limit is logged and left out, with its older copy.
    pub fn init(&self, all_data: &str) -> Result<InitReport> {
        self.require_writable()?;
        let data_set = DataSet::parse(all_data)?;
        let namespaces = data_set.namespaces(&self.config.prefix)?;
        let kinds = data_set.rows(&namespaces)?;
        let live = self.live();
        let under_way = live.cache.as_ref().map(Cache::init_begins);
        let outcome = live.runtime.block_on(|| async {
            let client = within(self.config.operation_timeout, live.client(&self.config)).await?;
            init::init(client, &self.config, &kinds, &namespaces).await
        });
        let outcome = outcome.and_then(|outcome| outcome);
        if let Some(under_way) = under_way {
            let written = kinds.iter().map(|group| {
                let items = outcome.is_ok().then(|| stored_items(group));
                (group.kind.name(), items)
            });
            under_way.end(written, outcome.is_ok());
        }
        if let Ok(report) = &outcome {
            live.stats.init(*report);
        }
        outcome
    }

    /// Writes one item where the table holds none or an older version; `item` is its whole JSON.
    pub fn upsert(&self, kind: &str, key: &str, item: &str) -> Result<Upsert> {
        self.require_writable()?;
        let kind = Kind::parse(kind)?;
        let namespace = schema::namespace(&self.config.prefix, kind)?;
        let row = NewRow::parse(kind, &namespace, Cow::Borrowed(key), item)?;
        let live = self.live();
        let began = live.cache.as_ref().map(Cache::upsert_begins);
        let outcome = self.call(async |client| upsert::upsert(client, kind, &row).await);
        if let (Some(cache), Some(began)) = (&live.cache, began) {
            match &outcome {
                Ok(Upsert::Stored) => cache.upserted(kind.name(), key, Arc::from(&*row.item), began),
                Ok(Upsert::NotNewer(stored)) => {
                    cache.upserted(kind.name(), key, Arc::clone(stored), began);
                }
                Ok(Upsert::TooLarge) => {}
                Err(_) => cache.forget_item(kind.name(), key),
            }
        }
        outcome
    }

    /// Whether the table holds a full data set under this prefix.
    pub fn initialized(&self) -> Result<bool> {
        let live = self.live();
        let Some(cache) = &live.cache else {
            return self.ask_for_marker();
        };
        if let Some(known) = cache.inited() {
            live.stats.hit();
            return Ok(known);
        }
        live.stats.miss();
        let began = cache.sequence();
        let is_initialized = self.ask_for_marker()?;
        cache.fill_inited(is_initialized, began);
        Ok(is_initialized)
    }

    /// `Ok` when the table answers now; asks the table, never the cache.
    pub fn available(&self) -> Result<()> {
        self.ask_for_marker().map(drop)
    }

    fn ask_for_marker(&self) -> Result<bool> {
        let config = &self.config;
        self.call(async |client| {
            read::initialized(client, &config.prefix, config.consistent_reads).await
        })
    }

    /// When the Relay Proxy last synchronized Big Segments: `{"synchronizedOn": Unix milliseconds}`; `None` where it never did.
    pub fn big_segments_metadata(&self) -> Result<Option<String>> {
        let config = &self.config;
        self.call(async |client| {
            big_segments::metadata(client, &config.prefix, config.consistent_reads).await
        })
    }

    /// The Big Segments that include (true) or exclude (false) a context: `{"segment-key.g1": true, …}`; `None` where it has no row.
    ///
    /// `context_hash` is the base64 of the SHA-256 of the context's key, which the SDK computes.
    pub fn big_segments_membership(&self, context_hash: &str) -> Result<Option<String>> {
        let config = &self.config;
        self.call(async |client| {
            let consistent = config.consistent_reads;
            big_segments::membership(client, &config.prefix, context_hash, consistent).await
        })
    }

    /// What this store, or those it shares with, counted in this process, as one JSON object; README.md lists its fields. Sends nothing.
    pub fn stats(&self) -> String {
        self.live().stats_json()
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
        live.runtime.block_on(|| {
            within(self.config.operation_timeout, async {
                let client = live.client(&self.config).await?;
                call(client).await
            })
        })?
    }
}

/// Keys and texts of a kind as the table holds them after a successful init.
fn stored_items<'k>(group: &'k KindRows<'_>) -> Vec<(&'k str, &'k str)> {
    let stored = group.rows.iter().filter(|row| row.fits());
    stored.map(|row| (&*row.key, &*row.item)).collect()
}

async fn within<T>(limit: Option<Duration>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(limit) = limit else {
        return work.await;
    };
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::new(
            ErrorKind::TimedOut,
            format!("no answer within {} ms", limit.as_millis()),
        )),
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
