//! Where credentials and the region come from, and what is said when they cannot be had. One test, because the environment is one.

mod support;

use ld_dynamo_store::{ClientFactory, Config, Credentials, ErrorKind, Store};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

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
[profile without-region]
aws_access_key_id = local
aws_secret_access_key = local
";

fn failure(config: Config) -> (ErrorKind, String) {
    let error = Store::new(config)
        .expect("a store")
        .get("features", "flag")
        .expect_err("a failure");
    (error.kind(), error.message().to_owned())
}

#[test]
fn credentials_and_region() {
    let profiles = support::build_folder().join("test-profiles");
    std::fs::write(&profiles, PROFILES).expect("a file");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        std::env::remove_var(name);
    }
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
    assert_eq!(kind, ErrorKind::NoCredentials, "{message}");
    assert!(message.contains("AWS_REGION"), "{message}");

    let store = Store::new(with_profile("static")).expect("a store");
    assert_eq!(store.get("features", "flag").expect("an answer"), None);

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
    let (kind, message) = failure(config);
    assert_eq!(kind, ErrorKind::InvalidConfiguration, "{message}");
    assert!(message.contains("/nonexistent/roots.pem"), "{message}");

    a_factory_makes_the_configuration_once(&engine, &table);
    amazon_refuses_wrong_credentials();
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
    store
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
    config.credentials = Some(Credentials {
        access_key_id: "not-a-key!".to_owned(),
        secret_access_key: "hidden-secret".to_owned(),
        session_token: None,
    });
    let error = Store::new(config).expect("a store").init("{}").expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    assert_eq!(error.service_code(), Some("UnrecognizedClientException"));
    assert!(!error.message().contains("hidden-secret"));
    assert!(engine.rows(&table).is_empty());
}
