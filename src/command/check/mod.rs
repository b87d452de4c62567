//! `check`: what is wrong with the table, why that matters to an SDK, and what mends it. Changes nothing.
//!
//! Owns the order of questions and the exit code. Each question, and what its answers mean, has a module of its own.

mod big_segments;
mod commands;
mod faults;
mod finding;
mod inspection;
mod mark;
mod permissions;
mod prefixes;
mod reading;
mod references;
mod report;
mod rows;
mod table;
mod text;

use super::arguments::{Caution, Check, TableOptions};
use super::outcome::{Failure, Outcome, Result};
use super::output::Output;
use super::{connection, question};
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use commands::Commands;
use permissions::Permissions;
use prefixes::Others;
use reading::How;
use report::Report;

/// Rows that are named for each finding, without `--every`.
const MOST_ROWS: usize = 10;
/// So many read units are spent without a word.
const MOST_UNITS: i64 = 1_000;
/// Of a strongly consistent read.
const BYTES_OF_A_UNIT: i64 = 4_096;

pub(super) fn run(table: &TableOptions, options: &Check, output: &Output) -> Result {
    let store = connection::store(table)?;
    let answer = ask(&store, table, options, output);
    output.cost(&store);
    let report = answer?;
    let cost = report::cost(&store);
    match output.is_json {
        true => output.json(&report.json(&cost))?,
        false => output.line(report.text(Some(&cost).filter(|_| !output.tells_cost)))?,
    }
    match (report.findings.is_empty(), &report.outage) {
        (false, _) => Ok(Outcome::Findings),
        (true, None) => Ok(Outcome::Fine),
        (true, Some(error)) => Err(Failure::Stopped(format!("not everything could be looked at: {error}"))),
    }
}

/// Asks the table, and goes on after each refusal. An error is that nobody answers.
fn ask<'a>(store: &Store, options: &'a TableOptions, check: &Check, output: &Output) -> Result<Report<'a>> {
    let identity = store.aws_identity()?;
    let commands = Commands(options, &identity);
    let mut report = Report {
        table: options.table.as_deref().unwrap_or_default(),
        prefix: options.prefix.as_deref().unwrap_or_default(),
        identity: identity.clone(),
        description: None,
        permissions: Permissions::not_looked_at(check.expected, "the table cannot be used"),
        inspected: None,
        is_initialized: None,
        findings: Vec::new(),
        notes: Vec::new(),
        outage: None,
    };
    match store.describe_table() {
        Ok(description) => {
            report.findings.extend(table::findings(&description, &commands));
            report.description = Some(description);
            if !report.findings.is_empty() {
                return Ok(unusable(report, "the table cannot be used"));
            }
        }
        Err(error) if error.kind() == ErrorKind::TableNotFound => {
            report.findings.push(table::missing(&report.identity, &commands));
            return Ok(unusable(report, "there is no table"));
        }
        Err(error) if is_refusal(&error) || permissions::goes_on_after(&error) => {
            report
                .notes
                .push(format!("status, capacity and keys of the table: {error}"));
        }
        Err(error) => return Err(error.into()),
    }
    let (permissions, failure) = Permissions::of(store, check.expected);
    report.permissions = permissions;
    match failure {
        Some(error) if error.kind() == ErrorKind::Service => {}
        Some(error) if permissions::goes_on_after(&error) => report.outage = Some(error),
        Some(error) => return stopped(report, error, &commands),
        None => {}
    }
    let resource = table::resource(report.description.as_ref(), &report.identity, report.table);
    report.findings.extend(report.permissions.finding(&resource));
    read_rows(store, check, output, &commands, &mut report)?;
    report.findings.sort_by_key(|finding| finding.severity);
    Ok(report)
}

/// A table that is not there or has other keys shows that to any request; who is not known is told so, and all else is an outage.
fn stopped<'a>(mut report: Report<'a>, error: Error, commands: &Commands<'_>) -> Result<Report<'a>> {
    let why = match error.kind() {
        ErrorKind::TableNotFound => {
            report.findings.push(table::missing(&report.identity, commands));
            "there is no table"
        }
        ErrorKind::TableMismatch => {
            let has = "DynamoDB refuses \"namespace\" and \"key\"";
            report.findings.push(table::other_keys(has, commands));
            "the table cannot be used"
        }
        ErrorKind::AccessDenied => return Err(error.into()),
        _ => {
            report.outage = Some(error);
            "the table did not answer"
        }
    };
    Ok(unusable(report, why))
}

fn unusable<'a>(mut report: Report<'a>, why: &str) -> Report<'a> {
    report.notes.push(format!("permissions and rows: {why}"));
    report
}

fn read_rows(
    store: &Store,
    check: &Check,
    output: &Output,
    commands: &Commands<'_>,
    report: &mut Report<'_>,
) -> Result<()> {
    let bytes = report.description.as_ref().and_then(|description| description.bytes);
    let scans = !check.no_scan && is_worth_it(bytes, output)?;
    let how = How {
        prefix: report.prefix,
        most: if check.every { usize::MAX } else { MOST_ROWS },
        scans,
        shows_progress: !output.is_json,
        rows: report.description.as_ref().and_then(|description| description.rows),
    };
    let reading = reading::read(store, &how);
    let is_complete = reading.failure.is_none();
    if !reading.is_whole_table {
        let why = match &reading.refused_scan {
            Some(error) => error.to_string(),
            None if check.no_scan => "--no-scan was given".to_owned(),
            None => "reading all of the table was declined".to_owned(),
        };
        report
            .notes
            .push(format!("other prefixes, kinds of your own and misspelt kinds: {why}"));
    }
    let others = match (reading.is_whole_table, &reading.refused_scan) {
        (true, _) => Others::Seen,
        (false, None) => Others::NotWanted,
        (false, Some(_)) => Others::Refused,
    };
    let mut inspected = reading.inspection.end(commands, is_complete, others);
    let has_mark = inspected.contents.is_initialized;
    report.is_initialized = (is_complete || has_mark).then_some(has_mark);
    if let Some(error) = reading.failure {
        // With GetItem alone, an SDK knows at least whether it is initialized.
        report.is_initialized = report.is_initialized.or_else(|| store.initialized().ok());
        report.notes.push(format!("rows that were not read: {error}"));
        if !is_refusal(&error) {
            report.outage = Some(error);
        }
    }
    report.findings.extend(std::mem::take(&mut inspected.findings));
    report.inspected = Some(inspected);
    Ok(())
}

/// Whether to read all of a table of so many bytes: what costs much is said before, and a person is asked.
fn is_worth_it(bytes: Option<i64>, output: &Output) -> Result<bool> {
    let Some(cost) = bytes.and_then(considerable_cost) else {
        return Ok(true);
    };
    let said = format!("{cost}; --no-scan reads this prefix alone");
    match output.is_json {
        true => tracing::warn!("{said}"),
        false => output.note(said),
    }
    let caution = Caution {
        dry_run: false,
        yes: output.is_json,
    };
    question::is_agreed(caution, "Read all of the table? Otherwise this prefix alone is read.")
}

/// What reading a table costs, where that is much.
fn considerable_cost(bytes: i64) -> Option<String> {
    let units = bytes / BYTES_OF_A_UNIT;
    let megabytes = bytes / 1_000_000;
    (units > MOST_UNITS).then(|| format!("reading {megabytes} MB, about {units} read units"))
}

/// Whether these credentials may not do something; others than those that nobody knows.
fn is_refusal(error: &Error) -> bool {
    let code = error.service_code();
    error.kind() == ErrorKind::AccessDenied && matches!(code, Some("AccessDeniedException" | "NotAuthorized"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_much_is_said() {
        assert_eq!(considerable_cost(0), None);
        assert_eq!(considerable_cost(4_096_000), None);
        assert_eq!(
            considerable_cost(40_960_000).as_deref(),
            Some("reading 40 MB, about 10000 read units")
        );
    }
}
