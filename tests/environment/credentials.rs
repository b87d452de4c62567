//! Where credentials and the region come from, and what is said when they cannot be had.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::listener::Listener;
use crate::support;
use crate::surroundings::Surroundings;
use ld_dynamo_store::{CacheTtl, ClientFactory, Config, Credentials, Error, ErrorKind, Store};

const PROFILES: &str = "
[profile process]
region = us-east-1
credential_process = /bin/false
[profile single-sign-on]
region = us-east-1
sso_start_url = https://example.com
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = reader
[profile static]
region = us-east-1
aws_access_key_id = local
aws_secret_access_key = local
[profile role]
region = us-east-1
role_arn = arn:aws:iam::111122223333:role/reader
source_profile = static
[profile without-region]
aws_access_key_id = local
aws_secret_access_key = local
";

fn failure(config: Config) -> (ErrorKind, String) {
    let store = Store::new(config).expect("a store");
    let told = || {
        let error = store.get("features", "flag").expect_err("a failure");
        (error.kind(), error.message().to_owned())
    };
    let first = told();
    assert_eq!(first, told(), "the second call is told the same");
    first
}

#[test]
fn credentials_and_region() {
    let surroundings = Surroundings::new();
    let profiles = surroundings.file("profiles", PROFILES);
    std::env::set_var("AWS_CONFIG_FILE", &profiles);
    std::env::set_var("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    std::env::set_var("AWS_EC2_METADATA_DISABLED", "true");
    let engine = support::Engine::embedded();
    let table = engine.create_table();
    let with_profile = |profile: &str| {
        let mut config = Config::new(&table);
        config.endpoint = Some(engine.endpoint.clone());
        config.profile = Some(profile.to_owned());
        config
    };

    for profile in ["process", "single-sign-on"] {
        let (kind, message) = failure(with_profile(profile));
        assert_eq!(kind, ErrorKind::UnsupportedCredentials, "{message}");
        assert!(message.contains("export-credentials"), "{message}");
    }
    let (kind, message) = failure(with_profile("without-region"));
    assert_eq!(kind, ErrorKind::NoRegion, "{message}");
    assert!(message.contains("AWS_REGION"), "{message}");

    let store = Store::new(with_profile("static")).expect("a store");
    assert_eq!(store.get("features", "flag").expect("an answer"), None);

    pushed_credentials_take_the_region_of_a_profile(with_profile("process"));

    let mut config = Config::new(&table);
    config.endpoint = Some(engine.endpoint.clone());
    config.region = Some("us-east-1".to_owned());
    let (kind, message) = failure(config.clone());
    assert_eq!(kind, ErrorKind::NoCredentials, "{message}");

    std::env::set_var("AWS_ACCESS_KEY_ID", "local");
    std::env::set_var("AWS_SECRET_ACCESS_KEY", "local");
    let store = Store::new(config.clone()).expect("a store");
    assert_eq!(store.get("features", "flag").expect("an answer"), None);

    // A relative path would be looked for, and any answer but a certificate is a configuration error that names the file.
    config.ca_bundle = Some("/nonexistent/roots.pem".to_owned());
    config.endpoint = Some("https://localhost:1".to_owned());
    let (kind, message) = failure(config);
    assert_eq!(kind, ErrorKind::InvalidConfiguration, "{message}");
    assert!(message.contains("/nonexistent/roots.pem"), "{message}");

    for (name, _) in std::env::vars().filter(|(name, _)| name.ends_with("ACCESS_KEY_ID")) {
        std::env::remove_var(name);
    }
    std::env::remove_var("AWS_SECRET_ACCESS_KEY");
    an_endpoint_that_fails_is_an_outage(&engine, &table);
    one_load_serves_all_who_wait(&engine, &table);
    the_last_credentials_are_used_until_they_expire(&engine, &table);
    a_role_that_is_refused_is_no_outage(with_profile("role"));
    a_factory_makes_the_configuration_once(&engine, &table);
    amazon_refuses_wrong_credentials();
}

/// Where the profile's own credentials come from does not count.
fn pushed_credentials_take_the_region_of_a_profile(mut config: Config) {
    config.pushed_credentials = true;
    let (kind, message) = failure(config.clone());
    assert_eq!(kind, ErrorKind::NoCredentials, "{message}");
    assert!(message.contains("pushed"), "{message}");
    let store = Store::new(config).expect("a store");
    let credentials = Credentials::new("local", "local");
    store.set_credentials(credentials, None).expect("a push");
    assert_eq!(store.get("features", "flag").expect("an answer"), None);
}

fn a_factory_makes_the_configuration_once(engine: &support::Engine, table: &str) {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let endpoint = engine.endpoint.clone();
    let mut config = Config::new(table);
    config.client_factory = Some(ClientFactory::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&endpoint)
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
    }));
    let store = Store::new(config).expect("a store");
    assert_eq!(calls.load(Ordering::Relaxed), 0, "a new store does nothing");
    let _ = store
        .init(r#"{"features":{"flag":{"key":"flag","version":1}}}"#)
        .expect("an init");
    assert!(store.get("features", "flag").expect("an answer").is_some());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

fn amazon_refuses_wrong_credentials() {
    let engine = support::Engine::amazon();
    let table = engine.create_table();
    let mut config = Config::new(&table);
    config.endpoint = Some(engine.endpoint.clone());
    config.region = Some("us-east-1".to_owned());
    config.credentials = Some(Credentials::new("not-a-key!", "hidden-secret"));
    let error = Store::new(config).expect("a store").init("{}").expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    assert_eq!(error.service_code(), Some("UnrecognizedClientException"));
    assert!(!error.message().contains("hidden-secret"));
    assert!(engine.rows(&table).is_empty());
}

/// What a container's endpoint for credentials answers: the status, and for 200 how long the credentials last.
type Answer = (u16, Duration);

trait HandsOutCredentials {
    fn answers(&self, answer: Answer);
}

impl HandsOutCredentials for Listener {
    fn answers(&self, (status, lasts): Answer) {
        let expires = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date") + lasts;
        let expires = date(expires.as_secs());
        let body =
            format!(r#"{{"AccessKeyId":"local","SecretAccessKey":"local","Token":"token","Expiration":"{expires}"}}"#);
        self.says(status, if status == 200 { body } else { String::new() });
    }
}

fn date(seconds: u64) -> String {
    let date = aws_sdk_dynamodb::primitives::DateTime::from_secs(seconds as i64);
    date.fmt(aws_sdk_dynamodb::primitives::DateTimeFormat::DateTime)
        .expect("a date")
}

/// A store whose credentials come from `endpoint`.
fn contained(engine: &support::Engine, table: &str, endpoint: &Listener) -> Config {
    std::env::set_var("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint.url);
    let mut config = Config::new(table);
    config.endpoint = Some(engine.endpoint.clone());
    config.region = Some("us-east-1".to_owned());
    config.cache_ttl = CacheTtl::Off;
    config
}

fn get(store: &Store) -> Result<(), Error> {
    store.get("features", "flag").map(drop)
}

fn require_outage(error: &Error) {
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::Unreachable, true),
        "{error}"
    );
    assert!(
        error.message().contains("AWS credentials could not be fetched"),
        "{error}"
    );
}

fn an_endpoint_that_fails_is_an_outage(engine: &support::Engine, table: &str) {
    let endpoint = Listener::new();
    let store = Store::new(contained(engine, table, &endpoint)).expect("a store");
    for status in [503, 429] {
        endpoint.answers((status, Duration::ZERO));
        require_outage(&get(&store).expect_err("no credentials for now"));
    }
    endpoint.answers((403, Duration::ZERO));
    let error = get(&store).expect_err("a refusal");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::AccessDenied, false),
        "{error}"
    );
    endpoint.says(0, String::new());
    let mut config = contained(engine, table, &endpoint);
    (config.attempt_timeout, config.max_attempts) = (Some(Duration::from_millis(300)), 1);
    let error = get(&Store::new(config).expect("a store")).expect_err("no answer at all");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::TimedOut, true),
        "{error}"
    );
    assert!(
        error.message().contains("AWS credentials could not be fetched"),
        "{error}"
    );
    endpoint.says(200, "no JSON".to_owned());
    let error = get(&store).expect_err("no answer of its kind");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::InvalidResponse, true),
        "{error}"
    );
    endpoint.answers((200, Duration::from_secs(3600)));
    get(&store).expect("the first call after recovery");

    let mut endpoint = endpoint;
    endpoint.url = format!("http://127.0.0.1:{}/credentials", support::free_port());
    let store = Store::new(contained(engine, table, &endpoint)).expect("a store");
    require_outage(&get(&store).expect_err("nobody listens"));
}

fn one_load_serves_all_who_wait(engine: &support::Engine, table: &str) {
    let endpoint = Listener::new();
    endpoint.answers((503, Duration::ZERO));
    let mut config = contained(engine, table, &endpoint);
    // Longer than a load that fails takes, so that nobody comes back for a second one.
    config.attempt_timeout = Some(Duration::from_secs(4));
    let store = Store::new(config).expect("a store");
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| require_outage(&get(&store).expect_err("no credentials for now")));
        }
    });
    // The AWS SDK asks up to three times, with pauses of up to one and two seconds.
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
    let requests = endpoint.requests();
    assert!(requests <= 3, "{requests} requests for one failure");

    endpoint.answers((200, Duration::from_secs(3600)));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| get(&store).expect("an answer"));
        }
    });
    assert_eq!(endpoint.requests(), 1);
}

fn the_last_credentials_are_used_until_they_expire(engine: &support::Engine, table: &str) {
    let endpoint = Listener::new();
    let lasts = Duration::from_secs(7);
    let began = Instant::now();
    endpoint.answers((200, lasts));
    let mut config = contained(engine, table, &endpoint);
    let store = Store::new(config.clone()).expect("a store");
    config.cache_ttl = CacheTtl::For(Duration::from_millis(1));
    config.stale_on_error = true;
    let stale = Store::new(config).expect("a store");
    get(&store).expect("an answer");
    get(&stale).expect("an answer");
    endpoint.answers((503, Duration::ZERO));
    endpoint.requests();
    while began.elapsed() < lasts / 2 {
        let asked = Instant::now();
        get(&store).expect("the credentials are still good");
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    let requests = endpoint.requests();
    assert!(requests <= 12, "{requests} requests in less than four seconds");
    std::thread::sleep(lasts.saturating_sub(began.elapsed()) + Duration::from_millis(100));
    require_outage(&get(&store).expect_err("they have expired"));
    get(&stale).expect("what was known");
    endpoint.answers((200, Duration::from_secs(3600)));
    get(&store).expect("new credentials");
}

fn a_role_that_is_refused_is_no_outage(config: Config) {
    let endpoint = Listener::new();
    std::env::remove_var("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    std::env::set_var("AWS_ENDPOINT_URL_STS", &endpoint.url);
    let store = Store::new(config).expect("a store");
    let refusal = |code: &str| {
        format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>as scripted</Message></Error></ErrorResponse>")
    };
    for (status, code, kind) in [
        (403, "AccessDenied", ErrorKind::AccessDenied),
        (400, "ExpiredTokenException", ErrorKind::AccessDenied),
        (400, "ValidationError", ErrorKind::InvalidConfiguration),
        (400, "MalformedPolicyDocument", ErrorKind::InvalidConfiguration),
    ] {
        endpoint.says(status, refusal(code));
        let error = get(&store).expect_err("a refusal");
        assert_eq!((error.kind(), error.is_retriable()), (kind, false), "{code}: {error}");
        assert!(error.message().contains("as scripted"), "{error}");
    }
    for (status, code) in [(503, "ServiceUnavailable"), (400, "Throttling")] {
        endpoint.says(status, refusal(code));
        require_outage(&get(&store).expect_err("not now"));
    }
    std::env::remove_var("AWS_ENDPOINT_URL_STS");
}
