//! `init`: what it refuses, asks, shows and reports.

use serde_json::{json, Value};

use crate::program::Program;
use crate::support::data_set::{marker, row, DataSet};
use crate::support::Engine;
use crate::terminal::Terminal;

#[test]
fn the_table_holds_the_data_set_and_the_counts_are_told() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let table = engine.create_table();
        engine.put(&table, &row("features", "stale", 1, "{}"));
        engine.put(&table, &row("other:features", "kept", 1, "{}"));
        let program = Program::on(&engine, &table);
        let data_set = DataSet::chains(3, 3, 2);
        let first = program.run_with(&["init", "-"], &data_set.json());
        program.snapshot("init.txt", &first.expect(0));
        let stored = engine.rows(&table);
        assert_eq!(stored.len(), data_set.len() + 2, "{stored:?}");
        assert!(stored.contains(&marker()) && !stored.contains(&row("features", "stale", 1, "{}")));
        let again = program.run_with(&["init", "-", "--json"], &data_set.json()).expect(0);
        let again: Value = serde_json::from_str(&again).expect("JSON");
        assert_eq!(again, json!({"written": 0, "deleted": 0, "unchanged": 5, "dropped": 0}));
        // Into a prefix of its own.
        let prefixed = program.run_with(&["--prefix", "p", "init", "-"], &data_set.json());
        program.snapshot("init-prefix.txt", &prefixed.expect(0));
        assert_eq!(engine.rows(&table).len(), stored.len() + data_set.len() + 1);
    }
}

#[test]
fn bad_input_is_2_before_the_first_request() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    std::fs::write(program.place.join("latin1.json"), b"{\"flags\":{\"\xe9\":{}}}").expect("a file");
    engine.script(json!([]));
    let mut said = String::new();
    for text in [
        "",
        "{",
        "[]",
        r#"{"flags":{"a":{}}}"#,
        r#"{"flags":{"a":{"version":1.5}}}"#,
        r#"{"flags":{},"features":{}}"#,
        r#"{"a:b":{}}"#,
        r#"{"path":"/","data":{"flags":{},"segments":{}}}"#,
    ] {
        let runs = [&["init", "-"][..], &["init", "-", "--dry-run"], &["diff", "-"]].map(|arguments| {
            let run = program.run_with(arguments, text);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{text}: {}", run.stderr);
            run.stderr
        });
        assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
        said += &runs[0];
    }
    for file in ["latin1.json", "absent.json", "."] {
        let run = program.run(&["init", file]);
        assert_eq!(run.code, 2, "{file}: {}", run.stderr);
        said += &run.stderr;
    }
    program.snapshot("init-refused.txt", &said);
    assert_eq!(engine.requests(), 0);
}

#[test]
fn what_is_too_large_is_named_and_a_finding() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::chains(2, 1, 0);
    data_set.flag("large", 1, &"x".repeat(400_000), &[]);
    let program = Program::on(&engine, &table);
    let run = program.run_with(&["init", "-"], &data_set.json());
    assert_eq!(run.code, 1);
    program.snapshot("init-too-large.txt", &format!("{}{}", run.stdout, run.stderr));
    assert_eq!(engine.rows(&table).len(), 3);
}

#[test]
fn on_a_terminal_it_asks_before_anything_goes() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    program.file("first.json", &DataSet::chains(3, 1, 1).json());
    // Nothing is overwritten: nobody is asked.
    let (shown, code) = Terminal::run(program.command(&["init", "first.json"])).end();
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("4 to write, 0 to delete, 0 unchanged") && !shown.contains("[y/N]"),
        "{shown}"
    );

    let mut second = DataSet::chains(2, 1, 1);
    second.change("features", "flag-0", 7, "changed");
    program.file("second.json", &second.json());
    let before = engine.rows(&table);
    let question = format!("table {table:?}: 1 to write, 1 to delete, 2 unchanged. Go on?");
    for answer in ["n\n", "\n", "no\n"] {
        let mut terminal = Terminal::run(program.command(&["init", "second.json"]));
        terminal.wait_for(&question);
        terminal.wait_for("[y/N]");
        terminal.type_in(answer);
        let (shown, code) = terminal.end();
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
        assert_eq!(engine.rows(&table), before);
    }
    let mut terminal = Terminal::run(program.command(&["init", "second.json"]));
    terminal.wait_for("[y/N]");
    terminal.type_in("y\n");
    let (shown, code) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("1 written, 1 deleted, 2 unchanged"), "{shown}");
    assert_eq!(engine.stored(&table), second.rows_with_marker());

    program.file("third.json", &DataSet::chains(1, 1, 0).json());
    let (shown, code) = Terminal::run(program.command(&["init", "third.json", "--yes"])).end();
    assert_eq!((code, shown.contains("[y/N]")), (0, false), "{shown}");
}

#[test]
fn a_bar_is_drawn_on_a_terminal_and_messages_stay_whole() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    let mut data_set = DataSet::chains(600, 1, 0);
    data_set.flag("large", 1, &"x".repeat(400_000), &[]);
    program.file("data.json", &data_set.json());
    engine.latency(250.0);
    let run = |options: &[&str], environment: &[(&str, &str)]| {
        let mut command = program.command(&[&["init", "data.json", "--yes"], options].concat());
        command.envs(environment.iter().copied());
        Terminal::run(command).end()
    };
    let (shown, code) = run(&[], &[]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("reading what the table holds"), "{shown}");
    assert!(shown.contains("of 600 rows"), "{shown}");
    let message = "ERROR The item \"large\" in \"features\" was too large to store in DynamoDB and was dropped";
    let line = shown.split(['\n', '\r']).find(|line| line.contains(message));
    assert!(line.is_some_and(|line| !line.contains("reading")), "{shown}");
    let colour = "\u{1b}[33m";
    assert!(shown.contains(colour), "the result has a colour: {shown}");

    let (shown, code) = run(&[], &[("NO_COLOR", "1")]);
    assert_eq!((code, shown.contains(colour)), (1, false), "{shown}");
    let (shown, code) = run(&["--json"], &[]);
    assert_eq!((code, shown.contains("reading")), (1, false), "{shown}");
    let piped = program.run(&["init", "data.json"]);
    assert!(!piped.stderr.contains("reading"), "{}", piped.stderr);
}

#[test]
fn out_of_time_is_3_and_says_how_far_it_came() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    engine.script(json!([{"match": {"operation": "BatchWriteItem"}, "action": {"throttle": true}}]));
    let data_set = DataSet::chains(30, 1, 0).json();
    let run = program.run_with(&["init", "-", "--time-limit", "1"], &data_set);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let expected =
        "error: init failed with 0 of its 30 rows known to be written or deleted and 30 not; \"$inited\" is as it \
                    was: init was not done within 1000 ms";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert!(engine.stored(&table).is_empty());
}
