//! The live state of a store: what it needs in one process, alone or shared with stores of equal configuration.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::read::LastLengths;
use crate::cache::{Cache, Flights, Sequence};
use crate::client::{self, Client, Complaints, PushedCredentials};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, Live, Runtime, Slot};
use crate::stats::Stats;
use crate::table::schema;

/// Shared live states that outlive their stores; beyond, the one that has not been used for the longest time goes.
const MAXIMUM_KEPT: usize = 16;

/// Made empty at the first call in a process, and filled by the first request.
pub(crate) struct LiveState {
    generation: u64,
    client: OnceCell<Client>,
    connecting: Flights<()>,
    complaints: Complaints,
    pub(crate) cache: Option<Cache>,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) last_lengths: LastLengths,
}

impl Live for LiveState {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn is_broken(&self) -> bool {
        self.runtime.is_broken()
    }
}

impl LiveState {
    pub(crate) fn new(generation: u64, config: &Config) -> Arc<Self> {
        Arc::new(LiveState {
            generation,
            client: OnceCell::new(),
            connecting: Flights::new(),
            complaints: Complaints::default(),
            cache: Cache::new(config),
            runtime: Arc::new(Runtime::new(generation)),
            stats: Arc::default(),
            last_lengths: LastLengths::default(),
        })
    }

    /// What the cache knows, counted as a hit.
    pub(crate) fn known<R>(&self, look: impl FnOnce(&Cache) -> Option<R>) -> Option<R> {
        let known = self.cache.as_ref().and_then(look);
        if known.is_some() {
            self.stats.hit();
        }
        known
    }

    /// The client, made by the first caller within `limit`. Where that fails, those who waited fail with it, and the next call tries
    /// again.
    pub(crate) fn client(
        &self,
        config: &Config,
        pushed: Option<&PushedCredentials>,
        limit: Option<Duration>,
    ) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connect = || async {
            let (stats, runtime) = (Arc::clone(&self.stats), Arc::clone(&self.runtime));
            let client = Client::connect(config, pushed, stats, runtime, &self.complaints).await?;
            // Somebody may have been faster, after this flight's leader had gone away.
            if self.client.set(client).is_ok() {
                warn_of_prefix(&config.prefix);
            }
            Ok(())
        };
        let connected = self.runtime.block_on(|| async {
            let join = async { self.connecting.join("", Sequence::default(), connect).await.0 };
            let Some(limit) = limit else {
                return join.await;
            };
            let out_of_time = || {
                let message = format!(
                    "region, credentials and certificates were not found within {} ms",
                    limit.as_millis()
                );
                Error::new(ErrorKind::TimedOut, message)
            };
            tokio::time::timeout(limit, join)
                .await
                .unwrap_or_else(|_| Err(out_of_time()))
        })?;
        if let Err(error) = connected {
            // A message's first time enters a process-wide list.
            let _inside = process::enter();
            self.complaints.say(&error);
            return Err(error);
        }
        let missing = || Error::new(ErrorKind::Internal, "the client was not made");
        self.client.get().ok_or_else(missing)
    }

    pub(crate) fn stats_json(&self) -> String {
        self.stats.to_json(self.generation)
    }
}

/// The colon after a prefix is the store's own, so that one given with it is doubled.
fn warn_of_prefix(prefix: &str) {
    if let Some(without) = prefix.strip_suffix(':') {
        let (given, meant) = (
            schema::prefixed(prefix, schema::FEATURES),
            schema::prefixed(without, schema::FEATURES),
        );
        tracing::warn!(
            "\"prefix\" {prefix:?} ends in \":\", and the store adds one: its flags are in the namespace {given:?}, not in {meant:?}, which \
             needs {without:?}"
        );
    }
}

/// What makes two stores equal: a digest of everything that was parsed, of the environment that AWS and proxies look at, and of when the
/// files were changed that are read because of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity([u8; 32]);

impl Identity {
    /// Reads the environment as it is now, and asks when the files were changed.
    pub(crate) fn of(config: &Config) -> Self {
        Self::in_environment(config, std::env::vars_os().collect())
    }

    fn in_environment(config: &Config, mut environment: Vec<(OsString, OsString)>) -> Self {
        let mut digest = Sha256::new();
        let mut add = |text: &[u8]| {
            // Lengths keep neighbours apart: "ab", "c" is not "a", "bc".
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        };
        add(config.plain_fields().as_bytes());
        for secret in config.secret_fields() {
            add(&[u8::from(secret.is_some())]);
            add(secret.unwrap_or_default().as_bytes());
        }
        environment.sort();
        for (name, value) in &environment {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            if name.starts_with(b"AWS_") || LOOKED_AT.contains(&name.to_ascii_uppercase().as_slice()) {
                add(name);
                add(value);
            }
        }
        for path in files(config, &environment) {
            let change = path.and_then(|path| std::fs::metadata(path).ok());
            let change = change.map(|file| [file.mtime(), file.mtime_nsec(), file.size() as i64, file.ino() as i64]);
            add(format!("{change:?}").as_bytes());
        }
        Identity(digest.finalize().into())
    }
}

/// The files that are read into a live state and never again: those of AWS, and the bundle of root certificates.
fn files(config: &Config, environment: &[(OsString, OsString)]) -> [Option<PathBuf>; 3] {
    let variable = |name: &str| {
        let mut found = environment.iter();
        let found = found.find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| Path::new(value))
    };
    let bundle = config.ca_bundle.as_deref().map(Path::new);
    let file_of = |name: &str, default: &'static str| {
        let path = variable(name).unwrap_or(Path::new(default));
        let in_home = path.strip_prefix("~").ok();
        client::reads_aws_files(config).then(|| match (in_home, variable("HOME")) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        })
    };
    [
        bundle
            .or_else(|| variable("AWS_CA_BUNDLE"))
            .map(Path::to_owned)
            .or_else(|| client::bundle_of_profile(config, environment)),
        file_of("AWS_CONFIG_FILE", "~/.aws/config"),
        file_of("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ]
}

/// Beside AWS_*: proxies, whether those are believed (not in a CGI program), another name for the secret key, root certificates,
/// and where the AWS files are looked for.
const LOOKED_AT: [&[u8]; 9] = [
    b"HTTP_PROXY",
    b"HTTPS_PROXY",
    b"ALL_PROXY",
    b"NO_PROXY",
    b"REQUEST_METHOD",
    b"SECRET_ACCESS_KEY",
    b"SSL_CERT_FILE",
    b"SSL_CERT_DIR",
    b"HOME",
];

/// The shared live states of this process.
struct Registry {
    generation: u64,
    shared: Mutex<Shared>,
}

/// The one that was taken up or given back last at the end.
type Shared = Vec<(Identity, Arc<LiveState>)>;

impl Live for Registry {
    fn generation(&self) -> u64 {
        self.generation
    }
}

/// Works on the list of shared live states, then drops the broken ones, and those that nobody uses beyond the ones that are kept.
fn with_shared<T>(work: impl FnOnce(&mut Shared) -> T) -> T {
    static REGISTRY: Slot<Registry> = Slot::new();
    let registry = REGISTRY.live(|generation| {
        Arc::new(Registry {
            generation,
            shared: Mutex::default(),
        })
    });
    let mut shared = registry.shared.lock().unwrap_or_else(PoisonError::into_inner);
    let outcome = work(&mut shared);
    let beyond = take_beyond(&mut shared);
    drop(shared);
    // Ending a runtime is no work for a time when others wait for the list.
    let _inside = (!beyond.is_empty()).then(process::enter);
    drop(beyond);
    outcome
}

fn take_beyond(shared: &mut Shared) -> Shared {
    let mut beyond: Shared = shared.extract_if(.., |(_, state)| state.is_broken()).collect();
    // Nobody but the list takes a share of one that only the list has, and the list is locked.
    let is_unused = |state: &Arc<LiveState>| Arc::strong_count(state) == 1;
    let unused = shared.iter().filter(|(_, state)| is_unused(state)).count();
    let mut excess = unused.saturating_sub(MAXIMUM_KEPT);
    let is_beyond = |(_, state): &mut (Identity, Arc<LiveState>)| {
        let goes = excess > 0 && is_unused(state);
        excess -= usize::from(goes);
        goes
    };
    beyond.extend(shared.extract_if(.., is_beyond));
    beyond
}

/// The live state that stores of this identity share, made where there is none.
pub(crate) fn shared(generation: u64, identity: Identity, config: &Config) -> Arc<LiveState> {
    with_shared(|shared| {
        let known = shared
            .iter()
            .position(|(known, state)| *known == identity && !state.is_broken());
        let (_, state) = match known {
            Some(index) => shared.remove(index),
            None => (identity, LiveState::new(generation, config)),
        };
        shared.push((identity, Arc::clone(&state)));
        state
    })
}

/// A store of this identity has ended, after it gave up its share.
pub(crate) fn given_back(identity: Identity) {
    with_shared(|shared| {
        if let Some(index) = shared.iter().position(|(known, _)| *known == identity) {
            let last = shared.remove(index);
            shared.push(last);
        }
    });
}

#[cfg(test)]
mod tests;
