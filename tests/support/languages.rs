//! The drivers of the shared cases, and how each is started.

use std::path::PathBuf;
use std::process::Command;

use super::compile::{program, Library};
use super::repository;

/// The command that starts a language's driver, to be run in the root of the repository. Rust's is this process.
pub fn driver(language: &str) -> Command {
    match language {
        "C" => Command::new(program("gcc", "-std=c11", &["tests/c/case_driver.c"], Library::Shared)),
        "C++" => Command::new(program(
            "g++",
            "-std=c++17",
            &["tests/cpp/case_driver.cpp"],
            Library::Shared,
        )),
        "Python" => {
            let mut command = Command::new(repository().join("target/python/bin/python"));
            command
                .arg("bindings/python/tests/case_driver.py")
                .env("PYTHONPATH", "bindings/python/src");
            command
        }
        "Ruby" => with_arguments("ruby", &["bindings/ruby/test/case_driver.rb"]),
        "PHP" => with_arguments("php", &["-d", "ffi.enable=1", "bindings/php/tests/case_driver.php"]),
        "Node" => {
            built("bindings/node/dist");
            with_arguments("node", &["bindings/node/test/case_driver.js"])
        }
        "Go" => Command::new(built("target/bindings/go-case-driver")),
        "Java" => java("lddynamostore.CaseDriver"),
        other => panic!("{other} has no driver"),
    }
}

/// A program of the tests of the package for Java, with everything that those have.
pub fn java(class: &str) -> Command {
    let dependencies = std::fs::read_to_string(built("bindings/java/target/class-path")).expect("a class path");
    let own = ["classes", "native", "test-classes"].map(|folder| format!("bindings/java/target/{folder}"));
    let class_path = format!("{}:{}", own.join(":"), dependencies.trim());
    let logging = "-Djava.util.logging.config.file=bindings/java/src/test/resources/logging.properties";
    with_arguments("java", &[logging, "-cp", &class_path, class])
}

fn with_arguments(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// What `make bindings` puts there, in the repository.
fn built(path: &str) -> PathBuf {
    let path = repository().join(path);
    assert!(path.exists(), "{} is missing: run make bindings", path.display());
    path
}
