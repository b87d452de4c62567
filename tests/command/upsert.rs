//! `upsert`: the higher version stands, and which one that is is told.

use serde_json::{json, Value};

use crate::program::Program;
use crate::support::data_set::row;
use crate::support::Engine;
use crate::terminal::Terminal;

#[test]
fn the_higher_version_stands() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let table = engine.create_table();
        let program = Program::on(&engine, &table);
        let item = r#"{"key":"a","version":3,"on":true}"#;
        let mut said = String::new();
        let mut upsert = |options: &[&str], item: &str, code: i32| {
            let arguments = [&["upsert", "flags", "a", "-"], options].concat();
            let run = program.run_with(&arguments, item);
            said += &format!("{}{}", run.stdout, run.stderr);
            assert_eq!(run.code, code, "{options:?}, {item}: {}", run.stderr);
            run.stdout
        };
        let dry = &["--dry-run"][..];
        upsert(dry, item, 0);
        assert!(engine.rows(&table).is_empty());
        // The line break at the end of a file is not the item's.
        upsert(&[], &format!("{item}\n"), 0);
        assert_eq!(engine.rows(&table), [row("features", "a", 3, item)]);
        upsert(dry, item, 1);
        assert_eq!(upsert(&[], item, 1), format!("{item}\n"), "the winner is shown");
        let refused = upsert(&["--json"], r#"{"version":2}"#, 1);
        let refused: Value = serde_json::from_str(&refused).expect("JSON");
        assert_eq!(refused["outcome"], "not_newer");
        assert_eq!(refused["stored"]["version"], json!(3));
        upsert(dry, r#"{"version":4}"#, 0);
        upsert(&["--json", "--dry-run"], r#"{"version":4}"#, 0);
        let large = format!(r#"{{"version":9,"x":"{}"}}"#, "x".repeat(400_000));
        upsert(dry, &large, 1);
        upsert(&[], &large, 1);
        upsert(&[], "{}", 2);
        upsert(dry, "{}", 2);
        assert_eq!(engine.rows(&table), [row("features", "a", 3, item)]);
        // A row that no reader could use stands in nobody's way.
        engine.put(&table, &row("features", "a", 99, "[]"));
        upsert(dry, item, 0);
        upsert(&["--json"], item, 0);
        assert_eq!(engine.rows(&table), [row("features", "a", 3, item)]);
        program.snapshot("upsert.txt", &said);
    }
}

#[test]
fn on_a_terminal_it_asks_with_both_versions() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    engine.put(&table, &row("p:features", "a", 3, r#"{"version":3}"#));
    let program = Program::on(&engine, &table);
    program.file("item.json", r#"{"version":4}"#);
    let arguments = ["--prefix", "p", "upsert", "flags", "a", "item.json"];
    for (answer, code, stored) in [("n\n", 1, 3), ("y\n", 0, 4)] {
        let mut terminal = Terminal::run(program.command(&arguments));
        terminal.wait_for(&format!("table {table:?}, prefix \"p\": write flags/a, version 3 → 4?"));
        terminal.wait_for("[y/N]");
        terminal.type_in(answer);
        let (shown, ended) = terminal.end();
        assert_eq!(ended, code, "{shown}");
        let item = format!(r#"{{"version":{stored}}}"#);
        assert_eq!(engine.rows(&table), [row("p:features", "a", stored, &item)]);
    }
    // Nothing would be written: nobody is asked.
    let (shown, code) = Terminal::run(program.command(&arguments)).end();
    assert_eq!((code, shown.contains("[y/N]")), (1, false), "{shown}");
}
