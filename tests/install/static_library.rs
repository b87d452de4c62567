//! The static library brings no symbol into a program but the header's functions.

use std::collections::BTreeSet;

use super::place::{run, Installation};

/// What the library uses where the program defines it, and does without elsewhere. That is so by intention of those who wrote it.
const OPTIONAL: [&str; 5] = [
    // A program that brings a memory allocator of its own for cryptography has it used for all of it, AWS-LC's too.
    "OPENSSL_memory_alloc",
    "OPENSSL_memory_free",
    "OPENSSL_memory_get_size",
    "OPENSSL_memory_realloc",
    // jemalloc's and tcmalloc's free with a size, for memory that came from their malloc.
    "sdallocx",
];

/// What the Rust library uses of the C library where that has it; which these are depends on its version.
const OF_THE_C_LIBRARY: [&str; 5] = [
    "__cxa_thread_atexit_impl",
    "__dso_handle",
    "getrandom",
    "gettid",
    "statx",
];

/// The names that nm prints with these options for the installed library, and the letters of their kinds.
fn symbols(installation: &Installation, options: &[&str]) -> BTreeSet<(String, char)> {
    let library = installation.libraries.join("libld_dynamo_store.a");
    let printed = run(installation
        .place()
        .command("nm")
        .args(options)
        .arg("--format=posix")
        .arg(library));
    let lines = printed.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter_map(|(name, rest)| Some((name.to_owned(), rest.chars().next()?)))
        .collect()
}

#[test]
fn it_defines_the_header_s_functions_alone() {
    let installation = Installation::moved();
    let header = std::fs::read_to_string(installation.headers.join("ld_dynamo_store.h")).expect("the header");
    let is_name = |name: &&str| {
        name.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    let declared = header
        .split("ld_dynamo_")
        .filter_map(|text| text.split_once('(').map(|(name, _)| name))
        .filter(is_name);
    let declared: BTreeSet<_> = declared.map(|name| format!("ld_dynamo_{name}")).collect();
    assert!(declared.len() > 20, "{declared:?}");
    let defined = symbols(&installation, &["--extern-only", "--defined-only"]);
    let defined: BTreeSet<_> = defined.into_iter().map(|(name, _)| name).collect();
    assert_eq!(defined, declared);
}

#[test]
fn what_a_program_may_define_for_it_is_known() {
    let installation = Installation::moved();
    let needed = symbols(&installation, &["--undefined-only"]);
    let weak: BTreeSet<&str> = needed
        .iter()
        .filter(|(name, kind)| matches!(kind, 'w' | 'v') && !OF_THE_C_LIBRARY.contains(&name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(weak, BTreeSet::from(OPTIONAL));
    let is_internal =
        |name: &str| name.starts_with("_ZN") || name.starts_with("_R") || name.to_lowercase().contains("aws_lc");
    assert!(!needed.iter().any(|(name, _)| is_internal(name)), "{needed:?}");
}

/// AWS-LC looks there for what the processor can do, and the Rust library for the program's arguments; no function calls these.
#[test]
fn what_runs_before_main_is_kept() {
    let installation = Installation::moved();
    let library = installation.libraries.join("libld_dynamo_store.a");
    let printed = run(installation
        .place()
        .command("readelf")
        .args(["--sections", "--wide"])
        .arg(library));
    for name in [".init_array", ".init_array.00099"] {
        let is_there = |line: &str| {
            let mut words = line.split_whitespace().skip_while(|word| *word != name);
            words.nth(1) == Some("INIT_ARRAY")
        };
        assert!(printed.lines().any(is_there), "{name}");
    }
}

#[test]
fn another_library_with_the_rust_library_inside_may_be_linked_too() {
    let installation = Installation::moved();
    let place = installation.place();
    let (program, source) = (place.join("two_libraries"), installation.source("two_libraries.c"));
    let (another, library) = (
        place.join("libanother.a"),
        installation.libraries.join("libld_dynamo_store.a"),
    );
    let mut command = place.command("rustc");
    // rustup keeps its choice of a toolchain there.
    for name in ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    run(command
        .args(["--crate-type=staticlib", "--edition=2021", "-o"])
        .arg(&another)
        .arg(installation.source("another.rs")));
    for libraries in [[&another, &library], [&library, &another]] {
        let flags = ["-lpthread", "-lm", "-ldl"];
        run(place
            .command("gcc")
            .args(["-std=c11", "-Wall", "-Werror"])
            .arg(&source)
            .arg("-o")
            .arg(&program)
            .arg("-I")
            .arg(&installation.headers)
            .args(libraries)
            .args(flags));
        run(&mut place.command(program.to_str().expect("UTF-8")));
    }
}

#[test]
fn a_program_may_be_wholly_static() {
    let installation = Installation::moved();
    let place = installation.place();
    let program = place.join("wholly-static");
    run(place
        .command("gcc")
        .args(["-std=c11", "-static"])
        .arg(installation.source("program.c"))
        .arg("-o")
        .arg(&program)
        .args(installation.pkg_config(&["--define-prefix", "--cflags", "--libs", "ld_dynamo_store-static"])));
    installation.require_that_it_works(&program, false, None);
}
