//! The C header as cbindgen makes it of `src/ffi`.

use crate::support;

/// The header of this version.
pub fn header() -> String {
    let root = support::repository();
    let mut config = cbindgen::Config::from_root_or_default(root);
    if let Some(text) = config.after_includes.as_mut() {
        let parts = [
            ("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR")),
            ("@MINOR@", env!("CARGO_PKG_VERSION_MINOR")),
            ("@PATCH@", env!("CARGO_PKG_VERSION_PATCH")),
            ("@VERSION@", env!("CARGO_PKG_VERSION")),
        ];
        for (place, value) in parts {
            *text = text.replace(place, value);
        }
    }
    let header = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/ffi/mod.rs"))
        .generate()
        .unwrap_or_else(|error| panic!("the C header cannot be generated: {error}"));
    let mut text = Vec::new();
    header.write(&mut text);
    without_safety_sections(&String::from_utf8_lossy(&text))
}

/// What Rust calls safety is every C function's ordinary contract, and the header's first page states it.
fn without_safety_sections(header: &str) -> String {
    let mut text = String::new();
    let mut is_safety = false;
    for line in header.lines() {
        is_safety = line.starts_with("//") && (is_safety || line == "// # Safety");
        if is_safety {
            if text.ends_with("\n//\n") {
                text.truncate(text.len() - "//\n".len());
            }
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
