//! What `tracing` hears while a call with a logger runs on this thread: ours and the AWS SDK's events, as lines without secrets.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use once_cell::race::OnceBox;
use tracing::field::{Field, Visit};
use tracing::metadata::LevelFilter;
use tracing::subscriber::{Interest, NoSubscriber};
use tracing::{span, Dispatch, Event, Level, Metadata, Subscriber};

use crate::config::{Config, LogLevel};
use crate::process;

/// Messages kept for one call; what comes after is counted.
pub(super) const MAXIMUM_MESSAGES: usize = 256;
const MAXIMUM_MESSAGE_BYTES: usize = 4096;
/// An event is not written out any further than this: longer than any secret beyond what is kept.
const MAXIMUM_EVENT_BYTES: usize = 4 * MAXIMUM_MESSAGE_BYTES;

/// What one logger hears, and what it never does.
pub(super) struct Filter {
    level: LevelFilter,
    /// Texts that never appear in a message.
    secrets: Vec<String>,
}

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
    filter: Arc<Filter>,
    messages: Messages,
}

thread_local! {
    static LISTENING: RefCell<Option<Listening>> = const { RefCell::new(None) };
}

impl Filter {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        let level = match config.log_level {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        hear_up_to(level);
        let proxy_login = config.proxy.as_ref().and_then(|url| login(&url.0));
        let secrets = config.secret_fields().into_iter().flatten().chain(proxy_login);
        let secrets = secrets.filter(|secret| !secret.is_empty()).map(str::to_owned);
        Arc::new(Filter {
            level,
            secrets: secrets.collect(),
        })
    }

    /// Runs `call` and returns what was said meanwhile on this thread.
    pub(super) fn listen<T>(self: &Arc<Self>, call: impl FnOnce() -> T) -> (T, Messages) {
        let listening = Some(Listening {
            filter: Arc::clone(self),
            messages: Messages::default(),
        });
        // A host's destructor may call on a thread whose own variables are gone already: then nobody listens.
        let Ok(outer) = LISTENING.try_with(|place| place.replace(listening)) else {
            return (call(), Messages::default());
        };
        let outcome = tracing::dispatcher::with_default(&dispatchers().collector, call);
        let listening = LISTENING.try_with(|place| place.replace(outer)).unwrap_or_default();
        (
            outcome,
            listening.map(|listening| listening.messages).unwrap_or_default(),
        )
    }
}

/// The user name and password in a URL.
fn login(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit_once('@').map(|(login, _)| login)
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
            _second: Dispatch::new(NoSubscriber::new()),
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
struct Collector;

impl Subscriber for Collector {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && !speaks_of_secrets(metadata.target()) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_wanted = |listening: &Option<Listening>| {
            listening
                .as_ref()
                .is_some_and(|listening| *metadata.level() <= listening.filter.level)
        };
        metadata.is_event() && !speaks_of_secrets(metadata.target()) && LISTENING.with_borrow(is_wanted)
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
        LISTENING.with_borrow_mut(|listening| {
            let Some(Listening { filter, messages }) = listening else {
                return;
            };
            let metadata = event.metadata();
            if !messages.has_room_for(*metadata.level()) {
                messages.dropped += 1;
                return;
            }
            let mut text = Text::new(metadata.target());
            let beginning = text.line.len();
            event.record(&mut text);
            // Of some events nothing is left that may be told.
            if text.line.len() > beginning {
                messages.keep(*metadata.level(), text.without_secrets(&filter.secrets));
            }
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
    const PARTS: [&str; 10] = [
        "request",
        "response",
        "headers",
        "identity",
        "cred",
        "signing",
        "properties",
        "config",
        "token",
        "components",
    ];
    PARTS.iter().any(|part| field.contains(part))
}

/// Whether a line of another crate's is rather not shown: credentials of the AWS chain, which we never see, could stand in it.
fn may_hold_a_secret(text: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "aws4-hmac",
        "signature=",
        "security-token",
        "authorization",
        "access_key",
        "accesskey",
        "secret",
        "session_token",
        "sessiontoken",
        "password",
    ];
    const ACCESS_KEY_IDS: [&str; 2] = ["AKIA", "ASIA"];
    let lower = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign)) || ACCESS_KEY_IDS.iter().any(|start| text.contains(start))
}

/// An event as one line: the message, then its fields; messages of other crates begin with where they come from.
struct Text {
    line: String,
    is_ours: bool,
}

impl Text {
    fn new(target: &str) -> Self {
        let is_ours = target.split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        Text {
            line: if is_ours { String::new() } else { format!("{target}: ") },
            is_ours,
        }
    }

    fn push(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // It fails where the line is long enough.
        let _ = match field.name() {
            "message" => self.write_fmt(value),
            name if holds_headers(name) => Ok(()),
            name => write!(self, " {name}={value}"),
        };
    }

    fn without_secrets(self, secrets: &[String]) -> String {
        let mut line = self.line;
        for secret in secrets {
            if line.contains(secret.as_str()) {
                line = line.replace(secret.as_str(), "…");
            }
        }
        if !self.is_ours && may_hold_a_secret(&line) {
            let target = line.split(": ").next().unwrap_or_default();
            return format!("{target}: a message that may hold a secret was left out");
        }
        if line.len() > MAXIMUM_MESSAGE_BYTES {
            line.truncate(line.floor_char_boundary(MAXIMUM_MESSAGE_BYTES));
            line.push('…');
        }
        line
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = MAXIMUM_EVENT_BYTES.saturating_sub(self.line.len());
        self.line.push_str(&part[..part.floor_char_boundary(room)]);
        if part.len() > room {
            Err(fmt::Error)
        } else {
            Ok(())
        }
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
