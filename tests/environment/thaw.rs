//! Clocks: a machine that stood still between signing and sending, whose clock is right again, and one whose clock is wrong.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use ld_dynamo_store::{Credentials, ErrorKind, Store};
use serde_json::json;

use crate::listener::Listener;
use crate::support::{requests_of_a_refusal, Engine};
use crate::surroundings::{uncached, Surroundings};

#[test]
fn a_request_that_was_signed_too_long_ago_is_signed_anew() {
    let _surroundings = Surroundings::new();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let expired =
        "Signature expired: 20261127T090000Z is now earlier than 20261127T090500Z (20261127T091000Z - 5 min.)";
    let early = "Signature not yet current: 20261127T093000Z is still later than 20261127T092000Z";
    for message in [expired, early] {
        engine.script(json!({
            "times": 1,
            "action": {"error": {"status": 400, "code": "InvalidSignatureException", "message": message}},
        }));
        store.get("features", "flag").expect("the second attempt");
        let item = r#"{"key":"flag","version":1}"#;
        engine.script(json!({
            "times": 1,
            "action": {"error": {"status": 400, "code": "InvalidSignatureException", "message": message}},
        }));
        let _ = store.upsert("features", "flag", item).expect("the second attempt");
    }
    let message = "The request signature we calculated does not match the signature you provided.";
    engine.script(json!({
        "times": requests_of_a_refusal(),
        "action": {"error": {"status": 400, "code": "InvalidSignatureException", "message": message}},
    }));
    let error = store
        .get("features", "flag")
        .expect_err("another key does not come of time");
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
}

#[test]
fn what_a_stored_row_says_repeats_nothing() {
    let _surroundings = Surroundings::new();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let item = r#"{"key":"flag","version":1,"description":"Signature expired, ThrottlingException"}"#;
    let _ = store.upsert("features", "flag", item).expect("stored");
    let before = engine.requests();
    let _ = store.upsert("features", "flag", item).expect("not newer");
    assert_eq!(engine.requests() - before, 1);
    assert!(store.stats().contains("\"throttles\":0"), "{}", store.stats());
}

/// The moment that a request says it was signed at.
fn signed_at(request: &str) -> SystemTime {
    let begin = request.find("x-amz-date: ").expect("a date") + "x-amz-date: ".len();
    let (date, time) = request[begin..begin + 15].split_once('T').expect("date and time");
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    let date = DateTime::from_str(&text, DateTimeFormat::DateTime).expect("a date");
    SystemTime::try_from(date).expect("a date")
}

#[test]
fn a_wrong_clock_is_corrected_by_the_answer() {
    // The first request goes out directly, or through the AWS SDK, which looks for credentials.
    for are_given in [true, false] {
        a_wrong_clock_is_corrected(are_given);
    }
}

fn a_wrong_clock_is_corrected(are_given: bool) {
    let surroundings = Surroundings::new();
    surroundings.set("AWS_ACCESS_KEY_ID", "local");
    surroundings.set("AWS_SECRET_ACCESS_KEY", "local");
    // Whoever sets this has other software in mind.
    surroundings.set("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "true");
    let ahead = Duration::from_secs(3600);
    let now = SystemTime::now();
    let table = Listener::new();
    table.says(
        400,
        r#"{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired"}"#.to_owned(),
    );
    let date = DateTime::from(now + ahead)
        .fmt(DateTimeFormat::HttpDate)
        .expect("a date");
    *table.date.lock().expect("no panic") = Some(date);
    let mut config = uncached("flags");
    config.endpoint = Some(table.address().to_owned());
    config.region = Some("eu-west-1".to_owned());
    config.credentials = are_given.then(|| Credentials::new("local", "local"));
    let store = Store::new(config).expect("a store");
    let error = store.get("features", "flag").expect_err("it refuses whatever the date");
    assert!(error.message().contains("clock"), "{error}");
    for key in ["other", "more"] {
        store.get("features", key).expect_err("it refuses this one, too");
    }
    let asked = table.asked();
    assert!(asked.len() > 2, "{}", asked.len());
    for request in &asked[1..] {
        let apart = signed_at(request).duration_since(signed_at(&asked[0])).expect("later");
        assert!(
            apart > ahead / 2 && apart < ahead * 3 / 2,
            "what one refusal taught is learnt once: {apart:?}"
        );
    }
}
