//! `export`: what init takes, byte for byte.

use serde_json::{json, Value};

use crate::program::Program;
use crate::support::data_set::{marker, row};
use crate::support::Engine;

/// In the order of the table.
fn rows() -> Vec<Value> {
    vec![
        row(
            "features",
            "B",
            2,
            "{ \"version\" : 2 , \"a\":1.50,\"b\":\"\\u00e9 \u{7f}\" }",
        ),
        row("features", "a \"quoted\"\n", 1, r#"{"version":1,"on":true}"#),
        row("features", "é", 3, r#"{"version":3}"#),
        row("segments", "s", 1, r#"{"version":1}"#),
    ]
}

#[test]
fn an_export_is_an_item_a_line_and_init_makes_the_same_rows_of_it() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let table = engine.create_table();
        let rows = rows();
        rows.iter().for_each(|row| engine.put(&table, row));
        engine.put(&table, &marker());
        let program = Program::on(&engine, &table);
        let exported = program.run(&["export"]).expect(0);
        program.snapshot("export.txt", &exported);
        assert_eq!(program.run(&["export", "--json"]).expect(0), exported);

        let _ = program
            .run_with(&["--prefix", "copy", "init", "-"], &exported)
            .expect(0);
        assert_eq!(program.run(&["--prefix", "copy", "export"]).expect(0), exported);
        let stored = engine.rows(&table);
        for mut row in rows.clone() {
            let namespace = format!("copy:{}", row["namespace"]["S"].as_str().expect("a text"));
            row["namespace"]["S"] = namespace.into();
            assert!(stored.contains(&row), "{row}");
        }
        assert_eq!(stored.len(), 2 * rows.len() + 2);
    }
}

#[test]
fn kinds_can_be_chosen_and_tombstones_left_out() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let deleted = r#"{"key":"gone","version":2,"deleted":true}"#;
    for row in [
        row("features", "gone", 2, deleted),
        row("features", "gone-by-java", 3, "null"),
        row("features", "here", 1, r#"{"version":1}"#),
        row("mine", "x", 1, r#"{"version":1}"#),
        marker(),
    ] {
        engine.put(&table, &row);
    }
    let program = Program::on(&engine, &table);
    let export = |options: &[&str]| program.run(&[&["export"], options].concat()).expect(0);
    let all: Value = serde_json::from_str(&export(&[])).expect("JSON");
    assert_eq!(all["features"].as_object().map(|items| items.len()), Some(3));
    assert_eq!(all["segments"], json!({}));
    let java = &all["features"]["gone-by-java"];
    assert_eq!((&java["version"], &java["deleted"]), (&json!(3), &json!(true)));
    assert!(java.get("rules").is_some(), "the full schema: {java}");
    let living = export(&[
        "--without-tombstones",
        "--kind",
        "flags",
        "--kind",
        "mine",
        "--kind",
        "features",
    ]);
    assert_eq!(
        living,
        "{\"features\":{\n\"here\":{\"version\":1}\n},\n\"mine\":{\n\"x\":{\"version\":1}\n}}\n"
    );
}

#[test]
fn what_init_would_not_take_is_left_out_and_named() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for row in [
        row("features", "damaged", 2, "[]"),
        row("features", "no-version", 2, r#"{"on":true}"#),
        row("features", "whole", 2, r#"{"version":2}"#),
    ] {
        engine.put(&table, &row);
    }
    let program = Program::on(&engine, &table);
    let run = program.run(&["export"]);
    program.snapshot("export-left-out.txt", &format!("{}{}", run.stdout, run.stderr));
    assert_eq!(run.code, 1);
    let _ = program.run_with(&["--prefix", "p", "init", "-"], &run.stdout).expect(0);
}

#[test]
fn a_file_is_whole_or_as_it_was() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    rows().iter().for_each(|row| engine.put(&table, row));
    engine.put(&table, &marker());
    let program = Program::on(&engine, &table);
    let printed = program.run(&["export", "--output", "-"]).expect(0);
    program.file("out.json", "before");
    let run = program.run(&["export", "--output", "out.json"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "4 items are written to out.json\n")
    );
    let written = || std::fs::read_to_string(program.place.join("out.json")).expect("a file");
    assert_eq!(written(), printed);
    let json = program.run(&["export", "--output", "out.json", "--json"]).expect(0);
    assert_eq!(json, "{\"items\":4,\"left_out\":0}\n");

    program.file("out.json", "before");
    engine.script(json!([{"match": {"contains": "segments"}, "action": {"throttle": true}}]));
    assert_eq!(program.run(&["export", "--output", "out.json"]).code, 3);
    assert_eq!(written(), "before");
    engine.script(json!([]));
    let nowhere = program.run(&["export", "--output", "absent/out.json"]);
    assert_eq!(nowhere.code, 3, "{}", nowhere.stderr);
    let folder = std::fs::read_dir(program.place.folder()).expect("a folder");
    let left: Vec<_> = folder.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["out.json"]);
}
