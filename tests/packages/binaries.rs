//! What holds for every shared library and program: its processor, what it needs of a system, and that it is small and says nothing of ours.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::platform::Platform;
use crate::support::place::run;

pub fn output(program: &str, arguments: &[&str], file: &Path) -> String {
    run(Command::new(program).args(arguments).arg(file))
}

pub fn require_processor(platform: &Platform, file: &Path) {
    let header = output("readelf", &["--file-header", "--wide"], file);
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
}

/// The names of the libraries that the loader has to find.
pub fn needed(file: &Path) -> BTreeSet<String> {
    let entries = output("readelf", &["--dynamic", "--wide"], file);
    let needed = entries.lines().filter(|line| line.contains("(NEEDED)"));
    needed
        .map(|line| line.split(['[', ']']).nth(1).expect("a name").to_owned())
        .collect()
}

/// Of other libraries, those that every system has.
pub fn require_common_libraries(platform: &Platform, file: &Path) {
    let allowed: &[&str] = match platform.is_musl() {
        true => &["libc.so"],
        false => &[
            "libc.so.6",
            "libm.so.6",
            "libpthread.so.0",
            "libdl.so.2",
            "librt.so.1",
            "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1",
        ],
    };
    let needed = needed(file);
    let is_allowed = |name: &String| allowed.contains(&name.as_str());
    assert!(!needed.is_empty() && needed.iter().all(is_allowed), "{needed:?}");
}

/// No newer glibc than the platform's, and none on another.
pub fn require_floor(platform: &Platform, file: &Path) {
    let symbols = output("nm", &["--dynamic", "--undefined-only"], file);
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
}

/// Kernels for aarch64 have pages of 4, 16 or 64 KB.
pub fn require_large_pages(platform: &Platform, file: &Path) {
    let segments = output("readelf", &["--program-headers", "--wide"], file);
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
}

/// At most so many bytes, without what is for debuggers alone, and without a folder of the machine that built it.
pub fn require_stripped(file: &Path, largest: u64) {
    let home = std::env::var("HOME").expect("HOME");
    let of_this_machine = [home.as_str(), env!("CARGO_MANIFEST_DIR"), "/registry/src/"];
    let bytes = std::fs::read(file).expect("a file");
    println!("{}: {} bytes", file.display(), bytes.len());
    assert!(bytes.len() as u64 <= largest, "{} bytes", bytes.len());
    let sections = output("readelf", &["--sections", "--wide"], file);
    assert!(
        !sections.contains(".symtab") && !sections.contains(".debug"),
        "{sections}"
    );
    for name in of_this_machine {
        let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(!found, "{name} stands in {}", file.display());
    }
}
