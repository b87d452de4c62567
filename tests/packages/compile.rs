//! Programs in C for a platform, built with what its archive brings.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::platform::Platform;
use crate::support;
use crate::support::place::{run, Place};

/// How a program gets the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Shared,
    /// The loader finds it by its environment.
    SharedElsewhere,
    Static,
    /// Everything is in the program, the C library, too.
    AllStatic,
    /// The program loads it itself.
    AtRunTime,
}

/// An unpacked archive, and programs that are built with it.
pub struct Unpacked<'a> {
    platform: &'a Platform,
    pub place: Place,
    prefix: PathBuf,
}

impl<'a> Unpacked<'a> {
    pub fn new(platform: &'a Platform) -> Self {
        let place = Place::new();
        let prefix = platform.unpack(&place);
        Unpacked {
            platform,
            place,
            prefix,
        }
    }

    /// A file of the archive.
    pub fn file(&self, name: &str) -> PathBuf {
        self.prefix.join(name)
    }

    /// What the archive's pkg-config file says.
    fn flags(&self, link: Link) -> Vec<String> {
        let package = match link {
            Link::Shared | Link::SharedElsewhere => "ld_dynamo_store",
            Link::Static | Link::AllStatic => "ld_dynamo_store-static",
            Link::AtRunTime => return vec![format!("-I{}", self.file("include").display())],
        };
        let mut command = self.place.command("pkg-config");
        command.env("PKG_CONFIG_PATH", self.file("lib/pkgconfig")).args([
            "--define-prefix",
            "--cflags",
            "--libs",
            package,
        ]);
        run(&mut command).split_whitespace().map(str::to_owned).collect()
    }

    /// This machine's compiler where programs for the platform are its own; else the one that packages are built with.
    fn compiler(&self, link: Link) -> Command {
        if self.platform.is_at_home() && !self.platform.is_musl() {
            return self.place.command("gcc");
        }
        let python = support::repository().join("target/packaging/bin/python");
        let mut command = self.place.command(python.to_str().expect("UTF-8"));
        command.args(["-m", "ziglang", "cc", "-target", &self.platform.zig_target()]);
        if self.platform.is_musl() && link != Link::AllStatic {
            command.arg("-dynamic");
        }
        if self.platform.is_musl() {
            // musl's own for threads, which it takes from here; that of the compiler is 16 MB.
            command.arg("-Wl,-z,stack-size=131072");
        }
        // gcc brings it by itself.
        if matches!(link, Link::Static | Link::AllStatic) {
            command.arg("-lunwind");
        }
        // Its own folder of what was built before, as HOME is another each time.
        command.env(
            "ZIG_GLOBAL_CACHE_DIR",
            support::repository().join("target/packaging/zig-cache"),
        );
        command
    }

    /// Builds one program; `source` is a path of the archive or of this repository.
    pub fn program(&self, source: &Path, link: Link) -> PathBuf {
        let name = source.file_stem().and_then(|name| name.to_str()).expect("a name");
        let output = self.place.join(&format!("{name}-{link:?}").to_lowercase());
        let mut command = self.compiler(link);
        command
            .args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&output)
            .arg(source)
            .args(self.flags(link));
        match link {
            Link::Shared => {
                command.arg(format!("-Wl,-rpath,{}", self.file("lib").display()));
            }
            Link::AllStatic => {
                command.arg("-static");
            }
            Link::SharedElsewhere | Link::Static | Link::AtRunTime => {}
        }
        command.args(["-lpthread", "-ldl"]);
        // tests/c/small_stack.c writes so many stages of flags, and an emulator takes its time.
        if !self.platform.is_at_home() {
            command.arg("-DCHAIN=100");
        }
        run(&mut command);
        output
    }

    /// The program, ready to be started.
    pub fn command(&self, program: &Path) -> Command {
        self.platform.command(&self.place, program)
    }
}
