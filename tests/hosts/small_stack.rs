//! Threads have 128 KB of stack under musl: every call of the C ABI leaves half of that to the host, whichever way its requests go.

use std::process::Command;

use crate::support::compile::{program, Library};
use crate::support::small_stack::require_calls_to_fit;

#[test]
fn calls_leave_half_of_a_small_stack() {
    require_calls_to_fit(Command::new(program(
        "gcc",
        "-std=c11",
        &["tests/c/small_stack.c"],
        Library::Shared,
    )));
}
