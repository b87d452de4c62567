//! Log messages: collected while a call runs, delivered to the caller's function after it has left the runtime.
//!
//! A callback therefore runs on the thread that made the call, holds no lock of ours, and may call the library, fork, replace the
//! logger or free the store.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{c_char, c_void, CString};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use tracing::Level;

use super::collector::{Filter, Messages, MAXIMUM_MESSAGES};
use crate::config::Config;
use crate::process;

/// Log level: something was lost or is wrong with the data.
pub const LD_DYNAMO_LOG_ERROR: i32 = 1;
/// Log level: something may be wrong.
pub const LD_DYNAMO_LOG_WARN: i32 = 2;
/// Log level: an init was done.
pub const LD_DYNAMO_LOG_INFO: i32 = 3;
/// Log level: requests and retries.
pub const LD_DYNAMO_LOG_DEBUG: i32 = 4;
/// Log level: everything that the AWS SDK says, secrets aside.
pub const LD_DYNAMO_LOG_TRACE: i32 = 5;

/// Receives one log message: the userdata it was registered with, one of LD_DYNAMO_LOG_*, and a line of UTF-8 that it must not keep. Runs
/// on the thread that made the call, after the call's work is done. It may call the library, fork, replace the logger or
/// free the store; it must not unwind or longjmp.
#[allow(non_camel_case_types)]
pub type ld_dynamo_log_callback =
    Option<unsafe extern "C" fn(userdata: *mut c_void, level: i32, message: *const c_char)>;

/// Told once that a logger's userdata is not needed any more.
#[allow(non_camel_case_types)]
pub type ld_dynamo_log_release = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// A caller's function with its data.
pub(super) struct Logger {
    callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    userdata: *mut c_void,
    release: ld_dynamo_log_release,
    generation: u64,
    filter: Arc<Filter>,
}

// SAFETY: the header tells the caller that callback and release may run on any thread that uses the store.
unsafe impl Send for Logger {}
// SAFETY: as above.
unsafe impl Sync for Logger {}

impl Logger {
    pub(super) fn new(
        config: &Config,
        callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
        userdata: *mut c_void,
        release: ld_dynamo_log_release,
    ) -> Arc<Self> {
        Arc::new(Logger {
            callback,
            userdata,
            release,
            generation: process::generation(),
            filter: Filter::new(config),
        })
    }

    /// Runs `call`, then delivers what was logged meanwhile on this thread.
    pub(super) fn around<T>(self: Arc<Self>, call: impl FnOnce() -> T) -> T {
        let (outcome, messages) = self.filter.listen(call);
        if !messages.kept.is_empty() {
            self.deliver(messages);
        }
        outcome
    }

    fn deliver(&self, messages: Messages) {
        let generation = process::generation();
        // A callback that calls the library is not called again from within itself: it gets these messages when it has returned.
        let is_under_way =
            |delivery: &&mut Delivery| std::ptr::eq(delivery.logger, self) && delivery.generation == generation;
        let is_begun = with_deliveries(|deliveries| match deliveries.iter_mut().find(is_under_way) {
            Some(delivery) => {
                delivery.add(messages);
                false
            }
            None => {
                let mut delivery = Delivery::new(self, generation);
                delivery.add(messages);
                deliveries.push(delivery);
                true
            }
        });
        if is_begun != Some(true) {
            return;
        }
        // A child that the callback forked leaves the rest to its parent.
        while process::generation() == generation {
            let next = with_deliveries(|deliveries| deliveries.last_mut().and_then(Delivery::next));
            let Some((level, text)) = next.flatten() else {
                break;
            };
            let text = CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
            // SAFETY: the caller registered this function for this userdata, and it is released only after the last such call.
            unsafe { (self.callback)(self.userdata, number(level), text.as_ptr()) };
        }
        with_deliveries(Vec::pop);
    }
}

impl Drop for Logger {
    /// Tells the owner, unless the logger was inherited over a fork: then it is the parent that owns the data.
    fn drop(&mut self) {
        if let Some(release) = self.release {
            if self.generation == process::generation() {
                // SAFETY: registered by the caller for this userdata; nobody else holds this logger any more.
                unsafe { release(self.userdata) };
            }
        }
    }
}

thread_local! {
    /// What this thread is delivering: more than one where a callback makes calls on a store with another logger.
    static DELIVERIES: RefCell<Vec<Delivery>> = const { RefCell::new(Vec::new()) };
}

/// The messages of a call, and of those that the callback makes meanwhile.
struct Delivery {
    logger: *const Logger,
    generation: u64,
    waiting: VecDeque<(Level, String)>,
    taken: usize,
    dropped: usize,
}

/// `None` where the thread is ending and its variables are gone.
fn with_deliveries<T>(work: impl FnOnce(&mut Vec<Delivery>) -> T) -> Option<T> {
    DELIVERIES
        .try_with(|deliveries| work(&mut deliveries.borrow_mut()))
        .ok()
}

impl Delivery {
    fn new(logger: *const Logger, generation: u64) -> Self {
        Delivery {
            logger,
            generation,
            waiting: VecDeque::new(),
            taken: 0,
            dropped: 0,
        }
    }

    fn add(&mut self, messages: Messages) {
        let room = MAXIMUM_MESSAGES.saturating_sub(self.taken);
        let kept = messages.kept.len().min(room);
        self.taken += kept;
        self.dropped += messages.dropped + messages.kept.len() - kept;
        self.waiting.extend(messages.kept.into_iter().take(kept));
    }

    fn next(&mut self) -> Option<(Level, String)> {
        if let Some(message) = self.waiting.pop_front() {
            return Some(message);
        }
        // The last message: what the callback does about this one is not told any more.
        let is_last = self.dropped > 0 && self.taken != usize::MAX;
        is_last.then(|| {
            self.taken = usize::MAX;
            (
                Level::WARN,
                format!("{} more log messages of this call were dropped", self.dropped),
            )
        })
    }
}

fn number(level: Level) -> i32 {
    match level {
        Level::ERROR => LD_DYNAMO_LOG_ERROR,
        Level::WARN => LD_DYNAMO_LOG_WARN,
        Level::INFO => LD_DYNAMO_LOG_INFO,
        Level::DEBUG => LD_DYNAMO_LOG_DEBUG,
        _ => LD_DYNAMO_LOG_TRACE,
    }
}

/// A handle's logger, replaceable while calls are under way, in any process.
///
/// The lock word holds the generation of its holder: a child that finds its parent's there takes the lock over, as the thread that
/// held it does not exist in the child, and what it guards is one pointer, which is old or new but never torn.
pub(super) struct LoggerCell {
    /// Spares calls the lock while no logger is set.
    is_set: AtomicBool,
    holder: AtomicU64,
    logger: std::cell::UnsafeCell<Option<Arc<Logger>>>,
}

// SAFETY: the cell's content is only touched by the holder of the lock.
unsafe impl Sync for LoggerCell {}

impl LoggerCell {
    pub(super) const fn new() -> Self {
        LoggerCell {
            is_set: AtomicBool::new(false),
            holder: AtomicU64::new(0),
            logger: std::cell::UnsafeCell::new(None),
        }
    }

    pub(super) fn get(&self) -> Option<Arc<Logger>> {
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        self.locked(|logger| logger.clone())
    }

    pub(super) fn replace(&self, logger: Option<Arc<Logger>>) {
        // The old one is dropped after the lock is free: its release may call the library.
        drop(self.locked(|current| {
            self.is_set.store(logger.is_some(), Ordering::Release);
            std::mem::replace(current, logger)
        }));
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Option<Arc<Logger>>) -> T) -> T {
        let generation = process::generation();
        let mut holder = self.holder.load(Ordering::Relaxed);
        loop {
            if holder == generation {
                std::thread::yield_now();
                holder = self.holder.load(Ordering::Relaxed);
                continue;
            }
            match self
                .holder
                .compare_exchange(holder, generation, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => holder = now,
            }
        }
        // SAFETY: this thread holds the lock.
        let outcome = work(unsafe { &mut *self.logger.get() });
        self.holder.store(0, Ordering::Release);
        outcome
    }
}
