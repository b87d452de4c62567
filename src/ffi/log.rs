//! Log messages: collected while a call runs, delivered to the caller's function after it has left the runtime.
//!
//! A callback therefore runs on the thread that made the call, holds no lock of ours, and may call the library, fork, replace the
//! logger or free the store. Where it jumps over us all the same (longjmp, `exit` in PHP), no frame that is jumped over holds anything:
//! what a delivery needs lies in a list of the thread's, and is taken away by the next call that is made from further up the stack.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

use tracing::metadata::LevelFilter;
use tracing::Level;

use super::collector::{level, listen, Messages, MAXIMUM_MESSAGES, MAXIMUM_MESSAGE_BYTES};
use crate::config::Config;
use crate::process;

#[cfg(test)]
mod tests;

/// Log level: something was lost or is wrong with the data.
pub const LD_DYNAMO_LOG_ERROR: i32 = 1;
/// Log level: something may be wrong.
pub const LD_DYNAMO_LOG_WARN: i32 = 2;
/// Log level: an init was done.
pub const LD_DYNAMO_LOG_INFO: i32 = 3;
/// Log level: attempts, retries and time-outs of requests, and where region and credentials come from.
pub const LD_DYNAMO_LOG_DEBUG: i32 = 4;
/// Log level: the steps within an attempt.
pub const LD_DYNAMO_LOG_TRACE: i32 = 5;

/// Receives one log message: the userdata it was registered with, one of LD_DYNAMO_LOG_*, and a line of UTF-8 that it must not keep. Runs
/// on the thread that made the call, after the call's work is done. It may call the library, fork, replace the logger or free the store.
/// It must not unwind. One that jumps over the library (longjmp) loses the rest of the call's messages and what the call returns. Its
/// logger counts as in use until the thread's next call from the same depth of the stack or less; until then messages of calls from
/// deeper down may be lost. A callback may go on to another stack (a fiber's, a coroutine's) and return later. Where stacks are copied
/// away to make room for each other, the logger must not be replaced, and the store not freed, before it has returned.
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
    level: LevelFilter,
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
            level: level(config),
        })
    }

    /// Runs `call`, then delivers what was logged meanwhile on this thread.
    pub(super) fn around<T: Copy>(self: Arc<Self>, call: impl FnOnce() -> T) -> T {
        let (outcome, messages) = listen(self.level, call);
        if !messages.kept.is_empty() {
            deliver(self, messages);
        }
        outcome
    }
}

/// Hands messages to the logger's callback, or to the delivery under way further up that this one comes from within.
#[inline(never)]
fn deliver(logger: Arc<Logger>, messages: Messages) {
    // Nothing on this frame is lost if the callback jumps over it.
    let mut line = Line::new();
    let depth = line.depth();
    let (callback, userdata, generation) = (logger.callback, logger.userdata, process::generation());
    let mut delivery = Some(Delivery::new(logger, generation, depth, messages));
    let begun = with_deliveries(|deliveries| delivery.take().and_then(|delivery| deliveries.begin(delivery)));
    if let Some(delivery) = delivery {
        return delivery.at_the_thread_s_end(line);
    }
    let Some(number) = begun.flatten() else {
        return;
    };
    // A child that the callback forked leaves the rest to its parent.
    while process::generation() == generation {
        let next = with_deliveries(|deliveries| deliveries.next(number));
        let Some((level, text)) = next.flatten() else {
            break;
        };
        line.write(&text);
        drop(text);
        // SAFETY: the caller registered this function for this userdata, and it is released only after the last such call.
        unsafe { callback(userdata, number_of(level), line.as_ptr()) };
    }
    drop(with_deliveries(|deliveries| deliveries.end(number)));
}

/// Takes away the deliveries on this thread whose frames were jumped over, and with them their shares of loggers.
///
/// `here` lies on the frame of a call that is not made from within them.
pub(super) fn forget_jumped_over() {
    let here = 0_u8;
    let here = std::ptr::from_ref(&here) as usize;
    // A release may call the library.
    drop(with_deliveries(|deliveries| deliveries.take_jumped_over(here)));
}

/// A message as the callback gets it.
struct Line([u8; MAXIMUM_MESSAGE_BYTES + 1]);

impl Line {
    fn new() -> Self {
        Line([0; MAXIMUM_MESSAGE_BYTES + 1])
    }

    /// Where it lies on the stack, which grows downwards: below everything of the call that delivers, and above the callback.
    fn depth(&self) -> usize {
        self.0.as_ptr() as usize
    }

    fn write(&mut self, text: &str) {
        let length = text.floor_char_boundary(MAXIMUM_MESSAGE_BYTES);
        self.0[..length].copy_from_slice(&text.as_bytes()[..length]);
        // A NUL would end it.
        self.0[..length]
            .iter_mut()
            .filter(|byte| **byte == 0)
            .for_each(|byte| *byte = b'?');
        self.0[length] = 0;
    }

    fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
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
    static DELIVERIES: RefCell<Deliveries> = const { RefCell::new(Deliveries::new()) };
}

/// `None` where the thread is ending and its variables are gone.
fn with_deliveries<T>(work: impl FnOnce(&mut Deliveries) -> T) -> Option<T> {
    DELIVERIES
        .try_with(|deliveries| work(&mut deliveries.borrow_mut()))
        .ok()
}

/// What this thread is delivering: more than one where a callback makes calls on a store with another logger.
struct Deliveries {
    list: Vec<Delivery>,
    last_number: u64,
}

/// The messages of a call, and of those that the callback makes meanwhile.
struct Delivery {
    number: u64,
    logger: Arc<Logger>,
    generation: u64,
    /// Where on the stack its frame lies.
    depth: usize,
    waiting: VecDeque<(Level, String)>,
    taken: usize,
    dropped: usize,
}

impl Deliveries {
    const fn new() -> Self {
        Deliveries {
            list: Vec::new(),
            last_number: 0,
        }
    }

    /// The number of the delivery that begins; `None` where the messages were added to one further up. A callback that calls the library
    /// is not called again from within itself: it gets these messages when it has returned.
    fn begin(&mut self, delivery: Delivery) -> Option<u64> {
        let is_further_up = |other: &&mut Delivery| {
            Arc::ptr_eq(&other.logger, &delivery.logger)
                && other.generation == delivery.generation
                && other.depth > delivery.depth
        };
        if let Some(other) = self.list.iter_mut().find(is_further_up) {
            other.join(delivery);
            return None;
        }
        self.last_number += 1;
        self.list.push(Delivery {
            number: self.last_number,
            ..delivery
        });
        Some(self.last_number)
    }

    fn next(&mut self, number: u64) -> Option<(Level, String)> {
        let delivery = self.list.iter_mut().find(|delivery| delivery.number == number);
        delivery.and_then(Delivery::next)
    }

    fn end(&mut self, number: u64) -> Option<Delivery> {
        let place = self.list.iter().position(|delivery| delivery.number == number);
        let ended = place.map(|place| self.list.remove(place));
        // A thread that comes here first while it is ending never drops its variables.
        if self.list.is_empty() {
            self.list = Vec::new();
        }
        ended
    }

    /// Those whose frames lie at `here` or below it on the same stack, so that they are not there any more. On another stack (a fiber's, a
    /// coroutine's) nobody can tell, and they stay.
    fn take_jumped_over(&mut self, here: usize) -> Vec<Delivery> {
        if self.list.iter().all(|delivery| delivery.depth > here) {
            return Vec::new();
        }
        let stack = process::own_stack();
        if !stack.contains(&here) {
            return Vec::new();
        }
        let is_gone = |delivery: &mut Delivery| delivery.depth <= here && stack.contains(&delivery.depth);
        self.list.extract_if(.., is_gone).collect()
    }
}

impl Delivery {
    fn new(logger: Arc<Logger>, generation: u64, depth: usize, messages: Messages) -> Self {
        let mut delivery = Delivery {
            number: 0,
            logger,
            generation,
            depth,
            waiting: VecDeque::new(),
            taken: 0,
            dropped: 0,
        };
        delivery.add(messages);
        delivery
    }

    /// Takes the messages of a call made by the callback.
    fn join(&mut self, nested: Delivery) {
        self.add(Messages {
            kept: nested.waiting.into(),
            dropped: nested.dropped,
        });
    }

    /// Delivers without the list, which is gone. What the callback's own calls log is not told.
    fn at_the_thread_s_end(mut self, mut line: Line) {
        thread_local! {
            static IS_UNDER_WAY: Cell<bool> = const { Cell::new(false) };
        }
        if IS_UNDER_WAY.replace(true) {
            return;
        }
        while process::generation() == self.generation {
            let Some((level, text)) = self.next() else {
                break;
            };
            line.write(&text);
            // SAFETY: as in `deliver`.
            unsafe { (self.logger.callback)(self.logger.userdata, number_of(level), line.as_ptr()) };
        }
        IS_UNDER_WAY.set(false);
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

fn number_of(level: Level) -> i32 {
    match level {
        Level::ERROR => LD_DYNAMO_LOG_ERROR,
        Level::WARN => LD_DYNAMO_LOG_WARN,
        Level::INFO => LD_DYNAMO_LOG_INFO,
        Level::DEBUG => LD_DYNAMO_LOG_DEBUG,
        _ => LD_DYNAMO_LOG_TRACE,
    }
}
