//! From our configuration to a client of the AWS SDK.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, IdentityCache, StalledStreamProtectionConfig};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_types::sdk_config::SharedTimeSource;

use super::attempts::{Asked, CountAttempts, SignedTooLongAgo};
use super::aws_settings::{self, shortened, AwsSettings, Environment, LONGEST_MESSAGE};
use super::chain::{self, Chain};
use super::complaint::Complaints;
use super::credentials::{LastCredentials, Provider};
use super::direct::{self, Clock, Findings};
use super::http::{self, Connectors};
use super::proxy::Proxies;
use super::pushed::PushedCredentials;
use crate::config::{self, Config, RetryMode, Transport};
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
    pub(super) asked: Arc<Asked>,
}

/// Where requests go, for messages.
pub(super) struct Place {
    pub(super) region: String,
    /// `None` where it is the region's.
    pub(super) endpoint: Option<String>,
    /// The setting that names the proxy.
    pub(super) proxy: Option<&'static str>,
    /// What the direct way needs; `None` where it is not taken.
    pub(super) findings: Option<Findings>,
}

pub(super) async fn connect(
    config: &Config,
    pushed: Option<&PushedCredentials>,
    stats: &Arc<Stats>,
    complaints: &Complaints,
) -> Result<(Settings, Place)> {
    let aws = match reads_aws_files(config) {
        true => AwsSettings::read(config),
        false => AwsSettings::of_the_environment_alone(),
    };
    let endpoint = match &config.endpoint {
        Some(endpoint) => Some(endpoint.clone()),
        None if config.client_factory.is_none() => aws.endpoint()?,
        None => None,
    };
    let is_plain = endpoint.as_deref().is_some_and(is_plain);
    let proxies = Proxies::of(config, is_plain, host(endpoint.as_deref()).as_deref())?;
    let proxy_named_by = proxies.named_by(is_plain);
    // Credentials may have to be fetched over TLS, and a proxy may speak it.
    let has_credentials = config.is_given_credentials() || aws.has_keys();
    let needs_tls = !is_plain || !has_credentials || !proxies.are_none();
    let (trust, roots) = if needs_tls {
        http::trust(config, &aws, complaints)?
    } else {
        http::nothing_trusted()?
    };
    let is_direct = config.transport == Transport::Auto
        && config.max_attempts > 1
        && config.retry_mode == RetryMode::Standard
        && config.client_factory.is_none()
        && proxy_named_by.is_none();
    let http = Connectors::new(trust, proxies);
    let Settings {
        sdk,
        credentials,
        asked,
    } = match &config.client_factory {
        Some(factory) => Settings {
            sdk: (factory.make)(),
            credentials: None,
            asked: Arc::default(),
        },
        None => settings(config, pushed, &aws, &endpoint, &http, complaints).await?,
    };
    let clock = Clock::default();
    let mut sdk = sdk
        .interceptor(CountAttempts {
            stats: Arc::clone(stats),
            asked: Arc::clone(&asked),
            clock: clock.clone(),
        })
        .retry_classifier(SignedTooLongAgo);
    let built = sdk.clone().build();
    if built.http_client().is_none() {
        sdk = sdk.http_client(http.clone());
    }
    if config.client_factory.is_none() {
        // What a refusal has taught on one way is known on the other, and corrected once.
        sdk = sdk
            .time_source(SharedTimeSource::new(clock.clone()))
            .disable_clock_skew_correction(true);
    }
    let region = built.region().map(|region| region.to_string()).unwrap_or_default();
    if region.is_empty() {
        return Err(no_region(config, &aws));
    }
    let findings = is_direct.then(|| Findings {
        region: region.clone(),
        identity: identity(config, pushed, credentials.as_ref()),
        roots: Arc::new(roots),
        clock,
        look_up: http.look_up(),
    });
    let place = Place {
        region,
        endpoint,
        proxy: proxy_named_by,
        findings,
    };
    let settings = Settings {
        sdk,
        credentials,
        asked,
    };
    Ok((settings, place))
}

/// The host that is asked; `None` where it is the region's.
fn host(endpoint: Option<&str>) -> Option<String> {
    let uri: ::http::Uri = endpoint?.parse().ok()?;
    uri.host().map(str::to_owned)
}

fn is_plain(endpoint: &str) -> bool {
    endpoint
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

fn no_region(config: &Config, aws: &AwsSettings) -> Error {
    let message = match config.client_factory {
        Some(_) => "the client_factory gave no AWS region".to_owned(),
        None => format!(
            "no AWS region was found: set \"region\" or AWS_REGION; there is none {}, and the instance's metadata gave none",
            aws.looked_at()
        ),
    };
    Error::new(ErrorKind::NoRegion, shortened(&message, LONGEST_MESSAGE))
}

/// A client with retries of its own to spend; connections and credentials are those of all clients of the same settings.
pub(super) fn with_own_quota(settings: &Settings, name: &'static str) -> aws_sdk_dynamodb::Client {
    // Retry quotas are process-wide otherwise, behind a lock that a fork could leave taken.
    let partition = RetryPartition::custom(name).build();
    aws_sdk_dynamodb::Client::from_conf(settings.sdk.clone().retry_partition(partition).build())
}

/// Whether anything is left for the AWS files to say.
pub(crate) fn reads_aws_files(config: &Config) -> bool {
    let knows_whom_to_trust = config.ca_bundle.is_some() || config.endpoint.as_deref().is_some_and(is_plain);
    let is_complete = config.is_given_credentials() && config.region.is_some() && config.endpoint.is_some();
    !(is_complete && knows_whom_to_trust) || config.client_factory.is_some()
}

/// The file of root certificates that the profile names, where nothing goes before it.
pub(crate) fn bundle_of_profile(config: &Config, environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    if !reads_aws_files(config) {
        return None;
    }
    let aws = AwsSettings::in_environment(Environment::of(environment.iter().cloned()), config.profile.as_deref());
    let found = aws.find(&aws_settings::CA_BUNDLE).ok()??;
    Some(PathBuf::from(found.text))
}

async fn settings(
    config: &Config,
    pushed: Option<&PushedCredentials>,
    aws: &AwsSettings,
    endpoint: &Option<String>,
    http: &Connectors,
    complaints: &Complaints,
) -> Result<Settings> {
    let mut last = None;
    let given = given(config, pushed);
    let mut builder = match (&given, &config.region, &config.endpoint) {
        // Nothing is left for environment and files to say.
        (Some(credentials), Some(region), Some(_)) => Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(credentials.clone()),
        _ => {
            let region = match &config.region {
                Some(region) => Some(Region::new(region.clone())),
                None => aws
                    .find(&aws_settings::REGION)?
                    .map(|found| Region::new(found.text.to_owned())),
            };
            aws.check_connections(endpoint.is_some(), region.is_some(), complaints)?;
            let of_credentials = http.for_credentials();
            let loader = chain::loader(of_credentials.clone(), timeouts(config), region);
            let found = aws.passed_on(loader.no_credentials(), None).load().await;
            let builder = Builder::from(&found).http_client(http.clone());
            match given {
                Some(credentials) => builder.credentials_provider(credentials),
                None => {
                    let chain = Chain {
                        config: config.clone(),
                        region: found.region().cloned(),
                        http: of_credentials,
                        timeouts: timeouts(config),
                        complaints: Complaints::default(),
                    };
                    let credentials = Arc::new(LastCredentials::of(SharedCredentialsProvider::new(chain)));
                    last = Some(Arc::clone(&credentials));
                    builder.credentials_provider(Provider(credentials))
                }
            }
        }
    };
    if pushed.is_some() || last.is_some() {
        // These know themselves when they are to be asked again.
        builder = builder.identity_cache(IdentityCache::no_cache());
    }
    if let Some(endpoint) = endpoint {
        // As with boto3, an endpoint that is named is used as it is.
        builder = builder.endpoint_url(endpoint).use_fips(false).use_dual_stack(false);
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
    Ok(Settings {
        sdk,
        credentials: last,
        asked: Arc::default(),
    })
}

/// Credentials that nobody needs to look for.
fn given(config: &Config, pushed: Option<&PushedCredentials>) -> Option<SharedCredentialsProvider> {
    if let Some(pushed) = pushed {
        return Some(SharedCredentialsProvider::new(pushed.clone()));
    }
    let credentials = config.credentials.as_ref()?;
    Some(SharedCredentialsProvider::new(static_credentials(credentials)))
}

/// Credentials without a wait, where there are some that may be sent.
fn identity(
    config: &Config,
    pushed: Option<&PushedCredentials>,
    last: Option<&Arc<LastCredentials>>,
) -> direct::Identity {
    if let Some(pushed) = pushed.cloned() {
        return Arc::new(move || pushed.now());
    }
    if let Some(last) = last.cloned() {
        return Arc::new(move || last.fresh());
    }
    let known = config.credentials.as_ref().map(static_credentials);
    Arc::new(move || known.clone())
}

fn static_credentials(credentials: &config::Credentials) -> Credentials {
    Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        credentials.session_token.clone().filter(|token| !token.is_empty()),
        None,
        "configuration",
    )
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
