//! What the shipped library is built of: parts that would break it after a fork, or double its size, must not come back unnoticed.

use std::collections::BTreeSet;
use std::process::Command;

/// The package of the library that is shipped, and that of the crate, which the tests are linked to.
const SHIPPED: &str = "ld-dynamo-store-c";
const CRATE: &str = "ld-dynamo-store";

/// The dependencies that are linked into a package, one a line, in a format of `cargo tree`.
fn tree(package: &str, edges: &str, format: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            package,
            "--prefix",
            "none",
            "--edges",
            edges,
            "--format",
            format,
        ])
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect();
    assert!(lines.len() > 100, "cargo tree names only {} dependencies", lines.len());
    lines
}

#[test]
fn tokio_comes_without_threads_signals_and_processes() {
    let edges = tree(SHIPPED, "features,normal", "{p}");
    assert!(edges.contains("tokio feature \"rt\""), "{edges:?}");
    for feature in ["process", "signal", "rt-multi-thread", "full"] {
        let edge = format!("tokio feature \"{feature}\"");
        assert!(!edges.contains(&edge), "{edge}");
    }
    let dependencies = tree(SHIPPED, "normal", "{p} {f}");
    let tokio = dependencies
        .iter()
        .find(|line| line.starts_with("tokio v"))
        .expect("tokio");
    let features: Vec<_> = tokio.rsplit(' ').next().expect("features").split(',').collect();
    assert!(features.contains(&"rt"), "{tokio}");
    for feature in ["process", "signal", "rt-multi-thread", "full"] {
        assert!(!features.contains(&feature), "{tokio}");
    }
}

#[test]
fn what_does_not_survive_a_fork_is_not_linked() {
    let forbidden = [
        "moka ",
        "scc ",
        "parking_lot ",
        "parking_lot_core ",
        "crossbeam-epoch ",
        "hyper v0.14.",
        "rayon ",
        "launchdarkly",
    ];
    for dependency in tree(SHIPPED, "normal", "{p}") {
        let found = forbidden.iter().find(|name| dependency.starts_with(*name));
        assert_eq!(found, None, "{dependency}");
    }
}

/// A build of all packages with the feature `launchdarkly` would put it into the file that every other test loads.
#[test]
fn the_library_that_is_loaded_has_nothing_of_the_sdk() {
    let library = std::fs::read(crate::support::library()).expect("the library");
    let holds = |name: &str| library.windows(name.len()).any(|bytes| bytes == name.as_bytes());
    assert!(holds("aws_sdk_dynamodb"), "its symbols tell what it is made of");
    for name in ["launchdarkly_server_sdk", "crossbeam_epoch", "parking_lot"] {
        assert!(!holds(name), "{name}");
    }
}

#[test]
fn the_tests_run_on_what_is_shipped() {
    let mut shipped = tree(SHIPPED, "normal", "{p} [{f}]");
    // The C library is the crate with one feature more, which adds no dependency.
    shipped.retain(|line| !line.starts_with(CRATE));
    let tested = tree(CRATE, "normal,dev", "{p} [{f}]");
    let changed: Vec<_> = shipped.difference(&tested).collect();
    assert!(
        changed.is_empty(),
        "a development dependency changes the features of {changed:#?}"
    );
}
