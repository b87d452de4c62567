//! Callers of one flight side by side, in every order: one reads at a time, and whoever gives up or panics
//! leaves it to the next; a failure is everybody's.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use super::*;
use crate::cache::{Cache, SystemClock};
use crate::config::CacheTtl;
use crate::error::{Error, ErrorKind};
use crate::scheduler::{gives_up, in_every_order, panics, pause, Task};

/// How a caller of a flight behaves.
#[derive(Clone, Copy)]
enum Caller {
    Succeeds,
    Fails,
    Panics,
    GivesUpAt(usize),
}

struct Flown {
    flights: Flights<u32>,
    outcomes: RefCell<Vec<Outcome>>,
    at_once: Cell<usize>,
}

impl Default for Flown {
    fn default() -> Self {
        Flown {
            flights: Flights::new(),
            outcomes: RefCell::default(),
            at_once: Cell::new(0),
        }
    }
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
        Caller::Panics => panics(),
        Caller::Succeeds | Caller::GivesUpAt(_) => {}
    }
    pause().await;
    Ok(7)
}

/// What a caller came to: the answer and whether it was another's; nothing where it gave up or panicked.
type Outcome = Option<(Result<u32>, bool)>;

/// Lets callers of one flight come and go in every order; `check` sees what each came to.
fn fly(callers: &[Caller], check: impl Fn(&[Outcome])) -> usize {
    let cache = Cache::with_clock(CacheTtl::Forever, false, SystemClock).expect("a cache");
    let make = || {
        let flown = Rc::new(Flown::default());
        let task = |caller: Caller| -> Task {
            let (flown, sequence) = (Rc::clone(&flown), cache.sequence());
            Box::pin(async move {
                let joined = flown.flights.join("", sequence, || read(Rc::clone(&flown), caller));
                let outcome = match caller {
                    Caller::GivesUpAt(polls) => gives_up(joined, polls).await,
                    _ => Some(joined.await),
                };
                flown.outcomes.borrow_mut().push(outcome);
            })
        };
        let tasks = callers.iter().map(|caller| task(*caller)).collect();
        (flown, tasks)
    };
    in_every_order(make, |flown| {
        assert!(flown.flights.is_empty(), "a flight is left behind");
        assert_eq!(flown.at_once.get(), 0);
        check(&flown.outcomes.borrow());
    })
}

fn answered(outcomes: &[Outcome]) -> usize {
    let is_answered = |outcome: &&Outcome| matches!(outcome, Some((Ok(7), _)));
    outcomes.iter().filter(is_answered).count()
}

fn failed(outcomes: &[Outcome]) -> usize {
    let is_failed = |outcome: &&Outcome| matches!(outcome, Some((Err(_), _)));
    outcomes.iter().filter(is_failed).count()
}

#[test]
fn a_leader_that_gives_up_or_panics_hands_over() {
    use Caller::*;
    for other in [Panics, GivesUpAt(1), GivesUpAt(2), GivesUpAt(3)] {
        let orders = fly(&[other, Succeeds, Succeeds], |outcomes| {
            assert!(answered(outcomes) >= 2, "{outcomes:?}");
        });
        assert!(orders > 10, "only {orders} orders");
    }
    fly(&[Panics, GivesUpAt(2), Succeeds], |outcomes| {
        assert!(answered(outcomes) >= 1, "{outcomes:?}");
    });
}

#[test]
fn a_failure_is_given_to_everybody_who_waited_and_to_nobody_else() {
    use Caller::*;
    fly(&[Fails, Succeeds, Succeeds], |outcomes| {
        // Whoever fails read itself, or waited for the one that did; whoever came when that was over reads anew.
        let own_failures = outcomes
            .iter()
            .flatten()
            .filter(|(answer, is_joined)| answer.is_err() && !is_joined);
        assert!(own_failures.count() <= 1, "{outcomes:?}");
        assert_eq!(answered(outcomes) + failed(outcomes), 3);
    });
    let together = Cell::new(0);
    fly(&[Fails, Fails, Fails], |outcomes| {
        let joined = outcomes.iter().flatten().filter(|(_, is_joined)| *is_joined).count();
        together.set(together.get().max(joined));
        assert_eq!(failed(outcomes), 3);
    });
    assert_eq!(together.get(), 2, "no order had two wait for the failure of the third");
    fly(&[Panics, Fails, GivesUpAt(2)], |outcomes| {
        assert_eq!(answered(outcomes), 0)
    });
}

#[test]
fn a_waiter_s_time_out_is_its_own() {
    use Caller::*;
    // Whatever happens to one that gives up, the other is answered by its own or another's read.
    fly(&[Succeeds, GivesUpAt(1)], |outcomes| assert!(answered(outcomes) >= 1));
}

#[test]
fn exactly_one_of_many_reads() {
    use Caller::*;
    // That no two read at once is looked at by each read itself; whoever comes when the flight is over begins another.
    let fewest = Cell::new(3);
    fly(&[Succeeds, Succeeds, Succeeds], |outcomes| {
        let own = outcomes.iter().flatten().filter(|(_, is_joined)| !is_joined).count();
        fewest.set(fewest.get().min(own));
        assert_eq!(answered(outcomes), 3, "{outcomes:?}");
    });
    assert_eq!(fewest.get(), 1, "in no order did two wait for the third");
}

#[test]
fn a_flight_is_joined_by_callers_who_began_with_it_or_before_it() {
    let cache = Cache::with_clock(CacheTtl::Forever, false, SystemClock).expect("a cache");
    let before = cache.sequence();
    drop(cache.upsert_begins("features", "other"));
    let after = cache.sequence();
    let flights = Flights::new();
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
