//! LaunchDarkly's DynamoDB persistent data store, once, for every language.
//!
//! ```no_run
//! # fn main() -> Result<(), ld_dynamo_store::Error> {
//! use ld_dynamo_store::{Config, Store, Upsert};
//!
//! let store = Store::new(Config::new("launchdarkly"))?;
//! store.init(r#"{"features": {"new-checkout": {"key": "new-checkout", "version": 1, "on": true}}}"#)?;
//! assert!(store.get("features", "new-checkout")?.is_some());
//! let older = r#"{"key": "new-checkout", "version": 1, "on": false}"#;
//! assert!(matches!(store.upsert("features", "new-checkout", older)?, Upsert::NotNewer(_)));
//! # Ok(())
//! # }
//! ```
//!
//! # Map of the crate
//!
//! Data flows one way: `ffi` → `store` → `cache` → `init`, `upsert`, `read` → `client` → `live`, `runtime`, `process`. Only `ffi` knows C,
//! and only `client` knows the AWS SDK. `item`, `data_set`, `dependencies` and `schema` say what the table holds, without a request.
#![warn(missing_docs)]

mod cache;
mod client;
mod config;
mod error;
pub mod ffi;
mod process;
#[cfg(test)]
#[path = "../tests/schedules/scheduler.rs"]
mod scheduler;
mod stats;
mod store;
mod table;

pub use client::ClientFactory;
pub use config::{CacheTtl, Config, Credentials, LogLevel, ProxyUrl, RetryMode};
pub use error::{Error, ErrorKind, Result};
pub use store::init::InitReport;
pub use store::upsert::Upsert;
pub use store::Store;
