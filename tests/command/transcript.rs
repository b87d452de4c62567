//! The transcript in docs/operations.md is what the commands print.

use crate::program::{finished, Program};
use crate::support::{repository, Engine};

const PAGE: &str = "docs/operations.md";
/// The engine's address in the page.
const ENDPOINT: &str = "http://127.0.0.1:8000";

/// The block of the page that begins with a command of ours.
fn block(page: &str) -> &str {
    let begin = "```console\n$ ld-dynamo-store ";
    let start = page.find(begin).expect("a transcript") + "```console\n".len();
    let length = page[start..].find("```").expect("its end");
    &page[start..start + length]
}

#[test]
fn the_transcript_is_a_real_run() {
    let file = repository().join(PAGE);
    let page = std::fs::read_to_string(&file).expect("the page");
    let expected = block(&page);
    let engine = Engine::embedded();
    let program = Program::on(&engine, "launchdarkly");
    let _ = program.run(&["create-table"]).expect(0);
    let flags = repository().join("examples/flags.json");
    let flags = flags.to_str().expect("UTF-8");
    let _ = program.run(&["init", flags, "--prefix", "production"]).expect(0);
    let mut printed = String::new();
    for line in expected.lines() {
        let Some(arguments) = line.strip_prefix("$ ld-dynamo-store ") else {
            continue;
        };
        let mut command = program.bare(&arguments.split(' ').collect::<Vec<_>>());
        command
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local-secret")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL_DYNAMODB", &engine.endpoint);
        let shown = finished(&mut command).stdout.replace(&engine.endpoint, ENDPOINT);
        printed.push_str(&format!("{line}\n{shown}"));
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|action| action == "overwrite") {
        std::fs::write(&file, page.replace(expected, &printed)).expect("the page");
    } else {
        assert_eq!(expected, printed, "SNAPSHOTS=overwrite renews {PAGE}");
    }
}
