//! Writes and reads that are stopped just before they take a lock, in every order: the cache never keeps what the table does not hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use super::{Cache, Clock};
use crate::config::CacheTtl;
use crate::table::item;
use crate::threads::{in_every_order, step};

/// Stands still, and lets other threads run before each lock.
struct Stepping;

impl Clock for Stepping {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn before_lock(&self) {
        step();
    }
}

/// A table of one item, of which only the version counts.
struct World {
    cache: Cache<Stepping>,
    row: AtomicU64,
}

impl World {
    fn new(keeps_stale: bool) -> Self {
        World {
            cache: Cache::with_clock(CacheTtl::Forever, keeps_stale, Stepping).expect("a cache"),
            row: AtomicU64::new(1),
        }
    }

    fn upsert(&self, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        step();
        self.row.fetch_max(version, Ordering::SeqCst);
        let answer = text(self.row.load(Ordering::SeqCst));
        under_way.answered(answer);
    }

    fn failing_upsert(&self, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        under_way.has_sent().store(true, Ordering::Relaxed);
        step();
        self.row.fetch_max(version, Ordering::SeqCst);
        drop(under_way);
    }

    fn init(&self, version: u64) {
        let mut under_way = self.cache.init_begins(vec!["features"]);
        step();
        under_way.sends();
        self.row.store(version, Ordering::SeqCst);
        let stored = text(version);
        under_way.succeeded(std::iter::once(vec![("key", &*stored)]));
    }

    fn get(&self) {
        let began = self.cache.sequence();
        let read = text(self.row.load(Ordering::SeqCst));
        self.cache.fill_item("features", "key", Some(read), began);
    }

    fn all(&self) {
        let began = self.cache.sequence();
        let version = self.row.load(Ordering::SeqCst);
        let items = format!(r#"{{"key":{{"version":{version}}}}}"#);
        self.cache.fill_kind("features", Arc::new(items), began);
    }

    fn is_true(&self) {
        let stored = self.row.load(Ordering::SeqCst);
        let known = self
            .cache
            .item("features", "key", |item| item.and_then(|item| item::version(item)));
        assert!(
            known.is_none_or(|known| known == Some(stored)),
            "{known:?} is kept and {stored} is stored"
        );
        if let Some(items) = self.cache.kind("features") {
            assert_eq!(*items, format!(r#"{{"key":{{"version":{stored}}}}}"#), "of the kind");
        }
    }
}

fn text(version: u64) -> Arc<str> {
    format!(r#"{{"version":{version}}}"#).into()
}

fn explore(threads: &[fn(&World)]) -> usize {
    let orders = [false, true].map(|keeps_stale| in_every_order(|| World::new(keeps_stale), threads, World::is_true));
    orders.iter().sum()
}

#[test]
fn an_init_that_is_stopped_at_the_lock_never_covers_a_newer_upsert() {
    let orders = explore(&[|world| world.init(2), |world| world.upsert(3)]);
    assert!(orders > 20, "only {orders} orders");
    explore(&[|world| world.init(2), |world| world.init(3)]);
    explore(&[|world| world.init(2), |world| world.failing_upsert(3)]);
}

#[test]
fn upserts_that_are_stopped_at_the_lock() {
    explore(&[|world| world.upsert(2), |world| world.upsert(3)]);
    explore(&[|world| world.upsert(2), |world| world.failing_upsert(3)]);
    explore(&[
        |world| world.upsert(2),
        |world| world.upsert(3),
        |world| world.upsert(4),
    ]);
}

#[test]
fn reads_that_are_stopped_at_the_lock() {
    explore(&[World::get, World::all, |world| world.upsert(2)]);
    explore(&[World::get, World::all, |world| world.init(2)]);
    explore(&[World::get, |world| world.upsert(2), |world| world.init(3)]);
    explore(&[
        |world| {
            world.upsert(2);
            world.get();
            world.all();
        },
        |world| world.upsert(3),
    ]);
}
