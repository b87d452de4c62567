//! Concurrent misses of one thing become one request: the first caller reads, the others wait for its answer, whatever that is.

#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::sequence::Sequence;
use crate::error::Result;

/// Reads under way, by what they read.
pub(crate) struct Flights<T> {
    under_way: Mutex<HashMap<String, Flight<T>>>,
}

struct Flight<T> {
    began: Sequence,
    /// Callers who have not left yet.
    callers: usize,
    /// A failure is an answer, too. Its own queue makes the next waiter read where the one before gave up or panicked.
    answer: Arc<OnceCell<Result<T>>>,
}

impl<T: Clone> Flights<T> {
    pub(crate) fn new() -> Self {
        Flights {
            under_way: Mutex::default(),
        }
    }

    /// The answer to `read`, or to one under way that began at `sequence` or later; and whether it was another's.
    pub(crate) async fn join<F: Future<Output = Result<T>>>(
        &self,
        name: &str,
        sequence: Sequence,
        read: impl FnOnce() -> F,
    ) -> (Result<T>, bool) {
        let joined = self.enter(name, sequence);
        let mut is_joined = true;
        let begin = || {
            is_joined = false;
            read()
        };
        let answer = joined.answer.get_or_init(begin).await.clone();
        (answer, is_joined)
    }

    fn enter<'a>(&'a self, name: &'a str, sequence: Sequence) -> Joined<'a, T> {
        let begin = || Flight {
            began: sequence,
            callers: 0,
            answer: Arc::default(),
        };
        let mut under_way = self.under_way();
        let flight = match under_way.entry(name.to_owned()) {
            Entry::Occupied(mut entry) => {
                // What began before a write that has finished since must not be joined.
                if entry.get().began < sequence {
                    entry.insert(begin());
                }
                entry.into_mut()
            }
            Entry::Vacant(entry) => entry.insert(begin()),
        };
        flight.callers += 1;
        Joined {
            flights: self,
            name,
            answer: Arc::clone(&flight.answer),
        }
    }
}

impl<T> Flights<T> {
    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Flight<T>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.under_way().is_empty()
    }
}

/// A caller's place in a flight; the last one to leave, or the first to have an answer, takes the flight off the list.
struct Joined<'a, T> {
    flights: &'a Flights<T>,
    name: &'a str,
    answer: Arc<OnceCell<Result<T>>>,
}

impl<T> Drop for Joined<'_, T> {
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way();
        let listed = under_way.get_mut(self.name);
        let Some(flight) = listed.filter(|flight| Arc::ptr_eq(&flight.answer, &self.answer)) else {
            return;
        };
        flight.callers -= 1;
        if flight.callers == 0 || self.answer.initialized() {
            under_way.remove(self.name);
        }
    }
}
