//! The database goes away and comes back: every call ends in time and says what it is, and the next one after recovery succeeds without help.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::support::watchdog::Watchdog;
use crate::support::{free_port, Engine};
use ld_dynamo_store::{ErrorKind, Result, Store};
use serde_json::{json, Value};

const TABLE: &str = "flags";
const FLAG: &str = r#"{"version":1}"#;
const OPERATION_TIMEOUT: Duration = Duration::from_millis(1000);
/// What a busy machine may add to a time-out.
const SLACK: Duration = Duration::from_millis(1500);

fn watchdog() -> Watchdog {
    Watchdog::new(Duration::from_secs(120))
}

fn start(port: u16) -> Engine {
    Engine::fake(&["--port", &port.to_string(), "--create-table", TABLE])
}

fn store(engine: &Engine, overrides: Value) -> Store {
    let mut configuration = json!({
        "connect_timeout_ms": 400, "attempt_timeout_ms": 450, "operation_timeout_ms": OPERATION_TIMEOUT.as_millis() as u64,
        "init_timeout_ms": OPERATION_TIMEOUT.as_millis() as u64,
    });
    for (key, value) in overrides.as_object().expect("an object") {
        configuration[key] = value.clone();
    }
    engine.store_with(TABLE, configuration)
}

type Call = (&'static str, fn(&Store) -> Result<()>);

/// Every call there is; the first three read what a cache may know.
const CALLS: [Call; 8] = [
    ("get", |store| store.get("features", "flag").map(drop)),
    ("all", |store| store.all("features").map(drop)),
    ("initialized", |store| store.initialized().map(drop)),
    ("available", Store::available),
    ("metadata", |store| store.big_segments_metadata().map(drop)),
    ("membership", |store| store.big_segments_membership("hash").map(drop)),
    ("upsert", |store| store.upsert("features", "flag", FLAG).map(drop)),
    ("init", |store| {
        store.init(r#"{"features":{"flag":{"version":1}}}"#).map(drop)
    }),
];

/// A whole call takes the time of `operation_timeout`; init has one for connecting and another of its own.
fn limit(name: &str) -> Duration {
    if name == "init" {
        2 * OPERATION_TIMEOUT + SLACK
    } else {
        OPERATION_TIMEOUT + SLACK
    }
}

fn require_failure_in_time((name, call): &Call, store: &Store) {
    let began = Instant::now();
    let outcome = call(store);
    let took = began.elapsed();
    let error = outcome.expect_err(name);
    assert!(error.is_retriable(), "{name}: {error}");
    assert!(
        matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Unreachable),
        "{name}: {:?} {error}",
        error.kind()
    );
    assert!(took <= limit(name), "{name} took {took:?}: {error}");
}

fn require_success(store: &Store) {
    for (name, call) in &CALLS {
        call(store).unwrap_or_else(|error| panic!("{name} after recovery: {error}"));
    }
}

#[test]
fn the_engine_is_stopped_and_started_again() {
    let _watchdog = watchdog();
    let port = free_port();
    let mut engine = start(port);
    let (uncached, fresh) = (store(&engine, json!({})), store(&engine, json!({})));
    let cached = store(&engine, json!({"cache_ttl_ms": 60_000}));
    require_success(&uncached);
    require_success(&cached);
    for round in 0..3 {
        drop(engine);
        for call in &CALLS {
            require_failure_in_time(call, &uncached);
        }
        // One that was made meanwhile, or never called before, is no different.
        require_failure_in_time(&CALLS[0], &fresh);
        for (name, call) in &CALLS[..3] {
            call(&cached).unwrap_or_else(|error| panic!("{name} is known in round {round}: {error}"));
        }
        require_failure_in_time(&CALLS[3], &cached);
        engine = start(port);
        cached.available().expect("the first call after recovery");
        fresh.get("features", "flag").expect("the first call after recovery");
        require_success(&uncached);
        require_success(&cached);
    }
}

#[test]
fn what_was_known_is_served_while_the_engine_is_away() {
    let _watchdog = watchdog();
    let port = free_port();
    let engine = start(port);
    let store = store(&engine, json!({"cache_ttl_ms": 10, "stale_on_error": true}));
    require_success(&store);
    drop(engine);
    std::thread::sleep(Duration::from_millis(30));
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(
            store.get("features", "flag").expect("what was known").as_deref(),
            Some(FLAG)
        );
        assert_eq!(
            *store.all("features").expect("what was known"),
            format!(r#"{{"flag":{FLAG}}}"#)
        );
        assert!(store.initialized().expect("what was known"));
        assert!(began.elapsed() <= 2 * (OPERATION_TIMEOUT + SLACK));
        require_failure_in_time(&CALLS[3], &store);
        assert!(store
            .get("features", "never-asked-for")
            .expect_err("nothing was known")
            .is_retriable());
    }
    let engine = start(port);
    store.available().expect("the table answers again");
    assert_eq!(
        store.get("features", "flag").expect("an answer"),
        None,
        "the truth, as soon as it can be had"
    );
    drop(engine);
}

/// Stops every thread of the engine: the signal alone lets one that is running finish what it is at.
fn freeze(engine: &Engine) {
    signal(engine, libc::SIGSTOP);
    let tasks = format!("/proc/{}/task", engine.process_id());
    let is_stopped = || {
        let tasks = std::fs::read_dir(&tasks).expect("threads");
        let states = tasks.map(|task| std::fs::read_to_string(task.expect("a thread").path().join("stat")));
        states
            .into_iter()
            .all(|stat| stat.is_ok_and(|stat| stat.contains(") T ")))
    };
    while cfg!(target_os = "linux") && !is_stopped() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn thaw(engine: &Engine) {
    signal(engine, libc::SIGCONT);
}

fn signal(engine: &Engine, signal: i32) {
    // SAFETY: kill has no preconditions; the process is ours and there.
    assert_eq!(unsafe { libc::kill(engine.process_id() as libc::pid_t, signal) }, 0);
}

/// A stopped process keeps its connections and accepts new ones, and answers none.
#[test]
fn the_engine_freezes_and_goes_on() {
    let _watchdog = watchdog();
    let engine = start(0);
    let (uncached, stale) = (
        store(&engine, json!({})),
        store(&engine, json!({"cache_ttl_ms": 10, "stale_on_error": true})),
    );
    let untried = store(&engine, json!({}));
    require_success(&uncached);
    require_success(&stale);
    std::thread::sleep(Duration::from_millis(30));
    for _ in 0..2 {
        freeze(&engine);
        for call in &CALLS {
            require_failure_in_time(call, &uncached);
        }
        require_failure_in_time(&CALLS[0], &untried);
        assert_eq!(
            stale.get("features", "flag").expect("what was known").as_deref(),
            Some(FLAG)
        );
        thaw(&engine);
        uncached.available().expect("the first call after recovery");
        require_success(&uncached);
        untried.get("features", "flag").expect("the first call after recovery");
    }
}

/// Requests that vanish while the connection stays, one after the other or all of them.
#[test]
fn requests_vanish_in_a_black_hole() {
    let _watchdog = watchdog();
    let engine = start(0);
    let store = store(&engine, json!({}));
    require_success(&store);
    engine.script(json!([{"action": {"black_hole": true}}]));
    for call in &CALLS {
        require_failure_in_time(call, &store);
    }
    engine.script(json!([]));
    require_success(&store);
    // One that vanishes is sent again within the same call.
    engine.script(json!([{"times": 1, "action": {"black_hole": true}}]));
    store.get("features", "flag").expect("the second attempt");
    assert_eq!(engine.requests(), 2);
}

/// A host that takes no connection: its queue is full, and the kernel answers nothing.
#[test]
fn connections_are_not_even_refused() {
    let _watchdog = watchdog();
    let engine = start(0);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // SAFETY: the descriptor is open; listening again only shortens the queue.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let address = listener.local_addr().expect("an address");
    let in_the_queue = fill_queue(address);
    let store = store(&engine, json!({"endpoint": format!("http://{address}")}));
    for call in &CALLS {
        require_failure_in_time(call, &store);
    }
    drop(in_the_queue);
}

fn fill_queue(address: SocketAddr) -> Vec<TcpStream> {
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
    let queue: Vec<_> = std::iter::repeat_with(connect)
        .take(20)
        .map_while(|stream| stream.ok())
        .collect();
    assert!(queue.len() < 20, "the queue is never full");
    queue
}

#[test]
fn sixteen_threads_end_in_time_together_and_go_on_together() {
    let _watchdog = watchdog();
    let port = free_port();
    let engine = start(port);
    for ttl in [0, 50] {
        let store = store(&engine, json!({"cache_ttl_ms": ttl}));
        require_success(&store);
        std::thread::sleep(Duration::from_millis(80));
        freeze(&engine);
        std::thread::scope(|scope| {
            for thread in 0..16 {
                let store = &store;
                scope.spawn(move || require_failure_in_time(&CALLS[thread % 2], store));
            }
        });
        thaw(&engine);
        std::thread::scope(|scope| {
            for thread in 0..16 {
                let store = &store;
                let (name, call) = CALLS[thread % 2];
                scope.spawn(move || call(store).unwrap_or_else(|error| panic!("{name} after recovery: {error}")));
            }
        });
    }
}

#[test]
fn without_a_time_out_for_attempts_the_operation_s_ends_the_call() {
    let _watchdog = watchdog();
    let engine = start(0);
    let store = store(&engine, json!({"attempt_timeout_ms": 0, "connect_timeout_ms": 0}));
    store.available().expect("an answer");
    engine.script(json!([{"action": {"black_hole": true}}]));
    for call in &CALLS {
        require_failure_in_time(call, &store);
    }
}
