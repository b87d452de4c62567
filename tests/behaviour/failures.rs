//! Whatever function fails with whatever status, each language says which it was, and gives the error back.

use serde_json::json;

use crate::support::driver::{status_number, Driver, Program};
use crate::support::header::statuses;
use crate::support::stand_in::{Kept, StandIn};

/// Calls of the drivers, each named as its function is after `ld_dynamo_store_`, with arguments that are right.
const CALLS: [(&str, &[&str]); 13] = [
    ("get", &["features", "a"]),
    ("all", &["features"]),
    ("init", &["{}"]),
    ("upsert", &["features", "a", r#"{"key":"a","version":1}"#]),
    ("initialized", &[]),
    ("available", &[]),
    ("big_segments_metadata", &[]),
    ("big_segments_cursor", &[]),
    ("big_segments_membership", &["hash"]),
    ("big_segments_apply_patch", &["{}"]),
    ("big_segments_set_synchronized", &["1"]),
    ("set_credentials", &[r#"{"access_key_id":"a","secret_access_key":"b"}"#]),
    ("stats", &[]),
];
/// What cannot be a key is in no table: these fail so in no library, and Ruby and PHP, which look themselves, say that it is not there.
const READS_OF_A_KEY: [&str; 2] = ["get", "big_segments_membership"];
/// One that a later version of the library may have.
const OF_THE_FUTURE: i32 = -299;

/// The statuses of all failures, and one more.
fn failures() -> impl Iterator<Item = i32> {
    let failures: Vec<i32> = statuses().into_values().filter(|&status| status < 0).collect();
    assert!(failures.len() > 20, "{failures:?}");
    failures.into_iter().chain([OF_THE_FUTURE])
}

/// No call of this store gets as far as a request.
fn configuration() -> String {
    json!({"table": "flags", "region": "us-east-1", "credentials": "pushed", "endpoint": "http://127.0.0.1:9"})
        .to_string()
}

/// A language's driver with a store.
fn start(stand_in: &StandIn, language: &str) -> Program {
    let mut driver = Program::start_as_it_is(stand_in.driver(language));
    let made = driver.call("new", "store", &[configuration()]);
    assert_eq!(made.status, 0, "{made:?}");
    driver
}

/// Frees the store, after which nothing is kept of what was handed out.
fn end(stand_in: &StandIn, mut driver: Program) {
    stand_in.fail("", 0);
    assert_eq!(driver.call("free", "store", &[]).status, 0);
    assert_eq!(stand_in.kept(), Kept::default());
}

fn every_failure_arrives(language: &str) {
    let stand_in = StandIn::new();
    let mut driver = start(&stand_in, language);
    for status in failures() {
        for (call, arguments) in CALLS {
            if status == status_number("INVALID_KEY") && READS_OF_A_KEY.contains(&call) {
                continue;
            }
            stand_in.fail(&format!("ld_dynamo_store_{call}"), status);
            let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
            let answer = driver.call(call, "store", &arguments);
            assert_eq!(answer.status, status, "{call}: {answer:?}");
            assert_eq!(answer.result, None, "{call}, {status}");
            assert_eq!(answer.service_code.as_deref(), Some("AskedToFail"), "{call}, {status}");
            assert_eq!(answer.is_retriable, Some(true), "{call}, {status}");
            let message = answer.message.expect("a message");
            assert!(message.contains("asked to fail"), "{call}, {status}: {message}");
        }
        stand_in.fail("ld_dynamo_store_new", status);
        let answer = driver.call("new", "another", &[configuration()]);
        assert_eq!(answer.status, status, "new: {answer:?}");
    }
    end(&stand_in, driver);
}

/// Who asks whether the table answers is told no where the table, or the way to it, is why it does not; other failures arrive as such. Go, whose
/// function has no error, says no to all.
#[test]
fn whether_the_table_answers_is_a_yes_or_a_no() {
    for language in ["Python", "Ruby", "PHP", "Node", "Go", "Java"] {
        let stand_in = StandIn::new();
        let mut driver = start(&stand_in, language);
        for status in failures() {
            stand_in.fail("ld_dynamo_store_available", status);
            let answer = driver.call("is_available", "store", &[]);
            let is_no = language == "Go" || (-499..=-200).contains(&status);
            let expected = if is_no { status_number("NOT_FOUND") } else { status };
            assert_eq!(answer.status, expected, "{language}, {status}: {answer:?}");
        }
        end(&stand_in, driver);
    }
}

#[test]
fn c() {
    every_failure_arrives("C");
}

#[test]
fn cpp() {
    every_failure_arrives("C++");
}

#[test]
fn python() {
    every_failure_arrives("Python");
}

#[test]
fn ruby() {
    every_failure_arrives("Ruby");
}

#[test]
fn php() {
    every_failure_arrives("PHP");
}

#[test]
fn node() {
    every_failure_arrives("Node");
}

#[test]
fn go() {
    every_failure_arrives("Go");
}

#[test]
fn java() {
    every_failure_arrives("Java");
}
