//! Setters that chain. Each has the name of the field that it sets, whose documentation says what the setting does.

use std::time::Duration;

use super::{CacheTtl, ClientFactory, Config, Credentials, ProxyUrl, RetryMode, Transport};

/// Each sets the field of its name and hands the configuration on. [`Store::new`](crate::Store::new) checks it.
///
/// A time-out is a [`Duration`], or `None` for no limit.
impl Config {
    /// Sets [`prefix`](Config#structfield.prefix).
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets [`region`](Config#structfield.region).
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets [`endpoint`](Config#structfield.endpoint).
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets [`profile`](Config#structfield.profile).
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Sets [`credentials`](Config#structfield.credentials).
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets [`pushed_credentials`](Config#structfield.pushed_credentials).
    #[must_use]
    pub fn pushed_credentials(mut self, pushed: bool) -> Self {
        self.pushed_credentials = pushed;
        self
    }

    /// Sets [`consistent_reads`](Config#structfield.consistent_reads).
    #[must_use]
    pub fn consistent_reads(mut self, consistent: bool) -> Self {
        self.consistent_reads = consistent;
        self
    }

    /// Sets [`read_only`](Config#structfield.read_only).
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets [`connect_timeout`](Config#structfield.connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = limit.into();
        self
    }

    /// Sets [`attempt_timeout`](Config#structfield.attempt_timeout).
    #[must_use]
    pub fn attempt_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.attempt_timeout = limit.into();
        self
    }

    /// Sets [`operation_timeout`](Config#structfield.operation_timeout).
    #[must_use]
    pub fn operation_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.operation_timeout = limit.into();
        self
    }

    /// Sets [`init_timeout`](Config#structfield.init_timeout).
    #[must_use]
    pub fn init_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.init_timeout = limit.into();
        self
    }

    /// Sets [`max_attempts`](Config#structfield.max_attempts).
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets [`retry_mode`](Config#structfield.retry_mode).
    #[must_use]
    pub fn retry_mode(mut self, mode: RetryMode) -> Self {
        self.retry_mode = mode;
        self
    }

    /// Sets [`transport`](Config#structfield.transport).
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Sets [`max_concurrency`](Config#structfield.max_concurrency).
    #[must_use]
    pub fn max_concurrency(mut self, batches: usize) -> Self {
        self.max_concurrency = batches;
        self
    }

    /// Sets [`cache_ttl`](Config#structfield.cache_ttl), to a [`CacheTtl`] or a [`Duration`].
    #[must_use]
    pub fn cache_ttl(mut self, ttl: impl Into<CacheTtl>) -> Self {
        self.cache_ttl = ttl.into();
        self
    }

    /// Sets [`context_cache_ttl`](Config#structfield.context_cache_ttl).
    #[must_use]
    pub fn context_cache_ttl(mut self, ttl: Duration) -> Self {
        self.context_cache_ttl = ttl;
        self
    }

    /// Sets [`context_cache_size`](Config#structfield.context_cache_size).
    #[must_use]
    pub fn context_cache_size(mut self, contexts: usize) -> Self {
        self.context_cache_size = contexts;
        self
    }

    /// Sets [`stale_on_error`](Config#structfield.stale_on_error).
    #[must_use]
    pub fn stale_on_error(mut self, serve: bool) -> Self {
        self.stale_on_error = serve;
        self
    }

    /// Sets [`share`](Config#structfield.share).
    #[must_use]
    pub fn share(mut self, share: bool) -> Self {
        self.share = share;
        self
    }

    /// Sets [`ca_bundle`](Config#structfield.ca_bundle).
    #[must_use]
    pub fn ca_bundle(mut self, file: impl Into<String>) -> Self {
        self.ca_bundle = Some(file.into());
        self
    }

    /// Sets [`proxy`](Config#structfield.proxy).
    #[must_use]
    pub fn proxy(mut self, url: impl Into<ProxyUrl>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets [`client_factory`](Config#structfield.client_factory).
    #[must_use]
    pub fn client_factory(mut self, factory: ClientFactory) -> Self {
        self.client_factory = Some(factory);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sets_the_field_of_its_name() {
        let second = Duration::from_secs(1);
        let credentials = Credentials::new("id", "key").session_token("token");
        let config = Config::new("flags")
            .prefix("prefix")
            .region("region")
            .endpoint("endpoint")
            .profile("profile")
            .credentials(credentials.clone())
            .pushed_credentials(true)
            .consistent_reads(false)
            .read_only(true)
            .connect_timeout(second)
            .attempt_timeout(second * 2)
            .operation_timeout(second * 3)
            .init_timeout(None)
            .max_attempts(4)
            .retry_mode(RetryMode::Adaptive)
            .transport(Transport::Sdk)
            .max_concurrency(5)
            .cache_ttl(second * 6)
            .context_cache_ttl(second * 7)
            .context_cache_size(8)
            .stale_on_error(true)
            .share(true)
            .ca_bundle(String::from("bundle"))
            .proxy("proxy")
            .client_factory(ClientFactory::new(|| unreachable!("nothing connects")));
        let mut expected = Config::new("flags");
        expected.prefix = "prefix".to_owned();
        expected.region = Some("region".to_owned());
        expected.endpoint = Some("endpoint".to_owned());
        expected.profile = Some("profile".to_owned());
        expected.credentials = Some(credentials);
        expected.pushed_credentials = true;
        expected.consistent_reads = false;
        expected.read_only = true;
        expected.connect_timeout = Some(second);
        expected.attempt_timeout = Some(second * 2);
        expected.operation_timeout = Some(second * 3);
        expected.init_timeout = None;
        expected.max_attempts = 4;
        expected.retry_mode = RetryMode::Adaptive;
        expected.transport = Transport::Sdk;
        expected.max_concurrency = 5;
        expected.cache_ttl = CacheTtl::For(second * 6);
        expected.context_cache_ttl = second * 7;
        expected.context_cache_size = 8;
        expected.stale_on_error = true;
        expected.share = true;
        expected.ca_bundle = Some("bundle".to_owned());
        expected.proxy = Some(ProxyUrl("proxy".to_owned()));
        expected.client_factory = config.client_factory.clone();
        assert_eq!(config.plain_fields(), expected.plain_fields());
        assert_eq!(config.secret_fields(), expected.secret_fields());
        assert!(config.client_factory.is_some());
    }

    #[test]
    fn a_cache_for_no_time_is_none() {
        assert_eq!(CacheTtl::from(Duration::ZERO), CacheTtl::Off);
    }
}
