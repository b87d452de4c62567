//! The live state of a store: what it needs in one process, alone or shared with stores of equal configuration.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::cache::Cache;
use crate::client::Client;
use crate::config::Config;
use crate::error::Result;
use crate::process::{Live, Slot};
use crate::runtime::Runtime;
use crate::stats::Stats;

/// Shared live states that outlive their stores; beyond, the one that has not been taken up for the longest time goes.
const MAXIMUM_SHARED: usize = 16;

/// Made empty at the first call in a process, and filled by the first request.
pub(crate) struct LiveState {
    generation: u64,
    client: OnceCell<Client>,
    pub(crate) cache: Option<Cache>,
    pub(crate) runtime: Runtime,
    pub(crate) stats: Arc<Stats>,
}

impl Live for LiveState {
    fn generation(&self) -> u64 {
        self.generation
    }
}

impl LiveState {
    pub(crate) fn new(generation: u64, config: &Config) -> Arc<Self> {
        Arc::new(LiveState {
            generation,
            client: OnceCell::new(),
            cache: Cache::new(config.cache_ttl, config.stale_on_error),
            runtime: Runtime::new(),
            stats: Arc::default(),
        })
    }

    /// The client, made by the first caller; a caller that fails or gives up leaves it to the next.
    pub(crate) async fn client(&self, config: &Config) -> Result<&Client> {
        self.client
            .get_or_try_init(|| Client::connect(config, Arc::clone(&self.stats)))
            .await
    }

    pub(crate) fn stats_json(&self) -> String {
        self.stats.to_json(self.generation)
    }
}

/// What makes two stores equal: a digest of everything that was parsed and of the environment that AWS and proxies look at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity([u8; 32]);

impl Identity {
    /// Reads the environment as it is now.
    pub(crate) fn of(config: &Config) -> Self {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            // Lengths keep neighbours apart: "ab", "c" is not "a", "bc".
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        };
        add(&config.plain_fields());
        for secret in config.secret_fields() {
            add(secret.unwrap_or("\0"));
        }
        let mut environment: Vec<_> = std::env::vars_os().collect();
        environment.sort();
        for (name, value) in environment {
            let name = name.to_string_lossy();
            if name.starts_with("AWS_") || LOOKED_AT.contains(&name.to_ascii_uppercase().as_str()) {
                add(&name);
                add(&value.to_string_lossy());
            }
        }
        Identity(digest.finalize().into())
    }
}

/// Beside AWS_*: proxies, root certificates, and where the AWS files are looked for.
const LOOKED_AT: [&str; 7] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HOME",
];

/// The shared live states of this process, the one taken up last at the end.
struct Registry {
    generation: u64,
    shared: Mutex<Vec<(Identity, Arc<LiveState>)>>,
}

impl Live for Registry {
    fn generation(&self) -> u64 {
        self.generation
    }
}

/// The live state that stores of this identity share, made where there is none.
pub(crate) fn shared(generation: u64, identity: Identity, config: &Config) -> Arc<LiveState> {
    static REGISTRY: Slot<Registry> = Slot::new();
    let registry = REGISTRY.live(|generation| {
        Arc::new(Registry {
            generation,
            shared: Mutex::default(),
        })
    });
    let mut shared = registry.shared.lock().unwrap_or_else(PoisonError::into_inner);
    let known = shared.iter().position(|(known, _)| *known == identity);
    let state = match known {
        Some(index) => shared.remove(index).1,
        None => LiveState::new(generation, config),
    };
    let oldest = (shared.len() >= MAXIMUM_SHARED).then(|| shared.remove(0));
    shared.push((identity, Arc::clone(&state)));
    drop(shared);
    // Ending a runtime is no work for a time when others wait for the list.
    drop(oldest);
    state
}
