//! tests/c/stand_in.c between a language and the library: what is handed out and never given back, and functions that fail.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::compile::{program_with, Library};
use super::languages::driver;

/// Sizes and places in the file that both share.
const NUMBER: usize = 8;
const NAME: usize = 64;
const STATUS: u64 = 24;
const FUNCTION: u64 = 32;
const HANDED_OUT: u64 = FUNCTION + NAME as u64;

/// What was handed out and is not given back yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub strings: i64,
    pub errors: i64,
    pub stores: i64,
}

pub struct StandIn {
    library: PathBuf,
    path: PathBuf,
    file: File,
}

impl StandIn {
    pub fn new() -> Self {
        let options = ["-shared", "-fPIC"];
        let library = program_with(
            &options,
            "gcc",
            "-std=gnu11",
            &["tests/c/stand_in.c"],
            Library::AtRunTime,
        );
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = super::build_folder().join(format!("stand-in-{}-{number}", std::process::id()));
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.expect("a file");
        file.set_len(HANDED_OUT + NUMBER as u64).expect("its length");
        Self { library, path, file }
    }

    /// A language's driver, between which and the library this is.
    pub fn driver(&self, language: &str) -> Command {
        let mut command = driver(language);
        // Programs that are linked to the library find its functions here first.
        let variable = match language {
            "C" | "C++" => "LD_PRELOAD",
            _ => "LD_DYNAMO_STORE_LIBRARY",
        };
        command
            .env(variable, &self.library)
            .env("LD_DYNAMO_STAND_IN", &self.path)
            .env("LD_DYNAMO_STAND_IN_FOR", super::library())
            .current_dir(super::repository());
        command
    }

    /// How much was handed out at all: nothing where a language has loaded another library.
    pub fn handed_out(&self) -> i64 {
        let mut bytes = [0; NUMBER];
        self.file.read_exact_at(&mut bytes, HANDED_OUT).expect("a number");
        i64::from_ne_bytes(bytes)
    }

    /// What is kept, once it is nothing or after a while: some languages give back on another thread.
    pub fn kept(&self) -> Kept {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let mut bytes = [0; 3 * NUMBER];
            self.file.read_exact_at(&mut bytes, 0).expect("numbers");
            let mut numbers = bytes
                .chunks(NUMBER)
                .map(|number| i64::from_ne_bytes(number.try_into().expect("its size")));
            let mut next = || numbers.next().expect("three");
            let kept = Kept {
                strings: next(),
                errors: next(),
                stores: next(),
            };
            if kept == Kept::default() || Instant::now() > deadline {
                return kept;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// From now on this function fails with this status, and no other does.
    pub fn fail(&self, function: &str, status: i32) {
        let mut name = [0; NAME];
        name[..function.len()].copy_from_slice(function.as_bytes());
        let status = i64::from(status).to_ne_bytes();
        self.file.write_all_at(&status, STATUS).expect("a status");
        self.file.write_all_at(&name, FUNCTION).expect("a name");
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
