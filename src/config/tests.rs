use super::*;

#[test]
fn defaults_are_the_documented_ones() {
    let config = Config::from_json(r#"{"table":"flags"}"#).unwrap();
    assert_eq!(config.connect_timeout, Some(Duration::from_secs(1)));
    assert_eq!(config.attempt_timeout, Some(Duration::from_secs(2)));
    assert_eq!(config.operation_timeout, Some(Duration::from_secs(5)));
    assert_eq!(config.init_timeout, Some(Duration::from_secs(300)));
    assert_eq!((config.max_attempts, config.max_concurrency), (3, 16));
    assert_eq!(config.cache_ttl, CacheTtl::For(Duration::from_secs(15)));
    assert_eq!(config.context_cache_ttl, Duration::from_secs(5));
    assert_eq!(config.context_cache_size, 1000);
    assert!(config.consistent_reads && !config.read_only && !config.share);
}

#[test]
fn a_bad_key_is_named_and_its_value_is_not_shown() {
    let cases = [
        (r#"{"table":"flags","tabel":1}"#, "tabel"),
        (r#"{"table":"flags","table":"flags"}"#, "table"),
        (r#"{"table":"flags","share":true,"sh\u0061re":false}"#, "share"),
        (
            r#"{"table":"flags","credentials":{"secret_access_key":"SECRET","access_key_id":"a","secret_access_key":"b"}}"#,
            "credentials.secret_access_key",
        ),
        (r#"{"table":"flags","credentials":"SECRET"}"#, "\"pushed\""),
        (r#"{"table":"flags","credentials":"pushed","share":true}"#, "share"),
        (
            r#"{"table":"flags","credentials":{"secret_access_key":7}}"#,
            "credentials.secret_access_key",
        ),
        (
            r#"{"table":"flags","credentials":{"secret":"SECRET"}}"#,
            "credentials.secret",
        ),
        (r#"{"table":"flags","proxy":"SECRET"}"#, "proxy"),
        (r#"{"table":"flags","max_attempts":0}"#, "max_attempts"),
        (r#"{"table":"flags","connect_timeout_ms":1.5}"#, "connect_timeout_ms"),
        (r#"{"table":"flags","cache_ttl_ms":-2}"#, "cache_ttl_ms"),
        (r#"{"table":"flags","retry_mode":"legacy"}"#, "retry_mode"),
        (r#"{"table":"flags","region":"eu west"}"#, "region"),
        (
            r#"{"table":"flags","credentials":{"secret_access_key":"SECRET\n","access_key_id":"a"}}"#,
            "secret_access_key",
        ),
        (r#"{"prefix":"p"}"#, "table"),
        (r#"{"table":"t"}"#, "table"),
    ];
    for (json, name) in cases {
        let error = Config::from_json(json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{json}");
        assert!(error.message().contains(name), "{error}");
        assert!(!error.message().contains("SECRET"), "{error}");
    }
}

#[test]
fn zero_and_minus_one_have_their_meanings() {
    let config = Config::from_json(r#"{"table":"flags","attempt_timeout_ms":0,"cache_ttl_ms":-1}"#).unwrap();
    assert_eq!(config.attempt_timeout, None);
    assert_eq!(config.cache_ttl, CacheTtl::Forever);
    assert!(Config::from_json(r#"{"table":"flags","cache_ttl_ms":-1,"read_only":true}"#).is_err());
}

#[test]
fn pushed_credentials_are_a_text() {
    let config = Config::from_json(r#"{"table":"flags","profile":"p","credentials":"pu\u0073hed"}"#).unwrap();
    assert!(config.pushed_credentials && config.credentials.is_none());
    for other in ["null", r#"{"access_key_id":"a","secret_access_key":"b"}"#] {
        let config = Config::from_json(&format!(r#"{{"table":"flags","credentials":{other}}}"#)).unwrap();
        assert!(!config.pushed_credentials, "{other}");
    }
    let mut both = Config::from_json(r#"{"table":"flags","credentials":"pushed"}"#).unwrap();
    both.client_factory = Some(ClientFactory::new(aws_sdk_dynamodb::config::Builder::new));
    assert_eq!(both.validate().unwrap_err().kind(), ErrorKind::InvalidConfiguration);
}

#[test]
fn debug_output_hides_credentials() {
    let json = r#"{"table":"flags","credentials":{"access_key_id":"AKIA","secret_access_key":"SECRET"}}"#;
    let text = format!("{:?}", Config::from_json(json).unwrap());
    assert!(!text.contains("SECRET") && !text.contains("AKIA"));
}

#[test]
fn durations_that_no_clock_can_add_are_refused() {
    let long = Duration::from_millis(MAXIMUM_MILLISECONDS as u64 + 1);
    type Set = fn(Config, Duration) -> Config;
    let settings: [(&str, Set); 6] = [
        ("connect_timeout", |config, limit| config.connect_timeout(limit)),
        ("attempt_timeout", |config, limit| config.attempt_timeout(limit)),
        ("operation_timeout", |config, limit| config.operation_timeout(limit)),
        ("init_timeout", |config, limit| config.init_timeout(limit)),
        ("cache_ttl", |config, limit| config.cache_ttl(limit)),
        ("context_cache_ttl", |config, limit| config.context_cache_ttl(limit)),
    ];
    for (name, set) in settings {
        for limit in [long, Duration::MAX] {
            let error = set(Config::new("flags"), limit).validate().unwrap_err();
            assert!(
                error.message().contains(&format!("{name:?} must be at most")),
                "{error}"
            );
        }
        let zero = set(Config::new("flags"), Duration::ZERO).validate();
        assert_eq!(zero.is_err(), name.ends_with("timeout"), "{name}");
    }
}
