//! The behaviour in tests/cases, run through every language on both engines.

use std::process::Command;

use crate::support::cases::run_all;
use crate::support::compile::{program_with, Library};
use crate::support::driver::{InProcess, Program};
use crate::support::stand_in::{Kept, StandIn};
use crate::support::Engine;

/// All cases, after which nothing is kept of what the library handed out.
fn run_driver(language: &str) {
    let stand_in = StandIn::new();
    let command = stand_in.driver(language);
    run_with(&stand_in, command);
}

fn run_with(stand_in: &StandIn, command: Command) {
    let mut driver = Program::start_as_it_is(command);
    run_all(&Engine::embedded(), &mut driver);
    assert_eq!(stand_in.kept(), Kept::default());
    let handed_out = stand_in.handed_out();
    assert!(handed_out > 100, "only {handed_out} strings, errors and stores came by");
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
    run_driver("C");
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
    run_driver("Python");
}

#[test]
fn ruby() {
    run_driver("Ruby");
}

#[test]
fn php() {
    run_driver("PHP");
}

#[test]
fn node() {
    run_driver("Node");
}

#[test]
fn go() {
    run_driver("Go");
}

#[test]
fn java() {
    run_driver("Java");
}

#[test]
fn java_without_its_native_code() {
    let stand_in = StandIn::new();
    let mut command = stand_in.driver("Java");
    command.env("JAVA_TOOL_OPTIONS", "-Dlddynamostore.native=jna");
    run_with(&stand_in, command);
}
