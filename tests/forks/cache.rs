//! The cache over a fork: a child begins with an empty one, whatever threads of its parent were in the middle of.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::RwLockWriteGuard;
use std::time::{Duration, Instant};

use crate::child::{fork, require_good_end};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use crate::turn;
use ld_dynamo_store::Store;
use serde_json::{json, Value};

/// Ends a child that hangs; the parent then fails.
const CHILD_SECONDS: u32 = 90;
/// What a child's memory may grow by in the second half of its work: malloc keeps some for each of the threads of an init, up to 16 at once,
/// and with each round less. What a cache would keep of these 100,000 entries is over 32 MB.
const GROWTH_BYTES: usize = 20 << 20;

fn alone() -> (RwLockWriteGuard<'static, ()>, Watchdog) {
    let turn = turn::alone();
    (turn, Watchdog::new(Duration::from_secs(2 * u64::from(CHILD_SECONDS))))
}

/// This process's resident memory.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .expect("a second number")
        .parse()
        .expect("a number");
    // SAFETY: sysconf has no preconditions.
    pages * usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a page size")
}

fn flag(key: usize, version: usize) -> String {
    format!(
        r#""flag-{key}":{{"key":"flag-{key}","version":{version},"salt":"{}"}}"#,
        "x".repeat(200)
    )
}

fn data_set(flags: usize, version: usize) -> String {
    let flags: Vec<String> = (0..flags).map(|key| flag(key, version)).collect();
    format!(r#"{{"features":{{{}}}}}"#, flags.join(","))
}

fn version_of(store: &Store, key: &str) -> Option<u64> {
    let item = store.get("features", key).expect("an answer")?;
    let item: Value = serde_json::from_str(&item).expect("JSON");
    item["version"].as_u64()
}

/// Threads that go on until then end also where the test fails.
struct RaisedAtEnd<'a>(&'a AtomicBool);

impl Drop for RaisedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A cache whose memory is given back when no reader is left would never give it back here: the parent's readers do not exist in the child.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn a_child_of_eight_readers_writes_200_000_entries_in_flat_memory() {
    const FLAGS: usize = 10_000;
    const ROUNDS: usize = 20;
    let _turn = alone();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    engine.control("POST", "logging", &json!({"enabled": false}));
    let store = engine.store_with(
        &table,
        json!({"cache_ttl_ms": -1, "operation_timeout_ms": 30_000, "log_level": "off"}),
    );
    let _ = store.init(&data_set(FLAGS, 1)).expect("an init");
    let is_over = AtomicBool::new(false);
    let has_forked = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let _raised_at_end = RaisedAtEnd(&is_over);
        for thread in 0..8 {
            let (store, is_over, has_forked, reads) = (&store, &is_over, &has_forked, &reads);
            scope.spawn(move || {
                let mut number = thread;
                while !is_over.load(Ordering::Relaxed) {
                    number = (number + 7) % FLAGS;
                    assert_eq!(version_of(store, &format!("flag-{number}")), Some(1));
                    reads.fetch_add(1, Ordering::Relaxed);
                    if has_forked.load(Ordering::Relaxed) {
                        // The child needs a processor too.
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        while reads.load(Ordering::Relaxed) < 1000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let child = fork(CHILD_SECONDS, || {
            let write = |version| {
                let _ = store.init(&data_set(FLAGS, version)).expect("an init in the child");
                for key in ["flag-0", "flag-9999"] {
                    assert_eq!(version_of(&store, key), Some(version as u64));
                }
            };
            (2..=ROUNDS / 2).for_each(write);
            let before = resident_bytes();
            (ROUNDS / 2 + 1..=ROUNDS + 1).for_each(write);
            for number in 0..2000 {
                assert_eq!(version_of(&store, &format!("absent-{number}")), None);
            }
            let grown = resident_bytes().saturating_sub(before);
            assert!(grown < GROWTH_BYTES, "{} MB more than before", grown >> 20);
        });
        has_forked.store(true, Ordering::Relaxed);
        require_good_end(child);
        let before = reads.load(Ordering::Relaxed);
        while reads.load(Ordering::Relaxed) < before + 1000 {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn a_child_does_not_wait_for_a_leader_that_it_does_not_have() {
    let _turn = alone();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let _ = engine.store(&table).init(&data_set(1, 1)).expect("an init");
    engine.script(json!([{"times": 3, "action": {"delay_ms": 2000}}]));
    let store = engine.store_with(
        &table,
        json!({"cache_ttl_ms": -1, "attempt_timeout_ms": 10_000, "operation_timeout_ms": 15_000}),
    );
    std::thread::scope(|scope| {
        // One flight of each kind, each with a leader and a waiter.
        for call in 0..6 {
            let store = &store;
            scope.spawn(move || match call % 3 {
                0 => assert_eq!(version_of(store, "flag-0"), Some(1)),
                1 => assert!(store.all("features").expect("an answer").contains("flag-0")),
                _ => assert!(store.initialized().expect("an answer")),
            });
        }
        while engine.requests() < 3 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let child = fork(CHILD_SECONDS, || {
            let began = Instant::now();
            assert_eq!(version_of(&store, "flag-0"), Some(1));
            assert!(store.all("features").expect("an answer").contains("flag-0"));
            assert!(store.initialized().expect("an answer"));
            assert!(
                began.elapsed() < Duration::from_millis(1500),
                "the child waited for {:?}",
                began.elapsed()
            );
            let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
            assert_eq!(
                (&stats["misses"], &stats["hits"], &stats["joined_calls"]),
                (&json!(3), &json!(0), &json!(0))
            );
        });
        require_good_end(child);
    });
    let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
    assert_eq!(
        (&stats["misses"], &stats["joined_calls"], &stats["requests"]),
        (&json!(6), &json!(3), &json!(3)),
        "of the parent alone"
    );
}

#[test]
fn forks_fall_into_writers_of_the_cache() {
    let _turn = alone();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store_with(&table, json!({"cache_ttl_ms": -1, "share": true}));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (store, is_over) = (&store, &is_over);
            scope.spawn(move || {
                for round in 1.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let item = format!(r#"{{"version":{round}}}"#);
                    let _ = store
                        .upsert("features", &format!("thread-{thread}"), &item)
                        .expect("an upsert");
                    store.all("features").expect("an answer");
                    store
                        .get("features", &format!("absent-{thread}-{round}"))
                        .expect("an answer");
                }
            });
        }
        for number in 0..50 {
            std::thread::sleep(Duration::from_millis(2));
            require_good_end(fork(CHILD_SECONDS, || {
                let key = format!("child-{number}");
                assert_eq!(version_of(&store, &key), None);
                let _ = store.upsert("features", &key, r#"{"version":1}"#).expect("an upsert");
                assert_eq!(version_of(&store, &key), Some(1));
                assert!(store.all("features").expect("an answer").contains(&key));
            }));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!((0..50).all(|number| version_of(&store, &format!("child-{number}")) == Some(1)));
}
