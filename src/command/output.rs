//! What is shown: text with colours where a terminal takes them, or JSON; failures and costs on standard error.

use std::borrow::Cow;
use std::io::Write;

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
    match text.contains(char::is_control) {
        true => Cow::Owned(text.escape_debug().to_string()),
        false => Cow::Borrowed(text),
    }
}

/// Where a command shows what it found.
pub(super) struct Output {
    pub(super) is_json: bool,
    tells_cost: bool,
}

impl Output {
    pub(super) fn of(options: &TableOptions) -> Self {
        Output {
            is_json: options.json,
            tells_cost: options.stats,
        }
    }

    /// A line of text, styled where standard output takes it.
    pub(super) fn line(&self, text: impl std::fmt::Display) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// One JSON text, as a line.
    pub(super) fn json(&self, value: &Value) -> std::io::Result<()> {
        self.exactly(&value.to_string())
    }

    /// A text and a line break, to the byte: `line` takes out what a terminal could take for a command, which may stand in an item.
    pub(super) fn exactly(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
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
