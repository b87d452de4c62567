//! `copy`: to another prefix, table or engine.

use serde_json::{json, Value};

use crate::program::{finished, Program};
use crate::support::data_set::{marker, row, DataSet};
use crate::support::Engine;
use crate::terminal::Terminal;

fn filled(engine: &Engine, data_set: &DataSet) -> String {
    let table = engine.create_table();
    let rows = data_set.rows_with_marker();
    rows.values().for_each(|row| engine.put(&table, row));
    table
}

/// What the items below a prefix are, whatever it is.
fn items(engine: &Engine, table: &str, prefix: &str) -> Vec<String> {
    let is_there = |row: &Value| {
        let namespace = row["namespace"]["S"].as_str().expect("a text");
        row.get("item").is_some() && namespace.starts_with(prefix)
    };
    let rows = engine.rows(table).into_iter().filter(is_there);
    let mut items: Vec<String> = rows
        .map(|row| format!("{} {} {}", row["key"]["S"], row["version"]["N"], row["item"]["S"]))
        .collect();
    items.sort();
    items
}

#[test]
fn prefix_table_and_engine_can_be_others() {
    let data_set = DataSet::chains(5, 2, 3);
    let (one, other) = (Engine::embedded(), Engine::amazon());
    let table = filled(&one, &data_set);
    let original = items(&one, &table, "");
    let program = Program::on(&one, &table);
    program.snapshot("copy.txt", &program.run(&["copy", "--to-prefix", "p"]).expect(0));
    assert_eq!(items(&one, &table, "p:"), original);
    let second = one.create_table();
    let _ = program
        .run(&["--prefix", "p", "copy", "--to-table", &second, "--to-prefix", ""])
        .expect(0);
    assert_eq!(items(&one, &second, ""), original);
    let third = other.create_table();
    let arguments = ["copy", "--to-table", &third, "--to-endpoint", &other.endpoint, "--json"];
    let report: Value = serde_json::from_str(&program.run(&arguments).expect(0)).expect("JSON");
    assert_eq!(
        report,
        json!({"written": 8, "unchanged": 0, "deleted": 0, "dropped": 0})
    );
    assert_eq!(items(&other, &third, ""), original);
    assert!(other.rows(&third).contains(&marker()));
}

#[test]
fn what_would_lose_items_or_copies_onto_itself_is_refused() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    let itself = program.run(&["copy", "--to-table", &table]);
    assert_eq!((itself.code, itself.stdout.as_str()), (2, ""));
    program.snapshot("copy-itself.txt", &itself.stderr);
    // The same place by another name: the region and the endpoint that the environment has.
    let mut command = program.bare(&[
        "copy",
        "--table",
        &table,
        "--to-region",
        "us-east-1",
        "--to-endpoint",
        &engine.endpoint,
    ]);
    command
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local-secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", &engine.endpoint);
    let same = finished(&mut command);
    assert_eq!((same.code, same.stdout.as_str()), (2, ""), "{}", same.stderr);
    engine.put(&table, &row("features", "a", 1, r#"{"version":1}"#));
    let half = program.run(&["copy", "--to-prefix", "p"]);
    assert_eq!((half.code, half.stdout.as_str()), (1, ""));
    program.snapshot("copy-not-initialized.txt", &half.stderr);
    assert_eq!(engine.rows(&table).len(), 1);
}

#[test]
fn what_is_not_copied_is_told() {
    let engine = Engine::fake(&[]);
    let table = filled(&engine, &DataSet::chains(1, 1, 1));
    engine.put(&table, &row("features", "damaged", 1, "[]"));
    engine.put(&table, &row("mine", "x", 1, r#"{"version":1}"#));
    let metadata = json!({"S": "big_segments_metadata"});
    engine.put(
        &table,
        &json!({"namespace": metadata, "key": metadata, "lastVersion": {"S": "1"}}),
    );
    let program = Program::on(&engine, &table);
    let run = program.run(&["copy", "--to-prefix", "p"]);
    assert_eq!(run.code, 1);
    program.snapshot("copy-told.txt", &format!("{}{}", run.stdout, run.stderr));
    let _ = program.run(&["copy", "--to-prefix", "q", "--kind", "mine"]).expect(0);
    assert_eq!(items(&engine, &table, "q:").len(), 1);
}

#[test]
fn a_dry_run_changes_nothing_and_a_terminal_is_asked() {
    let engine = Engine::fake(&[]);
    let table = filled(&engine, &DataSet::chains(2, 1, 0));
    engine.put(&table, &row("p:features", "flag-0", 9, r#"{"version":9}"#));
    let before = engine.rows(&table);
    let program = Program::on(&engine, &table);
    let dry = program.run(&["copy", "--to-prefix", "p", "--dry-run"]);
    program.snapshot("copy-dry-run.txt", &dry.expect(0));
    let mut terminal = Terminal::run(program.command(&["copy", "--to-prefix", "p"]));
    terminal.wait_for(&format!(
        "table {table:?}, prefix \"p\": 2 to write, 0 to delete, 0 unchanged. Go on?"
    ));
    terminal.type_in("n\n");
    let (shown, code) = terminal.end();
    assert_eq!(code, 1, "{shown}");
    assert_eq!(engine.rows(&table), before);
}
