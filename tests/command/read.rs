//! `get` and `all`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{json, Value};

use crate::program::{finished, Program};
use crate::support::data_set::{row, DataSet};
use crate::support::Engine;

/// As one writer may have it, with an escape that is none of JSON's and a character that terminals take for a command.
const ON: &str = "{\"key\":\"on\",\"version\":12,\"on\":true,\"note\":\"\\u0041 \u{7f}\"}";

/// A flag that is on, one that is off, deletions of two sorts, a damaged row, and a segment.
fn table_of_every_sort(engine: &Engine) -> String {
    let table = engine.create_table();
    let rows = [
        row("features", "on", 12, ON),
        row("features", "off", 3, r#"{"key":"off","version":3,"on":false}"#),
        row(
            "features",
            "deleted",
            4,
            r#"{"key":"deleted","version":4,"deleted":true}"#,
        ),
        row("features", "deleted-by-java", 5, "null"),
        row("features", "damaged", 6, "[]"),
        row("features", "escape\u{1b}[31m", 1, r#"{"version":1}"#),
        row("segments", "testers", 7, r#"{"key":"testers","version":7}"#),
    ];
    rows.iter().for_each(|row| engine.put(&table, row));
    table
}

#[test]
fn an_item_is_printed_as_it_is_stored() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let program = Program::on(&engine, &table_of_every_sort(&engine));
        let on = format!("{ON}\n");
        assert_eq!(program.run(&["get", "flags", "on"]).expect(0), on);
        assert_eq!(program.run(&["get", "features", "on", "--json"]).expect(0), on);
        let deleted = program.run(&["get", "features", "deleted-by-java"]).expect(0);
        let deleted: Value = serde_json::from_str(&deleted).expect("JSON");
        assert_eq!((&deleted["version"], &deleted["deleted"]), (&json!(5), &json!(true)));
        assert!(deleted.get("fallthrough").is_some(), "the full schema: {deleted}");

        let absent = program.run(&["get", "features", "absent"]);
        program.snapshot("get-absent.txt", &absent.stderr);
        assert_eq!((absent.code, absent.stdout.as_str()), (1, ""));
        let damaged = program.run(&["get", "features", "damaged", "--json"]);
        program.snapshot("get-damaged.txt", &damaged.stderr);
        assert_eq!((damaged.code, damaged.stdout.as_str()), (1, ""));
        assert_eq!(program.run(&["get", "$inited", "x"]).code, 2);
    }
}

#[test]
fn a_kind_is_a_list_for_people_or_one_object() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let program = Program::on(&engine, &table_of_every_sort(&engine));
        let list = program.run(&["all", "features"]);
        program.snapshot("all.txt", &format!("{}{}", list.stdout, list.stderr));
        assert_eq!(list.code, 1, "a row is damaged");
        program.snapshot("all-segments.txt", &program.run(&["all", "segments"]).expect(0));

        let object = program.run(&["all", "flags", "--json"]);
        assert_eq!(object.code, 1);
        let items: Value = serde_json::from_str(&object.stdout).expect("JSON");
        let keys: Vec<&String> = items.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["deleted", "deleted-by-java", "escape\u{1b}[31m", "off", "on"]);
        assert!(object.stdout.contains(ON), "{}", object.stdout);
        let said = r#"{"error":"item \"damaged\" of kind"#;
        assert!(object.stderr.starts_with(said), "{}", object.stderr);
        assert_eq!(program.run(&["all", "others", "--json"]).expect(0), "{}\n");
        let none = program.run(&["all", "others"]);
        assert_eq!(
            (none.code, none.stdout.as_str(), none.stderr.as_str()),
            (0, "", "none\n")
        );
    }
}

#[test]
fn colours_are_for_who_wants_them() {
    let engine = Engine::fake(&[]);
    let program = Program::on(&engine, &table_of_every_sort(&engine));
    let mut command = program.command(&["all", "features"]);
    let coloured = finished(command.env("CLICOLOR_FORCE", "1")).stdout;
    program.snapshot("all.term.svg", &coloured);
    let mut command = program.command(&["all", "features"]);
    let plain = finished(command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")).stdout;
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'), "{plain}");
}

/// One megabyte is a page.
#[test]
fn every_page_is_read_once_whatever_becomes_of_its_answer() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::default();
    let text = "x".repeat(300_000);
    (0..9).for_each(|number| data_set.flag(&format!("flag-{number}"), 1, &text, &[]));
    engine.seed(&table, &data_set.rows().into_values().collect::<Vec<_>>());
    engine.script(json!([
        {"match": {"operation": "Query", "nth": 2}, "action": {"truncate": 700_000}},
        {"match": {"operation": "Query", "nth": 2}, "action": {"wrong_checksum": true}},
    ]));
    let list = Program::on(&engine, &table).run(&["all", "features"]).expect(0);
    let lines = list.lines().skip(1);
    let keys: Vec<&str> = lines.map(|line| line.split(' ').next().expect("a key")).collect();
    let expected: Vec<String> = (0..9).map(|number| format!("flag-{number}")).collect();
    assert_eq!(keys, expected);
    assert!(engine.log().count("Query") > 4, "nothing was repeated");
}

#[test]
fn who_has_read_enough_is_no_failure() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = DataSet::chains(3000, 1, 0);
    engine.seed(&table, &data_set.rows_with_marker().into_values().collect::<Vec<_>>());
    let program = Program::on(&engine, &table);
    for arguments in [&["all", "features"][..], &["all", "features", "--json"], &["export"]] {
        let mut command = program.command(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut line = Vec::new();
        let mut printed = BufReader::with_capacity(10, process.stdout.take().expect("a pipe"));
        printed.read_until(b',', &mut line).expect("a part");
        drop(printed);
        let output = process.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_asked_is_3_and_its_cost_is_told() {
    let engine = Engine::fake(&[]);
    let absent = Program::on(&engine, "absent").run(&["all", "features", "--stats"]);
    assert_eq!(absent.code, 3, "{}", absent.stderr);
    assert!(
        absent.stderr.contains("error: Query on table \"absent\""),
        "{}",
        absent.stderr
    );
    assert!(absent.stderr.contains("cost: "), "{}", absent.stderr);
}
