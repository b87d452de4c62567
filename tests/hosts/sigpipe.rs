//! A host program in C leaves SIGPIPE at its default, which ends it; connections that break must not.

use std::process::Command;

use crate::support::compile::{program, Library};
use crate::support::Engine;

#[test]
fn connections_that_break_do_not_end_a_program() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    // The program ends itself when it hangs.
    let output = Command::new(program("gcc", "-std=c11", &["tests/c/sigpipe.c"], Library::Shared))
        .args([&engine.endpoint, &table])
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}:\n{printed}", output.status);
}
