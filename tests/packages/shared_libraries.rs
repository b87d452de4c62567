//! What stands in the shared libraries: what they export and are called, beside what holds for programs, too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::binaries::{
    output, require_common_libraries, require_floor, require_large_pages, require_processor, require_stripped,
};
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

fn for_each(check: impl Fn(&Platform, &Path)) {
    for platform in platforms() {
        let place = Place::new();
        println!("{}", platform.name);
        check(&platform, &library(&platform, &place));
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn they_run_on_their_systems_and_say_nothing_of_another() {
    for_each(|platform, library| {
        require_processor(platform, library);
        require_common_libraries(platform, library);
        require_floor(platform, library);
        require_large_pages(platform, library);
        require_stripped(library, LARGEST);
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
