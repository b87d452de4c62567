//! Concurrent misses of one thing become one request: the first caller reads, the others wait for its answer.

use std::collections::hash_map::Entry;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::cache::Sequence;
use crate::error::Result;

/// Reads under way, by what they read.
pub(crate) struct Flights<T> {
    under_way: Mutex<HashMap<String, Arc<Flight<T>>>>,
}

struct Flight<T> {
    began: Sequence,
    /// Its own queue makes the next waiter read where the one before failed, gave up or panicked.
    answer: OnceCell<T>,
}

impl<T: Clone> Flights<T> {
    pub(crate) fn new() -> Self {
        Flights {
            under_way: Mutex::default(),
        }
    }

    /// The answer to `read`, or to one under way that began at the same `sequence`; and whether it was another's.
    pub(crate) async fn join<F: Future<Output = Result<T>>>(
        &self,
        name: &str,
        sequence: Sequence,
        read: impl FnOnce() -> F,
    ) -> Result<(T, bool)> {
        let boarded = Boarded {
            flights: self,
            name,
            flight: self.board(name, sequence),
        };
        let mut is_joined = true;
        let answer = boarded
            .flight
            .answer
            .get_or_try_init(|| {
                is_joined = false;
                read()
            })
            .await?;
        Ok((answer.clone(), is_joined))
    }

    fn board(&self, name: &str, sequence: Sequence) -> Arc<Flight<T>> {
        let begin = || {
            Arc::new(Flight {
                began: sequence,
                answer: OnceCell::new(),
            })
        };
        match self.under_way().entry(name.to_owned()) {
            Entry::Occupied(mut entry) => {
                // What began before a write that has finished since must not be joined.
                if entry.get().began != sequence {
                    entry.insert(begin());
                }
                Arc::clone(entry.get())
            }
            Entry::Vacant(entry) => Arc::clone(entry.insert(begin())),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight<T>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.under_way().is_empty()
    }
}

/// A caller's place in a flight; the last one to leave, or the first to have an answer, takes the flight off the list.
struct Boarded<'a, T: Clone> {
    flights: &'a Flights<T>,
    name: &'a str,
    flight: Arc<Flight<T>>,
}

impl<T: Clone> Drop for Boarded<'_, T> {
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way();
        let is_listed = under_way
            .get(self.name)
            .is_some_and(|listed| Arc::ptr_eq(listed, &self.flight));
        // The list holds one share and this caller another.
        let is_last = Arc::strong_count(&self.flight) == 2;
        if is_listed && (is_last || self.flight.answer.initialized()) {
            under_way.remove(self.name);
        }
    }
}
