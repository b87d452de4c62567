//! What the documents and the code say of each other.

mod checkout;
mod commands;
mod floors;
mod links;
mod markdown;
mod tables;
mod versions;

#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

/// A file of the repository.
fn read(path: &str) -> String {
    let file = support::repository().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of which a fresh checkout consists, as they are now: what is not yet added is there, what is ignored is not.
fn files() -> Vec<String> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git")
        .current_dir(support::repository())
        .args(arguments)
        .output();
    let output = output.unwrap_or_else(|error| panic!("git: {error}"));
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("names in UTF-8");
    let is_there = |name: &&str| !name.is_empty() && support::repository().join(name).symlink_metadata().is_ok();
    names.split('\0').filter(is_there).map(str::to_owned).collect()
}

/// The pages that a user follows: README.md, docs/*.md and the front page of each binding.
fn pages() -> Vec<String> {
    let is_page = |file: &String| match *file.split('/').collect::<Vec<_>>() {
        ["README.md"] => true,
        ["docs", name] => name.ends_with(".md"),
        ["bindings", _, name] => name == "README.md",
        _ => false,
    };
    let pages: Vec<_> = files().into_iter().filter(is_page).collect();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}
