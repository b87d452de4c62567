//! Every variable and every key of a profile that this library or the AWS SDK below it reads, each empty, odd and broken.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ld_dynamo_store::{Config, ErrorKind};

use crate::listener::Listener;
use crate::support::Engine;
use crate::surroundings::{read, require_configuration_error, uncached, Surroundings};

/// Where the credentials of a case come from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Environment,
    Profile,
    WebIdentity,
    Container,
    /// The environment, for the endpoint of the region, which is not reached from here.
    Region,
    /// An instance's metadata, which nobody answers.
    Metadata,
    /// None are needed: something before them is broken, or nobody asks for them.
    Any,
}

struct Case {
    name: &'static str,
    source: Source,
    /// Values that must do no harm, in an environment that is right without them.
    odd: &'static [&'static str],
    /// Values that must be refused by name.
    broken: &'static [&'static str],
}

const fn case(
    name: &'static str,
    source: Source,
    odd: &'static [&'static str],
    broken: &'static [&'static str],
) -> Case {
    Case {
        name,
        source,
        odd,
        broken,
    }
}

const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
                    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
                    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const URLS: &[&str] = &[
    "localhost:4566",
    "http://localhost:99999",
    "ftp://host",
    "http://",
    "http//host",
    "http://ho st",
    LONG,
];
const BOOLEANS: &[&str] = &["1", "yes", "on", "truefalse", LONG];
const ANY: &[&str] = &["", "0", "-1", "nonsense", "\u{1f980}", LONG];

const VARIABLES: &[Case] = &[
    case(
        "AWS_REGION",
        Source::Environment,
        &["eu-west-1", "local"],
        &["eu west", "eu_west", "http://eu", "\u{1f980}", LONG],
    ),
    case(
        "AWS_DEFAULT_REGION",
        Source::Environment,
        &["us-gov-west-1"],
        &["eu.west", "-", LONG],
    ),
    case("AWS_ENDPOINT_URL", Source::Environment, &[], URLS),
    case("AWS_ENDPOINT_URL_DYNAMODB", Source::Environment, &[], URLS),
    case("AWS_ENDPOINT_URL_STS", Source::WebIdentity, &[], URLS),
    case(
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        Source::Environment,
        &["false", "False"],
        BOOLEANS,
    ),
    case(
        "AWS_USE_FIPS_ENDPOINT",
        Source::Region,
        &["true", "TRUE", "false"],
        BOOLEANS,
    ),
    case(
        "AWS_USE_DUALSTACK_ENDPOINT",
        Source::Region,
        &["true", "false"],
        BOOLEANS,
    ),
    case(
        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
        Source::Region,
        &["disabled", "Preferred"],
        &["on", LONG],
    ),
    case(
        "AWS_ACCOUNT_ID",
        Source::Region,
        &["111122223333"],
        &["1111", "1111-2222-3333", LONG],
    ),
    case(
        "AWS_ACCESS_KEY_ID",
        Source::Environment,
        &["local"],
        &["with space", "AKID\n", "\u{1f980}"],
    ),
    case(
        "AWS_SECRET_ACCESS_KEY",
        Source::Environment,
        &["a/b+c=", "with space"],
        &["line\nbreak"],
    ),
    case(
        "AWS_SESSION_TOKEN",
        Source::Environment,
        &["a/b+c=="],
        &["with space", "line\nbreak"],
    ),
    case("AWS_SECURITY_TOKEN", Source::Environment, &["a/b+c=="], &[]),
    case(
        "AWS_PROFILE",
        Source::Environment,
        &["default", "other"],
        &["missing", LONG],
    ),
    case("AWS_DEFAULT_PROFILE", Source::Environment, &["other"], &[]),
    case(
        "AWS_CONFIG_FILE",
        Source::Environment,
        &["/nonexistent", "/", "/dev/null", "~/.aws/config"],
        &[],
    ),
    case(
        "AWS_SHARED_CREDENTIALS_FILE",
        Source::Environment,
        &["/nonexistent", "/", "~/x"],
        &[],
    ),
    case(
        "AWS_CA_BUNDLE",
        Source::Any,
        &[],
        &["/nonexistent/roots.pem", "/dev/null"],
    ),
    case(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        Source::WebIdentity,
        &[],
        &["/nonexistent/token", "/dev/null", LONG],
    ),
    case(
        "AWS_ROLE_ARN",
        Source::WebIdentity,
        &[],
        &["reader", "arn:aws:iam", "arn:aws:iam::1:role/with space", LONG],
    ),
    case(
        "AWS_ROLE_SESSION_NAME",
        Source::WebIdentity,
        &["a@b"],
        &["x", "with space", LONG],
    ),
    case(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        Source::Container,
        &[],
        &["credentials", "http://host/", "\u{1f980}", LONG],
    ),
    case("AWS_CONTAINER_CREDENTIALS_FULL_URI", Source::Container, &[], URLS),
    case(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        Source::Container,
        &["Basic abc="],
        &["line\nbreak"],
    ),
    case(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        Source::Container,
        &[],
        &["/nonexistent/token", "/dev/null"],
    ),
    case("AWS_EC2_METADATA_DISABLED", Source::Metadata, &[], BOOLEANS),
    case("AWS_EC2_METADATA_V1_DISABLED", Source::Metadata, &["true"], BOOLEANS),
    case(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        Source::Metadata,
        &["http://127.0.0.1:1"],
        URLS,
    ),
    case(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        Source::Metadata,
        &["IPv6", "ipv4"],
        &["6", LONG],
    ),
    case(
        "HTTPS_PROXY",
        Source::Any,
        &["proxy.invalid:3128"],
        &["http://", "socks5://host", "::"],
    ),
    case(
        "HTTP_PROXY",
        Source::Environment,
        &[],
        &[
            "http://",
            "socks5://host",
            "http://user:hidden@",
            "::",
            "http://host:99999",
        ],
    ),
    // The desktop's, which boto3 does not look at.
    case("ALL_PROXY", Source::Any, &["http://", "socks5://host"], &[]),
    case("NO_PROXY", Source::Environment, ANY, &[]),
    // Our own settings decide, whatever these say.
    case(
        "AWS_RETRY_MODE",
        Source::Environment,
        &["legacy", "standard", "adaptive", "nonsense", LONG],
        &[],
    ),
    case("AWS_MAX_ATTEMPTS", Source::Environment, ANY, &[]),
    case("AWS_NEW_RETRIES_2026", Source::Environment, ANY, &[]),
    case("AWS_DEFAULTS_MODE", Source::Environment, ANY, &[]),
    case("AWS_SDK_UA_APP_ID", Source::Environment, ANY, &[]),
    case("AWS_EXECUTION_ENV", Source::Environment, ANY, &[]),
    case("AWS_LAMBDA_FUNCTION_NAME", Source::Environment, ANY, &[]),
    case("_X_AMZN_TRACE_ID", Source::Environment, ANY, &[]),
    case("AWS_DISABLE_CLOCK_SKEW_CORRECTION", Source::Environment, ANY, &[]),
    case("AWS_DISABLE_REQUEST_COMPRESSION", Source::Environment, ANY, &[]),
    case("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", Source::Environment, ANY, &[]),
    case("AWS_REQUEST_CHECKSUM_CALCULATION", Source::Environment, ANY, &[]),
    case("AWS_RESPONSE_CHECKSUM_VALIDATION", Source::Environment, ANY, &[]),
    case("AWS_AUTH_SCHEME_PREFERENCE", Source::Environment, ANY, &[]),
    case("AWS_SIGV4A_SIGNING_REGION_SET", Source::Environment, ANY, &[]),
    case("AWS_LOGIN_CACHE_DIRECTORY", Source::Environment, ANY, &[]),
];

const KEYS: &[Case] = &[
    case(
        "region",
        Source::Profile,
        &["eu-west-1", "local # here"],
        &["eu west", "http://eu", LONG],
    ),
    case("endpoint_url", Source::Environment, &[], URLS),
    case("ignore_configured_endpoint_urls", Source::Profile, &["false"], BOOLEANS),
    case("use_fips_endpoint", Source::Region, &["true", "false"], BOOLEANS),
    case("use_dualstack_endpoint", Source::Region, &["true"], BOOLEANS),
    case("account_id_endpoint_mode", Source::Region, &["disabled"], &["on", LONG]),
    case("ca_bundle", Source::Any, &[], &["/nonexistent/roots.pem", "/dev/null"]),
    case(
        "ec2_metadata_service_endpoint",
        Source::Metadata,
        &["http://127.0.0.1:1"],
        URLS,
    ),
    case(
        "ec2_metadata_service_endpoint_mode",
        Source::Metadata,
        &["IPv6"],
        &["6", LONG],
    ),
    case("ec2_metadata_v1_disabled", Source::Metadata, &["true"], BOOLEANS),
    case(
        "aws_access_key_id",
        Source::Profile,
        &["local"],
        &["with space", "\u{1f980}"],
    ),
    case("aws_secret_access_key", Source::Profile, &["a/b+c=", "with space"], &[]),
    case("aws_session_token", Source::Profile, &["a/b+c=="], &["with space"]),
    case("aws_security_token", Source::Profile, &["a/b+c=="], &["with space"]),
    case("aws_account_id", Source::Region, &["111122223333"], &["1111", LONG]),
    case("services", Source::Environment, &["nobody", "\u{1f980}", LONG], &[]),
    case(
        "role_session_name",
        Source::Profile,
        &["a@b"],
        &["x", "with space", LONG],
    ),
    case(
        "role_arn",
        Source::Profile,
        &[],
        &["reader", "arn:aws:iam::111122223333:role/reader", LONG],
    ),
    case(
        "web_identity_token_file",
        Source::Profile,
        &[],
        &["/nonexistent/token", "/dev/null"],
    ),
    // Of a profile that names no role, these are nobody's.
    case("source_profile", Source::Profile, ANY, &[]),
    case("credential_source", Source::Profile, &["Environment"], &[]),
    case("external_id", Source::Profile, ANY, &[]),
    case("mfa_serial", Source::Profile, ANY, &[]),
    case("duration_seconds", Source::Profile, ANY, &[]),
    case(
        "retry_mode",
        Source::Profile,
        &["legacy", "standard", "nonsense", LONG],
        &[],
    ),
    case("max_attempts", Source::Profile, ANY, &[]),
    case("defaults_mode", Source::Profile, ANY, &[]),
    case("sdk_ua_app_id", Source::Profile, ANY, &[]),
    case("credential_process", Source::Profile, &["/bin/false"], &[]),
    case("sso_region", Source::Profile, ANY, &[]),
    case("disable_clock_skew_correction", Source::Profile, ANY, &[]),
    case("disable_request_compression", Source::Profile, ANY, &[]),
    case("request_min_compression_size_bytes", Source::Profile, ANY, &[]),
    case("request_checksum_calculation", Source::Profile, ANY, &[]),
    case("response_checksum_validation", Source::Profile, ANY, &[]),
    case("auth_scheme_preference", Source::Profile, ANY, &[]),
    case("sigv4a_signing_region_set", Source::Profile, ANY, &[]),
    case("output", Source::Profile, ANY, &[]),
    case("cli_pager", Source::Profile, ANY, &[]),
];

const KEYS_OF_A_PROFILE: [&str; 2] = ["aws_access_key_id = AKIDPROFILE", "aws_secret_access_key = hidden"];

/// Sets what a source of credentials needs, but for `without`, which the case is about.
fn prepare(surroundings: &Surroundings, source: Source, without: &str) {
    // It refuses at once, which the AWS SDK does not repeat.
    let container = Listener::new();
    container.says(403, String::new());
    let token = surroundings.file("token", "a.b.c");
    let set = |name: &str, value: &str| {
        if name != without {
            surroundings.set(name, value);
        }
    };
    match source {
        Source::Environment | Source::Region => {
            set("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT");
            set("AWS_SECRET_ACCESS_KEY", "hidden");
        }
        Source::WebIdentity => {
            set("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().expect("UTF-8"));
            set("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/reader");
        }
        Source::Container if without != "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" => {
            set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url);
        }
        Source::Container | Source::Profile | Source::Metadata | Source::Any => {}
    }
}

fn on(engine: &Engine, table: &str, source: Source) -> Config {
    let mut config = uncached(table);
    config.max_attempts = 1;
    if source == Source::Any {
        config.endpoint = Some("https://localhost:1".to_owned());
        config.region = Some("us-east-1".to_owned());
        config.credentials = Some(ld_dynamo_store::Credentials::new("AKIDCONFIGURATION", "hidden"));
    } else if source == Source::Region || source == Source::Metadata {
        config.operation_timeout = Some(std::time::Duration::from_millis(400));
        if source == Source::Metadata {
            std::env::set_var("AWS_ENDPOINT_URL", &engine.endpoint);
        }
    } else {
        std::env::set_var("AWS_ENDPOINT_URL", &engine.endpoint);
    }
    config
}

/// Two outcomes are the same as far as a caller can tell them apart.
fn kind(outcome: &Result<(), ld_dynamo_store::Error>) -> Option<ErrorKind> {
    outcome.as_ref().err().map(|error| match error.kind() {
        ErrorKind::TimedOut => ErrorKind::Unreachable,
        kind => kind,
    })
}

#[test]
fn every_variable_may_be_empty_or_odd_and_is_named_where_it_is_broken() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    for case in VARIABLES {
        let surroundings = Surroundings::new();
        surroundings.config("[default]\n[profile other]\noutput = json\n");
        prepare(&surroundings, case.source, case.name);
        if !case.name.ends_with("_REGION") {
            surroundings.set("AWS_REGION", "us-east-1");
        }
        let config = on(&engine, &table, case.source);
        surroundings.set(
            "AWS_ENDPOINT_URL",
            std::env::var("AWS_ENDPOINT_URL").unwrap_or_default(),
        );
        let before = std::env::var_os(case.name);
        surroundings.unset(case.name);
        let unset = kind(&read(&config));
        for empty in ["", " "] {
            surroundings.set(case.name, empty);
            let outcome = read(&config);
            assert_eq!(kind(&outcome), unset, "{}={empty:?}: {outcome:?}", case.name);
        }
        for odd in case.odd {
            surroundings.set(case.name, odd);
            // What is only right beside others must not be worse than without it.
            let beside = match case.name {
                "AWS_REGION" | "AWS_DEFAULT_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => None,
                _ => unset,
            };
            let outcome = read(&config);
            assert_eq!(kind(&outcome), beside, "{}={odd:?}: {outcome:?}", case.name);
        }
        for broken in case.broken {
            surroundings.set(case.name, broken);
            let error = read(&config).expect_err(case.name);
            require_configuration_error(&error, &[case.name]);
            assert!(!error.message().contains("hidden"), "{error}");
        }
        if !case.broken.is_empty() && before.is_none() {
            surroundings.set(case.name, OsString::from_vec(b"\xff\xfe".to_vec()));
            let error = read(&config).expect_err(case.name);
            require_configuration_error(&error, &[case.name]);
        }
    }
}

#[test]
fn every_key_of_a_profile_may_be_empty_or_odd_and_is_named_with_its_line_where_it_is_broken() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    for case in KEYS {
        let surroundings = Surroundings::new();
        prepare(&surroundings, case.source, "");
        let config = on(&engine, &table, case.source);
        surroundings.set(
            "AWS_ENDPOINT_URL",
            std::env::var("AWS_ENDPOINT_URL").unwrap_or_default(),
        );
        if case.name == "endpoint_url" {
            surroundings.set("AWS_ENDPOINT_URL", "");
            surroundings.set("AWS_ENDPOINT_URL_DYNAMODB", "");
        }
        if case.name != "region" {
            surroundings.set("AWS_REGION", "us-east-1");
        }
        let write = |value: Option<&str>| {
            let mut lines = vec!["[default]".to_owned()];
            lines.extend(value.map(|value| format!("{} = {value}", case.name)));
            let others = KEYS_OF_A_PROFILE.iter().filter(|line| !line.starts_with(case.name));
            // Whoever has a token of its own kind needs no keys.
            let is_token =
                case.name == "web_identity_token_file" || case.name == "role_arn" || case.source == Source::Metadata;
            lines.extend(others.filter(|_| !is_token).map(|line| (*line).to_owned()));
            surroundings.config(lines.join("\n"));
        };
        write(None);
        let unset = kind(&read(&config));
        write(Some(""));
        let outcome = read(&config);
        assert_eq!(kind(&outcome), unset, "empty {}: {outcome:?}", case.name);
        for odd in case.odd {
            write(Some(odd));
            let outcome = read(&config);
            let beside = match case.name {
                "region" | "aws_access_key_id" | "aws_secret_access_key" => None,
                _ => unset,
            };
            assert_eq!(kind(&outcome), beside, "{} = {odd:?}: {outcome:?}", case.name);
        }
        for broken in case.broken {
            write(Some(broken));
            let error = read(&config).expect_err(case.name);
            require_configuration_error(&error, &[case.name, ".aws/config", "line 2"]);
            assert!(!error.message().contains("hidden"), "{error}");
        }
    }
}
