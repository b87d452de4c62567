//! Log messages: collected while a call runs, delivered to the caller's function after it has left the runtime.
//!
//! A callback therefore runs on the thread that made the call, holds no lock of ours, and may call the library, fork, replace the
//! logger or free the store.

use std::cell::RefCell;
use std::ffi::{c_char, c_void, CString};
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::metadata::LevelFilter;
use tracing::span;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::config::{Config, LogLevel};
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

/// Messages kept for one call; what comes after is counted.
const MAXIMUM_MESSAGES: usize = 256;
const MAXIMUM_MESSAGE_BYTES: usize = 4096;

/// A caller's function with its data.
pub(super) struct Logger {
    callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    userdata: *mut c_void,
    release: ld_dynamo_log_release,
    generation: u64,
    dispatch: Dispatch,
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
            dispatch: Dispatch::new(Collector::new(config)),
        })
    }

    /// Runs `call`, then delivers what was logged meanwhile on this thread.
    pub(super) fn around<T>(self: Arc<Self>, call: impl FnOnce() -> T) -> T {
        let outer = MESSAGES.replace(Some(Messages::default()));
        let outcome = tracing::dispatcher::with_default(&self.dispatch, call);
        let messages = MESSAGES.replace(outer);
        self.deliver(messages.unwrap_or_default());
        outcome
    }

    fn deliver(&self, messages: Messages) {
        let dropped = (messages.dropped > 0).then(|| {
            let text = format!("{} more log messages of this call were dropped", messages.dropped);
            (LD_DYNAMO_LOG_WARN, text)
        });
        for (level, text) in messages.kept.into_iter().chain(dropped) {
            let text = CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
            // SAFETY: the caller registered this function for this userdata, and it is released only after the last such call.
            unsafe { (self.callback)(self.userdata, level, text.as_ptr()) };
        }
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

/// A handle's logger, replaceable while calls are under way, in any process.
///
/// The lock word holds the generation of its holder: a child that finds its parent's there takes the lock over, as the thread that
/// held it does not exist in the child, and what it guards is one pointer, which is old or new but never torn.
pub(super) struct LoggerCell {
    holder: AtomicU64,
    logger: std::cell::UnsafeCell<Option<Arc<Logger>>>,
}

// SAFETY: the cell's content is only touched by the holder of the lock.
unsafe impl Sync for LoggerCell {}

impl LoggerCell {
    pub(super) const fn new() -> Self {
        LoggerCell {
            holder: AtomicU64::new(0),
            logger: std::cell::UnsafeCell::new(None),
        }
    }

    pub(super) fn get(&self) -> Option<Arc<Logger>> {
        self.locked(|logger| logger.clone())
    }

    pub(super) fn replace(&self, logger: Option<Arc<Logger>>) {
        // The old one is dropped after the lock is free: its release may call the library.
        drop(self.locked(|current| std::mem::replace(current, logger)));
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
            match self.holder.compare_exchange(
                holder,
                generation,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
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

#[derive(Default)]
struct Messages {
    kept: Vec<(i32, String)>,
    dropped: usize,
}

thread_local! {
    /// What the call on this thread has logged so far; `None` outside calls.
    static MESSAGES: RefCell<Option<Messages>> = const { RefCell::new(None) };
}

/// Puts events into the thread's messages. Spans are ignored.
struct Collector {
    level: LevelFilter,
    /// Texts that never appear in a message.
    secrets: Vec<String>,
}

impl Collector {
    fn new(config: &Config) -> Self {
        let secrets = config.secret_fields().into_iter().flatten();
        Collector {
            level: match config.log_level {
                LogLevel::Off => LevelFilter::OFF,
                LogLevel::Error => LevelFilter::ERROR,
                LogLevel::Warn => LevelFilter::WARN,
                LogLevel::Info => LevelFilter::INFO,
                LogLevel::Debug => LevelFilter::DEBUG,
                LogLevel::Trace => LevelFilter::TRACE,
            },
            secrets: secrets.map(str::to_owned).collect(),
        }
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level && !speaks_of_secrets(metadata.target())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        MESSAGES.with_borrow_mut(|messages| {
            let Some(messages) = messages else {
                return;
            };
            if messages.kept.len() >= MAXIMUM_MESSAGES {
                messages.dropped += 1;
                return;
            }
            let metadata = event.metadata();
            let mut text = Text::new(metadata.target());
            event.record(&mut text);
            let mut text = text.0;
            for secret in &self.secrets {
                if text.contains(secret.as_str()) {
                    text = text.replace(secret.as_str(), "…");
                }
            }
            truncate(&mut text);
            messages.kept.push((number(*metadata.level()), text));
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Modules of the AWS SDK that log what is signed, signatures and credentials.
fn speaks_of_secrets(target: &str) -> bool {
    const TARGETS: [&str; 5] = [
        "aws_sigv4",
        "aws_runtime::auth",
        "aws_credential_types",
        "aws_smithy_runtime::client::identity",
        "aws_smithy_runtime::client::orchestrator::auth",
    ];
    TARGETS.iter().any(|secretive| target.starts_with(secretive))
}

/// Fields in which the AWS SDK shows whole requests, their headers and with them signatures and session tokens.
fn holds_headers(field: &str) -> bool {
    ["request", "response", "headers", "identity", "credentials", "signing", "properties", "config"]
        .iter()
        .any(|part| field.contains(part))
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

fn truncate(text: &mut String) {
    if text.len() > MAXIMUM_MESSAGE_BYTES {
        let end = (0..=MAXIMUM_MESSAGE_BYTES).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
}

/// An event as one line: the message, then its fields; messages of other crates begin with where they come from.
struct Text(String);

impl Text {
    fn new(target: &str) -> Self {
        Text(if target.starts_with(env!("CARGO_CRATE_NAME")) {
            String::new()
        } else {
            format!("{target}: ")
        })
    }

    fn push(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => self.0.write_fmt(value),
            name if holds_headers(name) => Ok(()),
            name => write!(self.0, " {name}={value}"),
        };
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, format_args!("{value:?}"));
    }
}
