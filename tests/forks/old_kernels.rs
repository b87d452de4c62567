//! Kernels that do not wipe a page in a forked child: those before Linux 4.14 say so, some emulators and sandboxes do not. A filter of
//! system calls makes this kernel one of them, for one program.

use std::process::Command;

use serde_json::{json, Value};

use crate::programs::{compiled, forked_workers, run, serve_from_forked_workers};
use crate::support::compile::{program, Library};
use crate::support::flag_table::FlagTable;
use crate::turn;

pub const KERNELS: [&str; 2] = ["refuses", "ignores"];

/// The same program, run on such a kernel.
pub fn on_an_old_kernel(kernel: &str, command: &Command) -> Command {
    let filter = program("gcc", "-std=c11", &["tests/c/old_kernel.c"], Library::AtRunTime);
    let mut filtered = Command::new(filter);
    filtered.arg(kernel).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => filtered.env(name, value),
            None => filtered.env_remove(name),
        };
    }
    filtered
}

/// How many mappings of the program's the kernel wipes, after it has seen that all its children are noticed.
fn wiped_mappings(place: &FlagTable, kernel: Option<&str>) -> u32 {
    let mut command = compiled("fork_noticed");
    command.arg(place.uncached());
    if let Some(kernel) = kernel {
        command = on_an_old_kernel(kernel, &command);
    }
    place.engine.control("POST", "reset", &Value::Null);
    let printed = run(&mut command);
    let counters = place.engine.control("GET", "counters", &Value::Null);
    // The parent's, those of its two children, and those of theirs.
    assert_eq!(counters["connections"], json!(5), "{kernel:?}: {counters}");
    printed.trim().parse().expect("a number")
}

#[test]
fn children_are_noticed_whether_the_kernel_wipes_or_not() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&[]);
    // This machine's own kernel is a newer one.
    assert_eq!(wiped_mappings(&place, None), 1);
    for kernel in KERNELS {
        assert_eq!(wiped_mappings(&place, Some(kernel)), 0, "{kernel}");
    }
}

#[test]
fn forks_in_flight_in_first_calls_and_in_handlers() {
    let _turn = turn::beside_programs();
    let place = FlagTable::encrypted();
    let slow = FlagTable::plain(&["--latency-ms", "100"]);
    let with = |name, arguments: &[String]| {
        let mut command = compiled(name);
        command.args(arguments);
        command
    };
    let number = |number: u32| number.to_string();
    let commands = [
        with("fork", &[place.uncached(), place.cached(20), number(12), number(2)]),
        with("fork_first", &[place.uncached(), number(4)]),
        with("fork_idle", &[place.uncached()]),
        with("fork_in_handler", &[slow.uncached(), number(8), number(1)]),
    ];
    for kernel in KERNELS {
        for command in &commands {
            println!("{}", run(&mut on_an_old_kernel(kernel, command)));
        }
    }
}

#[test]
fn a_prefork_server_replaces_its_workers() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&[]);
    for kernel in KERNELS {
        serve_from_forked_workers(on_an_old_kernel(kernel, &forked_workers(&place)));
    }
}
