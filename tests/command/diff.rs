//! `diff` and `init --dry-run`: what they list is what init does.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{json, Value};

use crate::program::{finished, Program};
use crate::support::data_set::{row, DataSet};
use crate::support::fake::LoggedRow;
use crate::support::Engine;

/// A row for every sort of difference.
fn rows() -> Vec<Value> {
    let mut more_attributes = row("features", "attributes", 2, r#"{"version":2}"#);
    more_attributes["more"] = json!({"S": "x"});
    let mut no_version = row("features", "no-version", 2, r#"{"version":2}"#);
    no_version["version"] = json!({"S": "2"});
    vec![
        row("features", "same", 1, r#"{"version":1}"#),
        row("features", "older", 1, r#"{"version":1}"#),
        row("features", "newer", 9, r#"{"version":9}"#),
        row("features", "content", 2, r#"{"version":2,"on":true}"#),
        row("features", "grown", 1, r#"{"version":1}"#),
        row("features", "gone", 4, r#"{"version":4}"#),
        row("features", "line\nbreak", 4, r#"{"version":4}"#),
        row("segments", "untouched", 1, "{}"),
        more_attributes,
        no_version,
    ]
}

fn data_set() -> String {
    let large = "x".repeat(400_000);
    format!(
        r#"{{"flags":{{"same":{{"version":1}},"older":{{"version":2}},"newer":{{"version":2}},"content":{{"version":2}},
        "attributes":{{"version":2}},"no-version":{{"version":2}},"new":{{"version":5}},"large":{{"version":1,"x":"{large}"}},
        "grown":{{"version":2,"x":"{large}"}}}}}}"#
    )
}

#[test]
fn every_row_that_would_change_is_named_and_nothing_is_touched() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let table = engine.create_table();
        rows().iter().for_each(|row| engine.put(&table, row));
        let before = engine.rows(&table);
        let program = Program::on(&engine, &table);
        program.file("data.json", &data_set());
        let diff = program.run(&["diff", "data.json"]);
        program.snapshot("diff.txt", &diff.stdout);
        assert_eq!((diff.code, diff.stderr.as_str()), (1, ""));
        let dry = program.run(&["init", "--dry-run", "data.json"]);
        assert_eq!((dry.code, &dry.stdout), (0, &diff.stdout));
        program.snapshot("init-dry-run.txt", &dry.stderr);
        let json = program.run_with(&["diff", "-", "--json"], &data_set()).expect(1);
        program.snapshot("diff.json", &json);
        let dry = program.run_with(&["init", "--dry-run", "-", "--json"], &data_set());
        assert_eq!(dry.expect(0), json);
        assert_eq!(engine.rows(&table), before);

        assert_eq!(program.run(&["init", "data.json"]).code, 1, "items are too large");
        program.file("data.json", &data_set().replace(&"x".repeat(400_000), ""));
        let _ = program.run(&["init", "data.json"]).expect(0);
        let same = program.run(&["diff", "data.json"]).expect(0);
        assert_eq!(same, "0 to write, 0 to delete, 9 unchanged\n");
    }
}

#[test]
fn signs_have_colours_on_a_terminal() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    rows().iter().for_each(|row| engine.put(&table, row));
    let program = Program::on(&engine, &table);
    program.file("data.json", &data_set());
    let mut command = program.command(&["diff", "data.json"]);
    let coloured = finished(command.env("CLICOLOR_FORCE", "1")).stdout;
    program.snapshot("diff.term.svg", &coloured);
}

/// Two pieces of code compare, so they are held against each other: what diff lists is what init sends, row by row.
#[test]
fn what_is_listed_is_what_init_sends() {
    let engine = Engine::fake(&[]);
    for seed in 0..8 {
        let mut rng = Rng::with_seed(seed);
        let table = engine.create_table();
        let mut data_set = DataSet::chains(60, 3, 30);
        let mut stored = data_set.clone();
        for (kind, items) in &data_set.kinds {
            for key in items.keys() {
                match rng.u8(..10) {
                    0..3 => stored.change(kind, key, rng.u64(0..3), "other"),
                    3..5 => stored.remove(kind, key),
                    5 => stored.item(kind, &format!("stale-{key}"), 1, ""),
                    _ => {}
                }
            }
        }
        let mut rows: Vec<Value> = stored.rows().into_values().collect();
        for row in &mut rows {
            match rng.u8(..20) {
                0 => row["more"] = json!({"BOOL": true}),
                1 => row["version"] = json!({"S": "1"}),
                2 => row["item"] = json!({"NULL": true}),
                3 => drop(row.as_object_mut().expect("a row").remove("item")),
                _ => {}
            }
        }
        engine.seed(&table, &rows);
        let program = Program::on(&engine, &table);
        // Too large, and its row there or not.
        let large = format!("flag-{}", rng.u8(..70));
        data_set.item("features", &large, 1, &"x".repeat(400_000));
        program.file("data.json", &data_set.json());
        let run = |command| -> Value {
            let printed = program.run(&[command, "data.json", "--json"]).expect(1);
            serde_json::from_str(&printed).expect("JSON")
        };
        let listed = run("diff");
        engine.script(json!([]));
        let report = run("init");
        for count in ["written", "deleted", "unchanged", "dropped"] {
            assert_eq!(listed[count], report[count], "{count}, seed {seed}");
        }
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let changes = listed["changes"].as_array().expect("changes").iter();
        let expected: BTreeSet<LoggedRow> = changes
            .filter(|change| change["change"] != "too_large" || change["is_stored"] == true)
            .map(|change| {
                let is_put = change["change"] != "deleted" && change["change"] != "too_large";
                let verb = if is_put { "put" } else { "delete" };
                LoggedRow(verb.to_owned(), text(&change["kind"]), text(&change["key"]))
            })
            .collect();
        assert!(expected.len() > 20);
        assert_eq!(engine.log().items_sent(), expected, "seed {seed}");
    }
}
