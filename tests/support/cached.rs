//! What the tests of the cache share: a scripted endpoint whose requests are counted, and calls whose answers are known.

use std::time::Duration;

use ld_dynamo_store::Store;
use serde_json::{json, Value};

use super::watchdog::Watchdog;
use super::Engine;

const LIMIT: Duration = Duration::from_secs(60);

/// A scripted endpoint with an empty table.
pub struct Place {
    pub engine: Engine,
    pub table: String,
    _watchdog: Watchdog,
}

impl Place {
    pub fn new() -> Self {
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        Place {
            engine,
            table,
            _watchdog: Watchdog::new(LIMIT),
        }
    }

    pub fn store(&self, overrides: Value) -> Store {
        self.engine.store_with(&self.table, overrides)
    }

    /// Requests of an operation since the last question.
    pub fn requests(&self, operation: &str) -> u64 {
        let counters = self.engine.control("GET", "counters", &Value::Null);
        self.engine.script(json!([]));
        counters["requests"][operation].as_u64().unwrap_or(0)
    }

    /// Writes a row as another program would.
    pub fn put(&self, key: &str, version: u64) {
        let row = json!({"namespace": {"S": "features"}, "key": {"S": key}, "version": {"N": version.to_string()}, "item": {"S": flag(version)}});
        self.engine
            .control("POST", &format!("put?table={}", self.table), &json!([row]));
    }
}

pub fn flag(version: u64) -> String {
    format!(r#"{{"version":{version}}}"#)
}

pub fn get(store: &Store, key: &str) -> Option<String> {
    store
        .get("features", key)
        .expect("an answer")
        .map(|item| item.to_string())
}

pub fn all(store: &Store) -> Value {
    serde_json::from_str(&store.all("features").expect("an answer")).expect("JSON")
}

pub fn stats(store: &Store) -> Value {
    serde_json::from_str(&store.stats()).expect("JSON")
}
