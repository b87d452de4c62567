//! A clean environment for one test at a time: it is the process's, and the library reads it whenever it likes.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ld_dynamo_store::{CacheTtl, Config, Credentials, Error, ErrorKind, Store, Transport};

use crate::support;
use crate::support::place::Place;

/// Nothing of this machine's own settings is left, and whatever is set goes at the end.
pub struct Surroundings {
    place: Place,
    set: RefCell<Vec<String>>,
    _turn: MutexGuard<'static, ()>,
}

const PROXIES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

impl Surroundings {
    pub fn new() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let place = Place::new();
        std::fs::create_dir_all(place.join(".aws")).expect("a folder");
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("AWS_") || PROXIES.contains(&name.as_str()) || name == "SECRET_ACCESS_KEY" {
                std::env::remove_var(name);
            }
        }
        let surroundings = Surroundings {
            place,
            set: RefCell::default(),
            _turn: turn,
        };
        std::env::set_var("HOME", surroundings.place.folder());
        surroundings.set("AWS_EC2_METADATA_DISABLED", "true");
        surroundings
    }

    pub fn set(&self, name: &str, value: impl AsRef<OsStr>) {
        std::env::set_var(name, value);
        self.set.borrow_mut().push(name.to_owned());
    }

    pub fn unset(&self, name: &str) {
        std::env::remove_var(name);
    }

    pub fn keys(&self) {
        self.set("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT");
        self.set("AWS_SECRET_ACCESS_KEY", "secret");
    }

    /// Writes a file of this test's own and says where it is.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// `~/.aws/config`.
    pub fn config(&self, content: impl AsRef<[u8]>) -> PathBuf {
        self.file(".aws/config", content)
    }

    /// `~/.aws/credentials`.
    pub fn credentials(&self, content: impl AsRef<[u8]>) -> PathBuf {
        self.file(".aws/credentials", content)
    }
}

impl Drop for Surroundings {
    fn drop(&mut self) {
        for name in self.set.borrow_mut().drain(..) {
            std::env::remove_var(name);
        }
    }
}

/// Without a cache, so that every call sends a request.
pub fn uncached(table: &str) -> Config {
    let mut config = Config::new(table);
    config.cache_ttl = CacheTtl::Off;
    if support::transport() == "sdk" {
        config.transport = Transport::Sdk;
    }
    config
}

/// With endpoint, region and credentials of its own, so that environment and files are not asked for them; one attempt.
pub fn with_all_given(endpoint: &str, table: &str) -> Config {
    let mut config = uncached(table);
    config.endpoint = Some(endpoint.to_owned());
    config.region = Some("eu-west-1".to_owned());
    config.credentials = Some(Credentials::new("local", "local"));
    config.max_attempts = 1;
    config
}

/// What one read by a new store comes to.
pub fn read(config: &Config) -> Result<(), Error> {
    let store = Store::new(config.clone())?;
    store.get("features", "flag").map(drop)
}

/// What every error about a setting must be.
pub fn require_configuration_error(error: &Error, names: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{error}");
    require_readable(error, names);
}

pub fn require_readable(error: &Error, names: &[&str]) {
    assert!(!error.is_retriable(), "{error}");
    let message = error.message();
    assert!(!message.contains('\n'), "{message}");
    let length = message.chars().count();
    assert!(length <= 300, "{length} characters: {message}");
    for name in names {
        assert!(message.contains(name), "{name} is not in: {message}");
    }
}
