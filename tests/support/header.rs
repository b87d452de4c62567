//! What a C header declares.

use std::collections::{BTreeMap, BTreeSet};

const HEADER: &str = include_str!("../../include/ld_dynamo_store.h");

/// The typedefs and functions of a header, each without comments on one line, without its semicolon.
pub fn declarations(header: &str) -> Vec<String> {
    let is_code = |line: &&str| {
        let is_brace = line.starts_with('}') || line.starts_with("extern \"C\"");
        !is_brace && !line.starts_with("//") && !line.starts_with('#')
    };
    let code: Vec<&str> = header.lines().filter(is_code).collect();
    let code = code.join("\n");
    let statements = code
        .split(';')
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter(|statement| !statement.is_empty()).collect()
}

/// The names of the functions that a header declares.
pub fn functions(header: &str) -> BTreeSet<String> {
    let is_function = |declaration: &String| !declaration.starts_with("typedef");
    let name = |declaration: String| {
        let (before, _) = declaration.split_once('(').expect("parameters");
        before.rsplit([' ', '*']).next().expect("a name").to_owned()
    };
    declarations(header).into_iter().filter(is_function).map(name).collect()
}

/// The statuses of the checked-in header, by name without `LD_DYNAMO_`.
pub fn statuses() -> BTreeMap<&'static str, i32> {
    let constant = |line: &'static str| {
        let (name, value) = line.strip_prefix("#define LD_DYNAMO_")?.split_once(' ')?;
        let is_other = ["LOG_", "ABI_", "VERSION"].iter().any(|start| name.starts_with(start));
        Some((name, value.parse().ok().filter(|_| !is_other)?))
    };
    HEADER.lines().filter_map(constant).collect()
}
