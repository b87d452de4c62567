//! Single calls: what the store would send, and the least that can be done with the answer.

use std::borrow::Cow;
use std::sync::Barrier;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connection::{Connection, Endpoint};
use crate::measure::cpu_seconds;

/// Flags that gets and upserts take turns with.
const KEYS: u64 = 1000;
const WARM_UP_CALLS: u64 = 20;

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(rename = "S", borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Number<'a> {
    #[serde(rename = "N")]
    digits: &'a str,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    version: Number<'a>,
    #[serde(borrow)]
    item: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneRow<'a> {
    #[serde(borrow)]
    item: Row<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<Row<'a>>,
    #[serde(borrow)]
    last_evaluated_key: Option<&'a RawValue>,
}

/// One thread's connection and what it sends.
struct Caller<'a> {
    connection: Connection,
    table: &'a str,
    work: &'a str,
    calls: u64,
    /// Greater than any that an earlier run has stored.
    version: u64,
    /// The flag that upserts send, before and behind its version.
    template: (String, String),
}

/// Calls from `threads` threads at once for so many seconds, and prints what that took.
pub fn run(endpoint: &str, table: &str, work: &str, threads: usize, seconds: f64) {
    let endpoint = Endpoint::new(endpoint);
    let (warm, done) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let (calls, elapsed, cpu) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut caller = Caller::new(endpoint.connect(), table, work);
                    let warm_up = if work == "all" { 1 } else { WARM_UP_CALLS };
                    (0..warm_up).for_each(|_| caller.call());
                    warm.wait();
                    let end = Instant::now() + Duration::from_secs_f64(seconds);
                    while Instant::now() < end {
                        caller.call();
                    }
                    done.wait();
                    caller.calls - warm_up
                })
            })
            .collect();
        warm.wait();
        let (began, cpu) = (Instant::now(), cpu_seconds());
        done.wait();
        let (elapsed, cpu) = (began.elapsed(), cpu_seconds() - cpu);
        let calls: u64 = callers.into_iter().map(|caller| caller.join().expect("no panic")).sum();
        (calls, elapsed, cpu)
    });
    println!(
        "{{\"calls\": {calls}, \"seconds\": {:.6}, \"cpu_seconds\": {cpu:.6}}}",
        elapsed.as_secs_f64()
    );
}

impl<'a> Caller<'a> {
    fn new(connection: Connection, table: &'a str, work: &'a str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
        let mut caller = Caller {
            connection,
            table,
            work,
            calls: 0,
            version: now.as_micros() as u64,
            template: Default::default(),
        };
        let item = caller.get(0);
        let (before, rest) = item.split_once("\"version\":").expect("a version");
        let behind = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        caller.template = (format!("{before}\"version\":"), behind.to_owned());
        caller
    }

    fn call(&mut self) {
        let number = self.calls % KEYS;
        match self.work {
            "get" => assert!(!self.get(number).is_empty()),
            "all" => assert!(self.all().len() > 2),
            "newer" => {
                self.version += 1;
                self.upsert("segments", number, self.version, 200);
            }
            "refused" => self.upsert("features", number, 0, 400),
            work => panic!("no work {work:?}"),
        }
        self.calls += 1;
    }

    fn get(&mut self, number: u64) -> String {
        let body = format!(
            r##"{{"TableName":"{}","Key":{{"namespace":{{"S":"features"}},"key":{{"S":"flag-{number:06}"}}}},"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"}}"##,
            self.table
        );
        let answer = self.connection.post("GetItem", body.as_bytes());
        assert_eq!(answer.status, 200);
        let OneRow { item: row } = serde_json::from_slice(answer.body).expect("a row");
        checked(&row);
        row.item.text.into_owned()
    }

    /// All flags as one object.
    fn all(&mut self) -> String {
        let mut items = String::from("{");
        let mut start = String::new();
        loop {
            let body = format!(
                r##"{{"TableName":"{}","KeyConditionExpression":"#namespace = :namespace","ExpressionAttributeNames":{{"#namespace":"namespace"}},"ExpressionAttributeValues":{{":namespace":{{"S":"features"}}}},"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"{start}}}"##,
                self.table
            );
            let answer = self.connection.post("Query", body.as_bytes());
            assert_eq!(answer.status, 200);
            let page: Page<'_> = serde_json::from_slice(answer.body).expect("a page");
            for row in &page.items {
                if items.len() > 1 {
                    items.push(',');
                }
                items.push_str(&serde_json::to_string(&row.key.text).expect("JSON"));
                items.push(':');
                items.push_str(checked(row));
            }
            match page.last_evaluated_key {
                Some(key) => start = format!(r#","ExclusiveStartKey":{key}"#),
                None => break,
            }
        }
        items.push('}');
        items
    }

    fn upsert(&mut self, namespace: &str, number: u64, version: u64, expected: u16) {
        let item = format!("{}{version}{}", self.template.0, self.template.1);
        let body = format!(
            r##"{{"TableName":"{}","Item":{{"namespace":{{"S":"{namespace}"}},"key":{{"S":"flag-{number:06}"}},"version":{{"N":"{version}"}},"item":{{"S":{}}}}},"ConditionExpression":"attribute_not_exists(#version) OR :version > #version","ExpressionAttributeNames":{{"#version":"version"}},"ExpressionAttributeValues":{{":version":{{"N":"{version}"}}}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"}}"##,
            self.table,
            serde_json::to_string(&item).expect("JSON")
        );
        let answer = self.connection.post("PutItem", body.as_bytes());
        assert_eq!(answer.status, expected, "{}", String::from_utf8_lossy(answer.body));
        if expected == 400 {
            let OneRow { item: row } = serde_json::from_slice(answer.body).expect("the row that won");
            checked(&row);
        }
    }
}

/// The item of a row, once it is known to be JSON and the version a number.
fn checked<'a>(row: &'a Row<'_>) -> &'a str {
    row.version.digits.parse::<u64>().expect("a number");
    serde_json::from_str::<&RawValue>(&row.item.text).expect("JSON");
    &row.item.text
}
