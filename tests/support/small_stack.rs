//! What the program in C that makes every call on a small stack is given.

use std::process::Command;

use serde_json::{json, Value};

use super::certificates::{text, Certificates};
use super::Engine;

const TABLES: [&str; 3] = ["direct", "through-the-sdk", "pushed"];

fn endpoint(options: &[&str]) -> Engine {
    let tables = TABLES.iter().flat_map(|table| ["--create-table", table]);
    Engine::fake(&tables.chain(options.iter().copied()).collect::<Vec<_>>())
}

/// A configuration with a cache, whose calls have plenty of time and log everything.
fn configuration(engine: &Engine, table: &str, transport: &str) -> Value {
    let mut configuration = engine.configuration(table);
    configuration["cache_ttl_ms"] = json!(60_000);
    configuration["log_level"] = json!("trace");
    configuration["transport"] = json!(transport);
    configuration["attempt_timeout_ms"] = json!(20_000);
    configuration["operation_timeout_ms"] = json!(25_000);
    configuration
}

/// Runs tests/c/small_stack.c, which `program` starts, and requires that no call used more than half of its stack.
pub fn require_calls_to_fit(mut program: Command) {
    let certificates = Certificates::make();
    let (plain, encrypted) = (
        endpoint(&[]),
        endpoint(&["--tls", text(&certificates.chain), text(&certificates.key)]),
    );
    let authority = text(&certificates.authority);
    let files = certificates.authority.parent().expect("a folder");
    let (credentials, profiles) = (files.join("credentials"), files.join("config"));
    let secrets = "[small]\naws_access_key_id = local\naws_secret_access_key = local\n";
    std::fs::write(&credentials, secrets).expect("a file");
    std::fs::write(&profiles, "[profile small]\nregion = us-east-1\n").expect("a file");

    let mut unreachable = configuration(&plain, "direct", "auto");
    unreachable["endpoint"] = json!("http://127.0.0.1:1");
    unreachable["max_attempts"] = json!(2);
    unreachable["init_timeout_ms"] = json!(700);
    let mut pushed = configuration(&plain, "pushed", "auto");
    pushed["credentials"] = json!("pushed");
    let mut from_files = configuration(&encrypted, "direct", "auto");
    from_files["ca_bundle"] = json!(authority);
    let members = from_files.as_object_mut().expect("an object");
    members.remove("credentials");
    members.remove("region");
    members.insert("profile".to_owned(), json!("small"));
    let mut through_the_sdk = configuration(&encrypted, "through-the-sdk", "sdk");
    through_the_sdk["ca_bundle"] = json!(authority);
    let configurations = [
        unreachable,
        configuration(&plain, "direct", "auto"),
        configuration(&plain, "through-the-sdk", "sdk"),
        pushed,
        from_files,
        through_the_sdk,
    ];

    program
        .args(configurations.iter().map(Value::to_string))
        .env("AWS_SHARED_CREDENTIALS_FILE", &credentials)
        .env("AWS_CONFIG_FILE", &profiles)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    // The program ends itself when it hangs.
    let output = program.output().expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}:\n{printed}{complaints}", output.status);
}
