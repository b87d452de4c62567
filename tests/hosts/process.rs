//! The library never surprises the process it lives in: signals, threads, descriptors, output, and runtimes of the host's own.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::support;
use crate::support::certificates::text;
use crate::support::compile::{program, Library};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use ld_dynamo_store::{ClientFactory, Config, Store};
use serde_json::{json, Value};

const FLAGS: usize = 8;

/// The item of a flag as tests/c/calls.h has it.
fn item(number: usize) -> String {
    format!(r#"{{"key":"flag-{number}","version":1}}"#)
}

/// The scripted endpoint with a table of eight flags, "flags"; counters begin at 0.
fn endpoint() -> Engine {
    let engine = Engine::fake(&["--create-table", "flags"]);
    let row = |number| {
        let (key, item) = (format!("flag-{number}"), item(number));
        json!({"namespace": {"S": "features"}, "key": {"S": key}, "version": {"N": "1"}, "item": {"S": item}})
    };
    engine.seed("flags", &(0..FLAGS).map(row).collect::<Vec<_>>());
    engine.control("POST", "reset", &Value::Null);
    engine
}

/// Runs a program that must succeed and print nothing.
fn run_silently(program: &Path, arguments: &[&str]) {
    let mut command = Command::new(program);
    // Whoever prints on request is asked to.
    command
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .args(arguments);
    let output = command.output().expect("the program starts");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?} {}: {printed:?}", output.status);
    assert_eq!(printed, ["", ""], "{command:?}");
}

fn compiled(name: &str, library: Library) -> std::path::PathBuf {
    program("gcc", "-std=c11", &[&format!("tests/c/{name}.c")], library)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn signals_threads_and_output_are_the_host_s() {
    let engine = endpoint();
    let host = compiled("host", Library::Shared);
    let report = host.with_extension("report");
    let mut configuration = engine.configuration("flags");
    configuration["endpoint"] = json!(engine.endpoint.replace("127.0.0.1", "localhost"));
    configuration["log_level"] = json!("trace");
    let mut unreachable = configuration.clone();
    unreachable["endpoint"] = json!("http://127.0.0.1:1");
    run_silently(
        &host,
        &[&configuration.to_string(), &unreachable.to_string(), text(&report)],
    );
    assert_eq!(std::fs::read_to_string(report).expect("the report"), "");
}

#[test]
fn a_child_may_close_all_descriptors() {
    let engine = endpoint();
    let program = compiled("close_descriptors", Library::Shared);
    run_silently(&program, &[&engine.configuration("flags").to_string()]);
}

#[test]
fn the_library_stays_when_it_is_closed() {
    let engine = endpoint();
    let program = compiled("unload", Library::AtRunTime);
    let library = support::library();
    run_silently(&program, &[text(&library), &engine.configuration("flags").to_string()]);
}

#[test]
fn sixty_four_first_calls_make_one_client() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    let made = Arc::new(AtomicUsize::new(0));
    let mut config = Config::from_json(&engine.configuration("flags").to_string()).expect("a configuration");
    let (counter, endpoint) = (Arc::clone(&made), engine.endpoint.clone());
    config.client_factory = Some(ClientFactory::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        // Time for the other threads to come this far too.
        std::thread::sleep(Duration::from_millis(50));
        aws_sdk_dynamodb::config::Builder::new()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                "local", "local", None, None, "test",
            ))
            .endpoint_url(endpoint.as_str())
    }));
    let store = Store::new(config).expect("a store");
    at_once(64, |number| require_flag(&store, number % FLAGS));
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

fn at_once(threads: usize, work: impl Fn(usize) + Sync) {
    let start = Barrier::new(threads);
    std::thread::scope(|scope| {
        for number in 0..threads {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(number);
            });
        }
    });
}

fn require_flag(store: &Store, number: usize) {
    let found = store.get("features", &format!("flag-{number}")).expect("an answer");
    assert_eq!(found.as_deref(), Some(item(number).as_str()));
}

fn count(stats: &str, name: &str) -> u64 {
    let stats: Value = serde_json::from_str(stats).expect("JSON");
    stats[name].as_u64().unwrap_or_else(|| panic!("no {name} in {stats}"))
}

#[test]
fn connections_that_the_server_closed_while_idle_are_not_used() {
    const CONNECTIONS: usize = 100;
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    engine.latency(1000.0);
    let store = engine.store_with(
        "flags",
        // So many are kept.
        json!({"attempt_timeout_ms": 10_000, "operation_timeout_ms": 15_000, "max_concurrency": CONNECTIONS}),
    );
    at_once(CONNECTIONS, |number| require_flag(&store, number % FLAGS));
    let closed = engine.control("POST", "connections/close", &Value::Null);
    // On a slow machine some of the calls may have been over before the others began.
    assert!(
        closed["closed"].as_u64().expect("a number") >= CONNECTIONS as u64 / 2,
        "{closed}"
    );
    std::thread::sleep(Duration::from_millis(1100));
    engine.latency(20.0);
    at_once(CONNECTIONS, |number| require_flag(&store, number % FLAGS));
    let stats = store.stats();
    assert_eq!(count(&stats, "retries"), 0, "{stats}");
    assert_eq!(count(&stats, "requests"), 2 * CONNECTIONS as u64, "{stats}");
    assert_eq!(engine.requests(), 2 * CONNECTIONS as u64);
}

// The host's runtimes here are of the current-thread kind, the only one in the shipped library's tokio: a development dependency on
// more of tokio would change the very tree that the tests are about. What matters to a call is that its thread is inside a runtime.

fn host_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn calls_from_within_a_runtime_of_the_host_s() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    let store = Arc::new(engine.store("flags"));
    let runtime = host_runtime();
    // From block_on.
    runtime.block_on(async { require_flag(&store, 0) });
    // From a task.
    let task = runtime.spawn({
        let store = Arc::clone(&store);
        async move { require_flag(&store, 1) }
    });
    runtime.block_on(task).expect("the task");
    // From a task that may not leave its thread.
    let local = tokio::task::LocalSet::new();
    let task = local.spawn_local({
        let store = Arc::clone(&store);
        async move { require_flag(&store, 2) }
    });
    runtime.block_on(local.run_until(task)).expect("the local task");
    // From the threads for work that blocks.
    let task = runtime.spawn_blocking({
        let store = Arc::clone(&store);
        move || require_flag(&store, 3)
    });
    runtime.block_on(task).expect("the blocking task");
    // From a thread that has only entered the runtime.
    let _entered = runtime.enter();
    require_flag(&store, 4);
    // The end of a store, and with it of a runtime, within another.
    runtime.block_on(async move { drop(store) });
}

/// tokio lets a task do so much before it has to give way to others; a call that blocks the thread cannot.
#[test]
fn a_task_of_the_host_s_may_make_any_number_of_calls() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    let store = engine.store_with("flags", json!({"cache_ttl_ms": 60_000, "operation_timeout_ms": 2_000}));
    host_runtime().block_on(async {
        for number in 0..300 {
            let found = store.get("features", &format!("absent-{number}")).expect("an answer");
            assert_eq!(found, None);
        }
    });
    assert_eq!(count(&store.stats(), "retries"), 0);
}

#[test]
fn the_host_s_runtime_goes_on_beside_calls_on_other_threads() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    engine.latency(300.0);
    let store = Arc::new(engine.store("flags"));
    let ticks = Arc::new(AtomicUsize::new(0));
    let ticking = Arc::clone(&ticks);
    let tick = async move {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            ticking.fetch_add(1, Ordering::SeqCst);
        }
    };
    let began = Instant::now();
    host_runtime().block_on(async {
        // It ends with the runtime.
        tokio::spawn(tick);
        let calls = (0..8).map(|number| {
            let store = Arc::clone(&store);
            tokio::task::spawn_blocking(move || require_flag(&store, number))
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.expect("a call");
        }
    });
    assert!(began.elapsed() < Duration::from_millis(2000), "{:?}", began.elapsed());
    // Of the 30 within the time that an answer takes.
    let ticks = ticks.load(Ordering::SeqCst);
    assert!(ticks >= 5, "only {ticks} times in 300 ms");
}

/// The signals that a thread of this name blocks, as a set of bits, once there is one.
fn blocked_signals(thread: &str) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        for task in std::fs::read_dir("/proc/self/task").expect("tasks") {
            let task = task.expect("a task").path();
            // A thread that has ended meanwhile has no files any more.
            let (Ok(name), Ok(status)) = (read(&task, "comm"), read(&task, "status")) else {
                continue;
            };
            if name.trim() == thread {
                let blocked = status
                    .lines()
                    .find_map(|line| line.strip_prefix("SigBlk:"))
                    .expect("a mask");
                return u64::from_str_radix(blocked.trim(), 16).expect("a number");
            }
        }
        std::thread::yield_now();
    }
    panic!("there is no thread {thread:?}");
}

fn read(folder: &Path, file: &str) -> std::io::Result<String> {
    std::fs::read_to_string(folder.join(file))
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn the_threads_of_an_init_run_no_signal_handler() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    let store = engine.store("flags");
    let flags: Vec<String> = (0..200)
        .map(|number| format!(r#""new-{number}":{{"version":1}}"#))
        .collect();
    let data_set = format!(r#"{{"features":{{{}}},"segments":{{}}}}"#, flags.join(","));
    engine.latency(300.0);
    let blocked = std::thread::scope(|scope| {
        let init = scope.spawn(|| store.init(&data_set).expect("an init"));
        let blocked = blocked_signals("ld-dynamo-init");
        let _ = init.join().expect("no panic");
        blocked
    });
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGUSR1, libc::SIGPIPE, libc::SIGCHLD] {
        assert_ne!(blocked & (1 << (signal - 1)), 0, "signal {signal}");
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn the_thread_of_a_call_within_a_runtime_runs_no_signal_handler() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = endpoint();
    engine.latency(1000.0);
    let store = engine.store_with(
        "flags",
        json!({"attempt_timeout_ms": 10_000, "operation_timeout_ms": 15_000, "transport": "sdk"}),
    );
    let blocked = std::thread::scope(|scope| {
        let caller = scope.spawn(|| host_runtime().block_on(async { require_flag(&store, 0) }));
        let blocked = blocked_signals("ld-dynamo-call");
        caller.join().expect("the call");
        blocked
    });
    let cannot_be_blocked = [libc::SIGKILL, libc::SIGSTOP];
    for signal in (1..32).filter(|signal| !cannot_be_blocked.contains(signal)) {
        assert_ne!(
            blocked & 1 << (signal - 1),
            0,
            "signal {signal} is not blocked: {blocked:x}"
        );
    }
}
