//! The behaviour in tests/cases, run through every language on both engines.

use std::process::Command;

use crate::support;
use crate::support::cases::run_all;
use crate::support::compile::{program, program_with, Library};
use crate::support::driver::{InProcess, Program};
use crate::support::Engine;

fn run_program(command: Command) {
    run_all(&Engine::embedded(), &mut Program::start(command));
}

#[test]
fn rust_on_the_embedded_engine() {
    run_all(&Engine::embedded(), &mut InProcess::default());
}

#[test]
fn rust_on_amazon_dynamodb_local() {
    run_all(&Engine::amazon(), &mut InProcess::default());
}

#[test]
fn c() {
    run_program(Command::new(program(
        "gcc",
        "-std=c11",
        &["tests/c/case_driver.c"],
        Library::Shared,
    )));
}

#[test]
fn cpp() {
    // An error in memory or undefined behaviour ends the driver, and a leak shows when it has ended.
    let watched = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let sources = ["tests/cpp/case_driver.cpp"];
    let program = program_with(&watched, "g++", "-std=c++17", &sources, Library::Shared);
    let mut driver = Program::start(Command::new(program));
    run_all(&Engine::embedded(), &mut driver);
    let status = driver.end();
    assert!(status.success(), "{status}");
}

#[test]
fn python() {
    let mut command = Command::new(support::repository().join("target/python/bin/python"));
    command
        .arg("bindings/python/tests/case_driver.py")
        .env("PYTHONPATH", "bindings/python/src");
    run_program(command);
}

#[test]
fn ruby() {
    let mut command = Command::new("ruby");
    command.arg("bindings/ruby/test/case_driver.rb");
    run_program(command);
}

#[test]
fn php() {
    let mut command = Command::new("php");
    command.args(["-d", "ffi.enable=1", "bindings/php/tests/case_driver.php"]);
    run_program(command);
}
