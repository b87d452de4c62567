//! The log callback: what it is told, what it may do, and that no secret ever reaches it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::compile::{program, Library};
use crate::support::place::Place;
use crate::support::Engine;
use serde_json::{json, Value};

const ACCESS_KEY_ID: &str = "AKIDsecretkeyid00000";
const SECRET_ACCESS_KEY: &str = "wJalrSecret/K7MDENG+bPxRfiCYsecretkey";
const SESSION_TOKEN: &str = "FwoGZXIvYXdzEsecrettoken//////////wEaDtoken+end==";
/// In addition to the credentials: what requests carry that depends on them.
const SIGNS_OF_SECRETS: [&str; 6] = [
    "Signature=",
    "AWS4-HMAC",
    "Credential=",
    "authorization: ",
    "x-amz-security-token: ",
    "SignedHeaders",
];

fn engine_with_flags() -> (Engine, String) {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let flags: Vec<Value> = (0..8)
        .map(|number| {
            let item = format!(r#"{{"key":"flag-{number}","version":1}}"#);
            json!({"namespace": {"S": "features"}, "key": {"S": format!("flag-{number}")}, "version": {"N": "1"}, "item": {"S": item}})
        })
        .collect();
    engine.seed(&table, &flags);
    (engine, table)
}

fn configuration(engine: &Engine, table: &str, overrides: Value) -> Value {
    let mut configuration = engine.configuration(table);
    configuration["log_level"] = json!("trace");
    // It has much to say of each call.
    configuration["transport"] = json!("sdk");
    for (key, value) in overrides.as_object().expect("an object") {
        configuration[key] = value.clone();
    }
    configuration
}

/// Compiled once, as a program that runs cannot be written.
fn logger() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| program("gcc", "-std=c11", &["tests/c/logger.c"], Library::Shared))
}

fn log_printer() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| program("gcc", "-std=c11", &["tests/c/log_printer.c"], Library::Shared))
}

/// Runs a program with nothing of this machine's AWS settings but what `environment` adds.
fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied());
    let output = command.output().expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
    assert_eq!(errors, "", "nothing is printed but by the program");
    printed
}

fn run_mode(mode: &str) {
    let (engine, table) = engine_with_flags();
    let configuration = configuration(&engine, &table, json!({})).to_string();
    run(logger(), &[&configuration, mode], &[]);
}

fn print_all(configuration: &Value, environment: &[(&str, &str)]) -> String {
    run(log_printer(), &[&configuration.to_string()], environment)
}

/// The messages of `printed`, by level.
fn messages(printed: &str, level: u32) -> Vec<&str> {
    let start = format!("{level} ");
    printed.lines().filter_map(|line| line.strip_prefix(&start)).collect()
}

#[test]
fn every_level_is_told_down_to_the_one_that_was_asked_for() {
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    for (number, name) in levels.iter().enumerate() {
        let (engine, table) = engine_with_flags();
        let printed = print_all(&configuration(&engine, &table, json!({"log_level": name})), &[]);
        for level in 1..=5 {
            let mut told = messages(&printed, level);
            told.retain(|message| !message.ends_with("more log messages of this call were dropped"));
            // No call of this program is worth a warning.
            let is_expected = level as usize <= number && level != 2;
            assert_eq!(!told.is_empty(), is_expected, "level {level} at \"{name}\": {told:?}");
        }
        let is_ours = |message: &&&str| {
            message.starts_with("The item \"b\" in \"features\" was too large to store in DynamoDB and was dropped")
        };
        assert_eq!(
            messages(&printed, 1).iter().filter(is_ours).count(),
            usize::from(number > 0)
        );
        let of_init = messages(&printed, 3);
        assert_eq!(
            of_init.iter().any(|message| message.starts_with("Initialized table")),
            number >= 3,
            "{of_init:?}"
        );
        let of_the_sdk = messages(&printed, 4)
            .iter()
            .filter(|message| message.starts_with("aws_"))
            .count();
        assert_eq!(of_the_sdk > 10, number >= 4, "the AWS SDK's own messages");
    }
}

#[test]
fn direct_requests_and_what_is_handed_over_are_told() {
    let (engine, table) = engine_with_flags();
    engine.script(json!([{"match": {"operation": "GetItem"}, "times": 1, "action": {"server_error": true}}]));
    let printed = print_all(&configuration(&engine, &table, json!({"transport": "auto"})), &[]);
    let told = |level, beginning: &str, end: &str| {
        let mut messages = messages(&printed, level).into_iter();
        messages.any(|message| message.starts_with(beginning) && message.ends_with(end))
    };
    assert!(
        told(4, "GetItem: HTTP 500, ", " bytes; the AWS SDK goes on"),
        "{printed}"
    );
    assert!(told(5, "PutItem: HTTP 200, ", " bytes"), "{printed}");
}

#[test]
fn a_call_s_messages_are_bounded_and_the_rest_is_counted() {
    run_mode("bounded");
}

#[test]
fn a_callback_may_call_the_library() {
    run_mode("calls");
}

#[test]
fn callbacks_of_two_stores_may_call_each_other_s() {
    run_mode("two_stores");
}

#[test]
fn a_callback_may_replace_the_logger() {
    run_mode("replace");
}

#[test]
fn a_callback_may_free_the_store() {
    run_mode("free");
}

#[test]
fn a_callback_may_fork() {
    run_mode("fork");
}

#[test]
fn loggers_are_replaced_beside_calls_and_forks() {
    run_mode("threads");
}

#[test]
fn a_logger_hears_what_calls_without_one_met_first() {
    run_mode("late");
}

#[test]
fn destructors_of_ending_threads_may_call_the_library_and_are_told_of() {
    let program = program("gcc", "-std=c11", &["tests/c/logger_ending.c"], Library::Shared);
    for transport in ["auto", "sdk"] {
        let (engine, table) = engine_with_flags();
        let configuration = configuration(&engine, &table, json!({"transport": transport}));
        run(&program, &[&configuration.to_string()], &[]);
    }
}

#[test]
fn a_callback_that_jumps_over_the_library_costs_the_rest_of_its_call() {
    run_mode("jumps");
}

#[test]
fn a_callback_may_go_on_to_another_stack() {
    run_mode("coroutines");
}

/// Fails if anything that was printed could help to use the credentials.
fn require_no_secret(printed: &str, further: &[&str]) {
    let credentials = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN];
    for secret in credentials.iter().chain(&SIGNS_OF_SECRETS).chain(further) {
        let found = printed.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
        let lower = secret.to_ascii_lowercase();
        let found = printed.lines().find(|line| line.to_ascii_lowercase().contains(&lower));
        assert_eq!(found, None, "{secret}");
    }
    // Parts of them are as bad.
    for secret in credentials {
        for part in [&secret[..12], &secret[secret.len() - 12..]] {
            assert!(!printed.contains(part), "{part}");
        }
    }
    let told: usize = (4..=5).map(|level| messages(printed, level).len()).sum();
    assert!(told > 20, "only {told} messages to look at:\n{printed}");
}

/// Credentials that were never found are told by nobody.
fn require_some_success(printed: &str) {
    let good = printed.lines().filter(|line| line.starts_with("status 0 ")).count();
    assert!(good > 5, "only {good} calls went well:\n{printed}");
}

fn secret_credentials() -> Value {
    json!({"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "session_token": SESSION_TOKEN})
}

#[test]
fn configured_credentials_are_never_told() {
    for engine in [Engine::fake(&[]), Engine::embedded()] {
        let table = engine.create_table();
        let printed = print_all(
            &configuration(&engine, &table, json!({"credentials": secret_credentials()})),
            &[],
        );
        assert_eq!(printed.matches("status 0").count(), 8, "{printed}");
        require_no_secret(&printed, &[]);
    }
}

#[test]
fn refused_credentials_are_never_told() {
    let refusals = [
        json!({"error": {"status": 400, "code": "UnrecognizedClientException", "message": "The security token included in the request is invalid."}}),
        json!({"error": {"status": 400, "code": "InvalidSignatureException", "message": "The request signature we calculated does not match."}}),
        json!({"server_error": true}),
        json!({"throttle": true}),
        json!({"cut": "before"}),
        json!({"garbage": true}),
    ];
    let (engine, table) = engine_with_flags();
    for refusal in refusals {
        engine.script(json!([{"action": refusal}]));
        let overrides = json!({"credentials": secret_credentials(), "init_timeout_ms": 1000});
        let printed = print_all(&configuration(&engine, &table, overrides), &[]);
        assert_eq!(printed.matches("status 0").count(), 0, "{refusal}: {printed}");
        require_no_secret(&printed, &[]);
    }
}

#[test]
fn credentials_of_the_aws_chain_are_never_told() {
    let (engine, table) = engine_with_flags();
    let mut from_chain = configuration(&engine, &table, json!({}));
    from_chain.as_object_mut().expect("an object").remove("credentials");

    let environment = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
    ];
    let printed = print_all(&from_chain, &environment);
    require_some_success(&printed);
    require_no_secret(&printed, &[]);

    let place = Place::new();
    let profiles = place.join("profiles");
    let text = format!(
        "[default]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\naws_session_token = {SESSION_TOKEN}\n"
    );
    std::fs::write(&profiles, text).expect("a file");
    let printed = print_all(
        &from_chain,
        &[("AWS_SHARED_CREDENTIALS_FILE", profiles.to_str().expect("UTF-8"))],
    );
    require_some_success(&printed);
    require_no_secret(&printed, &[]);

    let authorization = "secret-container-authorization";
    let of_a_container = json!({"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_ACCESS_KEY, "Token": SESSION_TOKEN,
        "Expiration": "2999-01-01T00:00:00Z"});
    let (address, server) = answer_once("200 OK", of_a_container.to_string(), authorization);
    let printed = print_all(
        &from_chain,
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &address),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", authorization),
        ],
    );
    require_no_secret(&printed, &[authorization]);
    assert!(server.join().expect("the container's endpoint was asked"));

    let of_a_role = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>r:s</AssumedRoleId></AssumedRoleUser><Credentials>\
         <AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET_ACCESS_KEY}</SecretAccessKey>\
         <SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    let (printed, was_sent) = print_with_web_identity(&from_chain, "200 OK", of_a_role);
    require_no_secret(&printed, &[WEB_IDENTITY_TOKEN]);
    assert!(was_sent);
}

#[test]
fn what_a_refusal_of_credentials_quotes_is_never_told() {
    let (engine, table) = engine_with_flags();
    let overrides = json!({"operation_timeout_ms": 2000, "init_timeout_ms": 2000, "max_attempts": 1});
    let mut from_chain = configuration(&engine, &table, overrides);
    from_chain.as_object_mut().expect("an object").remove("credentials");
    let told = |printed: &str| {
        let told = (1..=5).flat_map(|level| messages(printed, level));
        told.map(|message| format!("4 {message}\n")).collect::<String>()
    };

    let refusal = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>{WEB_IDENTITY_TOKEN} \
         {SECRET_ACCESS_KEY}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    let (printed, was_sent) = print_with_web_identity(&from_chain, "400 Bad Request", refusal);
    require_no_secret(&told(&printed), &[WEB_IDENTITY_TOKEN]);
    assert!(was_sent && printed.contains("InvalidIdentityToken"), "{printed}");

    let authorization = "secret-container-authorization";
    let refusal = format!("{{\"code\":\"AccessDenied\",\"message\":\"{authorization} {SESSION_TOKEN}\"}}");
    let (address, server) = answer_once("403 Forbidden", refusal, authorization);
    let printed = print_all(
        &from_chain,
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &address),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", authorization),
        ],
    );
    require_no_secret(&told(&printed), &[authorization]);
    assert!(server.join().expect("the container's endpoint was asked"));
}

const WEB_IDENTITY_TOKEN: &str = "eyJsecretwebidentitytoken";

/// What is printed with credentials from the service that hands them out for such a token, and whether it was sent the token.
fn print_with_web_identity(configuration: &Value, status: &'static str, answer: String) -> (String, bool) {
    let place = Place::new();
    let token = place.join("token");
    std::fs::write(&token, WEB_IDENTITY_TOKEN).expect("a file");
    let (address, server) = answer_once(status, answer, WEB_IDENTITY_TOKEN);
    let printed = print_all(
        configuration,
        &[
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().expect("UTF-8")),
            ("AWS_ENDPOINT_URL_STS", &address),
        ],
    );
    (printed, server.join().expect("the service was asked"))
}

/// Answers one request as an endpoint for credentials does, others as one that is broken; tells whether the first one held `expected`.
fn answer_once(status: &'static str, body: String, expected: &'static str) -> (String, std::thread::JoinHandle<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&request).contains(expected) {
            let length = stream.read(&mut part).expect("a request");
            if length == 0 {
                break;
            }
            request.extend_from_slice(&part[..length]);
        }
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("an answer");
        String::from_utf8_lossy(&request).contains(expected)
    });
    (address, server)
}

#[test]
fn the_password_of_a_proxy_is_never_told() {
    let (engine, table) = engine_with_flags();
    let (login, encoded) = ("proxy-user:proxy-password", "cHJveHktdXNlcjpwcm94eS1wYXNzd29yZA==");
    let proxy = format!("http://{login}@127.0.0.1:9");
    let overrides =
        json!({"proxy": proxy, "credentials": secret_credentials(), "max_attempts": 1, "init_timeout_ms": 1000});
    let printed = print_all(&configuration(&engine, &table, overrides), &[]);
    require_no_secret(&printed, &[login, "proxy-password", encoded]);
    let overrides = json!({"credentials": secret_credentials(), "max_attempts": 1, "init_timeout_ms": 1000});
    let printed = print_all(&configuration(&engine, &table, overrides), &[("HTTP_PROXY", &proxy)]);
    require_no_secret(&printed, &[login, "proxy-password", encoded]);
}
