//! How the lines and the JSON of a comparison look: what init would do, row by row.

use std::fmt;

use serde_json::{json, Value};

use super::output::{shown, Output, BAD, GOOD, ODD};
use crate::store::comparison::{Change, Comparison, What};
use crate::store::InitReport;

/// Each row that would change and their number, as a dry run and `diff` have them.
pub(super) fn show(comparison: &Comparison, output: &Output) -> std::io::Result<()> {
    if output.is_json {
        let mut shown = report_json(comparison.report);
        shown["changes"] = comparison.changes.iter().map(json_of).collect();
        return output.json(&shown);
    }
    let lines = comparison.changes.iter().map(|change| format!("{}\n", Line(change)));
    output.line(format_args!(
        "{}{}",
        lines.collect::<String>(),
        Summary(comparison.report)
    ))
}

pub(super) fn report_json(report: InitReport) -> Value {
    json!({
        "written": report.written,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "dropped": report.dropped,
    })
}

/// What is to be done.
pub(super) struct Summary(pub(super) InitReport);

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InitReport {
            written,
            unchanged,
            deleted,
            dropped,
            ..
        } = self.0;
        write!(f, "{written} to write, {deleted} to delete, {unchanged} unchanged")?;
        match dropped {
            0 => Ok(()),
            _ => write!(f, ", {dropped} too large to store"),
        }
    }
}

struct Line<'c>(&'c Change);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, style) = match self.0.what {
            What::New { .. } => ('+', GOOD),
            What::Deleted { .. } => ('-', BAD),
            What::OtherVersion { .. } | What::OtherContent { .. } => ('~', ODD),
            What::TooLarge { .. } => ('!', BAD),
        };
        let (kind, key) = (shown(&self.0.kind), shown(&self.0.key));
        write!(f, "{style}{sign} {kind}/{key}{style:#}: ")?;
        match self.0.what {
            What::New { version } => write!(f, "version {version}"),
            What::Deleted { stored } => write!(f, "version {}", Version(stored)),
            What::OtherVersion { stored, version } => write!(f, "version {} → {version}", Version(stored)),
            What::OtherContent { version } => write!(f, "same version {version}, other content"),
            What::TooLarge { is_stored: false } => f.write_str("too large, not stored"),
            What::TooLarge { is_stored: true } => {
                f.write_str("too large, not stored; the row that is there is deleted")
            }
        }
    }
}

/// Of a row, which may have none.
pub(super) struct Version(pub(super) Option<u64>);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(version) => write!(f, "{version}"),
            None => f.write_str("none"),
        }
    }
}

fn json_of(change: &Change) -> Value {
    let (name, stored, version) = match change.what {
        What::New { version } => ("new", None, Some(version)),
        What::OtherVersion { stored, version } => ("other_version", stored, Some(version)),
        What::OtherContent { version } => ("other_content", Some(version), Some(version)),
        What::Deleted { stored } => ("deleted", stored, None),
        What::TooLarge { .. } => ("too_large", None, None),
    };
    json!({
        "kind": change.kind,
        "key": change.key,
        "change": name,
        "is_stored": change.what.is_stored(),
        "stored_version": stored,
        "version": version,
    })
}
