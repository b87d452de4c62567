//! The wheel, the gem and the Composer archive, each installed in an empty folder as its tool installs it, and all cases through it. Another
//! processor's interpreters come from Debian and run under an emulator.

use std::path::Path;
use std::process::Command;

use crate::compile::{Link, Unpacked};
use crate::platform::{at_home, composer_archive, platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::driver::Program;
use crate::support::place::{run, Place};
use crate::support::Engine;

/// The platforms with interpreters that can be had here: those with glibc.
fn with_interpreters() -> Vec<Platform> {
    platforms().into_iter().filter(|platform| !platform.is_musl()).collect()
}

fn all_cases(command: Command) {
    run_all(&Engine::embedded(), &mut Program::start_as_it_is(command));
}

/// An interpreter of the platform: this machine's own, or that of the system for the other processor.
fn interpreter(platform: &Platform, place: &Place, at_home: &str, elsewhere: &str) -> Command {
    if platform.is_at_home() {
        return place.command(at_home);
    }
    platform.command(place, &platform.system().join("usr/bin").join(elsewhere))
}

/// A driver of the cases, from this repository's tests.
fn copy(from: &str, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    std::fs::copy(support::repository().join(from), to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
}

/// `pip install` of an environment's Python, which finds nothing but the file that it is given.
fn pip_install(place: &Place, python: &Path) -> Command {
    let mut pip = place.command(python.to_str().expect("UTF-8"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
    ]);
    pip
}

/// What pip installs for the platform.
pub fn install_wheel(platform: &Platform, place: &Place, folder: &Path) {
    let mut pip = pip_install(place, &support::repository().join("target/python/bin/python"));
    pip.args([
        "--no-deps",
        "--only-binary=:all:",
        "--platform",
        platform.wheel_tag(),
        "--target",
    ]);
    run(pip.arg(folder).arg(platform.wheel()));
}

#[test]
#[ignore = "uses what make packages made"]
fn the_wheel() {
    for platform in with_interpreters() {
        let place = Place::new();
        let folder = place.join("site-packages");
        install_wheel(&platform, &place, &folder);
        copy("bindings/python/tests/case_driver.py", &place.join("case_driver.py"));
        let mut command = interpreter(&platform, &place, "python3", "python3");
        command.arg("case_driver.py").env("PYTHONPATH", &folder);
        all_cases(command);
    }
}

/// As on a machine of the platform, without being told which one it is.
#[test]
#[ignore = "uses what make packages made"]
fn the_wheel_in_a_virtual_environment() {
    let Some(platform) = at_home() else { return };
    let place = Place::new();
    run(place.command("python3").args(["-m", "venv", "environment"]));
    let python = place.join("environment/bin/python");
    run(pip_install(&place, &python).arg(platform.wheel()));
    let printed = run(place
        .command(python.to_str().expect("UTF-8"))
        .args(["-c", "import ld_dynamo_store; print(ld_dynamo_store.load().path)"]));
    assert!(Path::new(printed.trim()).starts_with(place.folder()), "{printed}");
}

/// There is no Python for musl here: a program in C loads the library that pip installs.
#[test]
#[ignore = "uses what make packages made"]
fn the_wheel_for_musl_holds_a_library_that_loads() {
    for platform in platforms().into_iter().filter(Platform::is_musl) {
        let unpacked = Unpacked::new(&platform);
        let folder = unpacked.place.join("site-packages");
        install_wheel(&platform, &unpacked.place, &folder);
        let engine = Engine::embedded();
        let table = engine.create_table();
        let store = engine.store(&table);
        let _ = store
            .upsert("features", "flag-1", r#"{"key":"flag-1","version":1}"#)
            .expect("a flag");
        let program = unpacked.program(&support::repository().join("tests/c/unload.c"), Link::AtRunTime);
        run(unpacked
            .command(&program)
            .arg(folder.join("ld_dynamo_store/libld_dynamo_store.so"))
            .arg(engine.configuration(&table).to_string()));
    }
}

#[test]
#[ignore = "uses what make packages made"]
fn the_gem() {
    for platform in with_interpreters() {
        let place = Place::new();
        let gems = place.join("gems");
        // Which machine it is for is decided before: RubyGems refuses another's.
        let install = [
            "install",
            "--quiet",
            "--local",
            "--ignore-dependencies",
            "--no-document",
            "--install-dir",
        ];
        if platform.is_at_home() {
            run(place.command("gem").args(install).arg(&gems).arg(platform.gem()));
        } else {
            let mut command = interpreter(&platform, &place, "ruby", "ruby");
            command.arg(platform.system().join("usr/bin/gem")).args(install);
            run(command.arg(&gems).arg(platform.gem()));
        }
        let installed = std::fs::read_dir(gems.join("gems")).expect("gems").next();
        let installed = installed.expect("the gem").expect("an entry").path();
        copy(
            "bindings/ruby/test/case_driver.rb",
            &installed.join("test/case_driver.rb"),
        );
        let mut command = interpreter(&platform, &place, "ruby", "ruby");
        command.arg(installed.join("test/case_driver.rb"));
        all_cases(command);
    }
}

#[test]
#[ignore = "uses what make packages made"]
fn the_composer_archive() {
    let place = Place::new();
    std::fs::create_dir(place.join("artifacts")).expect("a folder");
    let name = composer_archive().file_name().expect("a name").to_owned();
    std::fs::copy(composer_archive(), place.join("artifacts").join(name)).expect("a copy");
    let project = serde_json::json!({
        "repositories": [{"type": "artifact", "url": "artifacts"}, {"packagist.org": false}],
        "require": {"ld-dynamo-store/ld-dynamo-store": "*"},
    });
    std::fs::write(place.join("composer.json"), project.to_string()).expect("a project");
    run(place
        .command("composer")
        .env("COMPOSER_ALLOW_SUPERUSER", "1")
        .env("COMPOSER_DISABLE_NETWORK", "1")
        .args(["install", "--no-interaction", "--no-progress", "--quiet", "--no-dev"]));
    let installed = place.join("vendor/ld-dynamo-store/ld-dynamo-store");
    copy(
        "bindings/php/tests/case_driver.php",
        &installed.join("tests/case_driver.php"),
    );
    for platform in with_interpreters() {
        let mut command = if platform.is_at_home() {
            place.command("php")
        } else {
            let mut command = interpreter(&platform, &place, "php", "php8.2");
            let extensions = platform.system().join("usr/lib/php/20220829");
            command
                .arg("-n")
                .arg("-d")
                .arg(format!("extension_dir={}", extensions.display()))
                .args(["-d", "extension=ffi"]);
            command
        };
        command
            .args(["-d", "ffi.enable=1"])
            .arg(installed.join("tests/case_driver.php"));
        all_cases(command);
    }
}
