//! What settings can be.

use std::fmt;
use std::time::Duration;

/// AWS credentials. They never appear in a log, an error or a `Debug` output.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// Credentials that last: an access key without a session token.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
        }
    }

    /// Temporary credentials: the same with their session token.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// The URL of a proxy. It may hold a password, so it never appears in a log, an error or a `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub String);

impl From<&str> for ProxyUrl {
    fn from(url: &str) -> Self {
        ProxyUrl(url.to_owned())
    }
}

impl From<String> for ProxyUrl {
    fn from(url: String) -> Self {
        ProxyUrl(url)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl(..)")
    }
}

/// How the AWS SDK spaces its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RetryMode {
    /// Exponential backoff with jitter and a retry quota.
    #[default]
    Standard,
    /// As `Standard`, and slows down all requests of the store while it is throttled.
    Adaptive,
}

/// How requests reach the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Transport {
    /// On connections of the calling thread where that is possible, and otherwise through the AWS SDK, as every failure.
    #[default]
    Auto,
    /// Through the AWS SDK only.
    Sdk,
}

/// How long what was read may be served from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheTtl {
    /// Every read asks the table.
    Off,
    /// For so long after it was read or written.
    For(Duration),
    /// Until it is written again through this store.
    Forever,
}

/// For so long; no time at all is [`CacheTtl::Off`].
impl From<Duration> for CacheTtl {
    fn from(ttl: Duration) -> Self {
        if ttl.is_zero() {
            CacheTtl::Off
        } else {
            CacheTtl::For(ttl)
        }
    }
}

/// The least severe log message that a logger of the C ABI receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Nothing is delivered.
    Off,
    /// Something was lost or is wrong with the data.
    Error,
    /// Something may be wrong.
    Warn,
    /// An init was done.
    Info,
    /// Attempts, retries and time-outs of requests, and where region and credentials come from.
    Debug,
    /// The steps within an attempt.
    Trace,
}
