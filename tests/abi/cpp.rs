//! The C++ headers: what they promise, in programs that watch memory and undefined behaviour, with and without exceptions, and against
//! LaunchDarkly's own headers where `LAUNCHDARKLY_CPP_SDK` and `TL_EXPECTED` name checkouts of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{json, Value};

use crate::support;
use crate::support::compile::{program_with, Library};
use crate::support::header::functions;
use crate::support::Engine;

/// Beyond what all programs are compiled with.
const STRICT: [&str; 6] = [
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Wold-style-cast",
    "-Woverloaded-virtual",
];
/// The first finding ends the program; leaks are found when it ends.
const WATCHED: [&str; 3] = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const STAND_IN: &str = "-Itests/cpp/launchdarkly_stand_in";

fn compiled(compiler: &str, options: &[&str], sources: &[&str], library: Library) -> PathBuf {
    let options = [&STRICT, options].concat();
    program_with(&options, compiler, "-std=c++17", sources, library)
}

/// Runs a program on a table with these rows.
fn run(program: &PathBuf, rows: &[Value]) {
    let engine = Engine::embedded();
    let table = engine.create_table();
    for row in rows {
        engine.put(&table, row);
    }
    let output = Command::new(program)
        .args([&engine.endpoint, &table])
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{} {}:\n{}\n{}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_wrapper_keeps_its_promises() {
    run(
        &compiled("g++", &WATCHED, &["tests/cpp/wrapper.cpp"], Library::Shared),
        &[],
    );
}

#[test]
fn loggers_hear_and_end() {
    run(
        &compiled("g++", &WATCHED, &["tests/cpp/loggers.cpp"], Library::Shared),
        &[],
    );
}

#[test]
fn json_objects_are_taken_apart() {
    run(
        &compiled("g++", &WATCHED, &["tests/cpp/json_members.cpp"], Library::Shared),
        &[],
    );
}

#[test]
fn a_program_without_exceptions() {
    let options = ["-fno-exceptions", "-fno-rtti"];
    run(
        &compiled("g++", &options, &["tests/cpp/no_exceptions.cpp"], Library::Shared),
        &[],
    );
}

#[test]
fn two_units_of_one_program() {
    let sources = ["tests/cpp/units_a.cpp", "tests/cpp/units_b.cpp"];
    run(&compiled("g++", &[STAND_IN], &sources, Library::Static), &[]);
}

#[test]
fn another_compiler_has_no_complaint() {
    if Command::new("clang++").arg("--version").output().is_err() {
        return support::skipped("clang++ is not installed");
    }
    let sources = ["tests/cpp/units_a.cpp", "tests/cpp/units_b.cpp"];
    run(&compiled("clang++", &[STAND_IN], &sources, Library::Shared), &[]);
    let options = ["-fno-exceptions", "-fno-rtti"];
    run(
        &compiled("clang++", &options, &["tests/cpp/no_exceptions.cpp"], Library::Shared),
        &[],
    );
}

#[test]
fn a_library_that_is_too_old() {
    run(
        &compiled("g++", &[], &["tests/cpp/older_library.cpp"], Library::Shared),
        &[],
    );
}

/// Rows as the SDK may meet them, under the prefix that the program uses.
fn rows() -> Vec<Value> {
    let row = |key: &str, version: u64, item: Option<Value>| {
        let mut row =
            json!({"namespace": {"S": "ld:features"}, "key": {"S": key}, "version": {"N": version.to_string()}});
        if let Some(item) = item {
            row["item"] = item;
        }
        row
    };
    let text = |text: &str| Some(json!({"S": text}));
    let nested = |levels: usize| {
        // The item and its member are two levels.
        let value = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        text(&format!("{{\"version\":10,\"variations\":{value}}}"))
    };
    let full_schema = r#"{"key":"full-schema","on":false,"prerequisites":[],"targets":[],"rules":[],"variations":[],"salt":"","version":4,"deleted":true}"#;
    let mut rows = vec![
        json!({"namespace": {"S": "ld:$inited"}, "key": {"S": "ld:$inited"}}),
        row("flag", 3, text(r#"{"key":"flag","version":3,"on":true}"#)),
        row("full-schema", 4, text(full_schema)),
        row("minimal", 5, text(r#"{"version":5,"deleted":true}"#)),
        row("null", 6, text("null")),
        row("no-item", 7, None),
        row("escaped-name", 8, text(r#"{"version":8,"\u0064eleted":true}"#)),
        row(
            "nested",
            9,
            text(r#"{"variations":[{"deleted":true,"version":1}],"version":9,"deleted":false}"#),
        ),
        row("32-levels", 10, nested(32)),
        row("33-levels", 10, nested(33)),
        row("pair", 11, text(r#"{"version":11,"variations":["\ud83d\ude00"]}"#)),
        row("half-a-pair", 11, text(r#"{"version":11,"variations":["\ud83d"]}"#)),
        row(
            "9-digits",
            11,
            text(r#"{"version":11,"variations":[1e-999999999,1.5E+5,true,false]}"#),
        ),
        row(
            "10-digits",
            11,
            text(r#"{"version":11,"variations":[0.1e+9999999999]}"#),
        ),
        row("infinite", 11, text(r#"{"version":11,"variations":[-1.5e400]}"#)),
        row("bare-exponent", 11, text(r#"{"version":1E99999999999}"#)),
        row("long-key\n", 11, text(r#"{"version":11,"a":1e99999999999}"#)),
        row(
            &format!("xx{}", "k\u{e9}".repeat(200)),
            11,
            text(r#"{"version":11,"a":["\udead"]}"#),
        ),
        row("quo\"te\\ é 😀", 12, text(r#"{"version":12}"#)),
        row("no-version", 0, text(r#"{"on":true}"#)),
        row("number", 5, Some(json!({"N": "5"}))),
        row("no-json", 5, text("{")),
    ];
    rows.push(json!({
        "namespace": {"S": "ld:big_segments_user"},
        "key": {"S": "hash"},
        "included": {"SS": ["in.g1", "both.g1"]},
        "excluded": {"SS": ["out.g1", "both.g1"]},
    }));
    rows
}

#[test]
fn launchdarkly_s_interfaces() {
    let options = [&WATCHED[..], &[STAND_IN]].concat();
    let program = compiled("g++", &options, &["tests/cpp/launchdarkly.cpp"], Library::Shared);
    run(&program, &rows());
}

#[test]
fn launchdarkly_s_own_headers() {
    let Some(sdk) = std::env::var_os("LAUNCHDARKLY_CPP_SDK") else {
        return support::skipped("LAUNCHDARKLY_CPP_SDK names no checkout");
    };
    let sdk = PathBuf::from(sdk);
    let mut folders = vec![sdk.join("libs/server-sdk/include"), sdk.join("libs/common/include")];
    folders.extend(std::env::var_os("TL_EXPECTED").map(|checkout| PathBuf::from(checkout).join("include")));
    let options: Vec<String> = folders
        .iter()
        .map(|folder| format!("-isystem{}", folder.display()))
        .collect();
    let options: Vec<&str> = options.iter().map(String::as_str).chain(WATCHED).collect();
    let program = compiled("g++", &options, &["tests/cpp/launchdarkly.cpp"], Library::Shared);
    run(&program, &rows());
}

/// A test of the strictness of the others: a leak in a program that is watched is an error.
#[test]
fn a_leak_is_noticed() {
    let program = compiled("g++", &WATCHED, &["tests/cpp/leak.cpp"], Library::Shared);
    let output = Command::new(program).output().expect("the program starts");
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && reason.contains("LeakSanitizer"), "{reason}");
}

/// The wrapper's headers, and their words: names of ours may begin with each other.
fn wrapper() -> String {
    let read = |part| {
        let path = support::repository().join(format!("include/ld_dynamo_store{part}.hpp"));
        std::fs::read_to_string(path).expect("a header")
    };
    ["", "_call", "_error"].map(read).concat()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .collect()
}

fn c_header() -> String {
    std::fs::read_to_string(support::repository().join("include/ld_dynamo_store.h")).expect("a header")
}

/// The outcomes, failures and levels are the C header's, and none was forgotten: those without a class of their own are the groups of others.
#[test]
fn every_constant_of_the_c_header_is_known() {
    let (wrapper, header) = (wrapper(), c_header());
    // Of some, a comment says which class they are of.
    let words = words(&wrapper);
    let constants = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    let is_checked = |(name, value): &(&str, &str)| !name.contains("VERSION") && value.parse::<i32>().is_ok();
    let constants: Vec<_> = constants.filter(is_checked).map(|(name, _)| name).collect();
    assert!(constants.len() > 30, "{constants:?}");
    let is_missing = |name: &&&str| **name != "LD_DYNAMO_NULL_ARGUMENT" && !words.contains(**name);
    let missing: Vec<_> = constants.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_example_works() {
    let program = compiled("g++", &[], &["examples/cpp/main.cpp"], Library::Shared);
    let engine = Engine::embedded();
    let table = engine.create_table();
    let run = |arguments: &[&str], is_success: bool| {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .current_dir(support::repository())
            .envs([
                ("TABLE", table.as_str()),
                ("ENDPOINT", &engine.endpoint),
                ("AWS_REGION", "eu-west-1"),
            ])
            .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]);
        let output = command.output().expect("the program starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), is_success, "{printed}");
        printed
    };
    assert!(run(&["load", "examples/flags.json"], true).contains("log: "));
    assert!(run(&["show", "features", "home-greeting"], true).contains("\"home-greeting\""));
    assert!(run(&["list", "segments"], true).contains("{\""));
    let item = r#"{"key": "a", "version": 1}"#;
    assert!(run(&["upsert", "features", "a", item], true).contains("was written"));
    assert!(run(&["upsert", "features", "a", item], true).contains("left alone"));
    assert!(run(&["load", "no-such-file"], false).contains("cannot be read"));
    assert!(run(&["upsert", "features", "a", "{}"], false).contains("failed with status -4"));
}

#[test]
fn every_function_of_the_c_header_is_called() {
    let (wrapper, names) = (wrapper(), functions(&c_header()));
    assert!(names.len() > 20, "{names:?}");
    // Some are handed to what calls them.
    let code = wrapper.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.flat_map(|line| [line, "\n"]).collect();
    let words = words(&code);
    // The status is what the call returned.
    let is_missing = |name: &&String| **name != "ld_dynamo_error_status" && !words.contains(name.as_str());
    let missing: Vec<_> = names.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
