//! The archive of the Go module, unpacked in an empty folder and named by a program's go.mod, and all cases through programs that are built with it.

use std::path::PathBuf;
use std::process::Command;

use crate::platform::{packages, platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::driver::Program;
use crate::support::place::{run, Place};
use crate::support::Engine;

const MODULE: &str = "github.com/launchdarkly/go-server-sdk-dynamodb/v4";

/// The archive without the end of its name, which is also the folder in it.
fn name() -> String {
    format!("go-ld-dynamo-store-{}", env!("CARGO_PKG_VERSION"))
}

/// The package.
pub fn go_archive() -> PathBuf {
    packages().join(format!("{}.zip", name()))
}

/// The archive unpacked, and beside it the driver of the cases as a stranger's program.
struct Unpacked {
    place: Place,
}

impl Unpacked {
    fn new() -> Self {
        let place = Place::new();
        run(place
            .command("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(go_archive())
            .arg("."));
        let driver = place.join("driver");
        std::fs::create_dir(&driver).expect("a folder");
        for file in ["main.go", "frames.go"] {
            let source = support::repository().join("bindings/go/internal/casedriver").join(file);
            std::fs::copy(source, driver.join(file)).expect("a copy");
        }
        let module = format!(
            "module driver\n\ngo 1.21\n\nrequire {MODULE} v4.0.0\n\nreplace {MODULE} => ../{}\n",
            name()
        );
        std::fs::write(driver.join("go.mod"), module).expect("a module");
        Unpacked { place }
    }

    /// `go` with what setup fetched.
    fn go(&self) -> Command {
        let mut command = self.place.command("go");
        let fetched = support::repository().join("target/go");
        command
            .current_dir(self.place.join("driver"))
            .env("GOMODCACHE", fetched.join("modules"))
            .env("GOCACHE", fetched.join("cache"))
            .env("GOPROXY", "off")
            .env("GOSUMDB", "off")
            .env("GOFLAGS", "-mod=mod");
        command
    }

    /// The driver for a platform: without cgo for glibc, with it for musl.
    fn driver(&self, platform: &Platform) -> PathBuf {
        let mut build = self.go();
        let processor = match platform.machine() {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => panic!("Go's name of {other}"),
        };
        build
            .args(["build", "-o", &platform.name])
            .env("GOOS", "linux")
            .env("GOARCH", processor);
        if platform.is_musl() {
            let python = support::repository().join("target/packaging/bin/python");
            let compiler = format!(
                "{} -m ziglang cc -target {} -dynamic",
                python.display(),
                platform.zig_target()
            );
            let cache = support::repository().join("target/packaging/zig-cache");
            build
                .args(["-tags", "musl"])
                .env("CGO_ENABLED", "1")
                .env("CC", compiler)
                .env("ZIG_GLOBAL_CACHE_DIR", cache);
        } else {
            build.env("CGO_ENABLED", "0");
        }
        run(&mut build);
        self.place.join("driver").join(&platform.name)
    }
}

#[test]
#[ignore = "uses what make packages made"]
fn the_module() {
    let unpacked = Unpacked::new();
    for platform in platforms() {
        let driver = unpacked.driver(&platform);
        let command = platform.command(&unpacked.place, &driver);
        run_all(&Engine::embedded(), &mut Program::start_as_it_is(command));
    }
}

#[test]
#[ignore = "uses what make packages made"]
fn the_module_for_musl_needs_cgo() {
    let unpacked = Unpacked::new();
    let mut build = unpacked.go();
    let output = build
        .args(["build", "-tags", "musl"])
        .env("CGO_ENABLED", "0")
        .output()
        .expect("go runs");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && printed.contains("build_with_CGO_ENABLED_1_on_musl"),
        "{printed}"
    );
}
