//! The sums of everything, and the lists of what libraries and programs are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
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

/// What a library or a program is made of.
pub struct List {
    /// The beginning of the file's name.
    name: &'static str,
    package: &'static str,
    version: &'static str,
    features: &'static [&'static str],
    /// What cargo does not build.
    others: &'static [&'static str],
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub const LISTS: [List; 3] = [
    List {
        name: "ld-dynamo-store",
        package: "ld-dynamo-store-c",
        version: VERSION,
        features: &[],
        others: &["llvm-libunwind", "rust-std"],
    },
    List {
        name: "ld-dynamo-store-command",
        package: "ld-dynamo-store",
        version: VERSION,
        features: &["--features", "cli"],
        others: &["llvm-libunwind", "musl", "rust-std"],
    },
    List {
        name: "local-dynamodb",
        package: "local-dynamodb",
        version: "0.0.0",
        features: &[],
        others: &["llvm-libunwind", "musl", "rust-std"],
    },
];

type Components = BTreeMap<(String, String), Value>;

impl List {
    pub fn file(&self) -> PathBuf {
        packages().join(format!("{}-{VERSION}.cdx.json", self.name))
    }

    fn read(&self) -> Value {
        let text = std::fs::read_to_string(self.file()).expect("a list");
        assert!(
            !text.contains(env!("CARGO_MANIFEST_DIR")),
            "{} names a folder",
            self.name
        );
        serde_json::from_str(&text).expect("JSON")
    }

    fn components(&self) -> Components {
        let list = self.read();
        assert_eq!(list["bomFormat"], "CycloneDX");
        let text = |component: &Value, name: &str| component[name].as_str().expect("a text").to_owned();
        let components = list["components"].as_array().expect("components");
        components
            .iter()
            .map(|component| ((text(component, "name"), text(component, "version")), component.clone()))
            .collect()
    }

    /// As cargo tells what it depends on, on one platform.
    fn dependencies(&self, platform: &Platform) -> BTreeSet<(String, String)> {
        let tree = [
            "tree",
            "--locked",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-p",
            self.package,
        ];
        let tree = run(Command::new("cargo")
            .current_dir(support::repository())
            .args(tree)
            .args(self.features)
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
}

/// What cargo does not build.
fn is_generic(component: &Value) -> bool {
    component["purl"]
        .as_str()
        .is_some_and(|purl| purl.starts_with("pkg:generic/"))
}

#[test]
#[ignore = "looks at what make packages made"]
fn all_that_they_are_made_of_is_listed_and_nothing_else() {
    let has_musl = platforms().iter().any(Platform::is_musl);
    for list in &LISTS {
        let components = list.components();
        let mut dependencies: BTreeSet<_> = platforms().iter().flat_map(|it| list.dependencies(it)).collect();
        // What the list is of is no component of it.
        dependencies.remove(&(list.package.to_owned(), list.version.to_owned()));
        let by_cargo = components.iter().filter(|(_, component)| !is_generic(component));
        let listed: BTreeSet<_> = by_cargo.map(|(key, _)| key.clone()).collect();
        assert_eq!(listed, dependencies, "{}", list.name);
        assert!(components.len() > 50, "{}", components.len());
        let others = components.iter().filter(|(_, component)| is_generic(component));
        let others: Vec<&str> = others.map(|((name, _), _)| name.as_str()).collect();
        let expected = list.others.iter().filter(|name| has_musl || **name != "musl");
        assert_eq!(others, expected.copied().collect::<Vec<_>>());
        for ((name, version), component) in &components {
            assert!(component["licenses"][0]["expression"].is_string(), "{component}");
            if !name.starts_with("ld-dynamo-store") && !is_generic(component) {
                assert_eq!(component["purl"], format!("pkg:cargo/{name}@{version}"));
                assert!(component["hashes"][0]["content"].is_string(), "{component}");
            }
        }
        assert_eq!(list.read()["metadata"]["component"]["version"], list.version);
    }
}
