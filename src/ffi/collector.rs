//! What `tracing` hears while a call with a logger runs on this thread: our own events, and those of the AWS SDK that are worth having.
//!
//! No secret is looked for: what could hold one is not on the list of what is told.

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;
use tracing::field::{Field, Visit};
use tracing::metadata::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{span, Dispatch, Event, Level, Metadata, Subscriber};

use crate::config::{Config, LogLevel};
use crate::process;

/// Messages kept for one call; what comes after is counted.
pub(super) const MAXIMUM_MESSAGES: usize = 256;
/// The longest message, in bytes, with the sign of what was cut off.
pub(super) const MAXIMUM_MESSAGE_BYTES: usize = 4096;
const CUT_OFF: &str = "…";

/// What was said during a call.
#[derive(Default)]
pub(super) struct Messages {
    pub(super) kept: Vec<(Level, String)>,
    pub(super) dropped: usize,
}

impl Messages {
    fn is_full(&self) -> bool {
        self.kept.len() >= MAXIMUM_MESSAGES
    }

    /// The newest of the least severe.
    fn least_severe(&self) -> Option<(usize, Level)> {
        let levels = self.kept.iter().map(|(level, _)| *level).enumerate();
        levels.max_by_key(|(_, level)| *level)
    }

    fn has_room_for(&self, level: Level) -> bool {
        !self.is_full() || self.least_severe().is_some_and(|(_, least)| level < least)
    }

    /// A message that finds no room takes that of a less severe one: an error is never lost among what the AWS SDK says.
    fn keep(&mut self, level: Level, text: String) {
        if self.is_full() {
            if let Some((index, _)) = self.least_severe() {
                self.kept.remove(index);
                self.dropped += 1;
            }
        }
        self.kept.push((level, text));
    }
}

/// The call on this thread that is being listened to.
struct Listening {
    level: LevelFilter,
    messages: Messages,
}

thread_local! {
    /// On the frame of `listen`; null where nobody listens. A pointer, as it is there even while the thread ends.
    static LISTENING: Cell<*const RefCell<Listening>> = const { Cell::new(std::ptr::null()) };
}

/// Runs `call` and returns what was said meanwhile on this thread, down to `level`.
pub(super) fn listen<T>(level: LevelFilter, call: impl FnOnce() -> T) -> (T, Messages) {
    struct Restored(*const RefCell<Listening>);
    impl Drop for Restored {
        fn drop(&mut self) {
            LISTENING.set(self.0);
        }
    }
    let listening = RefCell::new(Listening {
        level,
        messages: Messages::default(),
    });
    let restored = Restored(LISTENING.replace(&listening));
    let outcome = tracing::dispatcher::with_default(&dispatchers().collector, call);
    drop(restored);
    (outcome, listening.into_inner().messages)
}

/// Shows who listens on this thread to `work`; `None` where nobody does.
fn with_listening<T>(work: impl FnOnce(&RefCell<Listening>) -> T) -> Option<T> {
    // SAFETY: `listen` puts the outer one back before its frame goes.
    unsafe { LISTENING.get().as_ref() }.map(work)
}

/// Down to which level somebody listens to the call that this thread is in.
pub(super) fn level_heard() -> Option<LevelFilter> {
    with_listening(|listening| listening.borrow().level)
}

/// Adds what was said during a part of the call that another thread did.
pub(super) fn add(messages: Messages) {
    with_listening(|listening| {
        let all = &mut listening.borrow_mut().messages;
        all.dropped += messages.dropped;
        for (level, text) in messages.kept {
            if all.has_room_for(level) {
                all.keep(level, text);
            } else {
                all.dropped += 1;
            }
        }
    });
}

/// The level that a configuration asks for, which `tracing` is told of.
pub(super) fn level(config: &Config) -> LevelFilter {
    let level = match config.log_level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    hear_up_to(level);
    level
}

/// Made once, so that a new logger touches nothing that the whole process shares.
struct Dispatchers {
    collector: Dispatch,
    /// Hears nothing. While `tracing` knows of one dispatcher only, it asks the thread that meets an event first, and where that thread
    /// has no logger, nobody would hear of this event ever after.
    _second: Dispatch,
}

fn dispatchers() -> &'static Dispatchers {
    static DISPATCHERS: OnceBox<Dispatchers> = OnceBox::new();
    DISPATCHERS.get_or_init(|| {
        // A new dispatcher enters a process-wide list.
        let _inside = process::enter();
        Box::new(Dispatchers {
            collector: Dispatch::new(Collector),
            _second: Dispatch::new(Deaf),
        })
    })
}

/// What any logger has ever wanted to hear. Less is not told to `tracing`: every event above it costs one comparison.
static WANTED: AtomicUsize = AtomicUsize::new(0);

const LEVELS: [LevelFilter; 6] = [
    LevelFilter::OFF,
    LevelFilter::ERROR,
    LevelFilter::WARN,
    LevelFilter::INFO,
    LevelFilter::DEBUG,
    LevelFilter::TRACE,
];

fn hear_up_to(level: LevelFilter) {
    let wanted = LEVELS.iter().position(|known| *known == level).unwrap_or(0);
    dispatchers();
    if WANTED.fetch_max(wanted, Ordering::SeqCst) < wanted {
        let _inside = process::enter();
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Puts events into the messages of the call on this thread. Spans are ignored.
pub(super) struct Collector;

impl Subscriber for Collector {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && told(metadata).is_some() {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_wanted = |level| *metadata.level() <= level;
        metadata.is_event() && level_heard().is_some_and(is_wanted) && told(metadata).is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        LEVELS.get(WANTED.load(Ordering::SeqCst)).copied()
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let Some(fields) = told(metadata) else {
            return;
        };
        with_listening(|listening| {
            let messages = &mut listening.borrow_mut().messages;
            if !messages.has_room_for(*metadata.level()) {
                messages.dropped += 1;
                return;
            }
            let mut text = Text::new(metadata.target(), fields);
            let beginning = text.line.len();
            event.record(&mut text);
            // Of some events nothing is left that is told.
            if text.line.len() > beginning {
                messages.keep(*metadata.level(), text.line);
            }
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Hears nothing, and says so: of a subscriber that does not, `tracing` believes that it wants everything.
struct Deaf;

impl Subscriber for Deaf {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::never()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What is told of an event beside its message.
#[derive(Clone, Copy)]
enum Fields {
    All,
    Named(&'static [&'static str]),
}

/// What the AWS SDK and the HTTP client say below WARN that is worth having: the modules whose messages hold no secret, and the fields
/// that are told with them. Requests, answers, identities and settings stand in fields that are not here.
const TOLD: [(&str, &[&str]); 19] = [
    // Attempts, time-outs, delays.
    ("aws_smithy_runtime::client::orchestrator", &[]),
    (
        "aws_smithy_runtime::client::retries::strategy::standard",
        &["attempts", "max_attempts"],
    ),
    ("aws_smithy_runtime::client::retries::classifiers", &[]),
    (
        "aws_smithy_runtime::client::retries::client_rate_limiter",
        &[
            "amount",
            "sleep_time",
            "fill_rate",
            "current_capacity",
            "measured_tx_rate",
        ],
    ),
    ("aws_runtime::service_clock_skew", &["skew_ms", "elapsed"]),
    // The request's number, which AWS's support asks for.
    ("aws_sdk_dynamodb::operation::get_item", &["request_id"]),
    ("aws_sdk_dynamodb::operation::query", &["request_id"]),
    ("aws_sdk_dynamodb::operation::put_item", &["request_id"]),
    ("aws_sdk_dynamodb::operation::batch_write_item", &["request_id"]),
    // Connections.
    ("hyper_util::client::legacy::connect::http", &[]),
    ("aws_smithy_runtime_api::client::connection", &[]),
    ("aws_smithy_runtime::client::http::connection_poisoning", &[]),
    // Where region and credentials come from.
    ("aws_runtime::env_config::source", &["path", "size"]),
    ("aws_config::meta::credentials::chain", &["provider"]),
    ("aws_config::sts::assume_role", &[]),
    ("aws_config::imds::region", &["region"]),
    ("aws_config::imds::credentials", &["profile"]),
    ("aws_config::imds::client::token", &[]),
    (
        "aws_smithy_runtime::client::identity::cache::lazy",
        &["new_expiration", "valid_for"],
    ),
];

/// Fields of other crates' warnings and errors that are told. What failed in detail, which may quote an answer, is the call's error's.
const TOLD_OF_WARNINGS: &[&str] = &["provider", "path", "env", "addr"];

/// Its warnings quote the lines of an AWS configuration file that it cannot read.
const QUOTES_FILES: &str = "aws_runtime::env_config::normalize";

/// Its warnings say of region and credentials, one after the other, what the call's error says in one line.
const SAID_BY_ERRORS: &str = "aws_config::";

/// `None` where nothing of the event is told.
fn told(metadata: &Metadata<'_>) -> Option<Fields> {
    let target = metadata.target();
    if is_ours(target) {
        return Some(Fields::All);
    }
    let is_severe = *metadata.level() <= Level::WARN;
    if is_severe && (target == QUOTES_FILES || target.starts_with(SAID_BY_ERRORS)) {
        return None;
    }
    if let Some((_, fields)) = TOLD.iter().find(|(known, _)| *known == target) {
        return Some(Fields::Named(fields));
    }
    is_severe.then_some(Fields::Named(TOLD_OF_WARNINGS))
}

fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

/// An event as one line: the message, then its fields; messages of other crates begin with where they come from.
struct Text {
    line: String,
    fields: Fields,
    is_cut_off: bool,
}

impl Text {
    fn new(target: &str, fields: Fields) -> Self {
        let line = if is_ours(target) {
            String::new()
        } else {
            format!("{target}: ")
        };
        Text {
            line,
            fields,
            is_cut_off: false,
        }
    }

    fn push(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let space = if self.line.is_empty() || self.line.ends_with(' ') {
            ""
        } else {
            " "
        };
        // It fails where the line is long enough.
        let _ = match (field.name(), self.fields) {
            ("message", _) => self.write_fmt(value),
            (name, Fields::Named(fields)) if !fields.contains(&name) => Ok(()),
            (name, _) => write!(self, "{space}{name}={value}"),
        };
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.is_cut_off {
            return Err(fmt::Error);
        }
        let room = (MAXIMUM_MESSAGE_BYTES - CUT_OFF.len()).saturating_sub(self.line.len());
        if part.len() <= room {
            self.line.push_str(part);
            return Ok(());
        }
        self.line.push_str(&part[..part.floor_char_boundary(room)]);
        self.line.push_str(CUT_OFF);
        self.is_cut_off = true;
        Err(fmt::Error)
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
