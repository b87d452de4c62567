//! The platforms of packaging/platforms.txt for which there are packages, and how programs for them are run here.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support;
use crate::support::place::{run, Place};

/// One platform, whose packages lie in target/packages.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Such as `x86_64-linux-gnu`.
    pub name: String,
    /// Rust's target, with the oldest glibc after a point: `x86_64-unknown-linux-gnu.2.17`.
    target: String,
    /// The tags of the wheel, separated by points.
    wheel_tags: String,
    gem: String,
}

/// The folder of packages.
pub fn packages() -> PathBuf {
    support::repository().join("target/packages")
}

/// The Composer archive, which is one for all platforms.
pub fn composer_archive() -> PathBuf {
    packages().join(format!("php-ld-dynamo-store-{}.zip", env!("CARGO_PKG_VERSION")))
}

/// Those of packaging/platforms.txt, or those that `LD_DYNAMO_PLATFORMS` names; there must be packages for each.
pub fn platforms() -> Vec<Platform> {
    let named = std::env::var("LD_DYNAMO_PLATFORMS").unwrap_or_default();
    let named: Vec<&str> = named.split_whitespace().collect();
    let table = std::fs::read_to_string(support::repository().join("packaging/platforms.txt")).expect("platforms");
    let lines = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let platform = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [name, target, wheel_tags, gem] = columns[..] else {
            panic!("{line:?} has not four columns")
        };
        Platform {
            name: name.to_owned(),
            target: target.to_owned(),
            wheel_tags: wheel_tags.to_owned(),
            gem: gem.to_owned(),
        }
    };
    let platforms: Vec<Platform> = lines
        .map(platform)
        .filter(|platform| named.is_empty() || named.contains(&platform.name.as_str()))
        .collect();
    assert!(
        platforms.len() >= named.len().max(1),
        "{named:?} are not all in the table"
    );
    for platform in &platforms {
        assert!(
            platform.archive().exists(),
            "run make packages: there are none for {}",
            platform.name
        );
    }
    platforms
}

/// That of this machine's processor and of glibc, if packages were made for it.
pub fn at_home() -> Option<Platform> {
    let found = platforms()
        .into_iter()
        .find(|platform| platform.is_at_home() && !platform.is_musl());
    if found.is_none() {
        support::skipped("no packages were made for this machine");
    }
    found
}

impl Platform {
    /// Such as `aarch64`.
    pub fn machine(&self) -> &str {
        self.name.split('-').next().expect("a machine")
    }

    pub fn is_musl(&self) -> bool {
        self.name.ends_with("musl")
    }

    /// Whether programs for it run on this machine's own processor.
    pub fn is_at_home(&self) -> bool {
        self.machine() == std::env::consts::ARCH
    }

    /// Rust's target, as cargo calls it.
    pub fn rust_target(&self) -> &str {
        self.target.split('.').next().expect("a target")
    }

    /// The oldest glibc, where there is one.
    pub fn glibc(&self) -> Option<(u32, u32)> {
        let (_, version) = self.target.split_once('.')?;
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// The target as zig calls it.
    pub fn zig_target(&self) -> String {
        match self.glibc() {
            Some((major, minor)) => format!("{}.{major}.{minor}", self.name),
            None => self.name.clone(),
        }
    }

    pub fn archive(&self) -> PathBuf {
        packages().join(format!(
            "libld_dynamo_store-{}-{}.tar.gz",
            env!("CARGO_PKG_VERSION"),
            self.name
        ))
    }

    pub fn wheel(&self) -> PathBuf {
        packages().join(format!(
            "ld_dynamo_store-{}-py3-none-{}.whl",
            env!("CARGO_PKG_VERSION"),
            self.wheel_tags
        ))
    }

    /// What `pip --platform` is told.
    pub fn wheel_tag(&self) -> &str {
        self.wheel_tags.split('.').next().expect("a tag")
    }

    pub fn gem(&self) -> PathBuf {
        packages().join(format!(
            "ld_dynamo_store-{}-{}.gem",
            env!("CARGO_PKG_VERSION"),
            self.gem
        ))
    }

    /// The archive unpacked below a folder; returns the folder with `include` and `lib`.
    pub fn unpack(&self, place: &Place) -> PathBuf {
        run(place.command("tar").arg("-xzf").arg(self.archive()));
        let archive = self.archive();
        let name = archive.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        place.join(name.strip_suffix(".tar.gz").expect("an archive"))
    }

    /// Debian for this processor, as far as setup unpacked it.
    pub fn system(&self) -> PathBuf {
        support::repository().join("target/systems").join(self.machine())
    }

    /// A program for this platform, to be started in the place; an emulator runs it where it has to.
    pub fn command(&self, place: &Place, program: &Path) -> Command {
        if self.is_at_home() {
            return place.command(program.to_str().expect("UTF-8"));
        }
        let mut command = place.command(&format!("qemu-{}", self.machine()));
        command.arg("-L").arg(self.system()).arg(program);
        command
    }
}
