//! `export`: what init takes, byte for byte.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{symlink, FileTypeExt, PermissionsExt};
use std::time::{Duration, Instant};

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
    let denied = json!({"error": {"code": "AccessDeniedException", "message": "no"}});
    engine.script(json!([{"match": {"contains": "segments"}, "action": denied}]));
    assert_eq!(program.run(&["export", "--output", "out.json"]).code, 3);
    assert_eq!(written(), "before");
    engine.script(json!([]));
    let nowhere = program.run(&["export", "--output", "absent/out.json"]);
    assert_eq!(nowhere.code, 3, "{}", nowhere.stderr);
    let folder = std::fs::read_dir(program.place.folder()).expect("a folder");
    let left: Vec<_> = folder.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["out.json"]);
}

#[test]
fn what_a_name_leads_to_is_written_and_stays_what_it_is() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    rows().iter().for_each(|row| engine.put(&table, row));
    engine.put(&table, &marker());
    let program = Program::on(&engine, &table);
    let printed = program.run(&["export"]).expect(0);
    let place = |name: &str| program.place.join(name);

    program.file("own.json", "before");
    symlink("own.json", place("link.json")).expect("a link");
    let is_link = |name| fs::symlink_metadata(place(name)).expect("a link").is_symlink();
    for rights in [0o600, 0o640, 0o666] {
        fs::set_permissions(place("own.json"), Permissions::from_mode(rights)).expect("rights");
        let _ = program.run(&["export", "-o", "link.json"]).expect(0);
        assert!(is_link("link.json"));
        assert_eq!(fs::read_to_string(place("own.json")).expect("a file"), printed);
        let mode = fs::metadata(place("own.json")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, rights);
    }

    symlink("new.json", place("to-nothing.json")).expect("a link");
    let _ = program.run(&["export", "-o", "to-nothing.json"]).expect(0);
    assert!(is_link("to-nothing.json"));
    assert_eq!(fs::read_to_string(place("new.json")).expect("a file"), printed);

    let pipe = CString::new(place("pipe").into_os_string().into_encoded_bytes()).expect("a path");
    // SAFETY: a path that ends with NUL.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
    let path = place("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(path).expect("what was written"));
    let _ = program.run(&["export", "-o", "pipe"]).expect(0);
    assert!(fs::metadata(place("pipe")).expect("a pipe").file_type().is_fifo());
    assert_eq!(reader.join().expect("no panic"), printed);
}

/// A table that is asked too much for a moment is read to its end, and one that never answers is not waited for.
#[test]
fn a_page_that_is_refused_for_now_is_asked_for_again() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let text = "x".repeat(390_000);
    let items: Vec<Value> = (0..4)
        .map(|number| {
            row(
                "features",
                &format!("flag-{number}"),
                1,
                &format!(r#"{{"version":1,"x":"{text}"}}"#),
            )
        })
        .collect();
    engine.seed(&table, &items);
    engine.put(&table, &marker());
    engine.script(json!([{"match": {"operation": "Query", "contains": "ExclusiveStartKey"}, "times": 12, "action": {"throttle": true}}]));
    let program = Program::on(&engine, &table);
    let exported: Value = serde_json::from_str(&program.run(&["export"]).expect(0)).expect("JSON");
    assert_eq!(exported["features"].as_object().map(|items| items.len()), Some(4));
    assert!(engine.log().count("Query") > 12, "nothing was throttled");
    let began = Instant::now();
    let nobody = Program::on(&Engine::running("http://127.0.0.1:1"), "none").run(&["export"]);
    assert_eq!(nobody.code, 3, "{}", nobody.stderr);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
