use super::*;

#[test]
fn defaults_are_the_documented_ones() {
    // Without `..`: whoever adds a setting says here what it is without one.
    let Config {
        table,
        prefix,
        region,
        endpoint,
        profile,
        credentials,
        pushed_credentials,
        consistent_reads,
        read_only,
        connect_timeout,
        attempt_timeout,
        operation_timeout,
        init_timeout,
        max_attempts,
        retry_mode,
        transport,
        max_concurrency,
        cache_ttl,
        context_cache_ttl,
        context_cache_size,
        stale_on_error,
        share,
        ca_bundle,
        proxy,
        log_level,
        client_factory,
    } = Config::from_json(r#"{"table":"flags"}"#).unwrap();
    assert_eq!((table.as_str(), prefix.as_str()), ("flags", ""));
    assert_eq!((region, endpoint, profile, ca_bundle), (None, None, None, None));
    assert!(credentials.is_none() && proxy.is_none() && client_factory.is_none());
    assert!(consistent_reads);
    assert_eq!([pushed_credentials, read_only, stale_on_error, share], [false; 4]);
    assert_eq!(connect_timeout, Some(Duration::from_secs(1)));
    assert_eq!(attempt_timeout, Some(Duration::from_secs(2)));
    assert_eq!(operation_timeout, Some(Duration::from_secs(5)));
    assert_eq!(init_timeout, Some(Duration::from_secs(300)));
    assert_eq!((max_attempts, max_concurrency), (3, 16));
    assert_eq!((retry_mode, transport), (RetryMode::Standard, Transport::Auto));
    assert_eq!(cache_ttl, CacheTtl::For(Duration::from_secs(15)));
    assert_eq!(context_cache_ttl, Duration::from_secs(5));
    assert_eq!(context_cache_size, 1000);
    assert_eq!(log_level, LogLevel::Info);
}

/// What one key changes, beside the defaults.
#[test]
fn every_key_sets_its_own_field_in_its_own_unit() {
    type Set = fn(&mut Config);
    const SEVEN: Duration = Duration::from_millis(7);
    let cases: [(&str, Set); 36] = [
        (r#""prefix":"p""#, |config| config.prefix = "p".to_owned()),
        (r#""region":"r""#, |config| config.region = Some("r".to_owned())),
        (r#""endpoint":"http://h""#, |config| {
            config.endpoint = Some("http://h".to_owned())
        }),
        (r#""profile":"p""#, |config| config.profile = Some("p".to_owned())),
        (r#""ca_bundle":"b""#, |config| config.ca_bundle = Some("b".to_owned())),
        (r#""proxy":"http://h""#, |config| config.proxy = Some("http://h".into())),
        (
            r#""credentials":{"access_key_id":"a","secret_access_key":"b"}"#,
            |config| config.credentials = Some(Credentials::new("a", "b")),
        ),
        (
            r#""credentials":{"access_key_id":"a","secret_access_key":"b","session_token":"c"}"#,
            |config| config.credentials = Some(Credentials::new("a", "b").session_token("c")),
        ),
        (r#""credentials":"pushed""#, |config| config.pushed_credentials = true),
        (r#""consistent_reads":false"#, |config| config.consistent_reads = false),
        (r#""read_only":true"#, |config| config.read_only = true),
        (r#""stale_on_error":true"#, |config| config.stale_on_error = true),
        (r#""share":true"#, |config| config.share = true),
        (r#""connect_timeout_ms":7"#, |config| {
            config.connect_timeout = Some(SEVEN)
        }),
        (r#""attempt_timeout_ms":7"#, |config| {
            config.attempt_timeout = Some(SEVEN)
        }),
        (r#""operation_timeout_ms":7"#, |config| {
            config.operation_timeout = Some(SEVEN)
        }),
        (r#""init_timeout_ms":7"#, |config| config.init_timeout = Some(SEVEN)),
        (r#""connect_timeout_ms":0"#, |config| config.connect_timeout = None),
        (r#""operation_timeout_ms":0"#, |config| config.operation_timeout = None),
        (r#""init_timeout_ms":0"#, |config| config.init_timeout = None),
        (r#""max_attempts":7"#, |config| config.max_attempts = 7),
        (r#""max_concurrency":7"#, |config| config.max_concurrency = 7),
        (r#""cache_ttl_ms":7"#, |config| config.cache_ttl = CacheTtl::For(SEVEN)),
        (r#""cache_ttl_ms":0"#, |config| config.cache_ttl = CacheTtl::Off),
        (r#""context_cache_ttl_ms":7"#, |config| config.context_cache_ttl = SEVEN),
        (r#""context_cache_ttl_ms":0"#, |config| {
            config.context_cache_ttl = Duration::ZERO
        }),
        (r#""context_cache_size":7"#, |config| config.context_cache_size = 7),
        (r#""retry_mode":"adaptive""#, |config| {
            config.retry_mode = RetryMode::Adaptive
        }),
        (r#""transport":"sdk""#, |config| config.transport = Transport::Sdk),
        (r#""log_level":"off""#, |config| config.log_level = LogLevel::Off),
        (r#""log_level":"error""#, |config| config.log_level = LogLevel::Error),
        (r#""log_level":"warn""#, |config| config.log_level = LogLevel::Warn),
        (r#""log_level":"info""#, |config| config.log_level = LogLevel::Info),
        (r#""log_level":"debug""#, |config| config.log_level = LogLevel::Debug),
        (r#""log_level":"trace""#, |config| config.log_level = LogLevel::Trace),
        (r#""retry_mode":"standard","transport":"auto","log_level":null"#, |_| ()),
    ];
    for (member, set) in cases {
        let mut expected = Config::new("flags");
        set(&mut expected);
        let config = Config::from_json(&format!(r#"{{"table":"flags",{member}}}"#)).expect(member);
        assert_eq!(config.plain_fields(), expected.plain_fields(), "{member}");
        assert_eq!(config.secret_fields(), expected.secret_fields(), "{member}");
    }
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
            r#"{"table":"flags","credentials":"pushed","share":true,"cache_ttl_ms":0}"#,
            "share",
        ),
        (
            r#"{"table":"flags","credentials":{"secret_access_key":7}}"#,
            "credentials.secret_access_key",
        ),
        (
            r#"{"table":"flags","credentials":{"secret":"SECRET"}}"#,
            "credentials.secret",
        ),
        (r#"{"table":"flags","proxy":"SECRET"}"#, "proxy"),
        (r#"{"table":"flags","endpoint":"http://SECRET@h"}"#, "endpoint"),
        (r#"{"table":"flags","endpoint":"http://u:SECRET@h:1/"}"#, "endpoint"),
        (r#"{"table":"flags","endpoint":"https://u:SECRET@h/path"}"#, "endpoint"),
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
    let config = Config::from_json(json).unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains("SECRET") && !text.contains("AKIA"));
    let credentials = config.credentials.expect("credentials");
    assert_eq!(format!("{credentials:?}"), "Credentials(..)");
    let proxy = ProxyUrl::from("http://user:SECRET@p:1");
    assert_eq!(format!("{proxy:?}"), "ProxyUrl(..)");
}

/// Two configurations are those of one live state where all of this is equal.
#[test]
fn secrets_and_a_factory_are_compared_apart_from_all_else() {
    let plain = Config::new("flags").plain_fields();
    assert_ne!(plain, Config::new("others").plain_fields());
    assert_eq!(Config::new("flags").secret_fields(), [None; 4]);

    let credentials = Credentials {
        access_key_id: "id".to_owned(),
        secret_access_key: "key".to_owned(),
        session_token: Some("token".to_owned()),
    };
    let secret = Config::new("flags").credentials(credentials).proxy("http://p:1");
    assert_eq!(secret.plain_fields(), plain);
    let fields = ["id", "key", "token", "http://p:1"];
    assert_eq!(secret.secret_fields(), fields.map(Some));

    let [first, second] = [(); 2].map(|()| ClientFactory::new(aws_sdk_dynamodb::config::Builder::new));
    assert_eq!(format!("{first:?}"), "ClientFactory(..)");
    let [first, second] = [first, second].map(|factory| Config::new("flags").client_factory(factory).plain_fields());
    assert!(first != second && first != plain && second != plain);
    // It has its number at the end, and stands nowhere else.
    assert!(!first.contains("ClientFactory"), "{first}");
}

#[test]
fn nobody_looks_for_credentials_that_are_given_or_pushed() {
    let given = r#"{"access_key_id":"a","secret_access_key":"b"}"#;
    for (credentials, is_given) in [("null", false), (given, true), (r#""pushed""#, true)] {
        let config = Config::from_json(&format!(r#"{{"table":"flags","credentials":{credentials}}}"#)).unwrap();
        assert_eq!(config.is_given_credentials(), is_given, "{credentials}");
    }
}

#[test]
fn a_prefix_leaves_room_for_the_longest_namespace() {
    let longest = "p".repeat(2048 - ":big_segments_metadata".len());
    assert!(Config::new("flags").prefix(&longest).validate().is_ok());
    let error = Config::new("flags").prefix(longest + "p").validate().unwrap_err();
    assert!(error.message().contains("\"prefix\""), "{error}");
}

#[test]
fn durations_that_no_clock_can_add_are_refused() {
    // A hundred years of 365 days.
    assert_eq!(MAXIMUM_MILLISECONDS, 3_153_600_000_000);
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
        let longest = set(Config::new("flags"), long - Duration::from_millis(1)).validate();
        assert!(longest.is_ok(), "{name}");
        let zero = set(Config::new("flags"), Duration::ZERO).validate();
        assert_eq!(zero.is_err(), name.ends_with("timeout"), "{name}");
    }
}
