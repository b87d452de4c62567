//! The ten commonest mistakes, and what is said of each: the cause, the place, and what to do. `UPDATE_MISTAKES=1` writes
//! mistakes.txt anew; read the difference as somebody would who has made the mistake.

use std::fmt::Write;

use ld_dynamo_store::{Config, Error, ProxyUrl};
use serde_json::json;

use crate::support::certificates::{text, Certificates};
use crate::support::{self, Engine};
use crate::surroundings::{read, with_all_given, Surroundings};

fn refused(config: &Config) -> Error {
    read(config).expect_err("a mistake")
}

/// What DynamoDB says in such a case, told by the scripted endpoint.
fn scripted(engine: &Engine, table: &str, code: &str, message: &str) -> Error {
    engine.script(json!({"times": 1, "action": {"error": {"status": 400, "code": code, "message": message}}}));
    refused(&with_all_given(&engine.endpoint, table))
}

fn nobody() -> String {
    format!("http://127.0.0.1:{}", support::free_port())
}

/// Addresses and folders differ from run to run.
fn settled(message: &str, changing: &[(&str, &str)]) -> String {
    let mut message = message.to_owned();
    for (found, written) in changing {
        message = message.replace(found, written);
    }
    message
}

#[test]
fn what_is_said_of_the_commonest_mistakes() {
    let surroundings = Surroundings::new();
    let engine = Engine::fake(&["--create-table", "flags"]);
    let other_keys = engine.create_table_with_keys(&["id"]);
    let certificates = Certificates::make();
    let tls = Engine::fake(&["--tls", text(&certificates.chain), text(&certificates.key)]);
    let (closed, closed_proxy) = (nobody(), nobody());
    let at = |endpoint: &str| with_all_given(endpoint, "flags");
    let without_region = {
        let mut config = at(&engine.endpoint);
        config.region = None;
        config
    };
    let without_credentials = {
        let mut config = at(&engine.endpoint);
        config.credentials = None;
        config
    };
    let behind_proxy = {
        let mut config = at("http://dynamodb.example:8000");
        config.proxy = Some(ProxyUrl(closed_proxy.clone()));
        config
    };
    let mistakes: [(&str, Error); 12] = [
        ("no region", refused(&without_region)),
        ("no credentials", refused(&without_credentials)),
        ("wrong table", refused(&with_all_given(&engine.endpoint, "flagz"))),
        ("wrong keys", refused(&with_all_given(&engine.endpoint, &other_keys))),
        (
            "missing permission",
            scripted(&engine, "flags", "AccessDeniedException", "User: arn:aws:iam::111122223333:user/app is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:111122223333:table/flags because no identity-based policy allows the dynamodb:GetItem action"),
        ),
        (
            "expired token",
            scripted(&engine, "flags", "ExpiredTokenException", "The security token included in the request is expired"),
        ),
        (
            "unknown key",
            scripted(&engine, "flags", "UnrecognizedClientException", "The security token included in the request is invalid."),
        ),
        (
            "clock",
            scripted(&engine, "flags", "InvalidSignatureException", "Signature expired: 20261127T090000Z is now earlier than 20261127T092500Z (20261127T093000Z - 5 min.)"),
        ),
        ("proxy", refused(&behind_proxy)),
        ("certificate", refused(&at(&tls.endpoint))),
        ("endpoint, nobody there", refused(&at(&closed))),
        ("endpoint, no URL", {
            surroundings.set("AWS_ENDPOINT_URL", "localhost:4566");
            let mut config = at("");
            config.endpoint = None;
            refused(&config)
        }),
    ];
    let home = std::env::var("HOME").expect("a folder");
    let changing = [
        (home.as_str(), "~"),
        (engine.endpoint.as_str(), "http://engine"),
        (tls.endpoint.as_str(), "https://engine"),
        (closed.as_str(), "http://nobody"),
        (closed_proxy.as_str(), "http://proxy"),
        (other_keys.as_str(), "other-keys"),
    ];
    let mut found = String::new();
    for (name, error) in &mistakes {
        let length = error.message().chars().count();
        assert!(length <= 600 && !error.message().contains('\n'), "{length}: {error}");
        let message = settled(error.message(), &changing);
        let _ = writeln!(
            found,
            "{name}\n  {:?}, retriable: {}\n  {message}\n",
            error.kind(),
            error.is_retriable()
        );
    }
    let path = support::repository().join("tests/environment/mistakes.txt");
    if std::env::var_os("UPDATE_MISTAKES").is_some_and(|value| value == *"1") {
        std::fs::write(&path, &found).expect("the file is written");
    }
    let expected = std::fs::read_to_string(&path).expect("mistakes.txt");
    assert_eq!(found, expected, "UPDATE_MISTAKES=1 writes it anew");
}
