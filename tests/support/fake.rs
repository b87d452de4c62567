//! The scripted endpoint's control requests: rules, the log of requests, and what can be read from the log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{json, Value};

use super::Engine;

/// Namespace and sort key of a row.
pub type RowKey = (String, String);

/// One row of a logged request: `put`, `delete`, `get` …, namespace, sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct LoggedRow(pub String, pub String, pub String);

impl LoggedRow {
    pub fn key(&self) -> RowKey {
        (self.1.clone(), self.2.clone())
    }
}

/// A request in the order of arrival.
#[derive(Debug, Clone, Deserialize)]
pub struct Logged {
    pub operation: String,
    pub bytes: usize,
    #[serde(default)]
    pub rows: Vec<LoggedRow>,
    /// Nothing while the request is under way.
    pub answered: Option<String>,
    /// The rows that a partial batch left undone.
    #[serde(default)]
    pub unprocessed: Vec<LoggedRow>,
    pub started_ms: f64,
    pub finished_ms: Option<f64>,
}

impl Logged {
    pub fn is_write(&self) -> bool {
        self.operation == "BatchWriteItem" || self.operation == "PutItem"
    }

    /// The rows that the answer says are done, so that the client may rely on them.
    fn acknowledged(&self) -> impl Iterator<Item = &LoggedRow> {
        let answered = self.answered.as_deref().unwrap_or_default();
        let is_answered = answered == "ok" || answered.starts_with("unprocessed");
        self.rows
            .iter()
            .filter(move |row| is_answered && !self.unprocessed.contains(row))
    }
}

/// The requests since the last reset.
#[derive(Debug)]
pub struct Log(pub Vec<Logged>);

impl Log {
    pub fn count(&self, operation: &str) -> usize {
        self.0.iter().filter(|request| request.operation == operation).count()
    }

    pub fn requests(&self, operation: &str) -> impl Iterator<Item = &Logged> {
        let operation = operation.to_owned();
        self.0.iter().filter(move |request| request.operation == operation)
    }

    pub fn writes(&self) -> impl Iterator<Item = &Logged> {
        self.0.iter().filter(|request| request.is_write())
    }

    /// Every row that a request tried to write or delete, but for `$inited`.
    pub fn items_sent(&self) -> BTreeSet<LoggedRow> {
        let rows = self.writes().flat_map(|request| &request.rows);
        rows.filter(|row| !is_marker(row)).cloned().collect()
    }

    /// When each row was sent for the first time, and when an answer first said that it is done.
    pub fn spans(&self) -> BTreeMap<LoggedRow, (f64, Option<f64>)> {
        let mut spans = BTreeMap::new();
        for request in self.writes() {
            for row in &request.rows {
                spans.entry(row.clone()).or_insert((request.started_ms, None));
            }
            for row in request.acknowledged() {
                let (_, done) = spans.get_mut(row).expect("sent above");
                let finished = request.finished_ms.expect("an answered request has finished");
                *done = Some(done.map_or(finished, |earlier: f64| earlier.min(finished)));
            }
        }
        spans
    }

    /// Fails unless rows went out stage after stage, none of a stage before every row of the earlier ones was acknowledged.
    pub fn require_order(&self, stage_of: impl Fn(&LoggedRow) -> usize) {
        let mut stages: BTreeMap<usize, (f64, f64, LoggedRow)> = BTreeMap::new();
        for (row, (started, done)) in self.spans() {
            let done = done.unwrap_or(f64::INFINITY);
            let stage = stages.entry(stage_of(&row)).or_insert((started, done, row.clone()));
            if started < stage.0 {
                (stage.0, stage.2) = (started, row);
            }
            stage.1 = stage.1.max(done);
        }
        let mut done_before = f64::NEG_INFINITY;
        for (stage, (started, done, first)) in stages {
            assert!(
                started >= done_before,
                "{first:?} of stage {stage} was sent at {started} ms, but the stages before were done at {done_before} ms"
            );
            done_before = done_before.max(done);
        }
    }
}

pub fn is_marker(row: &LoggedRow) -> bool {
    row.2.ends_with("$inited")
}

impl Engine {
    /// Sends a control request, whose body may be null.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/_control/{path}", self.endpoint);
        let response = match method {
            "GET" => ureq::get(&url).config().http_status_as_error(false).build().call(),
            _ => {
                let body = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                ureq::post(&url).config().http_status_as_error(false).build().send(body)
            }
        };
        let mut response = response.expect("the endpoint answers");
        let text = response
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_string()
            .expect("a body");
        assert!(response.status().is_success(), "{method} {path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Forgets rules and log, and then follows `rules`, a list.
    pub fn script(&self, rules: Value) {
        self.control("POST", "reset", &Value::Null);
        self.control("POST", "rules", &rules);
    }

    /// Forgets rules, log and every row.
    pub fn empty(&self) {
        self.control("POST", "reset?tables=true", &Value::Null);
    }

    /// Time that passes before each answer.
    pub fn latency(&self, milliseconds: f64) {
        self.control("POST", "latency", &json!({"ms": milliseconds}));
    }

    /// The log once no request is under way.
    pub fn log(&self) -> Log {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let log: Vec<Logged> = serde_json::from_value(self.control("GET", "log", &Value::Null)).expect("a log");
            if log.iter().all(|request| request.answered.is_some()) {
                return Log(log);
            }
            assert!(Instant::now() < deadline, "a request is under way for ever");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Requests that arrived since the last reset.
    pub fn requests(&self) -> u64 {
        let counters = self.control("GET", "counters", &Value::Null);
        let requests = counters["requests"].as_object().expect("counters");
        requests.values().map(|count| count.as_u64().expect("a count")).sum()
    }

    /// Puts rows past the log.
    pub fn seed(&self, table: &str, rows: &[Value]) {
        self.control("POST", &format!("put?table={table}"), &Value::Array(rows.to_vec()));
    }

    /// All rows, read past the log.
    pub fn stored(&self, table: &str) -> BTreeMap<RowKey, Value> {
        let rows = self.control("GET", &format!("rows?table={table}"), &Value::Null);
        let Value::Array(rows) = rows else {
            panic!("rows are a list")
        };
        rows.into_iter().map(|row| (row_key(&row), row)).collect()
    }
}

pub fn row_key(row: &Value) -> RowKey {
    let text = |name: &str| row[name]["S"].as_str().expect("a key is a string").to_owned();
    (text("namespace"), text("key"))
}
