//! The commands that findings name are run as they stand there, by a shell, and the finding is gone.

use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::{json, Value};

use super::tables::{data_set, faults, whats, Checked};
use crate::support::Engine;

/// Notes what the AWS command line would be asked.
const AWS: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" > aws-arguments\n";

impl Checked {
    /// The commands of the only finding on the table's prefix.
    #[track_caller]
    fn only_finding(&self, arguments: &[&str]) -> (String, Vec<String>) {
        let found = self.json(arguments, 1);
        let [what] = &whats(&found)[..] else {
            panic!("more than one: {found:#}");
        };
        let commands = found["findings"][0]["commands"].as_array().expect("commands");
        let commands = commands
            .iter()
            .map(|command| command.as_str().expect("a text").to_owned());
        (what.clone(), commands.collect())
    }

    /// Runs a command in a folder that has what its placeholders stand for.
    #[track_caller]
    fn shell(&self, line: &str) {
        let programs = self.program.place.join("programs");
        if !programs.exists() {
            std::fs::create_dir(&programs).expect("a folder");
            symlink(env!("CARGO_BIN_EXE_ld-dynamo-store"), programs.join("ld-dynamo-store")).expect("a link");
            std::fs::write(programs.join("aws"), AWS).expect("a program");
            let executable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(programs.join("aws"), executable).expect("a program");
            self.program.file("FILE", &data_set().to_string());
        }
        let mut shell = Command::new("sh");
        self.program.place.empty(&mut shell);
        let output = shell
            .env("PATH", path(&programs))
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local-secret")
            .args(["-c", line])
            .output()
            .expect("a shell");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
        if line.starts_with("aws ") {
            self.ask_as_aws_does();
        }
    }

    /// Sends what the AWS command line was asked to send.
    fn ask_as_aws_does(&self) {
        let noted = std::fs::read_to_string(self.program.place.join("aws-arguments")).expect("arguments");
        let arguments: Vec<&str> = noted.lines().collect();
        let option = |name: &str| {
            let place = arguments.iter().position(|argument| *argument == name)?;
            arguments.get(place + 1).copied()
        };
        let json = |name: &str| option(name).map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
        assert_eq!(
            (arguments[0], option("--endpoint-url")),
            ("dynamodb", Some(self.engine.endpoint.as_str()))
        );
        let mut body = json!({"TableName": option("--table-name"), "Key": json("--key")});
        let operation = match arguments[1] {
            "delete-item" => "DeleteItem",
            "update-item" => {
                body["UpdateExpression"] = json!(option("--update-expression"));
                body["ExpressionAttributeNames"] = json!(json("--expression-attribute-names"));
                "UpdateItem"
            }
            other => panic!("aws dynamodb {other}"),
        };
        self.engine.request(operation, &body).expect("an answer");
    }
}

fn path(programs: &Path) -> String {
    let path = std::env::var("PATH").expect("PATH");
    format!("{}:{path}", programs.display())
}

const PRODUCTION: [&str; 2] = ["--prefix", "production"];

/// Alternatives stand behind each other where one item can be written, too.
#[test]
fn what_is_wrong_with_rows_is_mended() {
    let checked = Checked::healthy(Engine::embedded());
    let before = checked.rows();
    for (namespace, key, attributes) in faults() {
        checked.put(namespace, key, &attributes);
        let (what, commands) = checked.only_finding(&PRODUCTION);
        let is_one_item = commands.last().is_some_and(|command| command.contains(" upsert "));
        for command in &commands[..commands.len() - usize::from(is_one_item)] {
            checked.shell(command);
        }
        checked.json(&PRODUCTION, 0);
        if is_one_item {
            checked.put(namespace, key, &attributes);
            checked
                .program
                .file("ITEM", &json!({"key": key, "version": 1}).to_string());
            checked.shell(&commands[1]);
            checked.json(&PRODUCTION, 0);
        }
        // For the next one.
        checked.delete(namespace, key);
        assert!(checked.rows() == before, "{what}: other rows were changed");
    }
}

#[test]
fn a_row_of_a_kind_of_ones_own_is_mended() {
    let checked = Checked::healthy(Engine::embedded());
    checked.put("production:things", "a", &json!({"item": {"S": r#"{"version":1}"#}}));
    let (_, commands) = checked.only_finding(&PRODUCTION);
    commands.iter().for_each(|command| checked.shell(command));
    checked.json(&PRODUCTION, 0);
}

#[test]
fn what_is_wrong_with_the_mark_is_mended() {
    let mark = "production:$inited";
    let checked = Checked::healthy(Engine::embedded());
    let mended = |expected: &str| {
        let (what, commands) = checked.only_finding(&PRODUCTION);
        assert!(what.starts_with(expected), "{what}");
        commands.iter().for_each(|command| checked.shell(command));
        checked.json(&PRODUCTION, 0);
    };
    checked.delete(mark, mark);
    mended("no mark of a full data set (production:$inited) beside 4 rows");
    checked.put(mark, mark, &json!({"version": {"N": "1"}, "owner": {"S": "somebody"}}));
    mended("the mark of a full data set has more than its two keys: owner, version");
    for flag in ["new-checkout", "payments", "search"] {
        checked.delete("production:features", flag);
    }
    mended("marked as a full data set, and without a single flag");
    for (namespace, key) in [
        (mark, mark),
        ("production:segments", "staff"),
        ("production:features", "new-checkout"),
        ("production:features", "payments"),
        ("production:features", "search"),
    ] {
        checked.delete(namespace, key);
    }
    mended("nothing is stored under the prefix \"production\"");
    let (_, commands) = checked.only_finding(&["--prefix", "it's production"]);
    commands.iter().for_each(|command| checked.shell(command));
}

#[test]
fn rows_of_big_segments_are_mended() {
    let checked = Checked::healthy(Engine::embedded());
    let user = "production:big_segments_user";
    let metadata = "production:big_segments_metadata";
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a time");
    let time = json!({"synchronizedOn": {"N": now.as_millis().to_string()}});
    checked.put(metadata, metadata, &time);
    checked.json(&PRODUCTION, 0);
    checked.put(
        user,
        "it's a hash",
        &json!({"included": {"S": "a.g1"}, "excluded": {"SS": ["b.g1"]}}),
    );
    let (_, commands) = checked.only_finding(&PRODUCTION);
    commands.iter().for_each(|command| checked.shell(command));
    checked.json(&PRODUCTION, 0);
    checked.put(metadata, metadata, &json!({}));
    let (what, commands) = checked.only_finding(&PRODUCTION);
    assert_eq!(
        (what.as_str(), commands.len()),
        ("Big Segments without a time of synchronization", 0)
    );
}

#[test]
fn a_table_that_is_not_there_or_has_other_keys_is_made() {
    let engine = Engine::embedded();
    let mut checked = Checked::on(Engine::running(&engine.endpoint), "not-there");
    let (_, commands) = checked.only_finding(&PRODUCTION);
    commands.iter().for_each(|command| checked.shell(command));
    // Now it is empty.
    let (what, commands) = checked.only_finding(&PRODUCTION);
    assert_eq!(what, "nothing is stored under the prefix \"production\"");
    commands.iter().for_each(|command| checked.shell(command));
    checked.json(&PRODUCTION, 0);
    let table = engine.create_table_with_keys(&["namespace", "id"]);
    checked.rename(&table);
    let (_, commands) = checked.only_finding(&PRODUCTION);
    commands.iter().for_each(|command| checked.shell(command));
    checked.rename(&format!("{table}-2"));
    checked.json(&PRODUCTION, 0);
}

/// While something is lost, the table's own data set would make that lasting.
#[test]
fn what_is_lost_is_not_written_anew() {
    let checked = Checked::healthy(Engine::embedded());
    checked.break_everything();
    let found = checked.json(&PRODUCTION, 1);
    assert!(!found["findings"].to_string().contains(" export "), "{found:#}");
}
