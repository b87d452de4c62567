//! The programs of examples/c, built as their first comment says, outside the repository, and run on a local engine.

use super::place::{output, run, Installation};
use crate::support::{self, Engine};

/// Builds an example and runs it with these arguments; returns what it prints.
fn run_example(installation: &Installation, engine: &Engine, name: &str, arguments: &[&str]) -> String {
    let place = installation.place();
    let source = support::repository().join(format!("examples/c/{name}.c"));
    let copy = place.join(&format!("{name}.c"));
    std::fs::copy(source, &copy).expect("the example");
    let program = place.join(name);
    run(place
        .command("gcc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(&copy)
        .arg("-o")
        .arg(&program)
        .args(installation.pkg_config(&["--define-prefix", "--cflags", "--libs", "ld_dynamo_store"]))
        .arg("-lpthread"));
    run(place
        .command(program.to_str().expect("UTF-8"))
        .env("LD_LIBRARY_PATH", &installation.libraries)
        .env("TABLE", engine.create_table())
        .env("ENDPOINT", &engine.endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .args(arguments))
}

fn example(name: &str, arguments: &[&str]) -> String {
    run_example(&Installation::moved(), &Engine::embedded(), name, arguments)
}

#[test]
fn errors() {
    let printed = example("errors", &[]);
    let lines: Vec<&str> = printed.lines().collect();
    let told = [
        "a key that does not exist: status -100: unknown configuration key \"cache_ttl\"",
        "a key that is NULL: status -1, LD_DYNAMO_NULL_ARGUMENT",
        "a flag that does not exist: status 1, LD_DYNAMO_NOT_FOUND",
        "upsert: status 0",
        "upsert: status 2, LD_DYNAMO_NOT_NEWER",
        "  AWS says ResourceNotFoundException",
    ];
    for line in told {
        assert!(lines.contains(&line), "{line}: {printed}");
    }
    let after = |start: &str| {
        let place = lines.iter().position(|line| line.starts_with(start));
        lines[place.unwrap_or_else(|| panic!("{start}: {printed}")) + 1]
    };
    assert_eq!(
        after("nobody there: status -401: "),
        "  the same call may succeed later"
    );
    assert_eq!(after("  AWS says "), "  the same call will fail again");
}

#[test]
fn loggers() {
    let printed = example("loggers", &[]);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("[first] INFO: Initialized table "), "{printed}");
    let closed = |name, lines| format!("the journal \"{name}\" was closed after {lines}");
    assert_eq!(lines[1..], [closed("first", "some lines"), closed("second", "no line")]);
}

#[test]
fn threads() {
    assert_eq!(example("threads", &[]), "8 threads found the flag 8000 times\n");
}

#[test]
fn fork() {
    assert_eq!(
        example("fork", &[]),
        "3 children read the flag, and the parent does, too\n"
    );
}

#[test]
fn main() {
    let printed = example("main", &["upsert", "features", "a", "{\"key\":\"a\",\"version\":1}"]);
    assert_eq!(printed, "C: \"a\" was written.\n");
}

#[test]
fn each_has_a_test() {
    let entries = std::fs::read_dir(support::repository().join("examples/c")).expect("examples/c");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    found.sort();
    assert_eq!(found, ["errors.c", "fork.c", "loggers.c", "main.c", "threads.c"]);
}

#[test]
fn the_program_on_the_header_s_front_page() {
    let installation = Installation::moved();
    let header = std::fs::read_to_string(installation.headers.join("ld_dynamo_store.h")).expect("the header");
    let page = header.split("#ifndef").next().expect("a front page");
    let (_, program) = page.split_once("// A CALL").expect("a program");
    let (program, _) = program.split_once("// OWNERSHIP").expect("what comes after it");
    let lines: Vec<&str> = program
        .lines()
        .filter_map(|line| line.strip_prefix("//     "))
        .collect();
    assert!(lines.len() > 10, "{program}");
    let place = installation.place();
    let (source, built) = (place.join("front_page.c"), place.join("front_page"));
    let includes = "#include <ld_dynamo_store.h>\n#include <stdio.h>\n";
    std::fs::write(
        &source,
        format!("{includes}int main(void) {{\n{}\n}}\n", lines.join("\n")),
    )
    .expect("a file");
    run(place
        .command("gcc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(&source)
        .arg("-o")
        .arg(&built)
        .args(installation.pkg_config(&["--define-prefix", "--cflags", "--libs", "ld_dynamo_store"])));
    let engine = Engine::embedded();
    let mut command = place.command(built.to_str().expect("UTF-8"));
    command
        .env("LD_LIBRARY_PATH", &installation.libraries)
        .env("AWS_ENDPOINT_URL_DYNAMODB", &engine.endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    // The engine has no table of this name.
    let printed = output(&mut command).stderr;
    let printed = String::from_utf8_lossy(&printed);
    assert!(
        printed.contains("table \"launchdarkly\"") && printed.contains("ResourceNotFoundException"),
        "{printed}"
    );
}
