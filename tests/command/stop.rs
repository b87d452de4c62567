//! Ctrl-C during an init: what is under way is finished, `$inited` is as it was, and the same command goes on from there.

use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::program::Program;
use crate::support::data_set::{marker, marker_key, row, DataSet};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use crate::terminal::Terminal;

const PATIENCE: Duration = Duration::from_secs(60);

fn interrupt(terminal: &Terminal) {
    // SAFETY: a process of ours that has not been waited for.
    let sent = unsafe { libc::kill(terminal.process_id(), libc::SIGINT) };
    assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
}

/// Until the first request of this sort has come in.
fn wait_for(engine: &Engine, operation: &str) {
    let deadline = Instant::now() + PATIENCE;
    let count = || engine.control("GET", "counters", &Value::Null)["requests"][operation].as_u64();
    while count().unwrap_or(0) == 0 {
        assert!(Instant::now() < deadline, "no {operation}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_stopped_init_leaves_the_marker_as_it_was_and_the_next_one_completes_it() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    for was_initialized in [false, true] {
        let table = engine.create_table();
        let data_set = DataSet::chains(2000, 1, 0);
        if was_initialized {
            engine.seed(&table, &[marker()]);
        }
        engine.script(json!([]));
        engine.latency(300.0);
        let program = Program::on(&engine, &table);
        program.file("data.json", &data_set.json());
        let mut terminal = Terminal::run(program.command(&["init", "data.json"]));
        wait_for(&engine, "BatchWriteItem");
        interrupt(&terminal);
        terminal.wait_for("stopping after the requests that are under way");
        let (shown, code) = terminal.end();
        assert_eq!(code, 3, "{shown}");

        let is_finished = |answer: Option<&str>| answer == Some("ok");
        let log = engine.log();
        assert!(
            log.0.iter().all(|request| is_finished(request.answered.as_deref())),
            "{log:?}"
        );
        let stored = engine.stored(&table);
        assert_eq!(stored.contains_key(&marker_key()), was_initialized);
        let done = stored.len() - usize::from(was_initialized);
        assert!(done > 0 && done < 2000, "{done}");
        let left = 2000 - done;
        let said = format!(
            "init was stopped with {done} of its 2000 rows known to be written or deleted and {left} not; \"$inited\" is as it was; \
             the same command goes on from there"
        );
        assert!(shown.contains(&said), "{shown}");

        engine.latency(0.0);
        let report = program.run(&["init", "data.json", "--json"]).expect(0);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let expected = json!({"written": left, "unchanged": done, "deleted": 0, "dropped": 0});
        assert_eq!(report, expected);
        assert_eq!(engine.stored(&table), data_set.rows_with_marker());
    }
}

#[test]
fn the_second_one_ends_it_at_once() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    program.file("data.json", &DataSet::chains(500, 1, 0).json());
    engine.script(json!([{"match": {"operation": "BatchWriteItem"}, "action": {"black_hole": true}}]));
    let mut terminal = Terminal::run(program.command(&["init", "data.json"]));
    wait_for(&engine, "BatchWriteItem");
    interrupt(&terminal);
    terminal.wait_for("stopping after the requests");
    let began = Instant::now();
    interrupt(&terminal);
    let (shown, code) = terminal.end();
    assert_eq!(code, -1, "ended by the signal: {shown}");
    // What is under way has two seconds.
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    assert!(!engine.stored(&table).contains_key(&marker_key()));
}

#[test]
fn it_stops_while_it_reads_and_while_it_waits_to_repeat() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let throttle = json!({"throttle": true});
    let cases = [
        (
            "Query",
            json!({"delay_ms": 1000}),
            "init was stopped before its first write",
        ),
        (
            "BatchWriteItem",
            throttle.clone(),
            "init was stopped with 0 of its 34 rows known to be written or deleted and 34 not",
        ),
        (
            "PutItem",
            throttle,
            "init wrote or deleted all of its 34 rows, but was stopped while it put \"$inited\"",
        ),
    ];
    for (operation, action, said) in cases {
        let table = engine.create_table();
        let program = Program::on(&engine, &table);
        program.file("data.json", &DataSet::chains(30, 1, 0).json());
        // Two pages.
        let stale = |number| row("features", &format!("stale-{number}"), 1, &"x".repeat(390_000));
        engine.seed(&table, &(0..4).map(stale).collect::<Vec<_>>());
        engine.script(json!([{"match": {"operation": operation}, "action": action}]));
        let terminal = Terminal::run(program.command(&["init", "data.json", "--yes"]));
        wait_for(&engine, operation);
        std::thread::sleep(Duration::from_millis(300));
        interrupt(&terminal);
        let began = Instant::now();
        let (shown, code) = terminal.end();
        assert_eq!(code, 3, "{operation}: {shown}");
        assert!(shown.contains(said), "{operation}: {shown}");
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{operation}: {:?}",
            began.elapsed()
        );
        assert!(!engine.stored(&table).contains_key(&marker_key()), "{operation}");
    }
}
