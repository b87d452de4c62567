//! What `tracing` hears while a call with a logger runs on this thread: ours and the AWS SDK's events, as lines without secrets.

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
use crate::fork_gate;

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
        Arc::new(Filter { level, secrets: secrets.collect() })
    }

    /// Runs `call` and returns what was said meanwhile on this thread.
    pub(super) fn listen<T>(self: &Arc<Self>, call: impl FnOnce() -> T) -> (T, Messages) {
        let listening = Listening { filter: Arc::clone(self), messages: Messages::default() };
        let outer = LISTENING.replace(Some(listening));
        let outcome = tracing::dispatcher::with_default(&dispatchers().collector, call);
        let listening = LISTENING.replace(outer);
        (outcome, listening.map(|listening| listening.messages).unwrap_or_default())
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
        let _inside = fork_gate::enter();
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
        let _inside = fork_gate::enter();
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
            listening.as_ref().is_some_and(|listening| *metadata.level() <= listening.filter.level)
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
            if messages.kept.len() >= MAXIMUM_MESSAGES {
                messages.dropped += 1;
                return;
            }
            let metadata = event.metadata();
            let mut text = Text::new(metadata.target());
            event.record(&mut text);
            messages.kept.push((*metadata.level(), text.without_secrets(&filter.secrets)));
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
        "request", "response", "headers", "identity", "cred", "signing", "properties", "config", "token", "components",
    ];
    PARTS.iter().any(|part| field.contains(part))
}

/// Whether a line of another crate's is rather not shown: credentials of the AWS chain, which we never see, could stand in it.
fn may_hold_a_secret(text: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "aws4-hmac", "signature=", "security-token", "authorization", "access_key", "accesskey", "secret", "session_token",
        "sessiontoken", "password",
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
        Text { line: if is_ours { String::new() } else { format!("{target}: ") }, is_ours }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str) -> Arc<Filter> {
        Filter::new(&Config::from_json(json).expect("a configuration"))
    }

    fn heard(filter: &Arc<Filter>, call: impl FnOnce()) -> Vec<String> {
        let ((), messages) = filter.listen(call);
        messages.kept.into_iter().map(|(_, text)| text).collect()
    }

    const WITH_SECRETS: &str = r#"{"table":"t","log_level":"trace","proxy":"http://me:word@proxy:1/",
        "credentials":{"access_key_id":"the-id","secret_access_key":"the-key","session_token":"the-token"}}"#;

    #[test]
    fn secrets_are_cut_out_wherever_they_stand() {
        let filter = filter(WITH_SECRETS);
        let lines = heard(&filter, || {
            tracing::info!("the-id and the-key and the-token through me:word@elsewhere");
            tracing::debug!(field = "the-key", other = ?("the-token", 1));
        });
        assert_eq!(lines, ["… and … and … through …@elsewhere", " field=… other=(\"…\", 1)"]);
    }

    #[test]
    fn a_secret_at_the_end_of_a_long_message_is_not_cut_in_half() {
        let filter = filter(WITH_SECRETS);
        for offset in 0..20 {
            let before = "x".repeat(MAXIMUM_EVENT_BYTES - offset);
            let beside = "x".repeat(MAXIMUM_MESSAGE_BYTES - offset);
            let lines = heard(&filter, || {
                tracing::info!("{before}the-token");
                tracing::info!("{beside}the-token{before}");
            });
            assert!(lines.iter().all(|line| !line.contains('h')), "{offset}");
            assert!(lines.iter().all(|line| line.len() <= MAXIMUM_MESSAGE_BYTES + '…'.len_utf8()));
        }
    }

    #[test]
    fn what_others_say_of_signatures_and_credentials_is_left_out() {
        let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
        let lines = heard(&filter, || {
            tracing::debug!(target: "aws_sigv4::http_request::sign", "left out by its target");
            tracing::debug!(target: "aws_smithy_runtime::client", request = "left out by its name", "kept");
            tracing::debug!(target: "aws_config::imds", "Authorization: AWS4-HMAC-SHA256");
            tracing::debug!(target: "aws_config::imds", "AKIDEXAMPLE is short, AKIAIOSFODNN7EXAMPLE is not");
        });
        let left_out = "aws_config::imds: a message that may hold a secret was left out";
        assert_eq!(lines, ["aws_smithy_runtime::client: kept", left_out, left_out]);
    }

    #[test]
    fn levels_are_each_logger_s_own_and_nested_calls_do_not_mix() {
        let (errors, all) = (filter(r#"{"table":"t","log_level":"error"}"#), filter(r#"{"table":"t","log_level":"trace"}"#));
        let silent = filter(r#"{"table":"t","log_level":"off"}"#);
        let speak = || {
            tracing::error!("one");
            tracing::trace!("two");
        };
        assert_eq!(heard(&silent, speak).len(), 0);
        assert_eq!(heard(&errors, speak), ["one"]);
        let mut inner = Vec::new();
        let outer = heard(&all, || {
            inner = heard(&errors, speak);
            tracing::trace!("three");
        });
        assert_eq!((inner, outer), (vec!["one".to_owned()], vec!["three".to_owned()]));
    }

    #[test]
    fn an_event_first_met_without_a_logger_is_heard_later() {
        let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
        let speak = || tracing::trace!("a place in the code of its own");
        speak();
        assert_eq!(heard(&filter, speak).len(), 1);
    }

    #[test]
    fn messages_beyond_the_limit_are_counted() {
        let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
        let ((), messages) = filter.listen(|| (0..MAXIMUM_MESSAGES + 3).for_each(|number| tracing::trace!(number)));
        assert_eq!((messages.kept.len(), messages.dropped), (MAXIMUM_MESSAGES, 3));
    }
}
