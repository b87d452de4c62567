//! Messages of the library on standard error: warnings and errors, and more with `--verbose`.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::output::shown;
use super::progress;

/// The command fails with the same words.
const TOLD_TWICE: &str = "no request can be sent: ";

/// Shows the library's own messages from now on; the AWS SDK's are not known to be free of secrets.
pub(super) fn show(verbosity: u8, is_json: bool) {
    let level = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let messages = Messages {
        is_json,
        leaves_out_told: verbosity == 0,
    };
    // It fails where there is a subscriber already, which a process of this command does not have.
    let _ = tracing_subscriber::registry()
        .with(messages)
        .with(Targets::new().with_target("ld_dynamo_store", level))
        .try_init();
}

struct Messages {
    is_json: bool,
    leaves_out_told: bool,
}

impl<S: Subscriber> Layer<S> for Messages {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        if self.leaves_out_told && text.0.starts_with(TOLD_TWICE) {
            return;
        }
        let line = line(event.metadata().level().as_str(), &text.0, self.is_json);
        // Nobody can be told that nobody can be told.
        let _ = progress::AboveTheBar.write_all(line.as_bytes());
    }
}

/// One line, whatever a key in the message holds.
fn line(level: &str, message: &str, is_json: bool) -> String {
    match is_json {
        true => format!("{}\n", json!({"level": level.to_lowercase(), "message": message})),
        false => format!("{level:>5} {}\n", shown(message)),
    }
}

/// The message, and behind it the other fields with their names.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let message = "The item \"a\nERROR all is lost\u{1b}[2J\" was dropped";
        let told = line("WARN", message, false);
        assert!(told.starts_with(" WARN The item "), "{told}");
        assert_eq!((told.lines().count(), told.contains('\u{1b}')), (1, false), "{told}");
        let told = line("WARN", message, true);
        assert_eq!(told.lines().count(), 1, "{told}");
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told, json!({"level": "warn", "message": message}));
    }
}
