//! A finding: what is wrong, why it matters to an SDK, and what mends it.

use std::collections::BTreeSet;

use anstyle::Style;
use serde_json::{json, Value};

use super::text::{self, Lines};
use crate::command::output::{BAD, BOLD, ODD};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Some SDK reads it otherwise than it should, or not at all.
    Wrong,
    /// No SDK should have to cope with it, and some will not.
    Odd,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Wrong => "wrong",
            Severity::Odd => "odd",
        }
    }

    fn style(self) -> Style {
        match self {
            Severity::Wrong => BAD,
            Severity::Odd => ODD,
        }
    }
}

/// A row, and what is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowName {
    pub(super) namespace: String,
    pub(super) key: String,
    pub(super) detail: String,
}

/// How many rows there are, and the first of them in the order of their keys.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    most: usize,
    pub(super) first: BTreeSet<RowName>,
    pub(super) count: usize,
}

impl Rows {
    pub(super) fn new(most: usize) -> Self {
        Rows {
            most,
            first: BTreeSet::new(),
            count: 0,
        }
    }

    pub(super) fn add(&mut self, namespace: &str, key: &str, detail: String) {
        self.count += 1;
        self.first.insert(RowName {
            namespace: namespace.to_owned(),
            key: key.to_owned(),
            detail,
        });
        if self.first.len() > self.most {
            self.first.pop_last();
        }
    }

    pub(super) fn absorb(&mut self, other: Rows) {
        self.count += other.count;
        self.first.extend(other.first);
        while self.first.len() > self.most {
            self.first.pop_last();
        }
    }
}

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) why: String,
    /// What is to be done beside the commands, or before them.
    pub(super) advice: String,
    pub(super) commands: Vec<String>,
    /// The statement of an IAM policy that is missing.
    pub(super) statement: Option<Value>,
    /// `None` where it concerns no row in particular.
    pub(super) rows: Option<Rows>,
}

impl Finding {
    /// Where no row in particular is concerned.
    pub(super) fn new(severity: Severity, what: impl Into<String>, why: impl Into<String>) -> Self {
        Finding {
            severity,
            what: what.into(),
            why: why.into(),
            advice: String::new(),
            commands: Vec::new(),
            statement: None,
            rows: None,
        }
    }

    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    pub(super) fn commands(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.commands.extend(commands);
        self
    }

    pub(super) fn rows(mut self, rows: Rows) -> Self {
        self.rows = Some(rows);
        self
    }

    pub(super) fn json(&self) -> Value {
        let rows = self.rows.iter().flat_map(|rows| &rows.first);
        let rows = rows.map(|row| json!({"namespace": row.namespace, "key": row.key, "detail": row.detail}));
        json!({
            "severity": self.severity.word(),
            "what": self.what,
            "why": self.why,
            "advice": self.advice,
            "commands": self.commands,
            "statement": self.statement,
            "rows": rows.collect::<Vec<_>>(),
            "count": self.rows.as_ref().map_or(1, |rows| rows.count),
        })
    }

    pub(super) fn show(&self, lines: &mut Lines) {
        let (style, word) = (self.severity.style(), self.severity.word());
        let count = self.rows.as_ref().map(|rows| format!(" ({})", rows.count));
        let what = format!("{}{}", self.what, count.unwrap_or_default());
        lines.wrapped(&format!("{style}{word:<5}{style:#}  "), "       ", &what, BOLD);
        lines.wrapped("       ", "       ", &self.why, Style::new());
        if let Some(rows) = &self.rows {
            for row in &rows.first {
                let detail = match row.detail.as_str() {
                    "" => String::new(),
                    detail => format!(": {}", text::plain(detail)),
                };
                let row = format!("{} {:?}{detail}", text::plain(&row.namespace), row.key);
                lines.wrapped("       - ", "         ", &row, Style::new());
            }
            let others = rows.count - rows.first.len();
            if others > 0 {
                lines.line(format_args!("       and {others} more; --every lists them"));
            }
        }
        lines.wrapped("       ", "       ", &self.advice, Style::new());
        if let Some(statement) = &self.statement {
            lines.line(format_args!("         {statement}"));
        }
        for command in &self.commands {
            lines.line(format_args!("         {command}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_rows_are_named_and_all_are_counted() {
        let mut rows = Rows::new(2);
        for key in ["d", "b", "c", "a"] {
            rows.add("features", key, String::new());
        }
        let named: Vec<_> = rows.first.iter().map(|row| row.key.as_str()).collect();
        assert_eq!((named, rows.count), (vec!["a", "b"], 4));
        let finding = Finding::new(Severity::Odd, "rows", "why").rows(rows);
        assert_eq!(finding.json()["count"], 4);
        let mut lines = Lines::default();
        finding.show(&mut lines);
        let shown = anstream::adapter::strip_str(&lines.into_text()).to_string();
        assert!(shown.contains("odd    rows (4)\n"), "{shown}");
        assert!(shown.contains("and 2 more; --every"), "{shown}");
    }

    #[test]
    fn what_a_row_says_moves_no_cursor() {
        let mut rows = Rows::new(2);
        rows.add("a\u{1b}[2J", "b\u{1b}[2J", "c\u{1b}[2J".to_owned());
        let mut lines = Lines::default();
        Finding::new(Severity::Wrong, "rows", "why").rows(rows).show(&mut lines);
        assert!(!lines.into_text().contains("\u{1b}[2J"));
    }
}
