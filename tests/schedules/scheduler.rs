//! For tests: runs tasks side by side in every order that a scheduler can choose.
//!
//! Each task runs until it pauses, as it does wherever a real call would wait for the table. The scheduler then chooses among the tasks
//! that could go on; it runs the same tasks again and again until it has tried every sequence of choices.

use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, panic_any, resume_unwind, AssertUnwindSafe};
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// What the scheduler runs; a task that [`panics`] has ended, and any other panic of it is the test's.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

struct IsReady(AtomicBool);

impl Wake for IsReady {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs what `make` makes in every order, and has `check` look at each outcome; returns how many orders there were.
pub(crate) fn in_every_order<W>(make: impl Fn() -> (Rc<W>, Vec<Task>), check: impl Fn(&W)) -> usize {
    every_choice(|choices| {
        let (world, tasks) = make();
        run(tasks, choices);
        check(&world);
    })
}

/// Calls `run` until it has taken every sequence of choices there is; returns how many. It takes those that stand in the list, each with how
/// many there were, and adds those that go beyond them.
pub(crate) fn every_choice(mut run: impl FnMut(&mut Vec<(usize, usize)>)) -> usize {
    let mut choices: Vec<(usize, usize)> = Vec::new();
    for orders in 1.. {
        run(&mut choices);
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
    let mut tasks: Vec<_> = tasks
        .into_iter()
        .map(|task| (task, Arc::new(IsReady(AtomicBool::new(true)))))
        .collect();
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
        let polled = catch_unwind(AssertUnwindSafe(|| {
            task.as_mut().poll(&mut Context::from_waker(&waker))
        }));
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(())) => drop(tasks.remove(chosen)),
            Err(panic) if panic.is::<OnPurpose>() => drop(tasks.remove(chosen)),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// What a panic that belongs to a test carries.
struct OnPurpose;

/// Ends the task as a defect would.
pub(crate) fn panics() -> ! {
    panic_any(OnPurpose)
}

/// Lets the scheduler choose who goes on.
pub(crate) async fn pause() {
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
pub(crate) async fn gives_up<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..polls {
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Some(outcome);
        }
        pause().await;
    }
    None
}
