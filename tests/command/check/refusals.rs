//! What is refused, throttled or not there at all: what can still be said, and when nothing can.

use serde_json::{json, Value};

use super::tables::{whats, Checked};
use crate::program::finished;
use crate::support::Engine;

const PRODUCTION: [&str; 2] = ["--prefix", "production"];

/// As IAM words it.
fn refusal(action: &str) -> String {
    format!(
        "User: arn:aws:sts::111122223333:assumed-role/flags/i-1 is not authorized to perform: dynamodb:{action} on resource: \
         arn:aws:dynamodb:us-east-1:111122223333:table/flags because no identity-based policy allows the dynamodb:{action} action"
    )
}

fn rule(operation: &str, code: &str, message: &str) -> Value {
    json!({"match": {"operation": operation}, "action": {"error": {"code": code, "message": message}}})
}

fn refused(operation: &str) -> Value {
    rule(operation, "AccessDeniedException", &refusal(operation))
}

fn outcome<'f>(found: &'f Value, action: &str) -> &'f Value {
    let actions = found["permissions"]["actions"].as_array().expect("actions");
    let mut actions = actions.iter();
    actions.find(|known| known["action"] == action).expect("the action")
}

fn fake() -> Checked {
    Checked::healthy(Engine::fake(&[]))
}

#[test]
fn each_permission_that_a_writer_needs() {
    let checked = fake();
    for action in ["GetItem", "Query", "PutItem", "BatchWriteItem"] {
        checked.engine.script(json!([refused(action)]));
        let found = checked.json(&PRODUCTION, 1);
        assert_eq!(
            whats(&found),
            [format!(
                "{action} is not allowed to these credentials, and a writer needs it"
            )]
        );
        let refusal = outcome(&found, action);
        assert_eq!(refusal["outcome"], "refused");
        let reason = refusal["reason"].as_str().expect("DynamoDB's words");
        assert!(
            reason.starts_with("User: ") && reason.ends_with(&format!("allows the dynamodb:{action} action")),
            "{reason}"
        );
        let statement = &found["findings"][0]["statement"];
        assert_eq!(statement["Action"], json!([format!("dynamodb:{action}")]));
        let resource = statement["Resource"].as_str().expect("an ARN");
        assert!(
            resource.starts_with("arn:aws:dynamodb:") && resource.ends_with(&checked.table),
            "{resource}"
        );
        let text = checked.check(&PRODUCTION).expect(1);
        assert!(text.contains("refused: User:"), "{text}");
    }
}

#[test]
fn each_permission_of_other_uses() {
    let checked = fake();
    checked
        .engine
        .script(json!([refused("PutItem"), refused("BatchWriteItem")]));
    checked.json(&["--prefix", "production", "--for", "reader"], 0);
    checked
        .engine
        .script(json!([refused("Query"), refused("Scan"), refused("UpdateItem")]));
    let found = checked.json(&["--prefix", "production", "--for", "big-segments-reader"], 0);
    assert_eq!(found["permissions"]["for"], "big-segments-reader");
    assert_eq!(found["permissions"]["actions"].as_array().map(Vec::len), Some(1));
    // What was not read is not called empty.
    assert_eq!(
        (&found["prefixes"], &found["foreign_rows"]),
        (&Value::Null, &Value::Null)
    );
    let text = checked.check(&["--prefix", "production", "--for", "reader"]).expect(1);
    assert!(text.contains("not read, or not to the end: see below"), "{text}");
    checked
        .engine
        .script(json!([refused("PutItem"), refused("BatchWriteItem")]));
    checked
        .engine
        .script(json!([refused("UpdateItem"), refused("TransactWriteItems")]));
    checked.json(&PRODUCTION, 0);
    let found = checked.json(&["--prefix", "production", "--for", "big-segments-writer"], 1);
    assert_eq!(
        whats(&found),
        ["UpdateItem and ConditionCheckItem are not allowed to these credentials, and a writer of Big Segments needs them"]
    );
    checked.engine.script(json!([]));
    checked.json(&["--prefix", "production", "--for", "big-segments-writer"], 0);
}

/// A policy may name each namespace that a use needs, and no other.
#[test]
fn permissions_are_tried_where_a_use_needs_them() {
    let checked = fake();
    for (expected, namespace) in [
        ("writer", "production:features"),
        ("big-segments-writer", "production:big_segments_user"),
    ] {
        checked.engine.script(json!([]));
        checked.json(&["--prefix", "production", "--no-scan", "--for", expected], 0);
        let log = checked.engine.log().0;
        let tried = log.iter().filter(|request| request.operation != "Query");
        let rows: Vec<_> = tried.flat_map(|request| &request.rows).collect();
        assert!(rows.len() >= 3, "{log:?}");
        for row in rows {
            assert_eq!(row.key(), (namespace.to_owned(), "$check".to_owned()), "{expected}");
        }
    }
}

#[test]
fn where_no_statement_helps_none_is_told() {
    let checked = fake();
    let denied = refusal("Query").replace(
        "no identity-based policy allows",
        "of an explicit deny in a service control policy for",
    );
    checked
        .engine
        .script(json!([rule("Query", "AccessDeniedException", &denied)]));
    let found = checked.json(&PRODUCTION, 1);
    let finding = &found["findings"][0];
    assert_eq!(finding["statement"], Value::Null);
    assert!(
        finding["advice"]
            .as_str()
            .is_some_and(|advice| advice.contains("denies it explicitly")),
        "{finding}"
    );
}

#[test]
fn without_scan_only_this_prefix_is_read() {
    let checked = fake();
    checked.put(
        "production:features",
        "search",
        &json!({"version": {"N": "1"}, "item": {"S": "null"}}),
    );
    checked.engine.script(json!([refused("Scan")]));
    let found = checked.json(&PRODUCTION, 1);
    assert_eq!(whats(&found), ["deletions that are stored as null"]);
    let note = found["not_looked_at"][0].as_str().expect("a note");
    assert!(
        note.starts_with("other prefixes, kinds of your own and misspelt kinds: Scan on table"),
        "{note}"
    );
    // One of them is a deletion.
    assert_eq!(
        (&found["prefixes"][0]["features"], &found["prefixes"][0]["tombstones"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(found["initialized"], true);
    let found = checked.json(&["--prefix", "other"], 1);
    let advice = found["findings"][0]["advice"].as_str().expect("advice");
    assert!(advice.contains("others could not be looked at"), "{advice}");
}

#[test]
fn who_cannot_ask_is_told_so_once() {
    let checked = fake();
    let arguments = ["check", "--table", "flags", "--endpoint", "http://127.0.0.1:9"];
    let run = finished(&mut checked.program.bare(&arguments));
    assert_eq!((run.code, run.stderr.lines().count()), (3, 1), "{}", run.stderr);
    let more = finished(&mut checked.program.bare(&[&arguments[..], &["-v"]].concat()));
    assert!(
        more.stderr.contains(" WARN no request can be sent: "),
        "{}",
        more.stderr
    );
}

#[test]
fn without_a_way_to_read_rows_the_rest_is_told() {
    let checked = fake();
    checked.engine.script(json!([refused("Scan"), refused("Query")]));
    let found = checked.json(&PRODUCTION, 1);
    assert_eq!(
        whats(&found),
        ["Query is not allowed to these credentials, and a writer needs it"]
    );
    // GetItem sees it.
    assert_eq!(found["initialized"], true);
    let note = found["not_looked_at"][1].as_str().expect("a note");
    assert!(note.starts_with("rows that were not read: Query on table"), "{note}");
    // Who writes Big Segments reads none.
    checked.json(&["--prefix", "production", "--for", "big-segments-writer"], 0);
}

#[test]
fn a_table_that_may_not_be_described_is_checked_all_the_same() {
    let checked = fake();
    checked
        .engine
        .script(json!([refused("DescribeTable"), refused("PutItem")]));
    let found = checked.json(&PRODUCTION, 1);
    let note = found["not_looked_at"][0].as_str().expect("a note");
    assert!(
        note.starts_with("status, capacity and keys of the table: DescribeTable on table"),
        "{note}"
    );
    // A pattern stands for the ARN.
    assert_eq!(
        found["findings"][0]["statement"]["Resource"],
        format!("arn:aws:dynamodb:us-east-1:*:table/{}", checked.table)
    );
    let mut missing = fake();
    let keys = missing.engine.create_table_with_keys(&["id"]);
    missing.rename("not-there");
    missing.engine.script(json!([refused("DescribeTable")]));
    assert_eq!(
        whats(&missing.json(&[], 1)),
        ["there is no table \"not-there\" in us-east-1"]
    );
    missing.rename(&keys);
    assert_eq!(
        whats(&missing.json(&[], 1)),
        ["the table has other keys than a store needs: DynamoDB refuses \"namespace\" and \"key\""]
    );
}

#[test]
fn a_table_that_is_not_active() {
    let checked = fake();
    for status in [
        "CREATING",
        "DELETING",
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "ARCHIVED",
    ] {
        let action = json!({"table_status": status});
        checked
            .engine
            .script(json!([{"match": {"operation": "DescribeTable"}, "action": action}]));
        let found = checked.json(&PRODUCTION, 1);
        assert_eq!(whats(&found), [format!("the table is not active, but {status}")]);
    }
    let action = json!({"table_status": "UPDATING"});
    checked
        .engine
        .script(json!([{"match": {"operation": "DescribeTable"}, "action": action}]));
    checked.json(&PRODUCTION, 0);
}

/// What could not be asked is no finding, and a table that is well is not well known.
#[test]
fn throttled() {
    let checked = fake();
    for operation in ["PutItem", "Scan"] {
        let action = json!({"throttle": true});
        checked
            .engine
            .script(json!([{"match": {"operation": operation}, "action": action}]));
        let run = checked.check(&PRODUCTION);
        assert_eq!(run.code, 3, "{}", run.stdout);
        assert!(
            run.stderr.starts_with("error: not everything could be looked at: "),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("ProvisionedThroughputExceededException"),
            "{}",
            run.stderr
        );
        assert!(
            run.stdout.contains("No findings, of what could be looked at."),
            "{}",
            run.stdout
        );
    }
    // What is wrong with the rows that were read is a finding all the same, and nothing is called missing.
    let action = json!({"throttle": true});
    checked.engine.script(json!([
        refused("BatchWriteItem"),
        {"match": {"operation": "Scan"}, "action": action},
    ]));
    let found = checked.json(&PRODUCTION, 1);
    assert_eq!(
        whats(&found),
        ["BatchWriteItem is not allowed to these credentials, and a writer needs it"]
    );
    assert_eq!(found["initialized"], true);
}

#[test]
fn nobody_answers() {
    let mut checked = fake();
    checked.engine.script(json!([rule(
        "DescribeTable",
        "UnrecognizedClientException",
        "The security token included in the request is invalid."
    )]));
    let run = checked.check(&PRODUCTION);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("UnrecognizedClientException"), "{}", run.stderr);

    checked.engine.script(json!([]));
    let mut command = checked
        .program
        .bare(&["check", "--table", &checked.table, "--region", "us-east-1"]);
    let run = finished(command.args(["--endpoint", &checked.engine.endpoint]));
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no AWS credentials were found"), "{}", run.stderr);

    // Nobody listens on this port any more.
    checked.engine = Engine::running("http://127.0.0.1:9");
    checked.rename("flags");
    let run = checked.check(&["--json"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    let error: Value = serde_json::from_str(&run.stderr).expect("JSON");
    assert!(
        error["error"].as_str().is_some_and(|text| text.contains("127.0.0.1:9")),
        "{error}"
    );
}

#[test]
fn neither_credentials_nor_data_are_told() {
    let checked = fake();
    checked.break_everything();
    // Another version than the row's, and no JSON: findings that could quote a value. Names of members are told.
    let data = json!({"key": "of-data", "version": 2, "salt": "hidden-data"});
    checked.put_item("production:features", "of-data", &data);
    checked.put(
        "production:features",
        "no-json",
        &json!({"version": {"N": "1"}, "item": {"S": r#"{"salt":"hidden-data","on":hidden-data}"#}}),
    );
    for arguments in [&["--prefix", "production"][..], &["--prefix", "production", "--json"]] {
        let run = checked.check(&[arguments, &["--every"]].concat());
        for printed in [&run.stdout, &run.stderr] {
            assert!(
                !printed.contains("local-secret") && !printed.contains("hidden-data"),
                "{printed}"
            );
        }
        let printed = run.expect(1);
        assert!(printed.contains("no-json"), "{printed}");
    }
    let run = finished(
        checked
            .program
            .bare(&[
                "check",
                "--table",
                "t",
                "--endpoint",
                "http://user:password@127.0.0.1:9",
            ])
            .env("AWS_REGION", "r"),
    );
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(!run.stderr.contains("password@"), "{}", run.stderr);
}
