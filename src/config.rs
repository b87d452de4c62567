//! What a store is told: the JSON of a configuration, its defaults, and every check that needs no request.
//!
//! Reads no file and no environment: those are the client's.

mod client_factory;
mod credentials;
mod forms;
mod members;
mod setters;
mod values;

use std::time::Duration;

use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::{name, schema};
use members::{refusal, Members, MAXIMUM_MILLISECONDS};

pub use client_factory::ClientFactory;
pub(crate) use credentials::ExpiringCredentials;
pub(crate) use forms::{is_http_url, is_one_line, is_one_word, is_region};
pub use values::{CacheTtl, Credentials, LogLevel, ProxyUrl, RetryMode, Transport};

/// Everything a [`Store`](crate::Store) is told. Start with [`Config::new`] or [`Config::from_json`], and chain setters or change fields.
///
/// ```
/// use ld_dynamo_store::{Config, Store};
/// use std::time::Duration;
///
/// let config = Config::new("launchdarkly")
///     .prefix("production")
///     .region("eu-west-1")
///     .operation_timeout(Duration::from_secs(2))
///     .cache_ttl(Duration::from_secs(30));
/// let store = Store::new(config)?;
/// assert_eq!(store.config().prefix, "production");
/// # Ok::<(), ld_dynamo_store::Error>(())
/// ```
///
/// A timeout of `None` means none. Nothing here is sent anywhere before the first call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The table's name, or its ARN. It must exist: partition key `namespace` (S), sort key `key` (S).
    pub table: String,
    /// Goes before every namespace, with a `:` between; empty is none.
    pub prefix: String,
    /// The AWS region; otherwise the AWS chain decides.
    pub region: Option<String>,
    /// The URL of the DynamoDB endpoint, for local engines and VPC endpoints; otherwise `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL` or the
    /// profile decide, and last the region.
    pub endpoint: Option<String>,
    /// The name of a profile in the AWS configuration files. Refused together with `credentials`; with `pushed_credentials` it gives
    /// region and endpoint.
    pub profile: Option<String>,
    /// Static credentials; otherwise the AWS chain: environment, profile, web identity, ECS, IMDS.
    pub credentials: Option<Credentials>,
    /// Whether credentials come through [`Store::set_credentials`](crate::Store::set_credentials), and from nowhere else. Default false;
    /// `"credentials": "pushed"` in JSON. Refused together with `credentials`, `share` and `client_factory`.
    pub pushed_credentials: bool,
    /// Whether get, all, initialized and Big Segments reads are strongly consistent. Default true. `init` always reads so.
    pub consistent_reads: bool,
    /// Whether writes are refused before any request. Default false.
    pub read_only: bool,
    /// For one connection to be made. Default 1 s.
    pub connect_timeout: Option<Duration>,
    /// For one HTTP attempt. Default 2 s. It grows with what the requests under way carry, by one second for each 500,000 bytes: an
    /// upsert's own bytes; in `init`, where requests run side by side, the bytes of the largest batches that a level sends at once, or
    /// 1 MiB for each kind that is read.
    pub attempt_timeout: Option<Duration>,
    /// For a whole call: credentials, DNS, retries, waiting for another caller's request. Default 5 s.
    pub operation_timeout: Option<Duration>,
    /// For a whole `init` or patch of Big Segments, which until then repeats whatever may pass: throttling, time-outs, broken connections, AWS's own faults.
    /// Default 300 s.
    pub init_timeout: Option<Duration>,
    /// HTTP attempts a request, the first included. Default 3.
    pub max_attempts: u32,
    /// Default `Standard`.
    pub retry_mode: RetryMode,
    /// Default `Auto`.
    pub transport: Transport,
    /// How many batches `init` has under way at once. Default 16.
    pub max_concurrency: usize,
    /// Default 15 s.
    pub cache_ttl: CacheTtl,
    /// For how long a context's membership in Big Segments is kept where `cache_ttl` is not `Off`; zero is never. Default 5 s.
    pub context_cache_ttl: Duration,
    /// Of how many contexts at most, those that were asked for last; 0 is none. Default 1,000.
    pub context_cache_size: usize,
    /// Whether a read that fails with a retriable error serves what was last known, however old. Default false.
    pub stale_on_error: bool,
    /// Whether stores of equal configuration share one live state, kept beyond the last store's end. Default false. Equal means: every
    /// setting, the AWS and proxy variables of the environment, and time and size of the AWS files and the bundle of root certificates
    /// that these name. So `Store::new` looks at those files, and a store that is made after keys were changed uses the new ones.
    pub share: bool,
    /// A PEM file of root certificates to trust; otherwise that of `AWS_CA_BUNDLE`, and last the system's.
    pub ca_bundle: Option<String>,
    /// The URL of an HTTP proxy; otherwise `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` decide.
    pub proxy: Option<ProxyUrl>,
    /// The least severe message that a logger of the C ABI receives. Without effect in a Rust program, which subscribes to `tracing`.
    /// Default `Info`.
    pub log_level: LogLevel,
    /// Makes the AWS client's configuration instead of the AWS settings above; called once in each process that uses the store.
    pub client_factory: Option<ClientFactory>,
}

impl Config {
    /// The defaults, for `table`.
    pub fn new(table: impl Into<String>) -> Self {
        Config {
            table: table.into(),
            prefix: String::new(),
            region: None,
            endpoint: None,
            profile: None,
            credentials: None,
            pushed_credentials: false,
            consistent_reads: true,
            read_only: false,
            connect_timeout: Some(Duration::from_millis(1000)),
            attempt_timeout: Some(Duration::from_millis(2000)),
            operation_timeout: Some(Duration::from_millis(5000)),
            init_timeout: Some(Duration::from_millis(300_000)),
            max_attempts: 3,
            retry_mode: RetryMode::Standard,
            transport: Transport::Auto,
            max_concurrency: 16,
            cache_ttl: CacheTtl::For(Duration::from_millis(15_000)),
            context_cache_ttl: Duration::from_millis(5000),
            context_cache_size: 1000,
            stale_on_error: false,
            share: false,
            ca_bundle: None,
            proxy: None,
            log_level: LogLevel::Info,
            client_factory: None,
        }
    }

    /// Reads the JSON form that the C ABI takes; docs/configuration.md lists its keys. An unknown or mistyped key, or one
    /// that is given twice, is an error that names it.
    pub fn from_json(json: &str) -> Result<Self> {
        let value: &RawValue = serde_json::from_str(json)
            .map_err(|error| Error::new(ErrorKind::InvalidJson, format!("configuration is not JSON: {error}")))?;
        let object = serde_json::from_str(value.get());
        let mut members = Members::new(
            "configuration key \"",
            object.map_err(|_| refusal("configuration must be a JSON object"))?,
        )?;
        let mut config = Config::new(members.string("table")?.unwrap_or_default());
        config.read_members(&mut members)?;
        members.require_empty()?;
        config.validate()?;
        Ok(config)
    }

    fn read_members(&mut self, members: &mut Members<'_>) -> Result<()> {
        if let Some(prefix) = members.string("prefix")? {
            self.prefix = prefix;
        }
        self.region = members.string("region")?;
        self.endpoint = members.string("endpoint")?;
        self.profile = members.string("profile")?;
        self.credentials = members.credentials("credentials", &mut self.pushed_credentials)?;
        self.ca_bundle = members.string("ca_bundle")?;
        self.proxy = members.string("proxy")?.map(ProxyUrl);
        members.boolean("consistent_reads", &mut self.consistent_reads)?;
        members.boolean("read_only", &mut self.read_only)?;
        members.boolean("stale_on_error", &mut self.stale_on_error)?;
        members.boolean("share", &mut self.share)?;
        members.timeout("connect_timeout_ms", &mut self.connect_timeout)?;
        members.timeout("attempt_timeout_ms", &mut self.attempt_timeout)?;
        members.timeout("operation_timeout_ms", &mut self.operation_timeout)?;
        members.timeout("init_timeout_ms", &mut self.init_timeout)?;
        if let Some(attempts) = members.integer("max_attempts", 1, 1000)? {
            self.max_attempts = attempts as u32;
        }
        if let Some(concurrency) = members.integer("max_concurrency", 1, 1000)? {
            self.max_concurrency = concurrency as usize;
        }
        if let Some(milliseconds) = members.integer("cache_ttl_ms", -1, MAXIMUM_MILLISECONDS)? {
            self.cache_ttl = match milliseconds {
                -1 => CacheTtl::Forever,
                0 => CacheTtl::Off,
                _ => CacheTtl::For(Duration::from_millis(milliseconds as u64)),
            };
        }
        if let Some(milliseconds) = members.integer("context_cache_ttl_ms", 0, MAXIMUM_MILLISECONDS)? {
            self.context_cache_ttl = Duration::from_millis(milliseconds as u64);
        }
        if let Some(contexts) = members.integer("context_cache_size", 0, 10_000_000)? {
            self.context_cache_size = contexts as usize;
        }
        let modes = [("standard", RetryMode::Standard), ("adaptive", RetryMode::Adaptive)];
        members.choice("retry_mode", &modes, &mut self.retry_mode)?;
        let transports = [("auto", Transport::Auto), ("sdk", Transport::Sdk)];
        members.choice("transport", &transports, &mut self.transport)?;
        let levels = [
            ("off", LogLevel::Off),
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ];
        members.choice("log_level", &levels, &mut self.log_level)
    }

    /// Whether nothing has to look for credentials.
    pub(crate) fn is_given_credentials(&self) -> bool {
        self.credentials.is_some() || self.pushed_credentials
    }

    /// Everything that was configured except secrets, for comparison with another configuration.
    pub(crate) fn plain_fields(&self) -> String {
        let plain = Config {
            credentials: None,
            proxy: None,
            client_factory: None,
            ..self.clone()
        };
        let factory = self.client_factory.as_ref().map(ClientFactory::identity);
        format!("{plain:?} {factory:?}")
    }

    /// What `plain_fields` leaves out, in a fixed order.
    pub(crate) fn secret_fields(&self) -> [Option<&str>; 4] {
        let credentials = self.credentials.as_ref();
        [
            credentials.map(|given| given.access_key_id.as_str()),
            credentials.map(|given| given.secret_access_key.as_str()),
            credentials.and_then(|given| given.session_token.as_deref()),
            self.proxy.as_ref().map(|url| url.0.as_str()),
        ]
    }

    /// The checks that a [`Store`](crate::Store) makes before it accepts this configuration.
    pub(crate) fn validate(&self) -> Result<()> {
        if self.table.is_empty() {
            return Err(refusal("\"table\" is required"));
        }
        if !name::is_table(&self.table) {
            let start: String = self.table.escape_debug().take(80).collect();
            return Err(refusal(format!(
                "\"table\" must be 3 to 255 characters of a-z, A-Z, 0-9, \"_\", \"-\" and \".\", or the ARN of a table \
                 (arn:aws:dynamodb:REGION:ACCOUNT:table/NAME), and not \"{start}\""
            )));
        }
        let longest = schema::prefixed(&self.prefix, schema::BIG_SEGMENTS_METADATA).len();
        if longest > schema::MAXIMUM_NAMESPACE_BYTES {
            return Err(refusal(
                "\"prefix\" is too long for DynamoDB's partition key of 2,048 bytes",
            ));
        }
        if self.cache_ttl == CacheTtl::Forever && self.read_only {
            return Err(refusal(
                "\"cache_ttl_ms\" -1 with \"read_only\" is refused: such a store would never see a change",
            ));
        }
        if self.max_attempts == 0 {
            return Err(refusal("\"max_attempts\" must be at least 1"));
        }
        if self.max_concurrency == 0 {
            return Err(refusal("\"max_concurrency\" must be at least 1"));
        }
        for (name, limit) in [
            ("connect_timeout", self.connect_timeout),
            ("attempt_timeout", self.attempt_timeout),
            ("operation_timeout", self.operation_timeout),
            ("init_timeout", self.init_timeout),
        ] {
            if limit.is_some_and(|limit| limit.is_zero()) {
                return Err(refusal(format!("{name:?} must not be zero; `None` is no limit")));
            }
            require_duration(name, limit)?;
        }
        if let CacheTtl::For(ttl) = self.cache_ttl {
            require_duration("cache_ttl", Some(ttl))?;
        }
        require_duration("context_cache_ttl", Some(self.context_cache_ttl))?;
        if let Some(url) = &self.endpoint {
            require_url("endpoint", url)?;
            // It stands in errors and logs, where a password must not.
            if url.contains('@') {
                return Err(refusal("\"endpoint\" must not hold a user name or password"));
            }
        }
        if let Some(ProxyUrl(url)) = &self.proxy {
            require_url("proxy", url)?;
        }
        for (name, text) in [
            ("region", &self.region),
            ("profile", &self.profile),
            ("ca_bundle", &self.ca_bundle),
        ] {
            if text.as_deref() == Some("") {
                return Err(refusal(format!(
                    "{name:?} must not be empty; leave it out for the default"
                )));
            }
        }
        if self.region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(refusal(
                "\"region\" must be the name of a region, such as eu-west-1: letters, digits and hyphens",
            ));
        }
        if let Some(credentials) = &self.credentials {
            credentials.validate()?;
            if self.profile.is_some() {
                return Err(refusal("\"credentials\" and \"profile\" exclude each other"));
            }
        }
        if self.pushed_credentials {
            // One store could otherwise ask with what another was given, or show what only the other may read.
            if self.share {
                return Err(refusal(
                    "\"credentials\": \"pushed\" and \"share\" exclude each other: what is pushed is of one store alone",
                ));
            }
            if self.credentials.is_some() || self.client_factory.is_some() {
                return Err(refusal(
                    "pushed credentials exclude credentials that are given and a client factory",
                ));
            }
        }
        Ok(())
    }
}

/// Later moments than so far ahead, no clock can name.
fn require_duration(name: &str, duration: Option<Duration>) -> Result<()> {
    let longest = Duration::from_millis(MAXIMUM_MILLISECONDS as u64);
    match duration.is_some_and(|duration| duration > longest) {
        true => Err(refusal(format!("{name:?} must be at most 100 years"))),
        false => Ok(()),
    }
}

/// The value itself stays out of the message: a proxy's URL may hold a password.
fn require_url(name: &str, url: &str) -> Result<()> {
    if is_http_url(url) {
        return Ok(());
    }
    Err(refusal(format!(
        "{name:?} must be an http:// or https:// URL with a host"
    )))
}

#[cfg(test)]
mod tests;
