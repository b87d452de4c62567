//! What a cached get costs a Rust program, beside the same from C in cached_get.c; and how both grow with threads and entries.
//!
//! `cargo bench --bench cached_get`; for the figures that are published `cargo bench --profile dist --bench cached_get`. Needs the engine:
//! `cargo build --release -p fake-dynamodb`. LD_DYNAMO_STORE_LIBRARY_FOLDER names another folder with the library to measure from C.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use ld_dynamo_store::{Config, Store};

const TABLE: &str = "flags";
const ITEM_BYTES: usize = 1024;
const GETS: usize = 400_000;
const ROUNDS: usize = 5;
const ENTRIES: [usize; 4] = [10, 1000, 10_000, 100_000];
const THREADS: [usize; 3] = [1, 2, 8];

fn main() {
    let folder = build_folder();
    let mut engine = Command::new(folder.join("../release/fake-dynamodb"))
        .args(["--exit-with-stdin", "--create-table", TABLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("fake-dynamodb; build it first");
    let mut endpoint = String::new();
    BufReader::new(engine.stdout.take().expect("a pipe"))
        .read_line(&mut endpoint)
        .expect("an address");
    let endpoint = endpoint.trim();
    let logging = ureq::post(&format!("{endpoint}/_control/logging")).send(r#"{"enabled":false}"#);
    assert!(logging.expect("the engine answers").status().is_success());
    println!("from C, copied and freed:");
    run_c(&folder, endpoint);
    println!("from Rust, shared:");
    run_rust(endpoint);
    engine.kill().expect("the engine ends");
    engine.wait().expect("the engine ends");
}

/// `target/PROFILE`, where this benchmark lies in `deps`.
fn build_folder() -> PathBuf {
    let benchmark = std::env::current_exe().expect("the path of this benchmark");
    benchmark
        .parent()
        .and_then(Path::parent)
        .expect("target/PROFILE/deps/NAME")
        .to_owned()
}

/// Compiles the program in C and runs it on the library in `folder`.
fn run_c(folder: &Path, endpoint: &str) {
    let library = std::env::var_os("LD_DYNAMO_STORE_LIBRARY_FOLDER").map_or_else(|| folder.to_owned(), PathBuf::from);
    let programs = folder.join("benches");
    std::fs::create_dir_all(&programs).expect("a folder");
    let program = programs.join("cached_get");
    let link = programs.join("libld_dynamo_store.so.1");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(library.join("libld_dynamo_store.so"), link).expect("a link");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiled = Command::new("cc")
        .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(repository.join("include"))
        .arg(repository.join("benches/cached_get.c"))
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(&library)
        .args(["-lld_dynamo_store", "-lpthread", "-Wl,-rpath,$ORIGIN"])
        .status();
    assert!(compiled.expect("cc").success(), "cached_get.c does not compile");
    let ran = Command::new(&program).args([endpoint, TABLE]).status();
    assert!(ran.expect("the program starts").success());
}

fn run_rust(endpoint: &str) {
    let config = format!(
        r#"{{"table":"{TABLE}","endpoint":"{endpoint}","region":"us-east-1","cache_ttl_ms":3600000,
        "credentials":{{"access_key_id":"local","secret_access_key":"local"}}}}"#
    );
    let store = Store::new(Config::from_json(&config).expect("a configuration")).expect("a store");
    for entries in ENTRIES {
        let keys: Vec<String> = (0..entries).map(|number| format!("flag-{number:06}")).collect();
        fill(&store, &keys);
        for threads in THREADS {
            measure(&store, &keys, threads);
        }
    }
}

/// Stores flags of 1 KB with one init, which also puts them into the cache.
fn fill(store: &Store, keys: &[String]) {
    let flag = |key: &String| {
        let head = format!(r#"{{"key":"{key}","version":1,"salt":""#);
        format!(r#""{key}":{head}{}"}}"#, "x".repeat(ITEM_BYTES - head.len() - 2))
    };
    let flags: Vec<String> = keys.iter().map(flag).collect();
    let _ = store
        .init(&format!(r#"{{"features":{{{}}}}}"#, flags.join(",")))
        .expect("an init");
}

/// As the program in C does it: CPU time a get, the best of several rounds.
fn measure(store: &Store, keys: &[String], threads: usize) {
    let (mut best, mut fastest) = (f64::INFINITY, 0.0_f64);
    for _ in 0..ROUNDS {
        let barrier = Barrier::new(threads + 1);
        let (times, took) = std::thread::scope(|scope| {
            let barrier = &barrier;
            let start = |thread| scope.spawn(move || get_many(store, keys, barrier, thread));
            let running: Vec<_> = (0..threads as u64).map(start).collect();
            barrier.wait();
            let began = Instant::now();
            let times: Vec<Duration> = running
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect();
            (times, began.elapsed())
        });
        let gets = (threads * GETS) as f64;
        best = best.min(times.iter().sum::<Duration>().as_secs_f64() / gets * 1e9);
        fastest = fastest.max(gets / took.as_secs_f64());
    }
    println!(
        "{:7} entries {threads:2} thread(s) {best:7.1} ns of CPU a get {:8.2} million gets a second",
        keys.len(),
        fastest / 1e6
    );
}

/// Gets keys in an order of its own; returns the CPU time that this thread used.
fn get_many(store: &Store, keys: &[String], barrier: &Barrier, thread: u64) -> Duration {
    let mut random = 88_172_645_463_325_252 + thread * 7919;
    barrier.wait();
    let before = cpu_time();
    for _ in 0..GETS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let item = store
            .get("features", &keys[random as usize % keys.len()])
            .expect("an answer");
        assert!(item.is_some_and(|item| item.len() == ITEM_BYTES));
    }
    cpu_time() - before
}

fn cpu_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to `now` only.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
