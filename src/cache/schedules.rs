//! Reads and writes side by side, in every order that a scheduler can choose.
//!
//! Each task runs until it pauses, as it does wherever a real call would wait for the table. The scheduler then chooses among the tasks
//! that could go on; it runs the same tasks again and again until it has tried every sequence of choices.

use std::cell::{Cell, RefCell};
use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::tests::{for_a_second, for_ever, FakeClock};
use super::Cache;
use crate::error::{Error, ErrorKind, Result};

type Task = Pin<Box<dyn Future<Output = ()>>>;

struct IsReady(AtomicBool);

impl Wake for IsReady {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs what `make` makes in every order, and has `check` look at each outcome; returns how many orders there were.
fn in_every_order<W>(make: impl Fn() -> (Rc<W>, Vec<Task>), check: impl Fn(&W)) -> usize {
    let mut choices: Vec<(usize, usize)> = Vec::new();
    for orders in 1.. {
        let (world, tasks) = make();
        run(tasks, &mut choices);
        check(&world);
        // The last choice that has another one left takes it; all choices behind it begin anew.
        while choices.last().is_some_and(|(taken, of)| taken + 1 == *of) {
            choices.pop();
        }
        match choices.last_mut() {
            Some((taken, _)) => *taken += 1,
            None => return orders,
        }
    }
    unreachable!("the orders are counted until there are none left")
}

/// Runs tasks to their ends, taking `choices` and adding those that go beyond them.
fn run(tasks: Vec<Task>, choices: &mut Vec<(usize, usize)>) {
    let mut tasks: Vec<_> = tasks.into_iter().map(|task| (task, Arc::new(IsReady(AtomicBool::new(true))))).collect();
    for step in 0.. {
        let is_ready = |(_, ready): &(Task, Arc<IsReady>)| ready.0.load(Ordering::SeqCst);
        let ready: Vec<usize> = (0..tasks.len()).filter(|&task| is_ready(&tasks[task])).collect();
        if ready.is_empty() {
            assert!(tasks.is_empty(), "{} task(s) wait for ever", tasks.len());
            return;
        }
        if step == choices.len() {
            choices.push((0, ready.len()));
        }
        let chosen = ready[choices[step].0];
        let (task, ready) = &mut tasks[chosen];
        ready.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(ready));
        let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(&mut Context::from_waker(&waker))));
        if !matches!(polled, Ok(Poll::Pending)) {
            drop(tasks.remove(chosen));
        }
    }
}

/// Lets the scheduler choose who goes on.
async fn pause() {
    let mut has_paused = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut has_paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Gives `work` up at its `polls`-th turn, whatever it waits for: a time-out may strike at any moment.
async fn gives_up<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..polls {
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Some(outcome);
        }
        pause().await;
    }
    None
}

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
                joined.unwrap().0.unwrap().to_string()
            }
        };
        let number = number(&answer);
        assert!(number >= told, "a get that began after write {told} was told found {number}");
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
                self.cache.kind_flights.join("features", began, read).await.unwrap().0
            }
        };
        let number = number(&answer);
        assert!(number >= told, "an all that began after write {told} was told found {number}");
    }

    async fn upsert(self: Rc<Self>, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        pause().await;
        if version > self.row.get().0 {
            self.put(version);
        }
        let (item, number) = (self.text(), self.row.get().1);
        pause().await;
        under_way.found(item);
        self.tell(number);
    }

    async fn failing_upsert(self: Rc<Self>, version: u64) {
        let under_way = self.cache.upsert_begins("features", "key");
        pause().await;
        if version > self.row.get().0 {
            self.put(version);
        }
        pause().await;
        drop(under_way);
    }

    async fn init(self: Rc<Self>, version: u64) {
        let under_way = self.cache.init_begins(vec!["features"]);
        pause().await;
        self.put(version);
        let (item, number) = (self.text(), self.row.get().1);
        pause().await;
        under_way.succeeded(std::iter::once(vec![("key", &*item)]));
        self.tell(number);
    }

    async fn failing_init(self: Rc<Self>, version: u64) {
        let under_way = self.cache.init_begins(vec!["features"]);
        pause().await;
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
    explore(&[GET, ALL, UPSERT_AND_GET]);
    explore(&[ALL, ALL, UPSERT_2, UPSERT_3]);
    explore(&[UPSERT_2, UPSERT_3, UPSERT_4, GET]);
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

/// How a caller of a flight behaves.
#[derive(Clone, Copy)]
enum Caller {
    Succeeds,
    Fails,
    Panics,
    GivesUpAt(usize),
}

#[derive(Default)]
struct Flown {
    /// What callers came to: the answer and whether it was another's, or nothing.
    outcomes: RefCell<Vec<Option<(u32, bool)>>>,
    at_once: Cell<usize>,
}

/// A read by a caller of its own kind; more than one at once is a failure of the single flight.
async fn read(flown: Rc<Flown>, caller: Caller) -> Result<u32> {
    struct Reading(Rc<Flown>);
    impl Drop for Reading {
        fn drop(&mut self) {
            self.0.at_once.set(self.0.at_once.get() - 1);
        }
    }
    flown.at_once.set(flown.at_once.get() + 1);
    assert_eq!(flown.at_once.get(), 1, "two read at once");
    let _reading = Reading(flown);
    pause().await;
    match caller {
        Caller::Fails => return Err(Error::new(ErrorKind::Unreachable, "as it should")),
        Caller::Panics => panic!("as it should"),
        Caller::Succeeds | Caller::GivesUpAt(_) => {}
    }
    pause().await;
    Ok(7)
}

fn fly(callers: &[Caller], check: impl Fn(&[Option<(u32, bool)>])) -> usize {
    std::panic::set_hook(Box::new(|panic| {
        let is_wanted = panic.payload().downcast_ref::<&str>() == Some(&"as it should");
        if !is_wanted {
            eprintln!("{panic}");
        }
    }));
    let make = || {
        let flights: Rc<Cache<FakeClock>> = Rc::new(for_ever());
        let flown = Rc::new(Flown::default());
        let world = Rc::new((Rc::clone(&flights), Rc::clone(&flown)));
        let task = |caller: Caller| -> Task {
            let (cache, flown) = (Rc::clone(&flights), Rc::clone(&flown));
            Box::pin(async move {
                let joined = async {
                    let (sequence, reading) = (cache.sequence(), Rc::clone(&flown));
                    let answer: Result<(bool, bool)> =
                        cache.inited_flights.join("", sequence, || async { read(reading, caller).await.map(|seven| seven == 7) }).await;
                    answer.ok().map(|(is_seven, is_joined)| (if is_seven { 7 } else { 0 }, is_joined))
                };
                let outcome = match caller {
                    Caller::GivesUpAt(polls) => gives_up(joined, polls).await.flatten(),
                    _ => joined.await,
                };
                flown.outcomes.borrow_mut().push(outcome);
            })
        };
        (world, callers.iter().map(|caller| task(*caller)).collect())
    };
    in_every_order(make, |(cache, flown)| {
        assert!(cache.inited_flights.is_empty(), "a flight is left behind");
        assert_eq!(flown.at_once.get(), 0);
        check(&flown.outcomes.borrow());
    })
}

#[test]
fn a_leader_that_fails_gives_up_or_panics_hands_over() {
    use Caller::*;
    for other in [Fails, Panics, GivesUpAt(1), GivesUpAt(2), GivesUpAt(3)] {
        let orders = fly(&[other, Succeeds, Succeeds], |outcomes| {
            let answered = outcomes.iter().flatten().filter(|(answer, _)| *answer == 7).count();
            assert!(answered >= 2, "{outcomes:?}");
        });
        assert!(orders > 10, "only {orders} orders");
    }
    fly(&[Fails, Panics, GivesUpAt(2), Succeeds], |outcomes| {
        assert!(outcomes.iter().flatten().count() >= 1, "{outcomes:?}");
    });
}

#[test]
fn when_all_fail_each_has_tried_and_nothing_is_left() {
    use Caller::*;
    fly(&[Fails, Fails, Fails], |outcomes| assert_eq!(outcomes, [None, None, None]));
    fly(&[Panics, Fails, GivesUpAt(2)], |outcomes| assert!(outcomes.iter().all(Option::is_none)));
}

#[test]
fn a_waiter_s_time_out_is_its_own() {
    use Caller::*;
    // Whatever happens to one that gives up, the other is answered by its own or another's read.
    fly(&[Succeeds, GivesUpAt(1)], |outcomes| assert!(outcomes.iter().flatten().count() >= 1));
}

#[test]
fn exactly_one_of_many_reads() {
    use Caller::*;
    fly(&[Succeeds, Succeeds, Succeeds], |outcomes| {
        let own = outcomes.iter().flatten().filter(|(_, is_joined)| !is_joined).count();
        // Whoever comes when the flight is over begins another.
        assert!((1..=3).contains(&own), "{outcomes:?}");
        assert_eq!(outcomes.len(), 3);
    });
}

#[test]
fn a_flight_is_joined_by_callers_who_began_with_it_or_before_it() {
    let cache = for_ever();
    let before = cache.sequence();
    drop(cache.upsert_begins("features", "other"));
    let after = cache.sequence();
    let flights = &cache.inited_flights;
    let mut context = Context::from_waker(Waker::noop());
    let reads = Cell::new(0);
    let read = || async {
        reads.set(reads.get() + 1);
        pause().await;
        Ok(true)
    };
    for (first, second, expected) in [(after, after, 1), (after, before, 1), (before, after, 2)] {
        reads.set(0);
        let mut one = pin!(flights.join("", first, read));
        let mut other = pin!(flights.join("", second, read));
        assert!(one.as_mut().poll(&mut context).is_pending());
        assert!(other.as_mut().poll(&mut context).is_pending());
        assert!(one.as_mut().poll(&mut context).is_ready());
        assert!(other.as_mut().poll(&mut context).is_ready());
        assert_eq!(reads.get(), expected);
        assert!(flights.is_empty());
    }
}
