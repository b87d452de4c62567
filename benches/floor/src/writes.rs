//! The writes of a fresh init alone: the same batches, made before the clock starts, in any order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connection::Endpoint;
use crate::measure::{cpu_seconds, forget_peak_memory, peak_kilobytes};

const CONNECTIONS: usize = 16;
const ROWS: usize = 25;

#[derive(Deserialize)]
struct DataSet<'a> {
    #[serde(borrow)]
    flags: BTreeMap<&'a str, &'a RawValue>,
    #[serde(borrow)]
    segments: BTreeMap<&'a str, &'a RawValue>,
}

#[derive(Deserialize)]
struct Outline {
    version: u64,
}

/// Sends the batches on 16 connections and prints what that took.
pub fn run(endpoint: &str, table: &str, data_set: &str) {
    let bodies = bodies(table, &std::fs::read_to_string(data_set).expect("the data set"));
    let endpoint = Endpoint::new(endpoint);
    forget_peak_memory();
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut connection = endpoint.connect();
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = connection.post("BatchWriteItem", body.as_bytes());
                    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
                    serde_json::from_slice::<&RawValue>(answer.body).expect("JSON");
                }
            });
        }
    });
    let (elapsed, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "{{\"seconds\": {elapsed:.6}, \"cpu_seconds\": {cpu:.6}, \"peak_kilobytes\": {}}}",
        peak_kilobytes()
    );
}

fn bodies(table: &str, data_set: &str) -> Vec<String> {
    let data_set: DataSet<'_> = serde_json::from_str(data_set).expect("a data set");
    let kinds = [("segments", &data_set.segments), ("features", &data_set.flags)];
    let mut bodies = Vec::new();
    for (namespace, items) in kinds {
        let items: Vec<_> = items.iter().collect();
        for batch in items.chunks(ROWS) {
            let rows: Vec<_> = batch
                .iter()
                .map(|(key, item)| put(namespace, key, item.get()))
                .collect();
            bodies.push(format!(
                r#"{{"RequestItems":{{"{table}":[{}]}},"ReturnConsumedCapacity":"TOTAL"}}"#,
                rows.join(",")
            ));
        }
    }
    bodies
}

fn put(namespace: &str, key: &str, item: &str) -> String {
    let Outline { version } = serde_json::from_str(item).expect("an item with a version");
    format!(
        r#"{{"PutRequest":{{"Item":{{"namespace":{{"S":"{namespace}"}},"key":{{"S":"{key}"}},"version":{{"N":"{version}"}},"item":{{"S":{}}}}}}}}}"#,
        serde_json::to_string(item).expect("JSON")
    )
}
