//! `init` against an endpoint that leaves rows undone, throttles, fails, and cuts connections: nothing is lost, and the order stands.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support;
use crate::support::data_set::{marker, marker_key, row, DataSet};
use crate::support::fake::{is_marker, LoggedRow};
use crate::support::rerun;
use crate::support::slow_link::SlowLink;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use fastrand::Rng;
use ld_dynamo_store::ErrorKind;
use serde_json::{json, Value};

const PATIENCE: Duration = Duration::from_secs(60);
const MAXIMUM_BATCH_ROWS: usize = 25;

/// Four levels, and enough rows that each of the lower ones takes several batches.
fn new_data() -> DataSet {
    DataSet::chains(180, 3, 60)
}

/// What the table holds before: some rows as they will be, some older, some newer, some that must go.
fn older_data(rng: &mut Rng) -> DataSet {
    let mut older = new_data();
    for (kind, items) in new_data().kinds {
        for key in items.keys() {
            match rng.u8(..10) {
                0..3 => older.change(&kind, key, rng.u64(0..9), "older"),
                3..6 => older.remove(&kind, key),
                6 => older.item(&kind, &format!("stale-{key}"), 1, ""),
                _ => {}
            }
        }
    }
    older
}

fn rows_of(data_set: &DataSet) -> Vec<Value> {
    data_set.rows().into_values().collect()
}

fn put(namespace: &str, key: &str) -> LoggedRow {
    LoggedRow("put".to_owned(), namespace.to_owned(), key.to_owned())
}

/// A rule that fires now and then.
fn sometimes(rng: &mut Rng, operation: Option<&str>, most: f64, action: Value) -> Value {
    let matching = operation.map_or(json!({}), |operation| json!({"operation": operation}));
    json!({"match": matching, "probability": rng.f64() * most, "seed": rng.u32(..), "action": action})
}

/// Partial batches of every sort, and throttling.
fn partial_batches(rng: &mut Rng) -> Vec<Value> {
    let keys: Vec<_> = (0..10).map(|_| format!("flag-{}", rng.u8(..180))).collect();
    let batch = Some("BatchWriteItem");
    let (fraction, count) = (rng.f64(), rng.u8(1..30));
    let mut rules = vec![
        sometimes(rng, batch, 0.4, json!({"unprocessed": {"fraction": fraction}})),
        sometimes(rng, batch, 0.3, json!({"unprocessed": {"count": count}})),
        sometimes(rng, batch, 0.3, json!({"unprocessed": {"keys": keys}})),
        sometimes(rng, batch, 0.1, json!({"unprocessed": {"fraction": 1.0}})),
        sometimes(rng, None, 0.15, json!({"throttle": true})),
        sometimes(rng, None, 0.2, json!({"delay_ms": 4})),
    ];
    rng.shuffle(&mut rules);
    rules
}

/// Failures after which it is unknown what was done.
fn failures(rng: &mut Rng) -> Vec<Value> {
    let actions = [
        json!({"cut": "before"}),
        json!({"cut": "after"}),
        json!({"server_error": true}),
        json!({"truncate": 20}),
        json!({"garbage": true}),
        json!({"wrong_checksum": true}),
        json!({"wrong_checksum": "header"}),
        json!({"error": {"status": 503, "code": "ServiceUnavailable"}}),
    ];
    actions
        .into_iter()
        .map(|action| sometimes(rng, None, 0.08, action))
        .collect()
}

/// Runs every seed on an empty table, several side by side as most of the time is spent in pauses, and adds up what they give.
fn for_each_seed(seeds: Range<u64>, run: impl Fn(&Engine, &str, u64) -> usize + Sync) -> usize {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        let mut sum = 0;
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return sum;
            }
            engine.empty();
            sum += run(&engine, &table, seed);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("every seed passes"))
            .sum()
    })
}

#[test]
fn no_row_is_lost_under_any_mix_of_partial_batches() {
    let _watchdog = Watchdog::new(rerun::patience(rerun::rounds(48, 2000)));
    let undone = for_each_seed(0..rerun::rounds(48, 2000), |engine, table, seed| {
        let rng = &mut Rng::with_seed(seed);
        let data_set = new_data();
        let older = if seed % 3 == 0 {
            DataSet::default()
        } else {
            older_data(rng)
        };
        engine.seed(table, &rows_of(&older));
        engine.script(Value::Array(partial_batches(rng)));
        let store = engine.store_with(table, json!({"max_concurrency": rng.u8(1..8)}));

        let report = store
            .init(&data_set.json())
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));

        assert_eq!(engine.stored(table), data_set.rows_with_marker(), "seed {seed}");
        let log = engine.log();
        log.require_order(|row| data_set.stage(row));
        assert!(log.writes().all(|request| request.rows.len() <= MAXIMUM_BATCH_ROWS));
        assert_eq!(report.written + report.deleted, log.items_sent().len(), "seed {seed}");
        assert_eq!(report.written + report.unchanged, data_set.len(), "seed {seed}");
        log.0.iter().map(|request| request.unprocessed.len()).sum()
    });
    assert!(
        undone > 1000,
        "only {undone} rows were left undone: the script does not bite"
    );
}

#[test]
fn after_any_failure_the_next_init_goes_on_and_the_marker_stays_last() {
    let _watchdog = Watchdog::new(rerun::patience(rerun::rounds(32, 2000)));
    let failed = for_each_seed(0..rerun::rounds(32, 2000), |engine, table, seed| {
        let rng = &mut Rng::with_seed(seed);
        let data_set = new_data();
        let older = if seed % 2 == 0 {
            DataSet::default()
        } else {
            older_data(rng)
        };
        engine.seed(table, &rows_of(&older));
        for failed in 0..60 {
            let mut rules = failures(rng);
            rules.extend(partial_batches(rng));
            engine.script(Value::Array(rules));
            // A new store each time, and little time: init repeats whatever may pass.
            let settings = json!({"max_concurrency": rng.u8(1..8), "init_timeout_ms": rng.u8(20..150)});
            let store = engine.store_with(table, settings);
            let outcome = store.init(&data_set.json());
            engine.log().require_order(|row| data_set.stage(row));
            let stored = engine.stored(table);
            if outcome.is_ok() || stored.contains_key(&marker_key()) {
                assert_eq!(stored, data_set.rows_with_marker(), "seed {seed}");
            }
            match outcome {
                Ok(_) => return failed,
                Err(error) => assert!(error.is_retriable(), "seed {seed}: {error}"),
            }
        }
        panic!("seed {seed}: no init succeeds");
    });
    assert!(failed > 10, "only {failed} inits failed: the script does not bite");
}

#[test]
fn a_key_in_two_namespaces_is_two_rows_of_a_partial_batch() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut stale = DataSet::default();
    for number in 0..12 {
        for kind in ["features", "segments"] {
            stale.item(kind, &format!("same-{number}"), 1, "");
        }
    }
    engine.seed(&table, &rows_of(&stale));
    let half = json!({"unprocessed": {"fraction": 0.5}});
    engine.script(json!([{"match": {"operation": "BatchWriteItem"}, "times": 1, "action": half}]));

    let _ = engine
        .store(&table)
        .init(r#"{"features":{},"segments":{}}"#)
        .expect("init");

    let log = engine.log();
    let batches: Vec<_> = log.requests("BatchWriteItem").collect();
    assert_eq!(batches.len(), 2);
    let again: BTreeSet<_> = batches[1].rows.iter().collect();
    assert_eq!(again, batches[0].unprocessed.iter().collect());
    assert_eq!(engine.stored(&table), DataSet::default().rows_with_marker());
}

#[test]
fn the_marker_waits_for_a_row_that_is_left_undone_again_and_again() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = new_data();
    engine.script(
        json!([{"match": {"contains": "\"flag-2\""}, "times": 6, "action": {"unprocessed": {"keys": ["flag-2"]}}}]),
    );

    let _ = engine.store(&table).init(&data_set.json()).expect("init");

    let log = engine.log();
    let marker: Vec<_> = log
        .writes()
        .filter(|request| request.rows.iter().any(is_marker))
        .collect();
    assert_eq!(marker.len(), 1);
    assert_eq!(
        (marker[0].operation.as_str(), marker[0].rows.len()),
        ("PutItem", 1),
        "the marker is put alone"
    );
    let sent = log
        .writes()
        .filter(|request| request.rows.contains(&put("features", "flag-2")))
        .count();
    assert_eq!(sent, 7);
    log.require_order(|row| data_set.stage(row));
    assert_eq!(engine.stored(&table), data_set.rows_with_marker());
}

#[test]
fn what_may_pass_is_waited_out_wherever_it_strikes() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let passing = [
        json!({"throttle": true}),
        json!({"cut": "before"}),
        json!({"cut": "after"}),
        json!({"server_error": true}),
        json!({"truncate": 1}),
        json!({"black_hole": true}),
    ];
    for (action, operation) in passing
        .iter()
        .flat_map(|action| ["Query", "BatchWriteItem", "PutItem"].map(|operation| (action, operation)))
    {
        let table = engine.create_table();
        let data_set = DataSet::chains(30, 2, 5);
        // More often than the attempts of one request.
        engine.script(json!([{"match": {"operation": operation}, "times": 8, "action": action}]));
        let store = engine.store_with(&table, json!({"attempt_timeout_ms": 100}));
        let _ = store
            .init(&data_set.json())
            .unwrap_or_else(|error| panic!("{operation}, {action}: {error}"));
        assert_eq!(
            engine.stored(&table),
            data_set.rows_with_marker(),
            "{operation}, {action}"
        );
        if action["throttle"] == true {
            let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
            assert_eq!(stats["throttles"], 8, "{operation}");
        }
    }
}

/// What init sends again must not take from other calls what they need to send a request a second time.
#[test]
fn a_throttled_init_leaves_other_calls_their_retries() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = DataSet::chains(500, 1, 0);
    engine.script(json!([
        {"match": {"operation": "BatchWriteItem"}, "action": {"throttle": true}},
        {"match": {"operation": "GetItem", "every": 2}, "action": {"server_error": true}},
    ]));
    let store = engine.store_with(&table, json!({"init_timeout_ms": 1500}));
    let get = |when: &str| {
        store
            .get("features", "flag-1")
            .unwrap_or_else(|error| panic!("{when}: {error}"));
    };
    std::thread::scope(|scope| {
        let init = scope.spawn(|| store.init(&data_set.json()).expect_err("throttled for ever"));
        while !init.is_finished() {
            get("beside an init");
        }
        let error = init.join().expect("no panic");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(
            error
                .message()
                .contains("0 of its 500 rows known to be written or deleted and 500 not")
                && error.message().contains("ProvisionedThroughputExceededException"),
            "{error}"
        );
    });
    for _ in 0..20 {
        get("after an init");
    }
}

/// An attempt has the time that the bytes under way need, whatever `attempt_timeout_ms` says.
#[test]
fn large_rows_pass_a_slow_link() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut data_set = DataSet::default();
    let text = "x".repeat(390_000);
    for number in 0..30 {
        data_set.flag(&format!("flag-{number}"), 1, &text, &[]);
    }
    let link = SlowLink::to(&engine.endpoint, 4_000_000);
    let settings = json!({"endpoint": link.endpoint, "attempt_timeout_ms": 500});
    let report = engine
        .store_with(&table, settings)
        .init(&data_set.json())
        .expect("an init");
    assert_eq!(report.written, 30);
    assert_eq!(engine.stored(&table).len(), 31);
    // Nothing had to be sent twice.
    assert!(engine.log().count("BatchWriteItem") <= 3);
}

#[test]
fn stale_rows_go_after_every_write_and_other_namespaces_stay() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = new_data();
    let mut older = older_data(&mut Rng::with_seed(7));
    for number in 0..60 {
        older.item("segments", &format!("stale-{number}"), 1, "");
    }
    let others = [
        row("other:features", "flag-1", 9, "{}"),
        row("custom", "x", 1, "{}"),
        json!({"namespace": {"S": "mine"}, "key": {"S": "k"}}),
    ];
    engine.seed(&table, &rows_of(&older));
    engine.seed(&table, &others);
    engine.script(Value::Array(partial_batches(&mut Rng::with_seed(8))));

    let report = engine.store(&table).init(&data_set.json()).expect("init");

    assert!(report.deleted >= 60);
    let log = engine.log();
    log.require_order(|row| data_set.stage(row));
    let mut expected = data_set.rows_with_marker();
    expected.extend(others.iter().map(|row| (support::fake::row_key(row), row.clone())));
    assert_eq!(engine.stored(&table), expected);
}

#[test]
fn what_cannot_pass_ends_it_though_other_batches_would_go_on() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = DataSet::chains(100, 1, 0);
    engine.script(json!([
        {"match": {"operation": "BatchWriteItem", "contains": "\"flag-7\""}, "action": {"error": {"status": 400, "code": "ValidationException", "message": "as scripted"}}},
        {"match": {"operation": "BatchWriteItem"}, "action": {"throttle": true}},
    ]));
    let store = engine.store_with(&table, json!({"init_timeout_ms": 30_000}));
    let began = Instant::now();
    let error = store.init(&data_set.json()).expect_err("a batch is refused");
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
    assert!(error.message().contains("as scripted"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn out_of_time_names_the_counts_and_the_next_init_goes_on() {
    let _watchdog = Watchdog::new(PATIENCE);
    let engine = Engine::fake(&[]);
    for was_initialized in [false, true] {
        let table = engine.create_table();
        let mut data_set = DataSet::chains(40, 1, 10);
        data_set.change("features", "flag-7", 1, "the one that is never done");
        if was_initialized {
            engine.seed(&table, &[marker()]);
        }
        engine.script(
            json!([{"match": {"operation": "BatchWriteItem"}, "action": {"unprocessed": {"keys": ["flag-7"]}}}]),
        );
        let started = Instant::now();

        let error = engine
            .store_with(&table, json!({"init_timeout_ms": 400}))
            .init(&data_set.json())
            .expect_err("no time");

        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.is_retriable());
        let counts = "49 of its 50 rows known to be written or deleted and 1 not; \"$inited\" is as it was";
        assert!(error.message().contains(counts), "{error}");
        let stored = engine.stored(&table);
        assert_eq!(stored.contains_key(&marker_key()), was_initialized);

        let batches = engine.log().count("BatchWriteItem");
        assert!(batches < 40, "{batches} requests in 400 ms: the pauses do not grow");

        engine.script(json!([]));
        let report = engine.store(&table).init(&data_set.json()).expect("the next init");
        assert_eq!((report.written, report.unchanged), (1, 49));
        assert_eq!(engine.log().items_sent(), BTreeSet::from([put("features", "flag-7")]));
        assert_eq!(engine.stored(&table), data_set.rows_with_marker());
    }
}

#[test]
fn a_marker_without_an_answer_is_said_to_be_uncertain() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    engine.script(json!([{"match": {"operation": "PutItem"}, "action": {"cut": "after"}}]));
    let error = engine
        .store_with(&table, json!({"init_timeout_ms": 500}))
        .init(&DataSet::chains(3, 1, 0).json())
        .expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let begin = "init wrote or deleted all of its 3 rows, but failed to put \"$inited\": init was not done within 500 ms; the last failure";
    assert!(
        error.message().starts_with(begin) && error.message().contains("PutItem"),
        "{error}"
    );
}

#[test]
fn an_altered_page_is_not_compared() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let data_set = new_data();
    engine.seed(&table, &rows_of(&data_set));
    engine.script(json!([{"match": {"operation": "Query"}, "times": 2, "action": {"wrong_checksum": true}}]));
    let report = engine.store(&table).init(&data_set.json()).expect("init");
    assert_eq!((report.written, report.deleted), (0, 0));
    assert_eq!(engine.log().count("Query"), 4);
}
