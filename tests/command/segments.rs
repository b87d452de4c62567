//! `segments get` and `segments patch`.

use ld_dynamo_store::context_hash;
use serde_json::{json, Value};

use crate::program::Program;
use crate::support::Engine;
use crate::terminal::Terminal;

fn patch(version: &str, previous: &str) -> String {
    json!({
        "environmentId": "e",
        "segmentId": "beta.g1",
        "version": version,
        "previousVersion": previous,
        "changes": {
            "included": {"add": [context_hash("ada"), context_hash("grace")]},
            "excluded": {"add": [context_hash("alan")], "remove": ["x"]},
        },
    })
    .to_string()
}

#[test]
fn a_patch_is_applied_in_its_turn_and_memberships_are_read() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let table = engine.create_table();
        let program = Program::on(&engine, &table);
        let mut said = String::new();
        let mut run = |options: &[&str], patch: &str, code: i32| {
            let run = program.run_with(&[&["segments", "patch", "-"], options].concat(), patch);
            assert_eq!(run.code, code, "{options:?}: {}", run.stderr);
            said += &format!("{}{}", run.stdout, run.stderr);
            run.stdout
        };
        run(&["--dry-run"], &patch("v1", ""), 0);
        run(&["--dry-run"], &patch("v2", "v1"), 1);
        assert!(engine.rows(&table).is_empty());
        run(&["--json"], &patch("v1", ""), 0);
        run(&[], &patch("v2", "v1"), 0);
        run(&[], &patch("v2", "v1"), 1);
        let refused = run(&["--json"], &patch("v4", "v3"), 1);
        let refused: Value = serde_json::from_str(&refused).expect("JSON");
        assert_eq!(
            refused,
            json!({"outcome": "out_of_order", "cursor": "v2", "previous_version": "v3", "version": "v4"})
        );
        run(&[], "{}", 2);
        program.snapshot("segments-patch.txt", &said);

        let get = |arguments: &[&str]| program.run(&[&["segments", "get"], arguments].concat());
        assert_eq!(get(&["ada"]).expect(0), "{\"beta.g1\":true}\n");
        let alan = get(&["--hash", &context_hash("alan"), "--json"]).expect(0);
        assert_eq!(alan, "{\"beta.g1\":false}\n");
        let absent = get(&["nobody"]);
        assert_eq!((absent.code, absent.stdout.as_str()), (1, ""));
        program.snapshot("segments-get-absent.txt", &absent.stderr);
    }
}

#[test]
fn on_a_terminal_it_asks() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    program.file("patch.json", &patch("v1", ""));
    for (answer, code) in [("n\n", 1), ("y\n", 0)] {
        assert!(engine.rows(&table).is_empty());
        let mut terminal = Terminal::run(program.command(&["segments", "patch", "patch.json"]));
        terminal.wait_for(&format!(
            "table {table:?}: apply patch \"v1\" of \"beta.g1\": 4 contexts"
        ));
        terminal.wait_for("[y/N]");
        terminal.type_in(answer);
        let (shown, ended) = terminal.end();
        assert_eq!(ended, code, "{shown}");
    }
    assert_eq!(engine.rows(&table).len(), 5, "four contexts and the cursor");
}
