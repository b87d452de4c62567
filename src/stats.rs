//! What a store counted. Counters only grow, cost one relaxed addition each, and are always on. Knows nothing of what is counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use serde_json::json;

/// Over so many places what all threads touch is spread.
pub(crate) const STRIPES: usize = 8;

/// The calling thread's place, given out in turn.
pub(crate) fn stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: usize = NEXT.fetch_add(1, Relaxed) % STRIPES;
    }
    STRIPE.with(|stripe| *stripe)
}

/// How an `init` went, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "items may have been dropped for their size"]
pub struct InitReport {
    /// Rows written because they were missing or different.
    pub written: usize,
    /// Rows that the table already held to the byte.
    pub unchanged: usize,
    /// Rows deleted because the data set does not have them.
    pub deleted: usize,
    /// Items over the size limit, not stored.
    pub dropped: usize,
}

/// DynamoDB bills in halves of a unit; thousandths keep any fraction it may report.
const THOUSANDTHS: f64 = 1000.0;

/// Threads count cache hits in different places, so that they do not take one memory line from each other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

#[derive(Debug, Default)]
pub(crate) struct Stats {
    hits: [Stripe; STRIPES],
    misses: AtomicU64,
    stale_hits: AtomicU64,
    joined_calls: AtomicU64,
    requests: AtomicU64,
    direct_requests: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    read_units: AtomicU64,
    write_units: AtomicU64,
    unprocessed_rows: AtomicU64,
    last_init: LastInit,
}

#[derive(Debug, Default)]
struct LastInit {
    written: AtomicU64,
    unchanged: AtomicU64,
    deleted: AtomicU64,
    dropped: AtomicU64,
}

impl Stats {
    pub(crate) fn hit(&self) {
        self.hits[stripe()].0.fetch_add(1, Relaxed);
    }

    pub(crate) fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    pub(crate) fn stale_hit(&self) {
        self.stale_hits.fetch_add(1, Relaxed);
    }

    pub(crate) fn joined_call(&self) {
        self.joined_calls.fetch_add(1, Relaxed);
    }

    pub(crate) fn init(&self, report: InitReport) {
        self.last_init.written.store(report.written as u64, Relaxed);
        self.last_init.unchanged.store(report.unchanged as u64, Relaxed);
        self.last_init.deleted.store(report.deleted as u64, Relaxed);
        self.last_init.dropped.store(report.dropped as u64, Relaxed);
    }

    pub(crate) fn to_json(&self, generation: u64) -> String {
        let units = |counter: &AtomicU64| counter.load(Relaxed) as f64 / THOUSANDTHS;
        let hits: u64 = self.hits.iter().map(|stripe| stripe.0.load(Relaxed)).sum();
        json!({
            "hits": hits,
            "misses": self.misses.load(Relaxed),
            "stale_hits": self.stale_hits.load(Relaxed),
            "joined_calls": self.joined_calls.load(Relaxed),
            "requests": self.requests.load(Relaxed),
            "direct_requests": self.direct_requests.load(Relaxed),
            "retries": self.retries.load(Relaxed),
            "throttles": self.throttles.load(Relaxed),
            "consumed_read_units": units(&self.read_units),
            "consumed_write_units": units(&self.write_units),
            "unprocessed_rows": self.unprocessed_rows.load(Relaxed),
            "last_init": {
                "written": self.last_init.written.load(Relaxed),
                "unchanged": self.last_init.unchanged.load(Relaxed),
                "deleted": self.last_init.deleted.load(Relaxed),
                "dropped": self.last_init.dropped.load(Relaxed),
            },
            "generation": generation,
        })
        .to_string()
    }

    pub(crate) fn request(&self, is_retry: bool) {
        self.requests.fetch_add(1, Relaxed);
        if is_retry {
            self.retries.fetch_add(1, Relaxed);
        }
    }

    /// One that is sent on a connection of the caller's, which is never a retry.
    pub(crate) fn direct_request(&self) {
        self.request(false);
        self.direct_requests.fetch_add(1, Relaxed);
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
