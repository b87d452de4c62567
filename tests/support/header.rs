//! What a C header declares.

use std::collections::BTreeSet;

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
