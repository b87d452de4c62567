//! What stands in the static libraries.

use std::collections::BTreeSet;
use std::process::Command;

use crate::platform::platforms;
use crate::support::header::functions;
use crate::support::place::{run, Place};

#[test]
#[ignore = "looks at what make packages made"]
fn they_have_the_header_s_functions_alone() {
    for platform in platforms() {
        let place = Place::new();
        let prefix = platform.unpack(&place);
        let library = prefix.join("lib/libld_dynamo_store.a");
        let header = std::fs::read_to_string(prefix.join("include/ld_dynamo_store.h")).expect("a header");
        let symbols = run(Command::new("nm")
            .args(["--defined-only", "--extern-only", "--format=posix"])
            .arg(&library));
        // The first line names the one object in it.
        let names = symbols.lines().filter(|line| !line.ends_with(':'));
        let global: BTreeSet<String> = names
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect();
        assert_eq!(global, functions(&header), "{}", platform.name);
        let members = run(Command::new("ar").arg("t").arg(&library));
        assert_eq!(members.trim(), "ld_dynamo_store.o");
    }
}
