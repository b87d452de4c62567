//! A panic in the shipped library, release profile and all, becomes a status: the program is not ended, and nothing is printed.

use std::process::Command;

use crate::support::compile::{program, Library};
use crate::support::driver::status_number;

fn a_panic_becomes_a_status(library: Library) {
    let program = program("gcc", "-std=c11", &["tests/c/panic.c"], library);
    let report = program.with_extension("report");
    let output = Command::new(&program)
        .arg(&report)
        .env("LD_DYNAMO_STORE_TEST_PANIC", "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report = std::fs::read_to_string(report).expect("the report");
    let (statuses, message) = report.split_once('\n').expect("two lines");
    let panic = status_number("PANIC");
    assert_eq!(statuses, format!("{panic} {panic}"));
    let (_, place) = message
        .split_once("src/ffi/store.rs:")
        .unwrap_or_else(|| panic!("no place in {message:?}"));
    let line = place.trim_end();
    assert!(line.parse::<u32>().is_ok(), "no line in {message:?}");
}

#[test]
fn in_the_shared_library() {
    a_panic_becomes_a_status(Library::Shared);
}

#[test]
fn in_the_static_library() {
    a_panic_becomes_a_status(Library::Static);
}
