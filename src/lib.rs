//! LaunchDarkly's feature flags in a DynamoDB table, in the layout of LaunchDarkly's own stores.
//!
//! ```no_run
//! use ld_dynamo_store::{Config, Store, Upsert};
//!
//! let store = Store::new(Config::new("launchdarkly").prefix("production").region("eu-west-1"))?;
//!
//! let report = store.init(r#"{"features": {"new-checkout": {"key": "new-checkout", "version": 2, "on": true}}}"#)?;
//! println!("{} rows written, {} unchanged", report.written, report.unchanged);
//!
//! if let Some(flag) = store.get("features", "new-checkout")? {
//!     println!("{flag}");
//! }
//! match store.upsert("features", "new-checkout", r#"{"key": "new-checkout", "version": 1, "on": false}"#)? {
//!     Upsert::Stored => println!("stored"),
//!     Upsert::NotNewer(stored) => println!("the table keeps {stored}"),
//!     other => println!("not stored: {other:?}"),
//! }
//! # Ok::<(), ld_dynamo_store::Error>(())
//! ```
//!
//! A [`Store`] is made of a [`Config`], which takes [JSON](Config::from_json) as well as setters. Making one connects to nothing. Items and
//! data sets are JSON texts, kept byte for byte.
//!
//! # Errors
//!
//! An [`Error`] has a [`kind`](Error::kind), says whether the same call [may succeed later](Error::is_retriable), and carries AWS's
//! [code](Error::service_code) where there is one. It implements [`std::error::Error`].
//!
//! ```
//! use ld_dynamo_store::{Config, Credentials, ErrorKind, Store};
//!
//! let config = Config::new("launchdarkly")
//!     .endpoint("http://127.0.0.1:1")
//!     .region("eu-west-1")
//!     .credentials(Credentials::new("local", "local"))
//!     .max_attempts(1);
//! let error = Store::new(config)?.get("features", "new-checkout").unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Unreachable);
//! assert!(error.is_retriable());
//!
//! let error = Store::new(Config::new("launchdarkly").region("eu west")).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
//! # Ok::<(), ld_dynamo_store::Error>(())
//! ```
//!
//! # Calls block
//!
//! Every call drives its own requests on the thread that makes it. There is no background thread and no asynchronous form. A call may be made
//! from inside a tokio runtime of any kind, whose worker it holds up; use `spawn_blocking` where that must not be.
//!
//! # Logs
//!
//! Messages are events of [`tracing`](https://docs.rs/tracing), with targets that begin with `ld_dynamo_store`; the AWS SDK's are beside them.
//! Subscribe and filter as in any program, for example with `tracing_subscriber::fmt().with_env_filter("ld_dynamo_store=info")`. This
//! crate's never hold a secret; of the AWS SDK's below `warn` that is not known. [`Config::log_level`] has no effect: it governs the
//! loggers of the C ABI.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `c-abi`: the functions of the C ABI. For the package that makes the C library, and nobody else.
//! * `cli`: the operator's command, the program `ld-dynamo-store`: `cargo install ld-dynamo-store --features cli`.
//! * `launchdarkly`: the persistent store for LaunchDarkly's Rust SDK, in the module `launchdarkly`.

// Imports go one way: `ffi` (what C sees), `store` (what a caller asks), `cache` (what is known already), `client` (DynamoDB, and the
// only place that knows the AWS SDK), `config`, `process` (what belongs to one process), `table` (what a row is), `stats`, `error`.
// ARCHITECTURE.md has the list, and a test holds it against the code.

// What only the C ABI uses is not worth a mark of its own.
#![cfg_attr(not(feature = "c-abi"), allow(dead_code, unused_imports))]

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!(
    "ld-dynamo-store supports Linux (glibc or musl) and macOS, and no other system; on Windows use WSL, or a container with Linux"
);

// The engines of the integration tests, in tests of what is not public.
#[cfg(test)]
extern crate self as ld_dynamo_store;

// What follows is of no use elsewhere, and would bury that message.
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod cache;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod client;
#[doc(hidden)]
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[cfg(feature = "cli")]
pub mod command;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod config;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod error;
#[doc(hidden)]
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[cfg(feature = "c-abi")]
pub mod ffi;
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[cfg(feature = "launchdarkly")]
pub mod launchdarkly;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod process;
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[cfg(test)]
#[path = "../tests/schedules/scheduler.rs"]
mod scheduler;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod stats;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod store;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod table;
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[cfg(test)]
#[path = "../tests/schedules/threads.rs"]
mod threads;

#[cfg(any(target_os = "linux", target_os = "macos"))]
pub use config::{CacheTtl, ClientFactory, Config, Credentials, LogLevel, ProxyUrl, RetryMode, Transport};
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub use error::{Error, ErrorKind, Result};
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub use stats::InitReport;
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub use store::{context_hash, BigSegmentsPatch, Store, Upsert};
