//! Makes the C header in the build folder and gives the shared library its name.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=src/ffi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=build.rs");
    link_arguments();
    write_header();
}

/// SONAME is the ABI's major number; PHP closes its handles after each request, so the library refuses to be unloaded.
fn link_arguments() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!(
            "cargo:rustc-cdylib-link-arg=-Wl,-soname,libld_dynamo_store.so.{}",
            abi_major()
        );
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// From the constant that programs compare, so that the two cannot differ.
fn abi_major() -> u32 {
    let source = include_str!("src/ffi/mod.rs");
    let value = source
        .split("LD_DYNAMO_ABI_MAJOR: u32 = ")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let number = value.and_then(|value| value.parse().ok());
    number.unwrap_or_else(|| panic!("src/ffi/mod.rs defines LD_DYNAMO_ABI_MAJOR"))
}

/// Into the build folder only; a test compares it with the checked-in header, and `make header` copies it there.
fn write_header() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let source = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let output = PathBuf::from(variable("OUT_DIR"));
    let mut config = cbindgen::Config::from_root_or_default(&source);
    if let Some(text) = config.after_includes.as_mut() {
        for part in ["MAJOR", "MINOR", "PATCH"] {
            *text = text.replace(&format!("@{part}@"), &variable(&format!("CARGO_PKG_VERSION_{part}")));
        }
        *text = text.replace("@VERSION@", &variable("CARGO_PKG_VERSION"));
    }
    let header = cbindgen::Builder::new()
        .with_config(config)
        .with_src(source.join("src/ffi/mod.rs"))
        .generate()
        .unwrap_or_else(|error| panic!("the C header cannot be generated: {error}"));
    let mut text = Vec::new();
    header.write(&mut text);
    let text = String::from_utf8_lossy(&text);
    let text = without_safety_sections(&text);
    let path = output.join("ld_dynamo_store.h");
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("cargo:rustc-env=LD_DYNAMO_STORE_GENERATED_HEADER={}", path.display());
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
