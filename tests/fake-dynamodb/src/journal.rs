//! What was asked and how it was answered: the log and the counters.

use std::time::Instant;

use serde::ser::{SerializeTuple, Serializer};
use serde::Serialize;
use serde_json::json;

use crate::operations::{Operation, RowName, Work};

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    Ok,
    Error(String),
    /// Done but for these rows.
    Unprocessed(Vec<RowName>),
    CutBefore,
    CutAfter,
    Garbage,
    Truncated,
    WrongChecksum,
    BlackHole,
    /// The client went away before the answer.
    Abandoned,
}

impl Answered {
    fn text(&self) -> String {
        match self {
            Answered::Ok => "ok".to_owned(),
            Answered::Error(code) => format!("error:{code}"),
            Answered::Unprocessed(rows) => format!("unprocessed:{}", rows.len()),
            Answered::CutBefore => "cut_before".to_owned(),
            Answered::CutAfter => "cut_after".to_owned(),
            Answered::Garbage => "garbage".to_owned(),
            Answered::Truncated => "truncated".to_owned(),
            Answered::WrongChecksum => "wrong_checksum".to_owned(),
            Answered::BlackHole => "black_hole".to_owned(),
            Answered::Abandoned => "abandoned".to_owned(),
        }
    }
}

struct Entry {
    operation: Operation,
    connection: u64,
    bytes: usize,
    rows: Vec<RowName>,
    answered: Option<Answered>,
    started: f64,
    finished: Option<f64>,
}

impl Serialize for RowName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_tuple(3)?;
        row.serialize_element(self.method)?;
        row.serialize_element(&*self.partition)?;
        row.serialize_element(&*self.sort)?;
        row.end()
    }
}

/// Names an entry; one from before a reset names nothing.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    epoch: u64,
    index: usize,
}

pub struct Journal {
    origin: Instant,
    epoch: u64,
    pub logging: bool,
    log: Vec<Entry>,
    requests: [u64; Operation::ALL.len()],
    rows_written: u64,
    rows_deleted: u64,
    read_units: f64,
    write_units: f64,
}

impl Journal {
    pub fn new() -> Journal {
        Journal {
            origin: Instant::now(),
            epoch: 0,
            logging: true,
            log: Vec::new(),
            requests: [0; Operation::ALL.len()],
            rows_written: 0,
            rows_deleted: 0,
            read_units: 0.0,
            write_units: 0.0,
        }
    }

    /// Clears the log and the counters; time and logging go on.
    pub fn reset(&mut self) {
        *self = Journal {
            origin: self.origin,
            epoch: self.epoch + 1,
            logging: self.logging,
            ..Journal::new()
        };
    }

    fn now(&self) -> f64 {
        self.origin.elapsed().as_nanos() as f64 / 1e6
    }

    /// A request arrived whole. None where nothing is logged.
    pub fn begin(&mut self, operation: Operation, connection: u64, bytes: usize, rows: Vec<RowName>) -> Option<Ticket> {
        self.requests[operation as usize] += 1;
        if !self.logging {
            return None;
        }
        let started = self.now();
        self.log.push(Entry {
            operation,
            connection,
            bytes,
            rows,
            answered: None,
            started,
            finished: None,
        });
        Some(Ticket {
            epoch: self.epoch,
            index: self.log.len() - 1,
        })
    }

    pub fn count(&mut self, work: &Work) {
        self.rows_written += work.rows_written;
        self.rows_deleted += work.rows_deleted;
        self.read_units += work.read_units;
        self.write_units += work.write_units;
    }

    pub fn count_refused(&mut self, write_units: f64) {
        self.write_units += write_units;
    }

    pub fn end(&mut self, ticket: Ticket, answered: Answered) {
        let now = self.now();
        if let Some(entry) = self.log.get_mut(ticket.index).filter(|_| ticket.epoch == self.epoch) {
            entry.answered = Some(answered);
            entry.finished = Some(now);
        }
    }

    /// The entries in the order of arrival, as JSON.
    pub fn log(&self) -> serde_json::Value {
        let entries = self.log.iter().enumerate().map(|(index, entry)| {
            let mut value = json!({
                "sequence": index + 1,
                "operation": entry.operation.name(),
                "connection": entry.connection,
                "bytes": entry.bytes,
                "rows": entry.rows,
                "answered": entry.answered.as_ref().map(Answered::text),
                "started_ms": entry.started,
                "finished_ms": entry.finished,
            });
            if let Some(Answered::Unprocessed(rows)) = &entry.answered {
                value["unprocessed"] = json!(rows);
            }
            value
        });
        entries.collect()
    }

    pub fn counters(&self) -> serde_json::Value {
        let requests: serde_json::Map<_, _> = Operation::ALL
            .iter()
            .map(|operation| (operation.name().to_owned(), self.requests[*operation as usize].into()))
            .collect();
        json!({
            "requests": requests,
            "rows_written": self.rows_written,
            "rows_deleted": self.rows_deleted,
            "consumed_read_units": self.read_units,
            "consumed_write_units": self.write_units,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_the_order_of_arrival() {
        let mut journal = Journal::new();
        let first = journal.begin(Operation::GetItem, 7, 10, Vec::new()).unwrap();
        let row = RowName {
            method: "put",
            partition: "n".into(),
            sort: "k".into(),
        };
        let second = journal
            .begin(Operation::BatchWriteItem, 8, 20, vec![row.clone()])
            .unwrap();
        journal.end(second, Answered::Unprocessed(vec![row]));
        let log = journal.log();
        assert_eq!(log[0]["answered"], serde_json::Value::Null);
        assert_eq!(
            (&log[1]["answered"], &log[1]["unprocessed"]),
            (&json!("unprocessed:1"), &json!([["put", "n", "k"]]))
        );
        assert!(log[1]["finished_ms"].as_f64() >= log[1]["started_ms"].as_f64());
        journal.end(first, Answered::Error("X".to_owned()));
        assert_eq!(journal.log()[0]["answered"], "error:X");
    }

    #[test]
    fn a_reset_forgets_what_is_under_way() {
        let mut journal = Journal::new();
        let before = journal.begin(Operation::Query, 1, 1, Vec::new()).unwrap();
        journal.reset();
        journal.begin(Operation::Scan, 1, 1, Vec::new());
        journal.end(before, Answered::Ok);
        assert_eq!(journal.log()[0]["answered"], serde_json::Value::Null);
        assert_eq!(
            (
                &journal.counters()["requests"]["Query"],
                &journal.counters()["requests"]["Scan"]
            ),
            (&json!(0), &json!(1))
        );
    }

    #[test]
    fn counters_go_on_without_the_log() {
        let mut journal = Journal::new();
        journal.logging = false;
        assert!(journal.begin(Operation::PutItem, 1, 1, Vec::new()).is_none());
        journal.count(&Work {
            rows_written: 2,
            write_units: 3.0,
            ..Work::default()
        });
        let counters = journal.counters();
        assert_eq!(
            (
                &counters["rows_written"],
                &counters["consumed_write_units"],
                &counters["requests"]["PutItem"]
            ),
            (&json!(2), &json!(3.0), &json!(1))
        );
        assert_eq!(journal.log(), json!([]));
    }
}
