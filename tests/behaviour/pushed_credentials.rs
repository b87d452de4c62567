//! Credentials that the host hands in: which ones sign a request, and what is said when there are none that may be sent.

use std::time::{Duration, Instant, SystemTime};

use ld_dynamo_store::{Credentials, Error, ErrorKind, Store};
use serde_json::{json, Value};

use crate::support::Engine;

const DATA: &str = r#"{"features":{"flag":{"key":"flag","version":1}}}"#;

fn named(id: &str, token: Option<&str>) -> Credentials {
    let mut credentials = Credentials::new(id, "hidden-key");
    credentials.session_token = token.map(str::to_owned);
    credentials
}

fn in_seconds(seconds: f64) -> Option<SystemTime> {
    Some(SystemTime::now() + Duration::from_secs_f64(seconds))
}

fn a_second_ago() -> Option<SystemTime> {
    Some(SystemTime::now() - Duration::from_secs(1))
}

fn engine() -> Engine {
    Engine::fake(&["--create-table", "flags"])
}

fn store(engine: &Engine, overrides: Value) -> Store {
    let mut settings = json!({"credentials": "pushed"});
    for (key, value) in overrides.as_object().expect("an object") {
        settings[key] = value.clone();
    }
    engine.store_with("flags", settings)
}

fn get(store: &Store) -> Result<(), Error> {
    store.get("features", "flag").map(drop)
}

/// Who signed the last request, and whether a session token was sent.
fn signed_by(engine: &Engine) -> (Value, bool) {
    let headers = engine.control("GET", "headers/last", &Value::Null);
    let names = headers["names"].as_array().expect("names");
    (
        headers["access_key_id"].clone(),
        names.contains(&json!("x-amz-security-token")),
    )
}

#[test]
fn each_request_is_signed_with_the_last_ones() {
    let engine = engine();
    let store = store(&engine, json!({}));
    store
        .set_credentials(named("first", None), None)
        .expect("a push before the first call");
    get(&store).expect("an answer");
    assert_eq!(signed_by(&engine), (json!("first"), false));
    store
        .set_credentials(named("second", Some("token")), in_seconds(3600.0))
        .expect("a push");
    let _ = store.init(DATA).expect("an init");
    assert_eq!(signed_by(&engine), (json!("second"), true));
    store
        .set_credentials(named("third", None), in_seconds(3600.0))
        .expect("a push");
    get(&store).expect("an answer");
    assert_eq!(signed_by(&engine), (json!("third"), false));
}

#[test]
fn nothing_is_sent_before_the_first_ones_and_after_the_last_ones() {
    let engine = engine();
    let store = store(&engine, json!({}));
    for call in [
        get,
        |store: &Store| store.available(),
        |store: &Store| store.init(DATA).map(drop),
    ] {
        let error = call(&store).expect_err("no credentials yet");
        assert_eq!(
            (error.kind(), error.is_retriable()),
            (ErrorKind::NoCredentials, false),
            "{error}"
        );
        assert!(
            error.message().contains("pushed") && error.message().len() <= 300,
            "{error}"
        );
    }
    store
        .set_credentials(named("hidden-id", None), a_second_ago())
        .expect("a push");
    let error = get(&store).expect_err("they had expired before");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::NoCredentials, true),
        "{error}"
    );
    assert!(error.message().contains("expired at 2"), "{error}");
    assert!(!error.message().contains("hidden"), "{error}");
    assert_eq!(engine.requests(), 0);
    assert!(store.stats().contains(r#""requests":0"#), "{}", store.stats());
    store
        .set_credentials(named("new", None), in_seconds(60.0))
        .expect("a push");
    get(&store).expect("an answer");
    assert_eq!(engine.requests(), 1);
}

#[test]
fn expired_ones_are_an_outage() {
    let engine = engine();
    let store = store(&engine, json!({"cache_ttl_ms": 1, "stale_on_error": true}));
    store
        .set_credentials(named("short", None), in_seconds(0.5))
        .expect("a push");
    let _ = store.init(DATA).expect("an init");
    assert!(store.get("features", "flag").expect("an answer").is_some());
    std::thread::sleep(Duration::from_millis(600));
    engine.control("POST", "reset", &Value::Null);
    assert!(store.get("features", "flag").expect("what was known").is_some());
    assert_eq!(engine.requests(), 0);
}

/// An init repeats what may pass, and new credentials are such a thing.
#[test]
fn an_init_goes_on_with_new_ones() {
    let engine = engine();
    let store = store(&engine, json!({}));
    store
        .set_credentials(named("old", None), a_second_ago())
        .expect("a push");
    std::thread::scope(|scope| {
        let init = scope.spawn(|| store.init(DATA));
        std::thread::sleep(Duration::from_millis(300));
        store
            .set_credentials(named("new", None), in_seconds(60.0))
            .expect("a push");
        let _ = init.join().expect("no panic").expect("an init");
    });
    assert_eq!(signed_by(&engine).0, "new");
}

#[test]
fn threads_push_beside_calls() {
    let engine = engine();
    let store = store(&engine, json!({}));
    store.set_credentials(named("first", None), None).expect("a push");
    let deadline = Instant::now() + Duration::from_millis(500);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let store = &store;
            scope.spawn(move || {
                let ids = (0..).map(|number| format!("id-{thread}-{number}"));
                for id in ids.take_while(|_| Instant::now() < deadline) {
                    store
                        .set_credentials(named(&id, Some("token")), in_seconds(60.0))
                        .expect("a push");
                }
            });
            scope.spawn(move || {
                while Instant::now() < deadline {
                    get(store).expect("an answer");
                }
            });
        }
    });
}

#[test]
fn a_store_that_is_configured_otherwise_refuses_them() {
    let engine = engine();
    let store = engine.store("flags");
    let error = store
        .set_credentials(named("hidden-id", None), None)
        .expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
    assert!(error.message().contains(r#""credentials": "pushed""#), "{error}");
    get(&store).expect("an answer");
    assert_eq!(signed_by(&engine).0, "local");
}

#[test]
fn what_no_request_can_carry_is_refused_without_being_shown() {
    let engine = engine();
    let store = store(&engine, json!({}));
    for credentials in [
        named("", None),
        named("hidden\nid", None),
        named("id", Some("hidden\ntoken")),
    ] {
        let outcome = store.set_credentials(credentials, None).and_then(|()| get(&store));
        let error = outcome.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{error}");
        assert!(!error.message().contains("hidden"), "{error}");
    }
    assert_eq!(engine.requests(), 0);
}
