//! What settings can be.

use std::fmt;
use std::time::Duration;

/// AWS credentials. They never appear in a log, an error or a `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// The URL of a proxy. It may hold a password, so it never appears in a log, an error or a `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub String);

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl(..)")
    }
}

/// How the AWS SDK spaces its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryMode {
    /// Exponential backoff with jitter and a retry quota.
    #[default]
    Standard,
    /// As `Standard`, and slows down all requests of the store while it is throttled.
    Adaptive,
}

/// How requests reach the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// On connections of the calling thread where that is possible, and otherwise through the AWS SDK, as every failure.
    #[default]
    Auto,
    /// Through the AWS SDK only.
    Sdk,
}

/// How long what was read may be served from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheTtl {
    /// Every read asks the table.
    Off,
    /// For so long after it was read or written.
    For(Duration),
    /// Until it is written again through this store.
    Forever,
}

/// The least severe log message that is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}
