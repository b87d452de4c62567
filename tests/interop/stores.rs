//! Who takes part: this library in every language that has a driver, and the official stores that can be had.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::Command;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{json, Map, Value};

use super::data_set::text_for;
use crate::support;
use crate::support::driver::{Answer, Driver, InProcess, Program};
use crate::support::languages::driver;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;

pub const OK: i32 = 0;
pub const NOT_FOUND: i32 = 1;

/// What the tests and docs/interoperability.md call a store, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    pub text: &'static str,
    pub is_ours: bool,
}

const OURS: [&str; 9] = ["Rust", "C", "C++", "Python", "Ruby", "PHP", "Node", "Go", "Java"];
pub const PYTHON: &str = "official Python 9.18.2";
pub const NODE: &str = "official Node 4.0.0";
pub const GO_4: &str = "official Go 4.0.0";
pub const GO_1: &str = "official Go 1.1.1";
const OFFICIAL: [&str; 4] = [PYTHON, NODE, GO_4, GO_1];

/// A store of one kind, asked by one test at a time.
pub struct Participant {
    pub name: Name,
    driver: Mutex<Asked>,
}

/// A driver, and why it can be asked no more.
struct Asked {
    driver: Box<dyn Driver + Send>,
    broken: Option<String>,
}

/// A participant's store of one table and prefix.
pub struct Handle {
    pub participant: &'static Participant,
    store: String,
}

/// DynamoDB Local, started once for all tests of this program.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn end() {
        // SAFETY: the process is a child that nobody has waited for, so its number is still its own.
        unsafe { libc::kill(PROCESS.load(Ordering::Relaxed) as libc::pid_t, libc::SIGKILL) };
    }
    ENGINE.get_or_init(|| {
        // A store that does not answer ends the whole program.
        std::mem::forget(Watchdog::new(Duration::from_secs(900)));
        let engine = Engine::amazon();
        PROCESS.store(engine.process_id(), Ordering::Relaxed);
        // SAFETY: `end` only sends a signal. Nothing drops a static.
        unsafe { libc::atexit(end) };
        engine
    })
}

/// All of them, started once for all tests: ours first.
pub fn participants() -> &'static [Participant] {
    static PARTICIPANTS: OnceLock<Vec<Participant>> = OnceLock::new();
    PARTICIPANTS.get_or_init(|| {
        let ours = OURS.map(|text| (Name { text, is_ours: true }, our_driver(text)));
        let official = OFFICIAL.map(|text| (Name { text, is_ours: false }, official_driver(text)));
        let with_driver = |(name, driver)| Participant {
            name,
            driver: Mutex::new(Asked { driver, broken: None }),
        };
        ours.into_iter().chain(official).map(with_driver).collect()
    })
}

/// The participant of a name.
pub fn participant(text: &str) -> &'static Participant {
    let found = participants().iter().find(|participant| participant.name.text == text);
    found.unwrap_or_else(|| panic!("there is no {text}"))
}

fn our_driver(language: &str) -> Box<dyn Driver + Send> {
    match language {
        "Rust" => Box::new(InProcess::default()),
        language => Box::new(Program::start(without_environment(driver(language)))),
    }
}

/// Without what would lead an AWS client or a proxy's user elsewhere.
pub fn without_environment(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("AWS_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
}

fn official_driver(name: &str) -> Box<dyn Driver + Send> {
    let built = |file: &str| support::repository().join("target/interop").join(file);
    let command = match name {
        PYTHON => official_python(),
        NODE => {
            let mut command = without_environment(Command::new("node"));
            command
                .arg("tests/interop/node/store.js")
                .env("NODE_PATH", built("node/node_modules"))
                .env("AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE", "1");
            command
        }
        GO_4 => without_environment(Command::new(built("go-v4"))),
        GO_1 => without_environment(Command::new(built("go-v1"))),
        other => panic!("{other} has no driver"),
    };
    Box::new(Program::start(command))
}

/// The driver of the official store for Python, and of our adapter for its SDK.
pub fn official_python() -> Command {
    python("tests/interop/python/store.py")
}

fn python(program: &str) -> Command {
    let mut command = without_environment(Command::new(support::repository().join("target/python/bin/python")));
    command.arg(program);
    command
}

impl Participant {
    /// A store of this table, uncached.
    pub fn open(&'static self, table: &str, prefix: &str) -> Handle {
        self.open_on(engine(), table, prefix)
    }

    /// The same on another engine.
    pub fn open_on(&'static self, engine: &Engine, table: &str, prefix: &str) -> Handle {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let handle = Handle {
            participant: self,
            store: format!("store-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        };
        let configuration = if self.name.is_ours {
            let mut configuration = engine.configuration(table);
            configuration["prefix"] = prefix.into();
            configuration
        } else {
            json!({"table": table, "prefix": prefix, "endpoint": engine.endpoint})
        };
        handle
            .succeeded("new", &[&configuration.to_string()])
            .unwrap_or_else(|reason| panic!("{}: {reason}", self.name.text));
        handle
    }
}

impl Handle {
    pub fn call(&self, call: &str, arguments: &[&str]) -> Answer {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        // A panic is caught below, so that the lock is never poisoned.
        let mut asked = self.participant.driver.lock().expect("the driver");
        if asked.broken.is_none() {
            let outcome = catch_unwind(AssertUnwindSafe(|| asked.driver.call(call, &self.store, &arguments)));
            match outcome {
                Ok(answer) => return answer,
                Err(reason) => asked.broken = Some(format!("{call}: {}", panic_text(&*reason))),
            }
        }
        let broken = asked.broken.clone().unwrap_or_default();
        drop(asked);
        panic!("{} broke off at {broken}", self.participant.name.text);
    }

    /// The answer, unless it is a failure.
    pub fn succeeded(&self, call: &str, arguments: &[&str]) -> Result<Answer, String> {
        let answer = self.call(call, arguments);
        if answer.status < 0 {
            let message = answer.message.unwrap_or_default();
            return Err(format!("{call} failed: {message}"));
        }
        Ok(answer)
    }

    pub fn init(&self, data_set: &Value) -> Result<(), String> {
        self.succeeded("init", &[&text_for(self.participant.name.text, data_set)])
            .map(drop)
    }

    /// Whether it was stored; nothing where the store does not tell.
    pub fn upsert(&self, kind: &str, key: &str, item: &Value) -> Result<Option<bool>, String> {
        let answer = self.succeeded("upsert", &[kind, key, &text_for(self.participant.name.text, item)])?;
        let does_tell = self.participant.name.is_ours || [GO_4, GO_1].contains(&self.participant.name.text);
        Ok(does_tell.then_some(answer.status == OK))
    }

    pub fn is_initialized(&self) -> Result<bool, String> {
        Ok(self.succeeded("initialized", &[])?.status == OK)
    }

    /// The item, unless it is not there or deleted.
    pub fn get(&self, kind: &str, key: &str) -> Result<Option<Value>, String> {
        let answer = self.succeeded("get", &[kind, key])?;
        Ok(answer
            .result
            .filter(|_| answer.status == OK)
            .map(|text| parsed(&text))
            .filter(is_present))
    }

    /// All items that are not deleted.
    pub fn all(&self, kind: &str) -> Result<Map<String, Value>, String> {
        let answer = self.succeeded("all", &[kind])?;
        let Some(Value::Object(mut items)) = answer.result.as_deref().map(parsed) else {
            return Err(format!("all gave {:?}", answer.result));
        };
        items.retain(|_, item| is_present(item));
        Ok(items)
    }
}

fn panic_text(reason: &(dyn Any + Send)) -> &str {
    let owned = reason.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| reason.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text} is no JSON: {error}"))
}

/// Our stores return tombstones, an SDK's callers never see one.
fn is_present(item: &Value) -> bool {
    item["deleted"] != true
}
