//! All that was found, as text of at most 80 columns or as one JSON object.

use anstyle::Style;
use serde_json::{json, Value};

use super::commands::placeholders;
use super::finding::Finding;
use super::inspection::Inspected;
use super::permissions::Permissions;
use super::prefixes::Others;
use super::table;
use super::text::{self, Lines};
use crate::command::output::{counted, BAD, DIM, GOOD, ODD};
use crate::error::Error;
use crate::store::administration::{Identity, TableDescription};
use crate::store::Store;

/// Namespaces of others that are named.
const MOST_NAMESPACES: usize = 5;

pub(super) struct Report<'a> {
    pub(super) table: &'a str,
    pub(super) prefix: &'a str,
    pub(super) identity: Identity,
    pub(super) description: Option<TableDescription>,
    pub(super) permissions: Permissions,
    pub(super) inspected: Option<Inspected>,
    pub(super) is_initialized: Option<bool>,
    pub(super) findings: Vec<Finding>,
    /// What could not be looked at, and why.
    pub(super) notes: Vec<String>,
    /// Why the work was not finished, where that is nobody's decision.
    pub(super) outage: Option<Error>,
}

/// What DynamoDB bills for a check.
pub(super) fn cost(store: &Store) -> Value {
    let stats: Value = serde_json::from_str(&store.stats()).unwrap_or_default();
    json!({
        "read_units": stats["consumed_read_units"],
        "write_units": stats["consumed_write_units"],
        "requests": stats["requests"],
    })
}

impl Report<'_> {
    pub(super) fn json(&self, cost: &Value) -> Value {
        // A number of what was not read would be a wrong one.
        let complete = self.inspected.as_ref().filter(|inspected| inspected.is_complete);
        let whole = complete.filter(|inspected| inspected.others == Others::Seen);
        json!({
            "table": self.table,
            "prefix": self.prefix,
            "region": self.identity.region,
            "endpoint": self.identity.endpoint,
            "credentials": self.identity.credentials,
            "description": self.description.as_ref().map(table::json),
            "permissions": self.permissions.json(),
            "prefixes": complete.map(|inspected| inspected.prefixes.json()),
            "foreign_rows": whole.map(|inspected| inspected.foreign.rows),
            "initialized": self.is_initialized,
            "findings": self.findings.iter().map(Finding::json).collect::<Value>(),
            "not_looked_at": self.notes,
            "cost": cost,
        })
    }

    /// Without `cost` where somebody else tells it.
    pub(super) fn text(&self, cost: Option<&Value>) -> String {
        let mut lines = Lines::default();
        self.show_table(&mut lines);
        if self.permissions.are_known() {
            self.permissions.show(&mut lines);
        }
        if let Some(inspected) = &self.inspected {
            lines.heading("Prefixes");
            match inspected.is_complete {
                true => inspected.prefixes.show(self.prefix, &mut lines),
                false => lines.line("  not read, or not to the end: see below"),
            }
            show_foreign(inspected, &mut lines);
        }
        if !self.notes.is_empty() {
            lines.heading("Not looked at");
            for note in &self.notes {
                lines.wrapped("  - ", "    ", note, Style::new());
            }
        }
        if !self.findings.is_empty() {
            lines.heading("Findings");
        }
        for (number, finding) in self.findings.iter().enumerate() {
            if number > 0 {
                lines.line("");
            }
            finding.show(&mut lines);
        }
        self.show_placeholders(&mut lines);
        lines.line("");
        lines.line(self.summary());
        let mut text = lines.into_text();
        let Some(cost) = cost else {
            return text.trim_end().to_owned();
        };
        text.push_str(&format!(
            "{DIM}cost: {} read units, {} write units, {} requests{DIM:#}",
            cost["read_units"], cost["write_units"], cost["requests"]
        ));
        text
    }

    fn show_placeholders(&self, lines: &mut Lines) {
        let commands = self.findings.iter().flat_map(|finding| &finding.commands);
        for meaning in placeholders(commands) {
            lines.line("");
            lines.wrapped("", "", meaning, DIM);
        }
    }

    fn summary(&self) -> String {
        match (self.findings.len(), &self.outage) {
            (0, None) if self.notes.is_empty() => format!("{GOOD}All is well.{GOOD:#}"),
            (0, None) => format!("{GOOD}All is well, of what could be looked at.{GOOD:#}"),
            (0, Some(_)) => format!("{ODD}No findings, of what could be looked at.{ODD:#}"),
            (count, _) => format!("{BAD}{}.{BAD:#}", counted(count, "finding", "findings")),
        }
    }

    fn show_table(&self, lines: &mut Lines) {
        lines.heading(format_args!("Table {}", text::plain(self.table)));
        let mut fact = |name: &str, value: &str, style: Style| {
            lines.wrapped(&format!("  {name:<13}"), &" ".repeat(15), value, style);
        };
        let plain = Style::new();
        fact("region", &self.identity.region, plain);
        if let Some(endpoint) = &self.identity.endpoint {
            fact("endpoint", endpoint, plain);
        }
        fact("credentials", &format!("from {}", self.identity.credentials), plain);
        let prefix = match self.prefix {
            "" => "none".to_owned(),
            prefix => text::plain(prefix),
        };
        fact("prefix", &prefix, plain);
        if let Some(description) = &self.description {
            let status = match table::is_usable(description) {
                true => GOOD,
                false => BAD,
            };
            fact("status", &description.status, status);
            fact("capacity", &table::capacity(description.capacity), plain);
            let keys = match table::has_keys_of_store(description) {
                true => GOOD,
                false => BAD,
            };
            fact("keys", &table::keys(description), keys);
        }
        if let Some(is_initialized) = self.is_initialized {
            let (word, style) = if is_initialized { ("yes", GOOD) } else { ("no", BAD) };
            fact("initialized", word, style);
        }
    }
}

fn show_foreign(inspected: &Inspected, lines: &mut Lines) {
    let foreign = &inspected.foreign;
    if foreign.rows == 0 {
        return;
    }
    let first: Vec<String> = foreign
        .namespaces
        .iter()
        .take(MOST_NAMESPACES)
        .map(|namespace| format!("{namespace:?}"))
        .collect();
    let more = if foreign.namespaces.len() > MOST_NAMESPACES {
        " …"
    } else {
        ""
    };
    let note = format!(
        "{} of others, which no store reads or changes: {}{more}",
        counted(foreign.rows, "row", "rows"),
        first.join(", ")
    );
    lines.wrapped("  ", "  ", &note, DIM);
}
