//! `create-table`: what it makes, what it leaves alone, and what it says of both.

use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::program::{finished, Program, Run};
use crate::support::Engine;
use crate::terminal::Terminal;

const TABLE: &str = "launchdarkly";

fn described(engine: &Engine) -> Value {
    let answer = engine.request("DescribeTable", &json!({"TableName": TABLE}));
    answer.expect("a table")["Table"].clone()
}

fn is_missing(engine: &Engine) -> bool {
    engine.request("DescribeTable", &json!({"TableName": TABLE})).is_err()
}

fn delete(engine: &Engine) {
    let answer = engine.request("DeleteTable", &json!({"TableName": TABLE}));
    answer.expect("a table");
}

/// A table of these keys, all of which are of one type.
fn make(engine: &Engine, keys: &[&str], attribute_type: &str) {
    let attributes = keys.iter();
    let attributes = attributes.map(|key| json!({"AttributeName": key, "AttributeType": attribute_type}));
    let schema = keys.iter().zip(["HASH", "RANGE"]);
    let schema = schema.map(|(key, key_type)| json!({"AttributeName": key, "KeyType": key_type}));
    let body = json!({
        "TableName": TABLE,
        "AttributeDefinitions": attributes.collect::<Vec<_>>(),
        "KeySchema": schema.collect::<Vec<_>>(),
        "BillingMode": "PAY_PER_REQUEST",
    });
    engine.request("CreateTable", &body).expect("a table");
}

fn json_of(run: Run, code: i32) -> Value {
    serde_json::from_str(&run.expect(code)).expect("one JSON object")
}

#[test]
fn a_table_that_every_store_can_use_is_made() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let program = Program::on(&engine, TABLE);
        let made = program.run(&["create-table", "--stats"]);
        assert!(
            made.stderr.contains("cost: 0.0 read units, 0.0 write units"),
            "{}",
            made.stderr
        );
        program.snapshot("create-table-made.txt", &made.expect(0));
        let table = described(&engine);
        let keys = json!([
            {"AttributeName": "namespace", "KeyType": "HASH"},
            {"AttributeName": "key", "KeyType": "RANGE"},
        ]);
        assert_eq!(table["KeySchema"], keys);
        assert_eq!(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST", "{table}");
        let written = engine
            .store(TABLE)
            .upsert("flags", "a", r#"{"key": "a", "version": 1}"#);
        assert!(matches!(written, Ok(ld_dynamo_store::Upsert::Stored)), "{written:?}");
        let rows = engine.rows(TABLE);
        for code in [1, 1] {
            let again = program.run(&["create-table"]);
            program.snapshot("create-table-exists.txt", &again.expect(code));
        }
        assert_eq!(engine.rows(TABLE), rows);
    }
}

#[test]
fn it_is_provisioned_and_protected_where_that_is_asked_for() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let program = Program::on(&engine, TABLE);
        let options = ["--read-units", "5", "--write-units", "7", "--deletion-protection"];
        let plan = program.run(&[&["create-table", "--dry-run"], &options[..]].concat());
        program.snapshot("create-table-plan-provisioned.txt", &plan.expect(0));
        let plan = json_of(
            program.run(&[&["create-table", "--dry-run", "--json"], &options[..]].concat()),
            0,
        );
        assert!(is_missing(&engine));
        let made = json_of(program.run(&[&["create-table", "--json"], &options[..]].concat()), 0);
        assert_eq!(made, json!({"table": TABLE, "status": "ACTIVE", "created": true}));
        let table = described(&engine);
        assert_eq!(table["ProvisionedThroughput"]["ReadCapacityUnits"], 5, "{table}");
        assert_eq!(table["ProvisionedThroughput"]["WriteCapacityUnits"], 7, "{table}");
        assert_eq!(table["DeletionProtectionEnabled"], true, "{table}");
        // What is planned is what an engine takes.
        let mut plan = plan;
        plan["TableName"] = "planned".into();
        engine.request("CreateTable", &plan).expect("a table");
    }
}

#[test]
fn units_go_together() {
    let engine = Engine::fake(&[]);
    let program = Program::on(&engine, TABLE);
    for options in [&["--read-units", "5"][..], &["--read-units", "0", "--write-units", "1"]] {
        program.run(&[&["create-table"], options].concat()).expect(2);
    }
    assert_eq!(engine.requests(), 0);
    let run = finished(&mut program.bare(&["create-table"]));
    assert!(run.stderr.contains("--table"), "{}", run.stderr);
    run.expect(2);
}

#[test]
fn a_dry_run_makes_nothing() {
    let engine = Engine::embedded();
    let program = Program::on(&engine, TABLE);
    let plan = program.run(&["create-table", "--dry-run"]);
    program.snapshot("create-table-plan.txt", &plan.expect(0));
    let plan = program.run(&["create-table", "--dry-run", "--json"]);
    program.snapshot("create-table-plan.json", &plan.expect(0));
    assert!(is_missing(&engine));
}

#[test]
fn it_is_said_with_whose_credentials_a_table_would_be_made() {
    let engine = Engine::fake(&[]);
    let program = Program::on(&engine, TABLE);
    let file = program.file(
        "credentials",
        "[operator]\naws_access_key_id = of-the-file\naws_secret_access_key = secret-of-the-file\n",
    );
    for (options, origin) in [
        (&[][..], "the environment"),
        (&["--profile", "operator"], "a profile of the AWS files"),
    ] {
        let mut command = program.command(&[&["create-table", "--dry-run"], options].concat());
        let run = finished(command.env("AWS_SHARED_CREDENTIALS_FILE", &file));
        assert!(
            run.stdout.contains(&format!("with credentials from {origin}")),
            "{}",
            run.stdout
        );
        assert!(!run.stdout.contains("of-the-file") && !run.stderr.contains("of-the-file"));
        run.expect(0);
    }
    let mut command = program.command(&["create-table", "--dry-run"]);
    let run = finished(command.env_remove("AWS_ACCESS_KEY_ID"));
    assert!(run.stderr.contains("no AWS credentials were found"), "{}", run.stderr);
    run.expect(3);
}

#[test]
fn a_table_of_other_keys_is_left_alone() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let program = Program::on(&engine, TABLE);
        for (keys, attribute_type, name) in [
            (&["id"][..], "S", "create-table-one-key.txt"),
            (&["key", "namespace"], "S", "create-table-swapped-keys.txt"),
            (&["namespace", "key"], "N", "create-table-numbers.txt"),
        ] {
            make(&engine, keys, attribute_type);
            let before = described(&engine);
            for dry_run in [&[][..], &["--dry-run"]] {
                let run = program.run(&[&["create-table"], dry_run].concat());
                program.snapshot(name, &run.expect(1));
            }
            let found = json_of(program.run(&["create-table", "--json"]), 1);
            assert_eq!(found["has_right_keys"], false);
            assert_eq!(found["created"], false);
            assert_eq!(found["keys"][0], json!({"name": keys[0], "type": attribute_type}));
            assert_eq!(described(&engine), before);
            delete(&engine);
        }
    }
}

#[test]
fn who_may_not_is_told_which_action_is_missing() {
    let engine = Engine::fake(&[]);
    let program = Program::on(&engine, TABLE);
    for operation in ["DescribeTable", "CreateTable"] {
        let denied = json!({"error": {"code": "AccessDeniedException", "message": "not authorized"}});
        engine.script(json!([{"match": {"operation": operation}, "action": denied}]));
        let run = program.run(&["create-table"]);
        assert!(
            run.stderr
                .contains(&format!("allow dynamodb:{operation} on this table")),
            "{}",
            run.stderr
        );
        assert_eq!((run.code, &*run.stdout), (3, ""));
        let run = program.run(&["create-table", "--json"]);
        let error: Value = serde_json::from_str(&run.stderr).expect("JSON");
        assert!(
            error["error"].as_str().is_some_and(|words| words.len() < 300),
            "{error}"
        );
        run.expect(3);
    }
    engine.script(json!([]));
    assert!(is_missing(&engine));
}

#[test]
fn who_was_faster_is_believed() {
    let engine = Engine::fake(&[]);
    make(&engine, &["namespace", "key"], "S");
    let missing = json!({"error": {"code": "ResourceNotFoundException", "message": "not found"}});
    engine.script(json!([{"match": {"operation": "DescribeTable"}, "times": 1, "action": missing}]));
    let program = Program::on(&engine, TABLE);
    program.snapshot("create-table-exists.txt", &program.run(&["create-table"]).expect(1));
}

#[test]
fn it_waits_until_the_table_is_active_and_no_longer_than_it_should() {
    let engine = Engine::fake(&[]);
    let program = Program::on(&engine, TABLE);
    let missing = json!({"error": {"code": "ResourceNotFoundException", "message": "not found"}});
    let describe = |times: Option<u64>, action: &Value| {
        let operation = json!({"operation": "DescribeTable"});
        json!({"match": operation, "times": times, "action": action})
    };
    let creating = json!({"table_status": "CREATING"});
    // Not there, then not known yet, then throttled, then in the making.
    engine.script(json!([
        describe(Some(2), &missing),
        describe(Some(3), &json!({"throttle": true})),
        describe(Some(2), &creating),
    ]));
    let made = program.run(&["create-table", "--wait", "60"]);
    program.snapshot("create-table-made.txt", &made.expect(0));
    delete(&engine);

    engine.script(json!([describe(Some(1), &missing), describe(None, &creating)]));
    let began = Instant::now();
    let run = program.run(&["create-table", "--wait", "1"]);
    assert!(began.elapsed() < Duration::from_secs(10));
    program.snapshot("create-table-not-active.txt", &run.stderr);
    run.expect(3);
    engine.script(json!([]));
    delete(&engine);

    engine.script(json!([describe(Some(1), &missing), describe(None, &creating)]));
    let run = program.run(&["create-table", "--wait", "0"]);
    program.snapshot("create-table-without-waiting.txt", &run.expect(0));
    let log = engine.log();
    assert_eq!(log.count("DescribeTable"), 2);
    let found = json_of(program.run(&["create-table", "--json"]), 1);
    assert_eq!(found["status"], "CREATING");
}

#[test]
fn on_a_terminal_it_asks() {
    let engine = Engine::embedded();
    let program = Program::on(&engine, TABLE);
    for answer in ["n\n", "\n"] {
        let mut terminal = Terminal::run(program.command(&["create-table"]));
        terminal.wait_for("[y/N]");
        terminal.type_in(answer);
        let (shown, code) = terminal.end();
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains("nothing was done"), "{shown}");
        for told in [
            TABLE,
            "on demand",
            "region us-east-1",
            &engine.endpoint,
            "the environment",
        ] {
            assert!(shown.contains(told), "no {told:?} in {shown}");
        }
        assert!(is_missing(&engine));
    }
    let mut terminal = Terminal::run(program.command(&["create-table"]));
    terminal.wait_for("[y/N]");
    terminal.type_in("y\n");
    let (shown, code) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(!is_missing(&engine));
    delete(&engine);
    let (shown, code) = Terminal::run(program.command(&["create-table", "--yes"])).end();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
}

#[test]
fn ctrl_c_ends_the_waiting_and_says_that_the_table_is_being_made() {
    let engine = Engine::fake(&[]);
    let missing = json!({"error": {"code": "ResourceNotFoundException", "message": "not found"}});
    let first = json!({"operation": "DescribeTable", "nth": 1});
    engine.script(json!([
        {"match": first, "action": missing},
        {"match": {"operation": "DescribeTable"}, "action": {"table_status": "CREATING"}},
    ]));
    let program = Program::on(&engine, TABLE);
    let mut terminal = Terminal::run(program.command(&["create-table", "--yes", "--wait", "30"]));
    terminal.wait_for("waiting until the table");
    // SAFETY: the process is a child of ours that nobody has waited for. This is what Ctrl-C sends.
    unsafe { libc::kill(terminal.process_id(), libc::SIGINT) };
    let (shown, code) = terminal.end();
    assert_eq!(code, 3, "{shown}");
    let said =
        "was CREATING when this command was stopped, and DynamoDB goes on making it; to see it: ld-dynamo-store check";
    assert!(shown.contains(said), "{shown}");
    engine.script(json!([]));
    assert!(!is_missing(&engine));
}
