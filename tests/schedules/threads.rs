//! For tests: runs threads one at a time, in every order in which they can pass the places where they call [`step`].
//!
//! Unlike tasks, threads can be stopped in the middle of ordinary code: between deciding something and taking the lock it is decided for.

use std::cell::RefCell;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::scheduler::every_choice;

/// Which thread may run; the scheduler itself where it is none.
#[derive(Default)]
struct Turn {
    running: Option<usize>,
    ended: Vec<usize>,
}

#[derive(Default)]
struct Baton {
    turn: Mutex<Turn>,
    changed: Condvar,
}

impl Baton {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self, is_so: impl Fn(&Turn) -> bool) -> MutexGuard<'_, Turn> {
        let mut turn = self.turn();
        while !is_so(&turn) {
            turn = self.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        turn
    }

    fn give_back(&self, ended: Option<usize>) {
        let mut turn = self.turn();
        turn.running = None;
        turn.ended.extend(ended);
        self.changed.notify_all();
    }
}

thread_local! {
    static PLACE: RefCell<Option<(Arc<Baton>, usize)>> = const { RefCell::new(None) };
}

/// Lets another thread run; nothing on a thread that is not scheduled.
pub(crate) fn step() {
    if let Some((baton, number)) = PLACE.with_borrow(Clone::clone) {
        baton.give_back(None);
        drop(baton.wait_until(|turn| turn.running == Some(number)));
    }
}

/// Runs `threads` on what `make` makes in every order, and has `check` look at each outcome; returns how many orders there were.
pub(crate) fn in_every_order<W: Sync>(make: impl Fn() -> W, threads: &[fn(&W)], check: impl Fn(&W)) -> usize {
    every_choice(|choices| {
        let world = make();
        run(&world, threads, choices);
        check(&world);
    })
}

fn run<W: Sync>(world: &W, threads: &[fn(&W)], choices: &mut Vec<(usize, usize)>) {
    let baton = Arc::new(Baton::default());
    std::thread::scope(|scope| {
        let started: Vec<_> = threads
            .iter()
            .enumerate()
            .map(|(number, thread)| {
                let baton = Arc::clone(&baton);
                scope.spawn(move || {
                    drop(baton.wait_until(|turn| turn.running == Some(number)));
                    PLACE.set(Some((Arc::clone(&baton), number)));
                    let outcome = catch_unwind(AssertUnwindSafe(|| thread(world)));
                    PLACE.set(None);
                    baton.give_back(Some(number));
                    outcome
                })
            })
            .collect();
        for step in 0.. {
            let mut turn = baton.wait_until(|turn| turn.running.is_none());
            let left: Vec<usize> = (0..threads.len())
                .filter(|number| !turn.ended.contains(number))
                .collect();
            if left.is_empty() {
                break;
            }
            if step == choices.len() {
                choices.push((0, left.len()));
            }
            turn.running = Some(left[choices[step].0]);
            baton.changed.notify_all();
        }
        for thread in started {
            let outcome = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            outcome.unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
}
