//! From our configuration to a client of the AWS SDK.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, IdentityCache, Intercept, StalledStreamProtectionConfig};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::credentials::{LastCredentials, Provider};
use super::http::Connectors;
use super::pushed::PushedCredentials;
use crate::config::{Config, RetryMode};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::Stats;

/// DynamoDB answers in milliseconds, so a first retry after a second would waste the caller's time.
const INITIAL_BACKOFF: std::time::Duration = std::time::Duration::from_millis(50);

/// The settings of every request, of which [`with_own_quota`] makes clients.
#[derive(Clone)]
pub(super) struct Settings {
    sdk: Builder,
    /// `None` where they are known from the start, or a `ClientFactory`'s affair.
    pub(super) credentials: Option<Arc<LastCredentials>>,
}

pub(super) async fn connect(
    config: &Config,
    pushed: Option<&PushedCredentials>,
    stats: &Arc<Stats>,
) -> Result<Settings> {
    let is_plain = config
        .endpoint
        .as_ref()
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    // Credentials may have to be fetched over TLS, and a proxy may speak it.
    let needs_tls = !is_plain || !config.is_given_credentials() || config.proxy.is_some() || is_proxy_in_environment();
    let http = Connectors::new(config, needs_tls)?;
    let Settings { sdk, credentials } = match &config.client_factory {
        Some(factory) => Settings {
            sdk: (factory.make)(),
            credentials: None,
        },
        None => settings(config, pushed, &http).await?,
    };
    let mut sdk = sdk.interceptor(CountAttempts(Arc::clone(stats)));
    let built = sdk.clone().build();
    if built.http_client().is_none() {
        sdk = sdk.http_client(http);
    }
    if built.region().is_none_or(|region| region.as_ref().is_empty()) {
        return Err(Error::new(
            ErrorKind::NoCredentials,
            "no AWS region was found: set \"region\", AWS_REGION or a region in the AWS profile",
        ));
    }
    Ok(Settings { sdk, credentials })
}

/// A client with retries of its own to spend; connections and credentials are those of all clients of the same settings.
pub(super) fn with_own_quota(settings: &Settings, name: &'static str) -> aws_sdk_dynamodb::Client {
    // Retry quotas are process-wide otherwise, behind a lock that a fork could leave taken.
    let partition = RetryPartition::custom(name).build();
    aws_sdk_dynamodb::Client::from_conf(settings.sdk.clone().retry_partition(partition).build())
}

/// Whether anything is left for the AWS chain to find in its files.
pub(crate) fn reads_aws_files(config: &Config) -> bool {
    let is_complete = config.is_given_credentials() && config.region.is_some() && config.endpoint.is_some();
    !is_complete || config.client_factory.is_some()
}

fn is_proxy_in_environment() -> bool {
    let names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    names
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|url| !url.is_empty()))
}

async fn settings(config: &Config, pushed: Option<&PushedCredentials>, http: &Connectors) -> Result<Settings> {
    let mut last = None;
    let static_credentials = config.credentials.as_ref().map(|credentials| {
        SharedCredentialsProvider::new(Credentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            credentials.session_token.clone(),
            None,
            "configuration",
        ))
    });
    let pushed = pushed.cloned().map(SharedCredentialsProvider::new);
    let is_pushed = pushed.is_some();
    let given = pushed.or(static_credentials);
    let region = config.region.clone().map(Region::new);
    let mut builder = match (&given, &region, &config.endpoint) {
        // Nothing is left for the AWS chain to find, so its files are not read.
        (Some(credentials), Some(region), Some(_)) => Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(region.clone())
            .credentials_provider(credentials.clone()),
        _ => {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(http.clone())
                .timeout_config(timeouts(config));
            if let Some(region) = region {
                loader = loader.region(region);
            }
            if let Some(profile) = &config.profile {
                loader = loader.profile_name(profile);
            }
            let finds_credentials = given.is_none();
            if let Some(credentials) = given {
                loader = loader.credentials_provider(credentials);
            }
            let found = loader.load().await;
            let builder = Builder::from(&found);
            match found.credentials_provider() {
                Some(chain) if finds_credentials => {
                    let credentials = Arc::new(LastCredentials::of(chain));
                    last = Some(Arc::clone(&credentials));
                    builder
                        .credentials_provider(Provider(credentials))
                        .identity_cache(IdentityCache::no_cache())
                }
                _ => builder,
            }
        }
    };
    if is_pushed {
        builder = builder.identity_cache(IdentityCache::no_cache());
    }
    if let Some(endpoint) = &config.endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    let retries = match config.retry_mode {
        RetryMode::Standard => RetryConfig::standard(),
        RetryMode::Adaptive => RetryConfig::adaptive(),
    };
    let sdk = builder
        .app_name(AppName::new("ld-dynamo-store").map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?)
        .retry_config(
            retries
                .with_max_attempts(config.max_attempts)
                .with_initial_backoff(INITIAL_BACKOFF),
        )
        .timeout_config(timeouts(config))
        // Attempts have a time-out of their own; watching the body's pace as well costs CPU and finds nothing more.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Ok(Settings { sdk, credentials: last })
}

fn timeouts(config: &Config) -> TimeoutConfig {
    let mut timeouts = TimeoutConfig::builder();
    timeouts = match config.connect_timeout {
        Some(limit) => timeouts.connect_timeout(limit),
        None => timeouts.disable_connect_timeout(),
    };
    timeouts = match config.attempt_timeout {
        Some(limit) => timeouts.operation_attempt_timeout(limit),
        None => timeouts.disable_operation_attempt_timeout(),
    };
    timeouts.build()
}

tokio::task_local! {
    /// What became of the request that runs within.
    pub(super) static SENT: Sent;

    /// Raised when a request is sent.
    static HAS_SENT: Arc<AtomicBool>;
}

/// Does `work` and raises `has_sent` as soon as it sends a request to DynamoDB; looking for credentials does not count.
pub(crate) async fn noting_requests<T>(has_sent: Arc<AtomicBool>, work: impl Future<Output = T>) -> T {
    HAS_SENT.scope(has_sent, work).await
}

/// Which attempts of a request may have been carried out although no answer said so.
#[derive(Default)]
pub(super) struct Sent {
    is_under_way: Cell<bool>,
    pub(super) without_answer: Cell<bool>,
}

/// Counts HTTP attempts, retries and throttled answers.
#[derive(Debug)]
struct CountAttempts(Arc<Stats>);

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "CountAttempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let attempts = bag.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        self.0.request(attempts > 1);
        let _ = SENT.try_with(|sent| sent.is_under_way.set(true));
        let _ = HAS_SENT.try_with(|has_sent| has_sent.store(true, Ordering::Relaxed));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        // A refusal, throttling included, says that nothing was done.
        let is_refused = context
            .response()
            .is_some_and(|response| response.status().is_client_error());
        let _ = SENT.try_with(|sent| {
            if sent.is_under_way.take() && !is_refused {
                sent.without_answer.set(true);
            }
        });
        let body = context.response().filter(|response| !response.status().is_success());
        let body = body.and_then(|response| response.body().bytes());
        if body.is_some_and(super::failure::speaks_of_throttling) {
            self.0.throttle();
        }
        Ok(())
    }
}
