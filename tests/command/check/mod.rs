//! `check` on tables that are as they should be, broken in every way that it knows, or not there at all.

mod mending;
mod picture;
mod refusals;
mod tables;

use serde_json::{json, Value};

use super::support::Engine;
use super::terminal::Terminal;
use tables::{whats, Checked};

/// What the healthy table shows is the same on each engine.
fn healthy(engine: Engine) {
    let checked = Checked::healthy(engine);
    let run = checked.check(&["--prefix", "production"]);
    assert_eq!(run.stderr, "");
    checked.snapshot("check-healthy.txt", &run.expect(0));
}

#[test]
fn a_healthy_table() {
    healthy(Engine::embedded());
}

#[test]
fn a_healthy_table_on_amazons_engine() {
    healthy(Engine::amazon());
}

/// What the broken table shows is the same on each engine, and the table is afterwards as it was.
fn broken(engine: Engine) {
    let checked = Checked::healthy(engine);
    checked.break_everything();
    let before = checked.rows();
    checked.snapshot(
        "check-broken.txt",
        &checked.check(&["--prefix", "production"]).expect(1),
    );
    let found = checked.json(&["--prefix", "production"], 1);
    checked.snapshot("check-broken.json", &tables::pretty(found));
    assert!(checked.rows() == before, "check changed the table");
}

#[test]
fn a_table_with_everything_wrong() {
    broken(Engine::embedded());
}

#[test]
fn a_table_with_everything_wrong_on_amazons_engine() {
    broken(Engine::amazon());
}

#[test]
fn another_prefix_is_found() {
    let checked = Checked::healthy(Engine::embedded());
    let wrong = checked.check(&["--prefix", "Production:"]);
    checked.snapshot("check-other-prefix.txt", &wrong.expect(1));
    for (prefix, expected) in [
        ("", "nothing is stored without a prefix"),
        ("PRODUCTION", "nothing is stored under the prefix \"PRODUCTION\""),
        ("prod", "nothing is stored under the prefix \"prod\""),
    ] {
        let found = checked.json(&["--prefix", prefix], 1);
        assert_eq!(whats(&found), [expected]);
        let command = found["findings"][0]["commands"][0].as_str().expect("a command");
        assert!(command.contains("check --table"), "{command}");
        assert!(command.contains("--prefix production"), "{command}");
        assert_eq!(found["initialized"], false);
    }
}

#[test]
fn with_several_prefixes_only_one_that_is_near_is_meant() {
    let checked = Checked::healthy(Engine::embedded());
    checked.put_item("dev:features", "a", &json!({"key": "a", "version": 1}));
    let commands = |prefix: &str| {
        let found = checked.json(&["--prefix", prefix], 1);
        found["findings"][0]["commands"][0]
            .as_str()
            .expect("a command")
            .to_owned()
    };
    assert!(commands("Dev").contains("check --table"));
    assert!(commands("staging").contains("init FILE"));
}

#[test]
fn rows_of_others_are_counted_and_no_finding() {
    let checked = Checked::healthy(Engine::embedded());
    checked.put("orders", "1", &json!({"total": {"N": "3"}}));
    checked.put("cache-key", "environment", &json!({"item": {"B": "AAAA"}}));
    let found = checked.json(&["--prefix", "production"], 0);
    assert_eq!(found["foreign_rows"], 2);
    let text = checked.check(&["--prefix", "production"]).expect(0);
    assert!(text.contains("2 rows of others"), "{text}");
    assert!(text.contains("\"cache-key\", \"orders\""), "{text}");
    checked.put(
        "production:flags",
        "country",
        &json!({"version": {"N": "1"}, "item": {"S": "{}"}, "owner": {"S": "somebody"}}),
    );
    checked.put(
        "production:orders",
        "1",
        &json!({"version": {"N": "1"}, "item": {"S": "paid"}}),
    );
    let found = checked.json(&["--prefix", "production"], 0);
    assert_eq!(found["foreign_rows"], 4);
}

#[test]
fn no_table() {
    let mut checked = Checked::healthy(Engine::embedded());
    checked.rename("no-table");
    checked.snapshot("check-no-table.txt", &checked.check(&[]).expect(1));
}

#[test]
fn a_table_with_other_keys() {
    let engine = Engine::embedded();
    for keys in [&["namespace", "id"][..], &["namespace"]] {
        let table = engine.create_table_with_keys(keys);
        let checked = Checked::on(Engine::running(&engine.endpoint), &table);
        let found = checked.json(&[], 1);
        let listed: Vec<String> = keys.iter().map(|key| format!("{key} (S)")).collect();
        let expected = format!(
            "the table has other keys than a store needs: its keys are {}",
            listed.join(", ")
        );
        assert_eq!(whats(&found), [expected]);
        let commands = found["findings"][0]["commands"].as_array().expect("commands");
        let first = commands[0].as_str().expect("a command");
        assert!(first.contains(&format!("create-table --table {table}-2")), "{first}");
    }
}

#[test]
fn only_this_prefix_is_read_where_that_is_wanted() {
    let checked = Checked::healthy(Engine::fake(&[]));
    checked.put_item("dev:features", "a", &json!({"key": "a", "version": 1}));
    checked.engine.script(json!([]));
    let found = checked.json(&["--prefix", "production", "--no-scan"], 0);
    assert_eq!(checked.engine.log().count("Scan"), 0);
    assert_eq!(found["prefixes"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["prefixes"][0]["features"], 3);
    assert_eq!(
        found["not_looked_at"],
        json!(["other prefixes, kinds of your own and misspelt kinds: --no-scan was given"])
    );
    // Before somebody writes over what is elsewhere, it is looked for.
    let elsewhere = checked.json(&["--prefix", "prod", "--no-scan"], 1);
    let commands = elsewhere["findings"][0]["commands"].as_array().expect("commands");
    let first = commands[0].as_str().expect("a command");
    assert!(
        first.starts_with("ld-dynamo-store check ") && !first.contains("--no-scan"),
        "{first}"
    );
    let text = checked.check(&["--prefix", "production", "--no-scan"]).expect(0);
    assert!(text.contains("All is well, of what could be looked at."), "{text}");
}

#[test]
fn what_it_cost_is_said_once() {
    let checked = Checked::healthy(Engine::embedded());
    let run = checked.check(&["--prefix", "production", "--stats"]);
    assert_eq!(run.stderr.matches("cost: ").count(), 1, "{}", run.stderr);
    assert!(!run.expect(0).contains("cost: "));
}

#[test]
fn the_table_is_read_once() {
    let checked = Checked::healthy(Engine::fake(&[]));
    checked.engine.script(json!([]));
    let found = checked.json(&["--prefix", "production"], 0);
    let log = checked.engine.log();
    // One Query finds out whether that is allowed.
    assert_eq!((log.count("Scan"), log.count("Query")), (1, 1));
    let requests = found["cost"]["requests"].as_u64().expect("a number");
    assert_eq!(requests as usize, log.0.len());
    assert!(found["cost"]["read_units"].as_f64().expect("units") > 0.0, "{found}");
}

#[test]
fn ten_rows_are_named_for_each_finding_and_all_with_every() {
    let checked = Checked::healthy(Engine::embedded());
    for number in 0..12 {
        let key = format!("flag-{number:02}");
        checked.put(
            "production:features",
            &key,
            &json!({"version": {"N": "1"}, "item": {"S": "null"}}),
        );
    }
    let of = |arguments: &[&str]| {
        let found = checked.json(arguments, 1);
        let finding = &found["findings"][0];
        let rows = finding["rows"].as_array().expect("rows").len();
        (rows, finding["count"].as_u64().expect("a count"))
    };
    assert_eq!(of(&["--prefix", "production"]), (10, 12));
    assert_eq!(of(&["--prefix", "production", "--every"]), (12, 12));
    let text = checked.check(&["--prefix", "production"]).expect(1);
    assert!(text.contains("and 2 more; --every lists them"), "{text}");
}

#[test]
fn text_fits_into_80_columns_and_does_without_colours() {
    let checked = Checked::healthy(Engine::embedded());
    checked.break_everything();
    let text = checked.check(&["--prefix", "production"]).expect(1);
    assert!(!text.contains('\u{1b}'), "{text}");
    // Commands are for copying, and have one line each.
    let too_long = text
        .lines()
        .filter(|line| line.chars().count() > 80 && !line.starts_with("         "));
    assert_eq!(too_long.collect::<Vec<_>>(), Vec::<&str>::new());
    let mut coloured = checked.program.command(&["check", "--prefix", "production"]);
    let coloured = super::program::finished(coloured.env("CLICOLOR_FORCE", "1")).expect(1);
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mwrong"), "{coloured}");
}

#[test]
fn a_terminal_sees_how_many_rows_are_read() {
    let checked = Checked::healthy(Engine::fake(&[]));
    checked.engine.latency(400.0);
    let mut terminal = Terminal::run(checked.program.command(&["check", "--prefix", "production"]));
    terminal.wait_for("rows read");
    let (shown, code) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    let json = checked.program.command(&["check", "--prefix", "production", "--json"]);
    let (shown, code) = Terminal::run(json).end();
    assert_eq!(code, 0, "{shown}");
    serde_json::from_str::<Value>(&shown).expect("JSON alone");
}
