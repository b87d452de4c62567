//! What is shown: text with colours where a terminal takes them, or JSON; failures and costs on standard error.

use std::borrow::Cow;
use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{json, Value};

use super::arguments::TableOptions;
use crate::store::Store;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();

/// A key or another text of the table among words: without line breaks and what a terminal takes for a command.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    match text.contains(|character: char| character.is_control() || is_unseen(character)) {
        true => Cow::Owned(text.escape_debug().to_string()),
        false => Cow::Borrowed(text),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// What takes no room, or turns round the direction in which the rest is shown.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Where a command shows what it found.
pub(super) struct Output {
    pub(super) is_json: bool,
    pub(super) tells_cost: bool,
    /// It prints until it is stopped, or nobody reads it any more.
    is_stream: bool,
}

impl Output {
    pub(super) fn of(options: &TableOptions, is_stream: bool) -> Self {
        Output {
            is_json: options.json,
            tells_cost: options.stats,
            is_stream,
        }
    }

    /// A line of text, styled where standard output takes it.
    pub(super) fn line(&self, text: impl std::fmt::Display) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        self.written(writeln!(out, "{text}").and_then(|()| out.flush()))
    }

    /// One JSON text, as a line.
    pub(super) fn json(&self, value: &Value) -> std::io::Result<()> {
        self.exactly(&value.to_string())
    }

    /// A text and a line break, to the byte: `line` takes out what a terminal could take for a command, which may stand in an item.
    pub(super) fn exactly(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        self.written(writeln!(out, "{text}").and_then(|()| out.flush()))
    }

    /// Who has read enough ends a stream; anything else still comes to its outcome.
    fn written(&self, written: std::io::Result<()>) -> std::io::Result<()> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe && !self.is_stream => Ok(()),
            written => written,
        }
    }

    /// What is no result: what is being done, what to do next. On standard error, and not with `--json`.
    pub(super) fn note(&self, text: impl std::fmt::Display) {
        if !self.is_json {
            // Nobody can be told that nobody can be told.
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    /// Why the command did not do its work.
    pub(super) fn failure(&self, message: &str) {
        let mut err = anstream::stderr().lock();
        let _ = match self.is_json {
            true => writeln!(err, "{}", json!({ "error": message })),
            false => writeln!(err, "{BAD}error{BAD:#}: {message}"),
        };
    }

    /// What `store` was asked and what DynamoDB bills for it, where `--stats` wants to know.
    pub(super) fn cost(&self, store: &Store) {
        if !self.tells_cost {
            return;
        }
        let stats: Value = serde_json::from_str(&store.stats()).unwrap_or_default();
        let mut err = anstream::stderr().lock();
        let _ = match self.is_json {
            true => writeln!(err, "{}", json!({ "stats": stats })),
            false => writeln!(
                err,
                "{DIM}cost: {} read units, {} write units; requests: {}, repeated: {}{DIM:#}",
                stats["consumed_read_units"], stats["consumed_write_units"], stats["requests"], stats["retries"]
            ),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, shown};

    #[test]
    fn one_is_not_more() {
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(counted(2, "row", "rows"), "2 rows");
    }

    #[test]
    fn what_is_unseen_or_turns_the_direction_is_escaped() {
        assert_eq!(shown("é \"a\""), "é \"a\"");
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(shown("a\u{200b}\n"), "a\\u{200b}\\n");
        assert_eq!(shown("\u{feff}"), "\\u{feff}");
    }
}
