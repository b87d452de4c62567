//! Folders outside the repository, and what is run there as a stranger would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder of the system's for temporary files, removed at the end.
pub struct Place {
    folder: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Place {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ld-dynamo-store-place-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Place { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A program with nothing of this repository's environment; it is started in this folder.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.empty(&mut command);
        command
    }

    /// Takes from a program what it would find of this repository's environment.
    pub fn empty(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("PATH"))
            .env("HOME", &self.folder)
            .env("LANG", "C.UTF-8")
            .current_dir(&self.folder);
    }
}

/// Runs what must succeed; returns what it prints.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{printed}\n{errors}",
        output.status
    );
    printed
}

pub fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; run make setup"))
}
