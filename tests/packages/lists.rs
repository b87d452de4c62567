//! The sums of everything, and the list of what the libraries are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::platform::{packages, platforms, Platform};
use crate::support;
use crate::support::place::run;

#[test]
#[ignore = "looks at what make packages made"]
fn every_package_has_its_sum() {
    run(Command::new("sha256sum")
        .current_dir(packages())
        .args(["--check", "--strict", "SHA256SUMS"]));
    let sums = std::fs::read_to_string(packages().join("SHA256SUMS")).expect("sums");
    let named: BTreeSet<&str> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(_, name)| name)
        .collect();
    let entries = std::fs::read_dir(packages()).expect("packages");
    let there = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    for name in there.filter(|name| name != "SHA256SUMS") {
        assert!(named.contains(name.as_str()), "{name} has no sum");
    }
}

fn components() -> BTreeMap<(String, String), Value> {
    let file = packages().join(format!("ld-dynamo-store-{}.cdx.json", env!("CARGO_PKG_VERSION")));
    let list: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a list")).expect("JSON");
    assert_eq!(list["bomFormat"], "CycloneDX");
    let text = |component: &Value, name: &str| component[name].as_str().expect("a text").to_owned();
    let components = list["components"].as_array().expect("components");
    components
        .iter()
        .map(|component| ((text(component, "name"), text(component, "version")), component.clone()))
        .collect()
}

/// What cargo does not build.
fn is_generic(component: &Value) -> bool {
    component["purl"]
        .as_str()
        .is_some_and(|purl| purl.starts_with("pkg:generic/"))
}

/// As cargo tells what the C library depends on, on one platform.
fn dependencies(platform: &Platform) -> BTreeSet<(String, String)> {
    let tree = [
        "tree",
        "--locked",
        "-p",
        "ld-dynamo-store-c",
        "-e",
        "normal",
        "--prefix",
        "none",
    ];
    let tree = run(Command::new("cargo")
        .current_dir(support::repository())
        .args(tree)
        .args(["--target", platform.rust_target()]));
    let name_and_version = |line: &str| {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            panic!("{line:?}")
        };
        (name.to_owned(), version.trim_start_matches('v').to_owned())
    };
    tree.lines().map(name_and_version).collect()
}

#[test]
#[ignore = "looks at what make packages made"]
fn all_that_the_libraries_are_made_of_is_listed_and_nothing_else() {
    let components = components();
    for platform in platforms() {
        let by_cargo = components.iter().filter(|(_, component)| !is_generic(component));
        let mut listed: BTreeSet<_> = by_cargo.map(|(key, _)| key.clone()).collect();
        // What the list is of is no component of it.
        listed.insert(("ld-dynamo-store-c".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        assert_eq!(listed, dependencies(&platform), "{}", platform.name);
    }
    assert!(components.len() > 100, "{}", components.len());
    let others = components.iter().filter(|(_, component)| is_generic(component));
    let others: Vec<&str> = others.map(|((name, _), _)| name.as_str()).collect();
    assert_eq!(others, ["llvm-libunwind", "rust-std"]);
    for ((name, version), component) in &components {
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        if !name.starts_with("ld-dynamo-store") && !is_generic(component) {
            assert_eq!(component["purl"], format!("pkg:cargo/{name}@{version}"));
            assert!(component["hashes"][0]["content"].is_string(), "{component}");
        }
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn the_list_names_no_folder_of_the_machine_that_made_it() {
    let file = packages().join(format!("ld-dynamo-store-{}.cdx.json", env!("CARGO_PKG_VERSION")));
    let text = std::fs::read_to_string(file).expect("a list");
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
    let list: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(list["metadata"]["component"]["version"], env!("CARGO_PKG_VERSION"));
}
