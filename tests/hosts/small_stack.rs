//! Threads have 128 KB of stack under musl: every call of the C ABI leaves half of that to the host, whichever way its requests go.

use std::process::Command;

#[cfg(target_os = "linux")]
use serde_json::json;

use crate::support::compile::{program, Library};
use crate::support::small_stack::require_calls_to_fit;
#[cfg(target_os = "linux")]
use crate::support::{place::run, Engine};

#[test]
fn calls_leave_half_of_a_small_stack() {
    require_calls_to_fit(Command::new(program(
        "gcc",
        "-std=c11",
        &["tests/c/small_stack.c"],
        Library::Shared,
    )));
}

/// An upsert through the AWS SDK on a first thread with so much stack, where no other thread can be started: what one_upsert.c prints.
#[cfg(target_os = "linux")]
fn upsert_without_threads(engine: &Engine, kilobytes: u64) -> String {
    use std::os::unix::process::CommandExt;

    let mut configuration = engine.configuration(&engine.create_table());
    configuration["transport"] = json!("sdk");
    let compiled = |source, library| program("gcc", "-std=c11", &[source], library);
    let mut command = Command::new(compiled("tests/c/old_kernel.c", Library::AtRunTime));
    command
        .arg("threadless")
        .arg(compiled("tests/c/one_upsert.c", Library::Shared))
        .arg(configuration.to_string());
    let limit = libc::rlimit {
        rlim_cur: kilobytes * 1024,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the child calls the kernel only.
    unsafe {
        command.pre_exec(move || match libc::setrlimit(libc::RLIMIT_STACK, &limit) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        })
    };
    run(&mut command)
}

#[test]
#[cfg(target_os = "linux")]
fn where_no_thread_can_be_started_what_is_left_has_to_do() {
    let engine = Engine::embedded();
    // What threads have in Ruby and Java.
    assert_eq!(upsert_without_threads(&engine, 1024), "0 0 \n");
    let printed = upsert_without_threads(&engine, 128);
    assert!(
        printed.starts_with("-401 1 ") && printed.contains("no thread could be started"),
        "{printed}"
    );
    assert!(printed.chars().count() <= 300, "{printed}");
}
