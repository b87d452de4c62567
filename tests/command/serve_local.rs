//! `serve-local`: an engine with a table and a data set, found beside the command, and gone with it.

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::program::{finished, Program};
use crate::stream::Stream;
use crate::support::{build_folder, Engine};

const DATA_SET: &str =
    r#"{"flags":{"a":{"key":"a","version":3},"b":{"key":"b","version":7}},"segments":{"s":{"key":"s","version":1}}}"#;

fn program() -> Program {
    Program::on(&Engine::running("http://127.0.0.1:1"), "none")
}

/// Served, as JSON told it.
fn served(program: &Program, arguments: &[&str]) -> (Stream, Value) {
    let stream = Stream::start(program.bare(&[&["serve-local", "--json"], arguments].concat()));
    let told = serde_json::from_str(&stream.line()).expect("JSON");
    (stream, told)
}

fn endpoint(told: &Value) -> Engine {
    Engine::running(told["endpoint"].as_str().expect("an endpoint"))
}

#[track_caller]
fn require_gone(engine: &Engine) {
    let address = engine.endpoint.trim_start_matches("http://");
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "{address} still answers");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_it_prints_is_all_that_an_application_needs() {
    let program = program();
    program.file("flags.json", DATA_SET);
    let stream = Stream::start(program.bare(&["serve-local", "flags.json", "--prefix", "it's"]));
    let printed: Vec<String> = (0..6).map(|_| stream.line()).collect();
    let endpoint = printed[0]
        .strip_prefix("export AWS_ENDPOINT_URL_DYNAMODB=")
        .expect("an endpoint");
    assert_eq!(
        printed[1..],
        [
            "export AWS_REGION=us-east-1",
            "export AWS_ACCESS_KEY_ID=local",
            "export AWS_SECRET_ACCESS_KEY=local",
            "export LD_DYNAMO_STORE_TABLE=launchdarkly",
            r"export LD_DYNAMO_STORE_PREFIX='it'\''s'",
        ]
    );
    let told = stream.note();
    let expected = format!("The table launchdarkly with the prefix it's is at {endpoint}: it is initialized with 2 features and 1 segments.");
    assert_eq!(told, expected);

    // Pasted into a shell, as a stranger would.
    let watch = format!(
        "{}\nexec \"$0\" watch --key b --until-version 7 --json",
        printed.join("\n")
    );
    let mut shell = Command::new("sh");
    program.place.empty(&mut shell);
    let found = finished(shell.args(["-c", &watch, env!("CARGO_BIN_EXE_ld-dynamo-store")]));
    assert!(found.expect(0).contains(r#""change":"arrived""#));

    let engine = Engine::running(endpoint);
    stream.signal(libc::SIGINT);
    let (_, _, code) = stream.end();
    assert_eq!(code, 0);
    require_gone(&engine);
}

#[test]
fn json_tells_the_same() {
    let program = program();
    program.file("flags.json", DATA_SET);
    let (stream, told) = served(&program, &["flags.json", "--table", "mine", "--region", "eu-west-1"]);
    let engine = endpoint(&told);
    assert_eq!(
        told,
        json!({
            "endpoint": engine.endpoint,
            "region": "eu-west-1",
            "table": "mine",
            "prefix": "",
            "initialized": true,
            "items": {"features": 2, "segments": 1},
            "environment": {
                "AWS_ENDPOINT_URL_DYNAMODB": engine.endpoint,
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
                "LD_DYNAMO_STORE_TABLE": "mine",
            },
        })
    );
    let store = engine.store("mine");
    assert!(store.initialized().expect("an answer"));
    assert_eq!(
        store.get("flags", "a").expect("an answer").as_deref(),
        Some(r#"{"key":"a","version":3}"#)
    );
    stream.signal(libc::SIGTERM);
    assert_eq!(stream.end(), (vec![], vec![], 0));
    require_gone(&engine);
}

#[test]
fn without_a_data_set_the_table_is_empty() {
    let (_stream, told) = served(&program(), &[]);
    assert_eq!((&told["initialized"], &told["items"]), (&json!(false), &json!({})));
    assert!(endpoint(&told).rows("launchdarkly").is_empty());
}

#[test]
fn it_goes_with_a_command_that_is_killed() {
    let (stream, told) = served(&program(), &[]);
    stream.signal(libc::SIGKILL);
    let (_, _, code) = stream.end();
    assert_eq!(code, -1);
    require_gone(&endpoint(&told));
}

#[test]
fn settings_of_another_dynamodb_do_not_reach_into_it() {
    let program = program();
    program.file("flags.json", DATA_SET);
    let profile = program.file(
        "config",
        "[default]\nendpoint_url = http://127.0.0.1:1\n[profile broken\n",
    );
    let mut command = program.bare(&["serve-local", "flags.json", "--json"]);
    command
        .env("AWS_CONFIG_FILE", profile)
        .env("AWS_PROFILE", "nowhere")
        .env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_CA_BUNDLE", "/nonexistent")
        .env("AWS_MAX_ATTEMPTS", "none");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let stream = Stream::start(command);
    let told: Value = serde_json::from_str(&stream.line()).expect("JSON");
    assert_eq!(endpoint(&told).rows("launchdarkly").len(), 4);
    stream.signal(libc::SIGINT);
    assert_eq!(stream.end(), (vec![], vec![], 0));
}

#[test]
fn a_bad_data_set_is_refused_before_there_is_an_engine() {
    let program = program();
    program.file("flags.json", r#"{"features":{"a":{"key":"a"}}}"#);
    let mut command = program.bare(&["serve-local", "flags.json"]);
    // It is not even looked for.
    let run = finished(command.env("LD_DYNAMO_STORE_LOCAL", "/nonexistent"));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains(r#"item "a" of kind "features""#), "{}", run.stderr);
    for arguments in [
        &["missing.json"][..],
        &["--endpoint", "http://127.0.0.1:1"],
        &["--profile", "p"],
    ] {
        let run = finished(&mut program.bare(&[&["serve-local"][..], arguments].concat()));
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let run = finished(&mut program().bare(&["serve-local", "--port", &port]));
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(
        run.stderr
            .starts_with(&format!("error: local-dynamodb: port {port} cannot be used: ")),
        "{}",
        run.stderr
    );
}

/// The command where it is installed: without an engine, then with one in each of the places.
#[test]
fn the_engine_is_looked_for_beside_the_command() {
    let program = program();
    let (bin, libexec, path) = (
        program.place.join("bin"),
        program.place.join("libexec"),
        program.place.join("path"),
    );
    for folder in [&bin, &libexec, &path] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let installed = bin.join("ld-dynamo-store");
    std::fs::copy(env!("CARGO_BIN_EXE_ld-dynamo-store"), &installed).expect("a copy");
    let command = || {
        let mut command = Command::new(&installed);
        program.place.empty(&mut command);
        command.env("PATH", &path).args(["serve-local", "--json"]);
        command
    };
    let missing = finished(&mut command());
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert!(missing.stderr.contains("local-dynamodb is missing") && missing.stderr.contains("LD_DYNAMO_STORE_LOCAL"));
    let wrong = finished(command().env("LD_DYNAMO_STORE_LOCAL", "/nonexistent"));
    assert!(
        wrong.code == 3 && wrong.stderr.contains("LD_DYNAMO_STORE_LOCAL names /nonexistent"),
        "{}",
        wrong.stderr
    );
    for folder in [&path, &libexec, &bin] {
        let link = folder.join("local-dynamodb");
        std::os::unix::fs::symlink(build_folder().join("local-dynamodb"), &link).expect("a link");
        let stream = Stream::start(command());
        assert!(stream.line().contains("http://127.0.0.1:"));
        drop(stream);
        std::fs::remove_file(link).expect("a file");
    }
}

/// What ends by itself is noticed.
#[test]
fn an_engine_that_ends_is_an_error() {
    let program = program();
    let script = program.file("short", "#!/bin/sh\necho http://127.0.0.1:1\nexec sleep 1\n");
    let made = Command::new("chmod").arg("+x").arg(&script).status();
    assert!(made.expect("chmod runs").success());
    let run = finished(program.bare(&["serve-local"]).env("LD_DYNAMO_STORE_LOCAL", &script));
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("error: local-dynamodb has ended by itself: exit status: 0\n"),
        "{}",
        run.stderr
    );
}
