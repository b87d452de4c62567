//! Reads and writes side by side, in every order: nobody is told of a write and then reads something older.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::tests::{for_a_second, for_ever, FakeClock};
use super::Cache;
use crate::scheduler::{in_every_order, pause, Task};

/// A table of one item. Every write of it gets a number, so that its states can be told apart and put in order.
struct World {
    cache: Cache<FakeClock>,
    /// Version and number.
    row: Cell<(u64, u64)>,
    writes: Cell<u64>,
    /// The newest row that a call which has returned has told its caller of.
    told: Cell<u64>,
    reads: Cell<usize>,
    answered: RefCell<Vec<u64>>,
}

impl World {
    fn new(cache: Cache<FakeClock>) -> Rc<Self> {
        Rc::new(World {
            cache,
            row: Cell::new((1, 0)),
            writes: Cell::new(0),
            told: Cell::new(0),
            reads: Cell::new(0),
            answered: RefCell::default(),
        })
    }

    fn text(&self) -> Arc<str> {
        let (version, number) = self.row.get();
        format!(r#"{{"version":{version},"number":{number}}}"#).into()
    }

    fn put(&self, version: u64) {
        self.writes.set(self.writes.get() + 1);
        self.row.set((version, self.writes.get()));
    }

    fn tell(&self, number: u64) {
        self.told.set(self.told.get().max(number));
    }

    fn known(&self) -> Option<String> {
        self.cache.known("features", "key").flatten()
    }

    /// As `Store::get` does it.
    async fn get(self: Rc<Self>) {
        let told = self.told.get();
        let answer = match self.known() {
            Some(known) => known,
            None => {
                let began = self.cache.sequence();
                let read = || async {
                    let began = self.cache.sequence();
                    pause().await;
                    self.reads.set(self.reads.get() + 1);
                    let item = self.text();
                    pause().await;
                    self.cache.fill_item("features", "key", Some(Arc::clone(&item)), began);
                    pause().await;
                    Ok(Some(item))
                };
                let joined = self.cache.item_flights.join("features:key", began, read).await;
                joined.0.unwrap().unwrap().to_string()
            }
        };
        let number = number(&answer);
        assert!(
            number >= told,
            "a get that began after write {told} was told found {number}"
        );
        self.answered.borrow_mut().push(number);
    }

    /// As `Store::all` does it.
    async fn all(self: Rc<Self>) {
        let told = self.told.get();
        let answer = match self.cache.kind("features") {
            Some(known) => known,
            None => {
                let began = self.cache.sequence();
                let read = || async {
                    let began = self.cache.sequence();
                    pause().await;
                    let items = Arc::new(format!(r#"{{"key":{}}}"#, self.text()));
                    pause().await;
                    self.cache.fill_kind("features", Arc::clone(&items), began);
                    Ok(items)
                };
                self.cache.kind_flights.join("features", began, read).await.0.unwrap()
            }
        };
        let number = number(&answer);
        assert!(
            number >= told,
            "an all that began after write {told} was told found {number}"
        );
    }

    async fn upsert(self: Rc<Self>, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        pause().await;
        if version > self.row.get().0 {
            self.put(version);
        }
        let (item, number) = (self.text(), self.row.get().1);
        pause().await;
        under_way.answered(item);
        self.tell(number);
    }

    async fn failing_upsert(self: Rc<Self>, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        pause().await;
        under_way.has_sent().store(true, std::sync::atomic::Ordering::Relaxed);
        if version > self.row.get().0 {
            self.put(version);
        }
        pause().await;
        drop(under_way);
    }

    async fn init(self: Rc<Self>, version: u64) {
        let mut under_way = self.cache.init_begins(vec!["features"]);
        pause().await;
        under_way.sends();
        self.put(version);
        let (item, number) = (self.text(), self.row.get().1);
        pause().await;
        under_way.succeeded(std::iter::once(vec![("key", &*item)]));
        self.tell(number);
    }

    async fn failing_init(self: Rc<Self>, version: u64) {
        let mut under_way = self.cache.init_begins(vec!["features"]);
        pause().await;
        under_way.sends();
        self.put(version);
        pause().await;
        drop(under_way);
    }
}

fn number(text: &str) -> u64 {
    let (_, rest) = text.split_once(r#""number":"#).expect("a number");
    rest.trim_end_matches('}').parse().expect("digits")
}

/// When all is quiet, the cache knows what the table holds, or nothing, and no flight is left.
fn is_true(world: &World) {
    let last = world.row.get().1;
    if let Some(known) = world.known() {
        assert_eq!(number(&known), last, "the cache kept an older item");
    }
    if let Some(known) = world.cache.kind("features") {
        assert_eq!(number(&known), last, "the cache kept an older kind");
    }
    assert!(world.cache.item_flights.is_empty() && world.cache.kind_flights.is_empty());
}

type Actor = fn(Rc<World>) -> Task;

const GET: Actor = |world| Box::pin(world.get());
const ALL: Actor = |world| Box::pin(world.all());
const UPSERT_2: Actor = |world| Box::pin(world.upsert(2));
const UPSERT_3: Actor = |world| Box::pin(world.upsert(3));
const UPSERT_4: Actor = |world| Box::pin(world.upsert(4));
const FAILING_UPSERT_2: Actor = |world| Box::pin(world.failing_upsert(2));
const FAILING_UPSERT_4: Actor = |world| Box::pin(world.failing_upsert(4));
const INIT_1: Actor = |world| Box::pin(world.init(1));
const INIT_5: Actor = |world| Box::pin(world.init(5));
const FAILING_INIT_1: Actor = |world| Box::pin(world.failing_init(1));
/// Two calls of one thread.
const UPSERT_AND_GET: Actor = |world| {
    Box::pin(async move {
        Rc::clone(&world).upsert(3).await;
        pause().await;
        world.get().await;
    })
};

fn explore(actors: &[Actor]) -> usize {
    let new: [fn() -> Cache<FakeClock>; 2] = [for_ever, for_a_second];
    let orders = new.map(|new| {
        let make = || {
            let world = World::new(new());
            let tasks = actors.iter().map(|actor| actor(Rc::clone(&world))).collect();
            (world, tasks)
        };
        in_every_order(make, is_true)
    });
    orders.iter().sum()
}

#[test]
fn reads_beside_upserts() {
    let orders = explore(&[GET, GET, UPSERT_2, UPSERT_3]);
    assert!(orders > 10_000, "only {orders} orders");
    explore(&[ALL, UPSERT_2, UPSERT_3]);
    explore(&[ALL, ALL, UPSERT_2]);
    explore(&[GET, ALL, UPSERT_AND_GET]);
    explore(&[UPSERT_2, UPSERT_3, UPSERT_4]);
}

#[test]
fn upserts_beside_failures() {
    explore(&[GET, UPSERT_2, FAILING_UPSERT_4]);
    explore(&[UPSERT_2, UPSERT_3, FAILING_UPSERT_4]);
    explore(&[ALL, UPSERT_3, FAILING_UPSERT_2]);
    explore(&[UPSERT_AND_GET, FAILING_UPSERT_4]);
}

#[test]
fn upserts_beside_inits() {
    explore(&[GET, UPSERT_3, INIT_1]);
    explore(&[ALL, UPSERT_3, INIT_1]);
    explore(&[UPSERT_2, UPSERT_3, INIT_1]);
    explore(&[UPSERT_2, INIT_1, INIT_5]);
    explore(&[UPSERT_AND_GET, INIT_1]);
    explore(&[UPSERT_AND_GET, FAILING_INIT_1]);
}

#[test]
fn inits_beside_each_other() {
    explore(&[GET, INIT_1, INIT_5]);
    explore(&[ALL, INIT_1, FAILING_INIT_1]);
}

#[test]
fn reads_at_the_same_time_ask_once() {
    let make = || {
        let world = World::new(for_ever());
        let tasks = [GET, GET, GET].iter().map(|get| get(Rc::clone(&world))).collect();
        (world, tasks)
    };
    let orders = in_every_order(make, |world| {
        is_true(world);
        assert_eq!(world.reads.get(), 1);
        assert_eq!(*world.answered.borrow(), [0, 0, 0]);
    });
    assert!(orders > 10, "only {orders} orders");
}
