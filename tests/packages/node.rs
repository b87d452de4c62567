//! The npm package, which is one for all platforms, installed in an empty folder as npm installs it, and all cases through it. Another processor's
//! Node comes from Debian and runs under an emulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::platform::{at_home, packages, platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::driver::Program;
use crate::support::place::{run, Place};
use crate::support::Engine;

/// The package.
pub fn npm_archive() -> PathBuf {
    packages().join(format!("node-ld-dynamo-store-{}.tgz", env!("CARGO_PKG_VERSION")))
}

/// Installs it, with nothing but the file.
fn install(place: &Place) -> PathBuf {
    std::fs::write(place.join("package.json"), "{}").expect("a project");
    let options = [
        "install",
        "--offline",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ];
    run(place.command("npm").args(options).arg(npm_archive()));
    place.join("node_modules/ld-dynamo-store")
}

/// Node of the platform: this machine's own, or that of the system for the other processor.
fn node(platform: &Platform, place: &Place) -> Command {
    if platform.is_at_home() {
        return place.command("node");
    }
    platform.command(place, &platform.system().join("usr/bin/node"))
}

#[test]
#[ignore = "uses what make packages made"]
fn the_npm_package() {
    let place = Place::new();
    install(&place);
    let driver = place.join("case_driver.js");
    std::fs::copy(support::repository().join("bindings/node/test/case_driver.js"), &driver).expect("the driver");
    for platform in platforms().into_iter().filter(|platform| !platform.is_musl()) {
        let mut command = node(&platform, &place);
        command.arg(&driver);
        run_all(&Engine::embedded(), &mut Program::start_as_it_is(command));
    }
}

#[test]
#[ignore = "uses what make packages made"]
fn the_npm_package_in_both_module_systems() {
    if at_home().is_none() {
        return;
    }
    let place = Place::new();
    let installed = install(&place);
    let required = "console.log(require('ld-dynamo-store').load().path)";
    let imported = "import { load } from 'ld-dynamo-store'; console.log(load().path)";
    for arguments in [["-e", required].as_slice(), &["--input-type=module", "-e", imported]] {
        let printed = run(place.command("node").args(arguments));
        assert!(Path::new(printed.trim()).starts_with(&installed), "{printed}");
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn the_npm_package_has_what_it_needs_and_no_tests() {
    let place = Place::new();
    let listed = run(place.command("tar").arg("-tzf").arg(npm_archive()));
    let names: Vec<&str> = listed.lines().collect();
    let mut needed: Vec<String> = [
        "LICENSE",
        "README.md",
        "THIRD-PARTY-LICENSES.txt",
        "dist/index.js",
        "dist/index.d.ts",
        "esm/index.mjs",
    ]
    .map(|name| format!("package/{name}"))
    .to_vec();
    for platform in platforms() {
        for file in ["ld_dynamo_store.node", "libld_dynamo_store.so"] {
            needed.push(format!("package/native/{}/{file}", platform.name));
        }
    }
    for name in needed {
        assert!(names.contains(&name.as_str()), "no {name} in {names:#?}");
    }
    assert!(
        !names.iter().any(|name| name.contains("test") || name.ends_with(".c")),
        "{names:#?}"
    );
}
