//! What a store counted. Counters only grow, cost one relaxed addition each, and are always on.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// DynamoDB bills in halves of a unit; thousandths keep any fraction it may report.
const THOUSANDTHS: f64 = 1000.0;

#[derive(Debug, Default)]
pub(crate) struct Stats {
    requests: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    read_units: AtomicU64,
    write_units: AtomicU64,
    unprocessed_rows: AtomicU64,
}

impl Stats {
    pub(crate) fn request(&self, is_retry: bool) {
        self.requests.fetch_add(1, Relaxed);
        if is_retry {
            self.retries.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn throttle(&self) {
        self.throttles.fetch_add(1, Relaxed);
    }

    pub(crate) fn read_units(&self, units: f64) {
        self.read_units.fetch_add((units * THOUSANDTHS) as u64, Relaxed);
    }

    pub(crate) fn write_units(&self, units: f64) {
        self.write_units.fetch_add((units * THOUSANDTHS) as u64, Relaxed);
    }

    pub(crate) fn unprocessed_rows(&self, rows: usize) {
        self.unprocessed_rows.fetch_add(rows as u64, Relaxed);
    }
}
