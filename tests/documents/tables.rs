//! The tables of the documents list every status, every configuration key, every counter and every function.

use super::support::header::statuses;
use super::support::Engine;
use super::{files, read};

const HEADER: &str = "include/ld_dynamo_store.h";

#[test]
fn every_status_stands_under_its_number() {
    let statuses = statuses();
    assert!(statuses.len() > 20, "{statuses:?}");
    let page = read("docs/statuses.md");
    for (name, number) in statuses {
        assert!(page.contains(&format!("| {number} | `{name}` |")), "{name} {number}");
    }
}

#[test]
fn every_configuration_key_has_a_row() {
    let is_configuration = |file: &String| file == "src/config.rs" || file.starts_with("src/config/");
    let sources: String = files()
        .iter()
        .filter(|file| is_configuration(file))
        .map(|file| read(file))
        .collect();
    let parsed = sources.split("members.").skip(1).filter_map(|call| {
        let (function, arguments) = call.split_once("(\"")?;
        let is_key = function.chars().all(|letter| letter.is_ascii_lowercase());
        is_key.then(|| arguments.split('"').next()).flatten()
    });
    let keys: Vec<_> = parsed.collect();
    assert!(keys.len() > 20, "{keys:?}");
    let page = read("docs/configuration.md");
    for key in keys {
        let is_credential = ["access_key_id", "secret_access_key", "session_token", "expires_ms"].contains(&key);
        let row = if is_credential {
            format!("\"{key}\"")
        } else {
            format!("\n| `{key}` |")
        };
        assert!(page.contains(&row), "{key}");
    }
}

#[test]
fn every_counter_has_a_row() {
    let engine = Engine::embedded();
    let stats: serde_json::Value = serde_json::from_str(&engine.store("table").stats()).expect("JSON");
    let counters = stats.as_object().expect("an object");
    let of_init = stats["last_init"].as_object().expect("an object");
    assert!(counters.len() > 10, "{stats}");
    let page = read("docs/operations.md");
    let cells = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let rows: Vec<_> = cells.collect();
    let row = |counter: &String| {
        let is_named = |(names, _): &&(&str, &str)| names.split(", ").any(|name| name == format!("`{counter}`"));
        rows.iter()
            .find(is_named)
            .unwrap_or_else(|| panic!("{counter} has no row"))
    };
    for counter in counters.keys() {
        row(counter);
    }
    let (_, meaning) = row(&"last_init".to_owned());
    for count in of_init.keys() {
        assert!(meaning.contains(&format!("`{count}`")), "{count}");
    }
}

#[test]
fn every_function_is_named() {
    let header = read(HEADER);
    let functions = header
        .split("ld_dynamo_")
        .filter_map(|text| text.split_once('(').map(|(name, _)| name));
    let is_name = |name: &&str| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    let functions: Vec<_> = functions.filter(is_name).collect();
    assert!(functions.len() > 15, "{functions:?}");
    let page = read("docs/c.md");
    for function in functions {
        assert!(page.contains(&format!("`{function}`")), "{function}");
    }
}
