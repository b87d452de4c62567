//! Our adapters in LaunchDarkly's SDKs: each writes a data set as its SDK hands it over, and evaluates as its SDK does.

use std::process::{Command, Stdio};

use serde_json::{json, Value};

use super::stores::{engine, official_python, without_environment};
use crate::support;
use crate::support::driver::{Driver, Program};
use crate::support::languages::java;

pub const PYTHON: &str = "Python 9.18.2 with our adapter";
pub const GO: &str = "Go 7.14.6 with our adapter";
pub const NODE: &str = "Node 9.13.7 with our adapter";
pub const JAVA: &str = "Java 7.9.0 with our adapter";
pub const ADAPTERS: [&str; 4] = [PYTHON, GO, NODE, JAVA];
pub const RUST: &str = "Rust 3.2.0";

/// One of them, as a program.
pub struct Adapter {
    pub name: &'static str,
    driver: Program,
}

impl Adapter {
    pub fn start(name: &'static str) -> Self {
        let target = support::repository().join("target/interop");
        let command = match name {
            PYTHON => {
                let mut command = official_python();
                command.arg("ours").env("PYTHONPATH", "bindings/python/src");
                command
            }
            // The official store's driver, built with the line `replace` that puts ours in its place.
            GO => without_environment(Command::new(target.join("go-ours"))),
            NODE => {
                let mut command = without_environment(Command::new("node"));
                let modules = support::repository().join("bindings/node/node_modules");
                command.arg("tests/interop/node/ours.js").env("NODE_PATH", modules);
                command
            }
            JAVA => without_environment(java("tests/interop/java/Ours.java")),
            other => panic!("{other} is no adapter of ours"),
        };
        Self {
            name,
            driver: Program::start(command),
        }
    }

    fn succeeded(&mut self, call: &str, arguments: &[String]) -> Option<String> {
        let answer = self.driver.call(call, "store", arguments);
        assert_eq!(answer.status, 0, "{}, {call}: {answer:?}", self.name);
        answer.result
    }

    fn open(&mut self, table: &str) {
        let configuration = json!({"table": table, "prefix": "", "endpoint": engine().endpoint});
        self.succeeded("new", &[configuration.to_string()]);
    }

    /// Writes a data set into a table.
    pub fn init(&mut self, table: &str, data_set: &Value) {
        self.open(table);
        self.succeeded("init", &[data_set.to_string()]);
    }

    /// What a client in daemon mode makes of each flag for each context.
    pub fn evaluate(&mut self, table: &str, keys: &Value, contexts: &Value) -> String {
        self.open(table);
        let details = self.succeeded("evaluate", &[keys.to_string(), contexts.to_string()]);
        details.expect("details")
    }
}

/// The same by the example in Rust that `make test` builds with the feature for the SDK. It only reads.
pub fn evaluate_in_rust(table: &str, keys: &Value, contexts: &Value) -> String {
    let program = support::build_folder().join("examples/evaluations");
    let mut process = without_environment(Command::new(&program))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run make test", program.display()));
    let request = json!({"configuration": engine().configuration(table), "keys": keys, "contexts": contexts});
    serde_json::to_writer(process.stdin.take().expect("a pipe"), &request).expect("the program reads");
    let output = process.wait_with_output().expect("an output");
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}
