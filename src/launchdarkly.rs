//! LaunchDarkly's Rust SDK on a [`Store`]: its persistent data store and the factory that makes it.
//!
//! ```
//! use ld_dynamo_store::launchdarkly::DynamoDbDataStoreFactory;
//! use ld_dynamo_store::Config;
//! use launchdarkly_server_sdk::{Client, ConfigBuilder, ContextBuilder, NullEventProcessorBuilder};
//!
//! let data_store = DynamoDbDataStoreFactory::new(Config::new("launchdarkly").prefix("production")).into_builder();
//! let config = ConfigBuilder::new("sdk-key")
//!     .data_store(&data_store)
//!     .daemon_mode(true)
//!     .event_processor(&NullEventProcessorBuilder::new())
//!     .build()?;
//! let client = Client::build(config)?;
//! # // No table is there to be asked.
//! # if false {
//! let context = ContextBuilder::new("user-key").build()?;
//! println!("{}", client.bool_variation(&context, "new-checkout", false));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The SDK caches (for 15 seconds unless its `PersistentDataStoreBuilder` is told otherwise), so these stores do not:
//! [`Config::cache_ttl`] and [`Config::stale_on_error`] have no effect.
//!
//! The SDK calls a data store from inside its tokio runtime and waits. These stores need nothing of that runtime, so it may be of any kind,
//! and calls end by [`Config::operation_timeout`] and [`Config::init_timeout`]. While the SDK writes it evaluates nothing, not even from its
//! cache, so `init_timeout` is 30 seconds here unless it was set.
//!
//! A program that also connects to LaunchDarkly, or sends events, calls [`install_crypto_provider`] first.
//!
//! A flag that the SDK cannot read is logged and left out where it asks for all flags: it would otherwise take none of them. A row that
//! is corrupt counts as absent and is logged, too.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use launchdarkly_server_sdk::{
    AllData, DataKind, Flag, PersistentDataStore, PersistentDataStoreBuilder, PersistentDataStoreFactory,
    PersistentStoreError, SerializedItem,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::{CacheTtl, Config};
use crate::error::{Error, ErrorKind, Result};
use crate::process;
use crate::store::{Store, Upsert};

/// The SDK holds up every evaluation while it writes: nobody would want to wait for longer.
const INIT_TIMEOUT: Duration = Duration::from_secs(30);

const FLAGS: &str = "features";
const SEGMENTS: &str = "segments";

/// Has rustls use aws-lc in the whole process, unless the program has chosen already.
///
/// To be called once, before `Client::build`, by a program with the SDK's feature `hyper-rustls-native-roots` or
/// `hyper-rustls-webpki-roots`, one of which is on by default: with that feature's ring and this crate's aws-lc both compiled in, rustls
/// would not know which to take, and the SDK would panic. This crate's own connections need no such choice.
///
/// ```
/// ld_dynamo_store::launchdarkly::install_crypto_provider();
/// // A second call, or one after the program has chosen, changes nothing.
/// ld_dynamo_store::launchdarkly::install_crypto_provider();
/// ```
pub fn install_crypto_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Makes a [`DynamoDbDataStore`] whenever an SDK's client is built.
#[derive(Debug, Clone)]
pub struct DynamoDbDataStoreFactory {
    config: Config,
}

impl DynamoDbDataStoreFactory {
    /// A factory of stores with this configuration, which is checked when a client is built.
    pub fn new(config: Config) -> Self {
        DynamoDbDataStoreFactory { config }
    }

    /// What the SDK's `ConfigBuilder::data_store` takes; its own methods say how long the SDK caches.
    pub fn into_builder(self) -> PersistentDataStoreBuilder {
        PersistentDataStoreBuilder::new(Arc::new(self))
    }
}

impl PersistentDataStoreFactory for DynamoDbDataStoreFactory {
    fn create_persistent_data_store(&self) -> std::result::Result<Box<dyn PersistentDataStore>, io::Error> {
        let store = DynamoDbDataStore::new(self.config.clone());
        let store = store.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Box::new(store))
    }
}

/// The persistent data store of LaunchDarkly's Rust SDK in a DynamoDB table.
#[derive(Debug)]
pub struct DynamoDbDataStore {
    store: Store,
}

impl DynamoDbDataStore {
    /// Checks the configuration; connects to nothing. `init_timeout` is 30 s unless it was set, to anything but its usual 300 s: the SDK
    /// evaluates no flag while it writes. Pushed credentials are refused, since nobody could hand them in: a
    /// [`ClientFactory`](crate::ClientFactory) takes a provider that renews them.
    pub fn new(config: Config) -> Result<Self> {
        if config.pushed_credentials {
            return Err(Error::new(
                ErrorKind::InvalidConfiguration,
                "LaunchDarkly's SDK hands in no credentials: give a client factory with a provider of credentials in place of \
                 \"credentials\": \"pushed\"",
            ));
        }
        let mut config = config.cache_ttl(CacheTtl::Off).stale_on_error(false);
        if config.init_timeout == Config::new("").init_timeout {
            config.init_timeout = Some(INIT_TIMEOUT);
        }
        let store = Store::new(config)?;
        Ok(DynamoDbDataStore { store })
    }

    fn item(&self, kind: &str, key: &str) -> std::result::Result<Option<SerializedItem>, PersistentStoreError> {
        match self.store.get(kind, key) {
            Ok(item) => Ok(item.map(|text| serialized(text.to_string()))),
            Err(error) if error.kind() == ErrorKind::CorruptItem => {
                log_error(&error);
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

impl PersistentDataStore for DynamoDbDataStore {
    fn init(
        &mut self,
        all_data: AllData<SerializedItem, SerializedItem>,
    ) -> std::result::Result<(), PersistentStoreError> {
        let report = data_set(&all_data).and_then(|data_set| self.store.init(&data_set));
        // What was dropped for its size is logged.
        report.map(|_| ()).map_err(failed)
    }

    fn flag(&self, key: &str) -> std::result::Result<Option<SerializedItem>, PersistentStoreError> {
        self.item(FLAGS, key)
    }

    fn segment(&self, key: &str) -> std::result::Result<Option<SerializedItem>, PersistentStoreError> {
        self.item(SEGMENTS, key)
    }

    fn all_flags(&self) -> std::result::Result<HashMap<String, SerializedItem>, PersistentStoreError> {
        let all = self.store.all(FLAGS).map_err(failed)?;
        let items: HashMap<String, &RawValue> = serde_json::from_str(&all).map_err(|error| failed(internal(error)))?;
        let mut flags = HashMap::with_capacity(items.len());
        for (key, item) in items {
            let item = serialized(item.get().to_owned());
            match reason_against(&item) {
                None => drop(flags.insert(key, item)),
                Some(reason) => {
                    let _inside = process::enter();
                    tracing::error!("flag {key:?} is left out, since LaunchDarkly's SDK cannot read it: {reason}");
                }
            }
        }
        Ok(flags)
    }

    fn upsert(
        &mut self,
        kind: DataKind,
        key: &str,
        serialized_item: SerializedItem,
    ) -> std::result::Result<bool, PersistentStoreError> {
        let kind = match kind {
            DataKind::Flag => FLAGS,
            DataKind::Segment => SEGMENTS,
        };
        let item = stored_text(key, &serialized_item).map_err(failed)?;
        let outcome = self.store.upsert(kind, key, &item).map_err(failed)?;
        Ok(outcome == Upsert::Stored)
    }

    fn is_initialized(&self) -> bool {
        self.store.initialized().unwrap_or_else(|error| {
            log_error(&error);
            false
        })
    }
}

/// What every item of LaunchDarkly's says of itself.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    version: u64,
    deleted: bool,
}

/// Nothing where there is no proper version or mark: such an item is left to the SDK's own reading.
fn head(text: &str) -> Head {
    serde_json::from_str(text).unwrap_or_default()
}

/// An item as the SDK takes it.
fn serialized(text: String) -> SerializedItem {
    let head = head(&text);
    SerializedItem {
        version: head.version,
        deleted: head.deleted,
        serialized_item: text,
    }
}

/// Why the SDK would refuse a flag, and with it all others.
fn reason_against(item: &SerializedItem) -> Option<serde_json::Error> {
    if item.deleted {
        return None;
    }
    serde_json::from_str::<Flag>(&item.serialized_item).err()
}

/// What is known of a deleted item; the store writes it out in full.
#[derive(Serialize)]
struct Tombstone<'a> {
    key: &'a str,
    version: u64,
    deleted: bool,
}

/// The JSON that is stored; of an item that is deleted, one that says so.
fn stored_text<'a>(key: &str, item: &'a SerializedItem) -> Result<Cow<'a, str>> {
    if !item.deleted || head(&item.serialized_item).deleted {
        return Ok(Cow::Borrowed(&item.serialized_item));
    }
    let tombstone = Tombstone {
        key,
        version: item.version,
        deleted: true,
    };
    serde_json::to_string(&tombstone).map(Cow::Owned).map_err(internal)
}

/// As a part of a data set, whose shape nothing but JSON keeps.
fn raw(key: &str, item: &SerializedItem) -> Result<Box<RawValue>> {
    RawValue::from_string(stored_text(key, item)?.into_owned())
        .map_err(|error| Error::new(ErrorKind::InvalidJson, format!("item {key:?} is not JSON: {error}")))
}

/// The SDK's data as [`Store::init`] takes it.
fn data_set(all_data: &AllData<SerializedItem, SerializedItem>) -> Result<String> {
    let kind = |items: &HashMap<String, SerializedItem>| -> Result<BTreeMap<String, Box<RawValue>>> {
        let texts = items.iter().map(|(key, item)| Ok((key.clone(), raw(key, item)?)));
        texts.collect()
    };
    let kinds = BTreeMap::from([(FLAGS, kind(&all_data.flags)?), (SEGMENTS, kind(&all_data.segments)?)]);
    serde_json::to_string(&kinds).map_err(internal)
}

fn internal(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}

fn failed(error: Error) -> PersistentStoreError {
    PersistentStoreError::new(error.message())
}

fn log_error(error: &Error) {
    // A message's first time enters a process-wide list.
    let _inside = process::enter();
    tracing::error!("{error}");
}
