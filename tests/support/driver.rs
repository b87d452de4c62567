//! A driver process, as tests/cases/README.md describes it, and the same for Rust within this process.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use ld_dynamo_store::{context_hash, BigSegmentsPatch, Config, Credentials, Error, Store, Upsert};

use super::header::statuses;

/// What a call came to.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: i32,
    pub result: Option<String>,
    pub message: Option<String>,
    pub service_code: Option<String>,
    pub is_retriable: Option<bool>,
}

pub trait Driver {
    fn call(&mut self, call: &str, store: &str, arguments: &[String]) -> Answer;

    /// Whether `stats` tells what calls have consumed.
    fn counts(&self) -> bool {
        true
    }
}

/// A program of another language.
pub struct Program {
    process: Child,
    /// Nothing once it was told that there are no more.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    /// With the library that these tests were built with.
    pub fn start(mut command: Command) -> Self {
        command
            .env("LD_DYNAMO_STORE_LIBRARY", super::library())
            .current_dir(super::repository());
        Self::start_as_it_is(command)
    }

    /// With the library that it finds by itself.
    pub fn start_as_it_is(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Program {
            requests: Some(process.stdin.take().expect("a pipe")),
            answers: BufReader::new(process.stdout.take().expect("a pipe")),
            process,
        }
    }

    /// Tells it that there are no more requests, and waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        self.requests = None;
        self.process.wait().expect("the driver's status")
    }

    fn number(&mut self) -> i64 {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line of the answer");
        line.trim()
            .parse()
            .unwrap_or_else(|_| panic!("the driver answered {line:?}"))
    }

    fn field(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()).ok()?;
        let mut bytes = vec![0; length + 1];
        self.answers.read_exact(&mut bytes).expect("a field of the answer");
        bytes.pop();
        Some(String::from_utf8(bytes).expect("UTF-8"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver for Program {
    fn call(&mut self, call: &str, store: &str, arguments: &[String]) -> Answer {
        let mut request = format!("{}\n", arguments.len() + 2);
        for field in [call, store].into_iter().chain(arguments.iter().map(String::as_str)) {
            request.push_str(&format!("{}\n{field}\n", field.len()));
        }
        let requests = self.requests.as_mut().expect("a driver that goes on");
        requests.write_all(request.as_bytes()).expect("the driver reads");
        requests.flush().expect("the driver reads");
        assert_eq!(self.number(), 5, "an answer has five fields");
        let status = self.field().expect("a status").parse().expect("a number");
        Answer {
            status,
            result: self.field(),
            message: self.field(),
            service_code: self.field(),
            is_retriable: self.field().map(|text| text == "1"),
        }
    }
}

/// The Rust API in this process.
#[derive(Default)]
pub struct InProcess {
    stores: HashMap<String, Store>,
}

impl Driver for InProcess {
    fn call(&mut self, call: &str, store: &str, arguments: &[String]) -> Answer {
        let outcome = self.outcome(call, store, arguments);
        match outcome {
            Ok((status, result)) => Answer {
                status: status_number(status),
                result,
                ..Answer::default()
            },
            Err(error) => Answer {
                status: status_number(&status_name(&error)),
                result: None,
                message: Some(error.message().to_owned()),
                service_code: error.service_code().map(str::to_owned),
                is_retriable: Some(error.is_retriable()),
            },
        }
    }
}

impl InProcess {
    fn outcome(
        &mut self,
        call: &str,
        name: &str,
        arguments: &[String],
    ) -> Result<(&'static str, Option<String>), Error> {
        if call == "new" {
            self.stores.remove(name);
            let store = Store::new(Config::from_json(&arguments[0])?)?;
            self.stores.insert(name.to_owned(), store);
            return Ok(("OK", None));
        }
        if call == "free" {
            self.stores.remove(name);
            return Ok(("OK", None));
        }
        let store = &self.stores[name];
        let found = |result: Option<String>| {
            if result.is_some() {
                ("OK", result)
            } else {
                ("NOT_FOUND", None)
            }
        };
        Ok(match (call, arguments) {
            ("get", [kind, key]) => found(store.get(kind, key)?.map(|item| item.to_string())),
            ("all", [kind]) => ("OK", Some(store.all(kind)?.to_string())),
            ("init", [data]) => {
                let _ = store.init(data)?;
                ("OK", None)
            }
            ("set_credentials", [credentials]) => {
                let (credentials, expires) = expiring(credentials);
                store.set_credentials(credentials, expires)?;
                ("OK", None)
            }
            ("upsert", [kind, key, item]) => match store.upsert(kind, key, item)? {
                Upsert::Stored => ("OK", None),
                Upsert::NotNewer(stored) => ("NOT_NEWER", Some(stored.to_string())),
                Upsert::TooLarge => ("TOO_LARGE", None),
                other => panic!("an outcome that the tests do not know: {other:?}"),
            },
            ("big_segments_metadata", []) => found(store.big_segments_metadata()?),
            ("big_segments_cursor", []) => found(store.big_segments_cursor()?),
            ("big_segments_membership", [context_hash]) => found(
                store
                    .big_segments_membership(context_hash)?
                    .map(|text| text.to_string()),
            ),
            ("big_segments_apply_patch", [patch]) => match store.big_segments_apply_patch(patch)? {
                BigSegmentsPatch::Applied => ("OK", None),
                BigSegmentsPatch::OutOfOrder => ("OUT_OF_ORDER", None),
                other => panic!("an outcome that the tests do not know: {other:?}"),
            },
            ("big_segments_set_synchronized", [unix_milliseconds]) => {
                store.big_segments_set_synchronized(unix_milliseconds.parse().expect("a number"))?;
                ("OK", None)
            }
            ("context_hash", [key]) => ("OK", Some(context_hash(key))),
            ("stats", []) => ("OK", Some(store.stats().to_string())),
            ("initialized", []) => (if store.initialized()? { "OK" } else { "NOT_FOUND" }, None),
            ("available", []) => {
                store.available()?;
                ("OK", None)
            }
            other => panic!("a call that the tests do not know: {other:?}"),
        })
    }
}

/// Credentials from their JSON, which in Rust are values.
fn expiring(json: &str) -> (Credentials, Option<SystemTime>) {
    let members: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let text = |name: &str| members[name].as_str().map(str::to_owned);
    let required = |name: &str| text(name).unwrap_or_default();
    let mut credentials = Credentials::new(required("access_key_id"), required("secret_access_key"));
    credentials.session_token = text("session_token");
    let expires = members["expires_ms"].as_u64();
    (
        credentials,
        expires.map(|milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)),
    )
}

/// The name of an error's status, from the name of its kind: `InvalidJson` is `INVALID_JSON`.
fn status_name(error: &Error) -> String {
    let kind = format!("{:?}", error.kind());
    let mut name = String::new();
    for letter in kind.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    if name == "SERVICE" {
        name.push_str("_ERROR");
    }
    name
}

/// The number of a status constant, from the checked-in header.
pub fn status_number(name: &str) -> i32 {
    let number = statuses().get(name).copied();
    number.unwrap_or_else(|| panic!("the header has no LD_DYNAMO_{name}"))
}
