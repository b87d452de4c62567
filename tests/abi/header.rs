//! The checked-in headers, and that the libraries export what they declare and nothing else.
//!
//! With `UPDATE_HEADER=1`, as `make header` runs it, the first test writes both headers instead of comparing them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::generated;
use crate::support;
use crate::support::compile::{program, Library};
use crate::support::header::{declarations, functions};
use crate::support::Engine;

const HEADER: &str = "include/ld_dynamo_store.h";
const PHP_HEADER: &str = "bindings/php/src/ld_dynamo_store.php.h";
/// What is for languages without a JSON parser.
const UNUSED_IN_PHP: [&str; 2] = ["ld_dynamo_member_callback", "ld_dynamo_json_members"];
/// The newest glibc that may be needed, so that the library loads on distributions since 2021.
const GLIBC_FLOOR: (u32, u32) = (2, 34);

fn read(path: &str) -> String {
    let path = support::repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a tool of the system prints.
fn output(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run make setup"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The header for `FFI::cdef`, which knows no preprocessor: its declarations alone, one a line. It looks up all that is declared, so
/// what PHP does not use is left out, and a library that is older than that will do.
fn php_header(header: &str) -> String {
    let is_used = |declaration: &String| !UNUSED_IN_PHP.iter().any(|name| declaration.contains(name));
    let mut text = format!("// Generated from {HEADER}, where the documentation is: make header. Do not edit.\n\n");
    for declaration in declarations(header).into_iter().filter(is_used) {
        text.push_str(&declaration);
        text.push_str(";\n");
    }
    text
}

#[test]
fn the_checked_in_headers_are_the_generated_ones() {
    let generated = generated::header();
    let headers = [(PHP_HEADER, php_header(&generated)), (HEADER, generated)];
    for (path, generated) in headers {
        if std::env::var_os("UPDATE_HEADER").is_some() {
            std::fs::write(support::repository().join(path), generated).expect("the header is writable");
        } else {
            assert!(
                read(path) == generated,
                "{path} is not what the sources say: run make header"
            );
        }
    }
}

#[test]
fn everything_in_the_header_has_a_comment() {
    let header = read(HEADER);
    let lines: Vec<&str> = header.lines().collect();
    let is_declared = |line: &str| {
        let is_constant = line.starts_with("#define LD_DYNAMO_") && line != "#define LD_DYNAMO_STORE_H";
        let is_extern = line.starts_with("extern \"C\"");
        let is_code = line.starts_with(|first: char| first.is_ascii_alphabetic()) && !is_extern;
        is_constant || is_code
    };
    let declared = (1..lines.len()).filter(|&number| is_declared(lines[number]));
    let (commented, bare): (Vec<_>, Vec<_>) = declared.partition(|&number| lines[number - 1].starts_with("//"));
    let bare: Vec<&str> = bare.iter().map(|&number| lines[number]).collect();
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
    assert!(commented.len() > 50, "only {} declarations were found", commented.len());
}

#[test]
fn nothing_is_declared_twice() {
    let header = read(HEADER);
    let declared = declarations(&header);
    let unique: BTreeSet<_> = declared.iter().collect();
    assert_eq!(declared.len(), unique.len());
}

#[test]
fn the_version_is_the_package_s() {
    let header = read(HEADER);
    let parts = [
        ("LD_DYNAMO_VERSION", format!("\"{}\"", env!("CARGO_PKG_VERSION"))),
        ("LD_DYNAMO_VERSION_MAJOR", env!("CARGO_PKG_VERSION_MAJOR").to_owned()),
        ("LD_DYNAMO_VERSION_MINOR", env!("CARGO_PKG_VERSION_MINOR").to_owned()),
        ("LD_DYNAMO_VERSION_PATCH", env!("CARGO_PKG_VERSION_PATCH").to_owned()),
    ];
    for (name, value) in parts {
        assert!(
            header.lines().any(|line| line == format!("#define {name} {value}")),
            "{name} is not {value}"
        );
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads ELF")]
fn the_shared_library_exports_the_header_s_functions_alone() {
    let symbols = output(
        "nm",
        &["--dynamic", "--defined-only", "--format=posix"],
        &support::library(),
    );
    let exported: BTreeSet<_> = symbols
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(exported, functions(&read(HEADER)));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads ELF")]
fn the_static_library_has_no_further_function_of_ours() {
    let library = support::build_folder().join("libld_dynamo_store.a");
    let symbols = output("nm", &["--defined-only", "--extern-only", "--format=posix"], &library);
    let ours = symbols
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| name.starts_with("ld_dynamo_"));
    assert_eq!(
        ours.map(str::to_owned).collect::<BTreeSet<_>>(),
        functions(&read(HEADER))
    );
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads ELF")]
fn the_shared_library_has_its_abi_s_name_and_stays_loaded() {
    let entries = output("readelf", &["--dynamic", "--wide"], &support::library());
    let has = |kind: &str, value: &str| entries.lines().any(|line| line.contains(kind) && line.contains(value));
    assert!(has("(SONAME)", "[libld_dynamo_store.so.1]"), "{entries}");
    assert!(has("(FLAGS_1)", "NODELETE"), "{entries}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads ELF")]
fn the_shared_library_loads_on_old_systems() {
    let needed = output("readelf", &["--dynamic", "--wide"], &support::library());
    let libraries: Vec<_> = needed.lines().filter(|line| line.contains("(NEEDED)")).collect();
    let is_of_the_system = |line: &&&str| {
        ["libc.so", "libm.so", "libgcc_s.so", "ld-linux"]
            .iter()
            .any(|name| line.contains(name))
    };
    assert!(!libraries.is_empty(), "{needed}");
    assert_eq!(
        libraries.len(),
        libraries.iter().filter(is_of_the_system).count(),
        "{libraries:#?}"
    );
    let symbols = output("nm", &["--dynamic", "--undefined-only"], &support::library());
    let versions = symbols.lines().filter_map(|line| {
        let (symbol, version) = line.split_once("@GLIBC_")?;
        let mut numbers = version.split('.').map(|number| number.parse().expect("a number"));
        Some(((numbers.next()?, numbers.next()?), symbol))
    });
    let (newest, symbol) = versions.max().expect("symbols of glibc");
    assert!(newest <= GLIBC_FLOOR, "{symbol} needs glibc {newest:?}");
}

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{} {}:\n{printed}",
        program.display(),
        output.status
    );
}

fn misuse(library: Library) {
    let engine = Engine::embedded();
    let table = engine.create_table();
    run(
        &program("gcc", "-std=c11", &["tests/c/misuse.c"], library),
        &[&engine.endpoint, &table],
    );
}

#[test]
fn a_program_in_c_with_the_shared_library() {
    misuse(Library::Shared);
}

#[test]
fn a_program_in_c_with_the_static_library() {
    misuse(Library::Static);
}

#[test]
fn json_objects_are_taken_apart_in_c() {
    for library in [Library::Shared, Library::Static] {
        run(&program("gcc", "-std=c11", &["tests/c/json_members.c"], library), &[]);
    }
}

#[test]
fn a_program_in_cpp_of_two_units() {
    let sources = ["tests/cpp/header_twice_a.cpp", "tests/cpp/header_twice_b.cpp"];
    run(&program("g++", "-std=c++17", &sources, Library::Shared), &[]);
}

#[test]
fn php_reads_its_header() {
    let script = "echo FFI::cdef(file_get_contents($argv[1]), $argv[2])->ld_dynamo_version();";
    let output = Command::new("php")
        .args(["-d", "ffi.enable=1", "-r", script])
        .arg(support::repository().join(PHP_HEADER))
        .arg(support::library())
        .output()
        .expect("php; run make setup");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        (&*printed, output.status.success()),
        (env!("CARGO_PKG_VERSION"), true),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
