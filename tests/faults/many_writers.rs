//! Many writers at once, from threads and processes, on an endpoint that throttles and loses answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::support::data_set::{marker_key, row, DataSet};
use crate::support::rerun;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use fastrand::Rng;
use ld_dynamo_store::{Config, Store, Upsert};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

const KEYS: usize = 50;
const HIGHEST_VERSION: u64 = 40;
const THREADS: usize = 8;
const PROCESSES: usize = 4;
const UPSERTS: usize = 120;

/// An upsert and what it came to.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    key: String,
    version: u64,
    item: String,
    /// The item that stands in the table as far as the answer says.
    standing: String,
    is_stored: bool,
}

fn faults() -> Value {
    json!([
        {"probability": 0.08, "seed": 1, "action": {"throttle": true}},
        {"probability": 0.03, "seed": 2, "action": {"cut": "after"}},
        {"probability": 0.02, "seed": 3, "action": {"cut": "before"}},
        {"probability": 0.02, "seed": 4, "action": {"server_error": true}},
        {"probability": 0.02, "seed": 5, "action": {"wrong_checksum": true}},
        {"probability": 0.1, "seed": 6, "action": {"delay_ms": 3}},
    ])
}

fn upsert_at_random(store: &Store, writer: usize) -> Vec<Answer> {
    let mut rng = Rng::new();
    let upsert = |number| {
        let (key, version) = (format!("flag-{}", rng.usize(..KEYS)), rng.u64(..=HIGHEST_VERSION));
        let item = json!({"key": key, "version": version, "writer": writer, "number": number}).to_string();
        let mut has_failed = false;
        let outcome = loop {
            match store.upsert("features", &key, &item) {
                Ok(outcome) => break outcome,
                Err(error) => assert!(error.is_retriable(), "{error}"),
            }
            has_failed = true;
        };
        match outcome {
            Upsert::Stored => Answer {
                key,
                version,
                standing: item.clone(),
                item,
                is_stored: true,
            },
            Upsert::NotNewer(winner) => Answer {
                key,
                version,
                standing: winner.to_string(),
                // A call that failed may have stored it, and the next one only learns that it stands.
                is_stored: has_failed && *winner == *item,
                item,
            },
            other => panic!("{other:?}"),
        }
    };
    (0..UPSERTS).map(upsert).collect()
}

#[test]
#[ignore = "a process that another test starts"]
fn writer() {
    let Some(task) = rerun::task() else { return };
    let config = Config::from_json(&task["configuration"].to_string()).expect("a configuration");
    let writer = task["writer"].as_u64().expect("a number") as usize;
    let answers = upsert_at_random(&Store::new(config).expect("a store"), writer);
    std::fs::write(
        task["answers"].as_str().expect("a path"),
        serde_json::to_string(&answers).expect("JSON"),
    )
    .expect("a file");
}

fn version_of(item: &str) -> u64 {
    let item: Value = serde_json::from_str(item).expect("an item");
    item["version"].as_u64().expect("a version")
}

/// Everything that must be true of the answers of all writers together, each writer's in its own order.
fn check(writers: &[Vec<Answer>], engine: &Engine, table: &str) {
    let all = || writers.iter().flatten();
    let sent: BTreeSet<(&str, &str)> = all()
        .map(|answer| (answer.key.as_str(), answer.item.as_str()))
        .collect();
    let mut standing: BTreeMap<(&str, u64), &str> = BTreeMap::new();
    let mut stored: BTreeSet<(&str, u64)> = BTreeSet::new();
    for answer in all() {
        let version = version_of(&answer.standing);
        assert!(version >= answer.version, "{answer:?}: an older version cannot stand");
        assert!(
            sent.contains(&(answer.key.as_str(), answer.standing.as_str())),
            "{answer:?}: nobody sent this"
        );
        let known = standing.entry((&answer.key, version)).or_insert(&answer.standing);
        assert_eq!(*known, answer.standing, "one version of a key is one item");
        if answer.is_stored {
            assert!(stored.insert((&answer.key, version)), "{answer:?}: stored twice");
        }
    }
    for answers in writers {
        let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
        for answer in answers {
            let seen = seen.entry(&answer.key).or_default();
            let version = version_of(&answer.standing);
            assert!(version >= *seen, "{answer:?}: version {seen} was seen before");
            *seen = version;
        }
    }
    let mut expected = BTreeMap::new();
    for (key, version) in all().map(|answer| (&answer.key, answer.version)) {
        let highest = expected.entry(key).or_insert(version);
        *highest = version.max(*highest);
    }
    let rows = engine.stored(table);
    assert_eq!(rows.len(), expected.len());
    for (key, version) in expected {
        let item = standing
            .get(&(key.as_str(), version))
            .unwrap_or_else(|| panic!("nobody was told of {key} {version}"));
        assert_eq!(
            rows[&("features".to_owned(), key.clone())],
            row("features", key, version, item)
        );
        assert!(
            stored.contains(&(key.as_str(), version)),
            "the writer of {key} {version} was told otherwise"
        );
    }
}

#[test]
fn the_highest_version_stands_and_every_answer_agrees() {
    let rounds = rerun::rounds(1, 40);
    let _watchdog = Watchdog::new(rerun::patience(rounds * 10));
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for _ in 0..rounds {
        engine.empty();
        engine.script(faults());
        let mut configuration = engine.configuration(&table);
        configuration["max_attempts"] = json!(5);
        configuration["operation_timeout_ms"] = json!(20_000);
        let file = |writer: usize| {
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("writer-{}-{writer}.json", std::process::id()))
        };
        let processes: Vec<_> = (0..PROCESSES)
            .map(|writer| {
                let task = json!({"configuration": configuration, "writer": writer, "answers": file(writer)});
                rerun::command("many_writers::writer", &task).spawn().expect("a writer")
            })
            .collect();
        let store =
            Store::new(Config::from_json(&configuration.to_string()).expect("a configuration")).expect("a store");
        // The threads share one store, as the threads of a server do.
        let mut writers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
            let store = &store;
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| scope.spawn(move || upsert_at_random(store, PROCESSES + thread)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a writer"))
                .collect()
        });
        for (writer, mut process) in processes.into_iter().enumerate() {
            assert!(process.wait().expect("a process").success(), "writer {writer} failed");
            let answers = std::fs::read_to_string(file(writer)).expect("answers");
            std::fs::remove_file(file(writer)).expect("a file");
            writers.push(serde_json::from_str(&answers).expect("JSON"));
        }
        assert!(
            engine
                .log()
                .0
                .iter()
                .filter(|request| request.answered.as_deref() != Some("ok"))
                .count()
                > 100
        );
        check(&writers, &engine, &table);
        let stored = writers.iter().flatten().filter(|answer| answer.is_stored).count();
        assert!(
            (100..UPSERTS * writers.len() - 100).contains(&stored),
            "{stored} upserts were stored"
        );
    }
}

fn partial_batches() -> Value {
    json!([
        {"match": {"operation": "BatchWriteItem"}, "probability": 0.3, "seed": 1, "action": {"unprocessed": {"fraction": 0.4}}},
        {"probability": 0.1, "seed": 2, "action": {"throttle": true}},
        {"probability": 0.3, "seed": 3, "action": {"delay_ms": 3}},
    ])
}

/// Every init from a store and a thread of its own, all at once.
fn init_at_once(engine: &Engine, table: &str, data_sets: &[DataSet]) {
    std::thread::scope(|scope| {
        let init = |data_set: &DataSet| {
            engine
                .store_with(table, json!({"max_concurrency": 3}))
                .init(&data_set.json())
        };
        let threads: Vec<_> = data_sets
            .iter()
            .map(|data_set| scope.spawn(move || init(data_set)))
            .collect();
        for thread in threads {
            let _ = thread.join().expect("a thread").expect("init");
        }
    });
}

#[test]
fn concurrent_inits_with_the_same_data_all_succeed_and_one_more_writes_nothing() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = DataSet::chains(200, 3, 50);
    let mut older = DataSet::chains(230, 2, 60);
    older.change("features", "flag-1", 9, "newer");
    engine.seed(&table, &older.rows().into_values().collect::<Vec<_>>());
    engine.script(partial_batches());

    init_at_once(&engine, &table, &vec![data_set.clone(); 6]);

    assert_eq!(engine.stored(&table), data_set.rows_with_marker());
    engine.script(json!([]));
    let report = engine.store(&table).init(&data_set.json()).expect("one more");
    assert_eq!(
        (report.written, report.deleted, report.unchanged),
        (0, 0, data_set.len())
    );
    assert_eq!(engine.log().items_sent(), BTreeSet::new());
}

#[test]
fn after_concurrent_inits_with_different_data_the_next_one_repairs() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_sets: Vec<DataSet> = (0..5)
        .map(|writer| {
            let mut data_set = DataSet::chains(120 + 10 * writer, 1 + writer, 40);
            for number in 0..60 {
                data_set.change("features", &format!("flag-{number}"), writer as u64, "its own");
                data_set.flag(&format!("own-{writer}-{number}"), 1, "", &[]);
            }
            for number in (60 + writer..110).step_by(5) {
                data_set.remove("features", &format!("flag-{number}"));
            }
            data_set
        })
        .collect();
    engine.script(partial_batches());

    init_at_once(&engine, &table, &data_sets);

    // Per row the last write stands, so each row is somebody's.
    let of_all: Vec<_> = data_sets.iter().map(DataSet::rows_with_marker).collect();
    let stored = engine.stored(&table);
    assert!(stored.contains_key(&marker_key()));
    for (key, row) in &stored {
        assert!(
            of_all.iter().any(|rows| rows.get(key) == Some(row)),
            "{row} is nobody's"
        );
    }
    for data_set in &data_sets {
        engine.script(partial_batches());
        let _ = engine.store(&table).init(&data_set.json()).expect("the next init");
        assert_eq!(engine.stored(&table), data_set.rows_with_marker());
        engine.log().require_order(|row| data_set.stage(row));
    }
}
