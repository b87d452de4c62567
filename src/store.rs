//! The store: joins configuration, live state and the calls.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::big_segments;
use crate::client::Client;
use crate::config::Config;
use crate::data_set::DataSet;
use crate::error::{Error, ErrorKind, Result};
use crate::init::{self, InitReport};
use crate::item::NewRow;
use crate::process::{self, Live, Slot};
use crate::read;
use crate::runtime::Runtime;
use crate::schema::{self, Kind};
use crate::stats::Stats;
use crate::upsert::{self, Upsert};

/// LaunchDarkly's flag data in one DynamoDB table, under one prefix.
///
/// Every call blocks the calling thread and drives its own requests: there is no background thread. A store may be used from
/// many threads at once, and in a forked child, where it starts anew by itself. Making and dropping a store does no I/O.
pub struct Store {
    config: Config,
    slot: Slot<LiveState>,
}

/// What a store needs in one process: made empty at the first call there, filled by the first request.
struct LiveState {
    generation: u64,
    client: OnceCell<Client>,
    runtime: Runtime,
    stats: Arc<Stats>,
}

impl Live for LiveState {
    fn generation(&self) -> u64 {
        self.generation
    }
}

impl LiveState {
    fn new(generation: u64) -> Arc<Self> {
        Arc::new(LiveState {
            generation,
            client: OnceCell::new(),
            runtime: Runtime::new(),
            stats: Arc::default(),
        })
    }
}

impl Store {
    /// Checks the configuration; connects to nothing.
    pub fn new(config: Config) -> Result<Self> {
        config.validate()?;
        Ok(Store {
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
    pub fn get(&self, kind: &str, key: &str) -> Result<Option<String>> {
        let kind = Kind::parse(kind)?;
        let config = &self.config;
        self.call(async |client| {
            read::get(client, &config.prefix, kind, key, config.consistent_reads).await
        })
    }

    /// All items of a kind as one JSON object from key to item, tombstones included; `{}` where there are none.
    pub fn all(&self, kind: &str) -> Result<String> {
        let kind = Kind::parse(kind)?;
        let config = &self.config;
        self.call(async |client| {
            read::all(client, &config.prefix, kind, config.consistent_reads).await
        })
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
        live.runtime.block_on(|| async {
            let client = within(self.config.operation_timeout, live.client(&self.config)).await?;
            let report = init::init(client, &self.config, &kinds, &namespaces).await?;
            live.stats.init(report);
            Ok(report)
        })?
    }

    /// Writes one item where the table holds none or an older version; `item` is its whole JSON.
    pub fn upsert(&self, kind: &str, key: &str, item: &str) -> Result<Upsert> {
        self.require_writable()?;
        let kind = Kind::parse(kind)?;
        let namespace = schema::namespace(&self.config.prefix, kind)?;
        let row = NewRow::parse(kind, &namespace, Cow::Borrowed(key), item)?;
        self.call(async |client| upsert::upsert(client, kind, &row).await)
    }

    /// Whether the table holds a full data set under this prefix.
    pub fn initialized(&self) -> Result<bool> {
        let config = &self.config;
        self.call(async |client| {
            read::initialized(client, &config.prefix, config.consistent_reads).await
        })
    }

    /// `Ok` when the table answers now; asks the table, never the cache.
    pub fn available(&self) -> Result<()> {
        let config = &self.config;
        self.call(async |client| {
            read::initialized(client, &config.prefix, config.consistent_reads).await
        })
        .map(drop)
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

    /// What this store counted in this process, as one JSON object; README.md lists its fields. Sends nothing.
    pub fn stats(&self) -> String {
        let live = self.live();
        live.stats.to_json(live.generation)
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
        self.slot.live(LiveState::new)
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

impl LiveState {
    async fn client(&self, config: &Config) -> Result<&Client> {
        self.client
            .get_or_try_init(|| Client::connect(config, Arc::clone(&self.stats)))
            .await
    }
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
        f.debug_struct("Store").field("config", &self.config).finish_non_exhaustive()
    }
}
