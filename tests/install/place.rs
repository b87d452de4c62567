//! Installations outside the repository, and the programs that use them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::support;
pub use crate::support::place::{output, run, Place};
use crate::support::Engine;

/// Where an installation's parts are, and a folder for what a test builds with them.
pub struct Installation {
    place: Place,
    /// The folder of an installation that several tests use.
    _shared: Option<Arc<Place>>,
    pub prefix: PathBuf,
    pub libraries: PathBuf,
    pub headers: PathBuf,
}

/// Runs `make install` or `make uninstall` on what these tests were built with.
pub fn make(place: &Place, target: &str, settings: &[String]) {
    let built = support::build_folder();
    let profile = built.file_name().and_then(|name| name.to_str()).expect("a profile");
    let target_folder = built.parent().expect("target");
    run(place
        .command("make")
        .current_dir(support::repository())
        .args([target, "CARGO="])
        .arg(format!("CARGO_TARGET_DIR={}", target_folder.display()))
        .arg(format!("PROFILE={profile}"))
        .args(settings));
}

fn install_and_move() -> Place {
    let place = Place::new();
    let staged = place.join("staged");
    let settings = [
        format!("DESTDIR={}", staged.display()),
        "PREFIX=/opt/elsewhere".to_owned(),
    ];
    make(&place, "install", &settings);
    std::fs::rename(staged.join("opt/elsewhere"), place.join("moved")).expect("a folder");
    place
}

impl Installation {
    /// Installed for one prefix below another folder, as packages are made, and then moved.
    pub fn moved() -> Self {
        static SHARED: Mutex<Weak<Place>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let installed = shared.upgrade().unwrap_or_else(|| Arc::new(install_and_move()));
        *shared = Arc::downgrade(&installed);
        let prefix = installed.join("moved");
        Installation {
            place: Place::new(),
            libraries: prefix.join("lib"),
            headers: prefix.join("include"),
            prefix,
            _shared: Some(installed),
        }
    }

    /// Installed where it stays, with folders as distributions have them.
    pub fn in_own_folders() -> Self {
        let place = Place::new();
        let prefix = place.join("prefix");
        let triplet = run(place.command("gcc").arg("-print-multiarch"));
        let installation = Installation {
            place,
            libraries: prefix.join("lib").join(triplet.trim()),
            headers: prefix.join("include/versions/one"),
            prefix,
            _shared: None,
        };
        make(&installation.place, "install", &installation.settings());
        installation
    }

    /// Moves the whole of one that is this test's own.
    pub fn move_away(&mut self) {
        let moved = self.place.join("moved");
        std::fs::rename(&self.prefix, &moved).expect("a folder");
        for folder in [&mut self.libraries, &mut self.headers] {
            *folder = moved.join(folder.strip_prefix(&self.prefix).expect("below it"));
        }
        self.prefix = moved;
    }

    /// What `make` was told.
    pub fn settings(&self) -> [String; 3] {
        [
            format!("PREFIX={}", self.prefix.display()),
            format!("LIBDIR={}", self.libraries.display()),
            format!("INCLUDEDIR={}", self.headers.display()),
        ]
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// `pkg-config`, which finds this installation's files and takes the folder in which they lie for the prefix, if asked to.
    pub fn pkg_config(&self, arguments: &[&str]) -> Vec<String> {
        let mut command = self.place.command("pkg-config");
        command
            .env("PKG_CONFIG_PATH", self.libraries.join("pkgconfig"))
            .args(arguments);
        run(&mut command).split_whitespace().map(str::to_owned).collect()
    }

    /// Copies a file of this test's to the folder of programs.
    pub fn source(&self, name: &str) -> PathBuf {
        let from = support::repository().join("tests/install/outside").join(name);
        let copy = self.place.join(name);
        std::fs::copy(&from, &copy).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        copy
    }

    /// Runs a program that stores a flag; whatever library it uses, it is the installed one.
    pub fn require_that_it_works(&self, program: &Path, is_shared: bool, library_path: Option<&Path>) {
        let engine = Engine::embedded();
        let table = engine.create_table();
        let program_name = program.to_str().expect("UTF-8");
        let mut command = self.place.command(program_name);
        if let Some(folder) = library_path {
            command.env("LD_LIBRARY_PATH", folder);
        }
        let printed = run(command.args([&engine.endpoint, &table, "outside"]));
        assert_eq!(printed.trim(), env!("CARGO_PKG_VERSION"));
        assert_eq!(engine.rows(&table).len(), 1);
        let needed = run(self
            .place
            .command("readelf")
            .args(["--dynamic", "--wide", program_name]));
        assert_eq!(needed.contains("[libld_dynamo_store.so.1]"), is_shared, "{needed}");
        assert!(!needed.contains("[libld_dynamo_store.so]"), "{needed}");
    }
}
