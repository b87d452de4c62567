//! README.md lists every status, every configuration key and every counter.

mod support;

use support::Engine;

const README: &str = include_str!("../README.md");
const HEADER: &str = include_str!("../include/ld_dynamo_store.h");
const CONFIGURATION: &str = include_str!("../src/config.rs");

#[test]
fn every_status_stands_under_its_number() {
    let constants = HEADER
        .lines()
        .filter_map(|line| line.strip_prefix("#define LD_DYNAMO_")?.split_once(' '));
    let is_status = |(name, value): &(&str, &str)| {
        let is_other = ["LOG_", "ABI_", "VERSION"].iter().any(|start| name.starts_with(start));
        !is_other && value.parse::<i32>().is_ok()
    };
    let statuses: Vec<_> = constants.filter(is_status).collect();
    assert!(statuses.len() > 20, "{statuses:?}");
    for (name, number) in statuses {
        assert!(README.contains(&format!("| {number} | `{name}` |")), "{name} {number}");
    }
}

#[test]
fn every_configuration_key_has_a_row() {
    let parsed = CONFIGURATION.split("members.").skip(1).filter_map(|call| {
        let (function, arguments) = call.split_once("(\"")?;
        let is_key = function.chars().all(|letter| letter.is_ascii_lowercase());
        is_key.then(|| arguments.split('"').next()).flatten()
    });
    let keys: Vec<_> = parsed.collect();
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        let is_credential = ["access_key_id", "secret_access_key", "session_token"].contains(&key);
        let row = if is_credential {
            format!("\"{key}\"")
        } else {
            format!("\n| `{key}` |")
        };
        assert!(README.contains(&row), "{key}");
    }
}

#[test]
fn every_counter_has_a_row() {
    let engine = Engine::embedded();
    let stats: serde_json::Value = serde_json::from_str(&engine.store("table").stats()).expect("JSON");
    let counters = stats.as_object().expect("an object");
    let of_init = stats["last_init"].as_object().expect("an object");
    assert!(counters.len() > 10, "{stats}");
    for counter in counters.keys().chain(of_init.keys()) {
        assert!(README.contains(&format!("`{counter}`")), "{counter}");
    }
}

#[test]
fn every_function_is_named() {
    let functions = HEADER
        .split("ld_dynamo_")
        .filter_map(|text| text.split_once('(').map(|(name, _)| name));
    let is_name = |name: &&str| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    let functions: Vec<_> = functions.filter(is_name).collect();
    assert!(functions.len() > 15, "{functions:?}");
    for function in functions {
        assert!(README.contains(&format!("`{function}`")), "{function}");
    }
}
