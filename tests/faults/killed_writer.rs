//! A writer that dies in the middle of an `init`: the table never claims what it does not hold, and the next `init` repairs it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::data_set::{marker_key, DataSet};
use crate::support::fake::RowKey;
use crate::support::rerun;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use fastrand::Rng;
use ld_dynamo_store::{Config, Store};
use serde_json::{json, Value};

type Rows = BTreeMap<RowKey, Value>;

/// So long that a kill finds requests under way.
const LATENCY_MS: f64 = 4.0;

fn new_data() -> DataSet {
    DataSet::chains(2000, 4, 200)
}

/// A full set from before: nothing is as it will be, some rows are missing and some must go.
fn older_data() -> DataSet {
    let mut older = DataSet::default();
    for (kind, items) in new_data().kinds {
        for (number, key) in items.keys().enumerate() {
            match number % 10 {
                0 => {}
                1 => older.item(&kind, &format!("stale-{key}"), 1, ""),
                _ => older.item(&kind, key, 0, "older"),
            }
        }
    }
    older
}

#[test]
#[ignore = "the process that the other tests start and kill"]
fn writer() {
    let Some(task) = rerun::task() else { return };
    let config = Config::from_json(&task["configuration"].to_string()).expect("a configuration");
    let data = std::fs::read_to_string(task["data"].as_str().expect("a path")).expect("a data set");
    let _ = Store::new(config).expect("a store").init(&data).expect("init");
}

struct Scene {
    engine: Engine,
    table: String,
    older: Rows,
    new: DataSet,
    new_rows: Rows,
    levels: BTreeMap<RowKey, usize>,
    task: Value,
    partial: bool,
}

impl Scene {
    fn new(name: &str, older: Rows) -> Self {
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        engine.latency(LATENCY_MS);
        let new = new_data();
        let new_rows = new.rows();
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{name}-{}.json", std::process::id()));
        std::fs::write(&file, new.json()).expect("a data file");
        let mut configuration = engine.configuration(&table);
        configuration["max_concurrency"] = json!(6);
        let task = json!({"configuration": configuration, "data": file});
        let levels = new_rows
            .keys()
            .map(|key| (key.clone(), new.level(&key.0, &key.1)))
            .collect();
        Scene {
            engine,
            table,
            older,
            new,
            new_rows,
            levels,
            task,
            partial: false,
        }
    }

    /// The table as it was before the writer starts.
    fn set(&self) {
        self.engine.empty();
        self.engine
            .seed(&self.table, &self.older.values().cloned().collect::<Vec<_>>());
        if self.partial {
            let rule = json!([{"match": {"operation": "BatchWriteItem"}, "probability": 0.2, "action": {"unprocessed": {"fraction": 0.5}}}]);
            self.engine.script(rule);
        }
    }

    /// Starts the writer, kills it once `requests` have arrived and a little later, and waits until what it sent is done.
    fn kill_at(&self, requests: u64, later: Duration) {
        let mut writer = rerun::command("killed_writer::writer", &self.task)
            .spawn()
            .expect("a writer");
        while self.engine.requests() < requests && writer.try_wait().expect("a process").is_none() {
            std::thread::sleep(Duration::from_micros(300));
        }
        std::thread::sleep(later);
        writer.kill().expect("a process");
        writer.wait().expect("a process");
        while self.engine.control("GET", "counters", &Value::Null)["open_connections"] != 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.engine.log();
    }

    /// What must hold at any moment. Gives how many rows are as they should be at the end.
    fn check(&self, stored: &Rows) -> usize {
        for (key, row) in stored {
            let is_known =
                *key == marker_key() || self.new_rows.get(key) == Some(row) || self.older.get(key) == Some(row);
            assert!(is_known, "{row} is neither of the old set nor of the new one");
        }
        let is_done = |key: &RowKey| stored.get(key) == self.new_rows.get(key);
        let done = self.new_rows.keys().filter(|key| is_done(key)).count();
        let is_complete = done == self.new_rows.len();

        assert!(
            stored.contains_key(&marker_key()) || !self.older.contains_key(&marker_key()),
            "the marker is gone"
        );
        if stored.contains_key(&marker_key()) && !self.older.contains_key(&marker_key()) {
            assert_eq!(
                stored,
                &self.new.rows_with_marker(),
                "the first marker is there without all its data"
            );
        }
        let must_go = self
            .older
            .keys()
            .filter(|key| **key != marker_key() && !self.new_rows.contains_key(*key));
        for key in must_go {
            assert!(
                is_complete || stored.contains_key(key),
                "{key:?} was deleted before every row was written"
            );
        }
        let lowest_undone = self
            .levels
            .iter()
            .filter(|(key, _)| !is_done(key))
            .map(|(_, level)| *level)
            .min();
        let highest_done = self
            .levels
            .iter()
            .filter(|(key, _)| is_done(key))
            .map(|(_, level)| *level)
            .max();
        if let (Some(undone), Some(done)) = (lowest_undone, highest_done) {
            assert!(
                done <= undone,
                "a row of level {done} is written, but not all of level {undone}"
            );
        }
        if self.older.is_empty() {
            self.check_prerequisites(stored);
        }
        done
    }

    fn check_prerequisites(&self, stored: &Rows) {
        for (key, flag) in &self.new.kinds["features"] {
            if stored.contains_key(&("features".to_owned(), key.clone())) {
                for needed in &flag.prerequisites {
                    let needed = ("features".to_owned(), needed.clone());
                    assert!(stored.contains_key(&needed), "{key:?} is there without {needed:?}");
                }
            }
        }
    }

    fn repair(&self) {
        self.engine.script(json!([]));
        let _ = self
            .engine
            .store(&self.table)
            .init(&self.new.json())
            .expect("the next init");
        assert_eq!(
            self.engine.stored(&self.table),
            self.new.rows_with_marker(),
            "the next init repairs everything"
        );
        self.engine.log().require_order(|row| self.new.stage(row));
    }

    fn run(mut self, rounds: u64) {
        let _watchdog = Watchdog::new(rerun::patience(rounds));
        self.set();
        let status = rerun::command("killed_writer::writer", &self.task)
            .status()
            .expect("a writer");
        assert!(status.success(), "a writer that nobody kills succeeds");
        let requests = self.engine.requests();
        assert!(requests > 80, "only {requests} requests");
        let mut in_the_middle = 0;
        for round in 0..rounds {
            let mut rng = Rng::new();
            self.partial = round % 2 == 1;
            self.set();
            self.kill_at(
                rng.u64(1..=requests),
                Duration::from_micros(rng.u64(..LATENCY_MS as u64 * 1000)),
            );
            let stored = self.engine.stored(&self.table);
            let done = self.check(&stored);
            in_the_middle += u64::from(done > 0 && done < self.new_rows.len());
            self.repair();
        }
        assert!(
            in_the_middle * 2 > rounds,
            "only {in_the_middle} of {rounds} kills came in the middle"
        );
        std::fs::remove_file(self.task["data"].as_str().expect("a path")).expect("the data file");
    }
}

#[test]
fn a_writer_killed_over_an_empty_table() {
    Scene::new("empty", Rows::new()).run(rerun::rounds(10, 300));
}

#[test]
fn a_writer_killed_over_an_older_full_set() {
    Scene::new("older", older_data().rows_with_marker()).run(rerun::rounds(10, 300));
}
