//! A panic in the shipped library, release profile and all, becomes a status: the program is not ended, and nothing is printed.

use std::process::Command;

use crate::support::compile::{program, Library};
use crate::support::driver::status_number;

fn a_panic_becomes_a_status(library: Library) {
    let program = program("gcc", "-std=c11", &["tests/c/panic.c"], library);
    let report = program.with_extension("report");
    let output = Command::new(&program)
        .arg(&report)
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report = std::fs::read_to_string(report).expect("the report");
    let lines: Vec<&str> = report.lines().collect();
    let panic = status_number("PANIC");
    let [first, place, second, _] = lines[..] else {
        panic!("not two panics: {report}");
    };
    let statuses = format!("{panic} {panic}");
    assert_eq!([first, second], [statuses.as_str(); 2]);
    let line = place.rsplit_once(".rs:").map(|(_, line)| line.parse::<u32>());
    assert!(matches!(line, Some(Ok(_))), "no place in {place:?}");
}

#[test]
fn in_the_shared_library() {
    a_panic_becomes_a_status(Library::Shared);
}

#[test]
fn in_the_static_library() {
    a_panic_becomes_a_status(Library::Static);
}
