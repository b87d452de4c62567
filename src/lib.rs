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
//! Imports go one way: `ffi` (what C sees), `store` (what a caller asks), `cache` (what is known already), `client` (DynamoDB, and the
//! only place that knows the AWS SDK), `config`, `process` (what belongs to one process), `table` (what a row is), `stats`, `error`. ARCHITECTURE.md
//! has the list, and a test holds it against the code.

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
#[cfg(test)]
#[path = "../tests/schedules/threads.rs"]
mod threads;

pub use config::{CacheTtl, ClientFactory, Config, Credentials, LogLevel, ProxyUrl, RetryMode, Transport};
pub use error::{Error, ErrorKind, Result};
pub use stats::InitReport;
pub use store::{context_hash, BigSegmentsPatch, Store, Upsert};
