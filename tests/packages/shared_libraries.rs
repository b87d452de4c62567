//! What stands in the shared libraries: what they need, export and are called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::platform::{composer_archive, platforms, Platform};
use crate::support::header::functions;
use crate::support::place::{run, Place};

/// In bytes.
const LARGEST: u64 = 12_000_000;

/// The archive's shared library by its full name.
fn library(platform: &Platform, place: &Place) -> PathBuf {
    let name = platform.unpack(place).join("lib/libld_dynamo_store.so");
    name.canonicalize().expect("the library")
}

fn output(program: &str, arguments: &[&str], file: &Path) -> String {
    run(Command::new(program).args(arguments).arg(file))
}

fn for_each(check: impl Fn(&Platform, &Path)) {
    for platform in platforms() {
        let place = Place::new();
        println!("{}", platform.name);
        check(&platform, &library(&platform, &place));
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_are_for_their_processor() {
    for_each(|platform, library| {
        let header = output("readelf", &["--file-header", "--wide"], library);
        let machine = match platform.machine() {
            "x86_64" => "X86-64",
            "aarch64" => "AArch64",
            other => panic!("{other}"),
        };
        let line = header
            .lines()
            .find(|line| line.contains("Machine:"))
            .expect("a machine");
        assert!(line.contains(machine), "{line}");
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_need_no_more_than_every_system_has() {
    for_each(|platform, library| {
        let entries = output("readelf", &["--dynamic", "--wide"], library);
        let needed = entries.lines().filter(|line| line.contains("(NEEDED)"));
        let needed: BTreeSet<&str> = needed
            .map(|line| line.split(['[', ']']).nth(1).expect("a name"))
            .collect();
        let allowed = match platform.is_musl() {
            true => BTreeSet::from(["libc.so"]),
            false => BTreeSet::from([
                "libc.so.6",
                "libm.so.6",
                "libpthread.so.0",
                "libdl.so.2",
                "librt.so.1",
                "ld-linux-x86-64.so.2",
                "ld-linux-aarch64.so.1",
            ]),
        };
        assert!(!needed.is_empty() && needed.is_subset(&allowed), "{needed:?}");
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_need_no_newer_glibc_than_their_floor() {
    for_each(|platform, library| {
        let symbols = output("nm", &["--dynamic", "--undefined-only"], library);
        if platform.glibc().is_some() {
            // What none of the libraries that were linked had: a loader ends there, unless it is weak.
            let from_nowhere = symbols
                .lines()
                .find(|line| line.trim_start().starts_with("U ") && !line.contains("@GLIBC_"));
            assert_eq!(from_nowhere, None);
        }
        let versions = symbols.lines().filter_map(|line| {
            let (symbol, version) = line.split_once("@GLIBC_")?;
            let mut numbers = version.split('.').map(|number| number.parse().expect("a number"));
            Some(((numbers.next()?, numbers.next()?), symbol.trim()))
        });
        let newest: Option<((u32, u32), &str)> = versions.max();
        match (newest, platform.glibc()) {
            (Some((version, symbol)), Some(floor)) => {
                assert!(version <= floor, "{symbol} needs glibc {version:?}")
            }
            (None, None) => {}
            (newest, floor) => panic!("{newest:?} with the floor {floor:?}"),
        }
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_export_the_header_s_functions_alone() {
    for_each(|_, library| {
        let symbols = output("nm", &["--dynamic", "--defined-only", "--format=posix"], library);
        let exported: BTreeSet<String> = symbols
            .lines()
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect();
        let header = library.parent().and_then(Path::parent).expect("two folders");
        let header = std::fs::read_to_string(header.join("include/ld_dynamo_store.h")).expect("a header");
        assert_eq!(exported, functions(&header));
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_have_the_abi_s_name_and_stay_loaded() {
    for_each(|_, library| {
        let entries = output("readelf", &["--dynamic", "--wide"], library);
        let has = |kind: &str, value: &str| entries.lines().any(|line| line.contains(kind) && line.contains(value));
        assert!(has("(SONAME)", "[libld_dynamo_store.so.1]"), "{entries}");
        assert!(has("(FLAGS_1)", "NODELETE"), "{entries}");
        // Nothing is written after the start where functions are looked up, and no stack holds code.
        assert!(has("(FLAGS_1)", "NOW"), "{entries}");
        assert!(!has("(RPATH)", "") && !has("(RUNPATH)", ""), "{entries}");
        let segments = output("readelf", &["--program-headers", "--wide"], library);
        let stack = segments
            .lines()
            .find(|line| line.contains("GNU_STACK"))
            .expect("a stack");
        assert!(stack.contains("RW ") && !stack.contains("RWE"), "{stack}");
        assert!(segments.contains("GNU_RELRO"), "{segments}");
    });
}

/// Kernels for this processor have pages of 4, 16 or 64 KB.
#[test]
#[ignore = "looks at what make packages made"]
fn those_for_aarch64_load_with_large_pages() {
    for_each(|platform, library| {
        let segments = output("readelf", &["--program-headers", "--wide"], library);
        let loaded: Vec<&str> = segments.lines().filter(|line| line.contains(" LOAD ")).collect();
        let alignment = |line: &&str| {
            let last = line.split_whitespace().last().expect("an alignment");
            u64::from_str_radix(last.trim_start_matches("0x"), 16).expect("hexadecimal")
        };
        let least = loaded.iter().map(alignment).min().expect("segments");
        assert!(
            least >= if platform.machine() == "aarch64" { 65_536 } else { 4096 },
            "{loaded:#?}"
        );
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_are_small_stripped_and_say_nothing_of_the_machine_that_built_them() {
    let home = std::env::var("HOME").expect("HOME");
    let of_this_machine = [home.as_str(), env!("CARGO_MANIFEST_DIR"), "/registry/src/"];
    for_each(|_, library| {
        let bytes = std::fs::read(library).expect("the library");
        assert!(bytes.len() as u64 <= LARGEST, "{} bytes", bytes.len());
        let sections = output("readelf", &["--sections", "--wide"], library);
        assert!(
            !sections.contains(".symtab") && !sections.contains(".debug"),
            "{sections}"
        );
        for name in of_this_machine {
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(!found, "{name} stands in {}", library.display());
        }
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn one_library_is_in_all_packages_of_a_platform() {
    let composer = Place::new();
    run(composer.command("unzip").arg("-q").arg(composer_archive()));
    for platform in platforms() {
        let place = Place::new();
        let published = std::fs::read(library(&platform, &place)).expect("the archive's");
        run(place.command("unzip").arg("-q").arg(platform.wheel()));
        run(place.command("tar").arg("-xf").arg(platform.gem()));
        run(place.command("tar").args(["-xzf", "data.tar.gz"]));
        let composer_name = format!("src/native/{}/libld_dynamo_store.so", platform.name);
        let others = [
            place.join("ld_dynamo_store/libld_dynamo_store.so"),
            place.join("lib/ld_dynamo_store/libld_dynamo_store.so"),
            composer.join(&composer_name),
        ];
        for other in others {
            let bytes = std::fs::read(&other).unwrap_or_else(|error| panic!("{}: {error}", other.display()));
            assert!(bytes == published, "{} is another library", other.display());
        }
    }
}
