//! The gate that a fork waits at: who waits is not counted, who works is, and a child begins with nobody inside.
//!
//! `programs` forks at moments that chance chooses; here a program stands in the library's system calls and forks at a known one.

use serde_json::{json, Value};

use crate::old_kernels::{on_an_old_kernel, KERNELS};
use crate::programs::{compiled, run, waited};
use crate::support::flag_table::FlagTable;
use crate::turn;

/// The configuration of a table whose answers follow `rules`, on both ways to it, whichever the other tests take.
fn place(rules: Value) -> FlagTable {
    let place = FlagTable::plain(&[]).with(json!({"transport": "auto"}));
    place.engine.script(rules);
    place
}

fn delayed(operation: &str, nth: u32, milliseconds: u32) -> Value {
    json!({"match": {"operation": operation, "nth": nth}, "action": {"delay_ms": milliseconds}})
}

#[test]
fn a_fork_does_not_wait_for_threads_that_wait() {
    let _turn = turn::beside_programs();
    let place = place(json!([
        delayed("GetItem", 2, 1000),
        delayed("UpdateItem", 2, 1000),
        delayed("UpdateItem", 3, 1000)
    ]));
    let took = waited("fork_gate", &["waits", &place.uncached()]);
    assert!(took < 400, "{took} ms");
}

#[test]
fn a_fork_waits_for_a_thread_that_has_waited() {
    let _turn = turn::beside_programs();
    // The thread waits before the bytes come.
    let place = place(json!([delayed("UpdateItem", 2, 200)]));
    let took = waited("fork_gate", &["works", &place.uncached()]);
    assert!((200..900).contains(&took), "{took} ms");
}

/// Among them some that do not have the kernel wipe the gate in a child.
#[test]
fn a_child_begins_with_nobody_inside() {
    let _turn = turn::beside_programs();
    let place = place(json!([]));
    let mut command = compiled("fork_gate");
    command.args(["inside", &place.uncached()]);
    run(&mut command);
    for kernel in KERNELS {
        run(&mut on_an_old_kernel(kernel, &command));
    }
}
