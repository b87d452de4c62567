//! Making a table hold a data set, as `init` and `copy` do: shown, asked, watched, and stopped by Ctrl-C.

use super::arguments::Caution;
use super::changes::{self, Summary};
use super::outcome::{Failure, Outcome, Result};
use super::output::{Output, GOOD, ODD};
use super::{connection, progress, question};
use crate::store::{InitReport, Progress, Store};

/// Bad data is refused before the first request.
pub(super) fn replace(store: &Store, data_set: &str, caution: Caution, output: &Output) -> Result {
    if caution.dry_run {
        changes::show(&store.compare(data_set)?, output)?;
        output.note("nothing was changed; without --dry-run, \"$inited\" is put after all this");
        return Ok(Outcome::Fine);
    }
    if question::is_asked(caution) {
        let comparison = store.compare(data_set)?;
        let summary = format!("{}: {}", connection::place(store), Summary(comparison.report));
        match comparison.changes.iter().any(|change| change.what.is_stored()) {
            false => output.note(summary),
            true if !question::is_agreed(caution, &format!("{summary}. Go on?"))? => {
                output.note("nothing was changed");
                return Ok(Outcome::Findings);
            }
            true => {}
        }
    }
    let progress = Progress::default();
    let outcome = progress::watched(output, &progress, || store.init_watched(data_set, &progress));
    let report = outcome.map_err(|error| match progress.has_stopped() && error.is_retriable() {
        true => Failure::Stopped(format!("{}; the same command goes on from there", error.message())),
        false => Failure::Store(error),
    })?;
    match output.is_json {
        true => output.json(&changes::report_json(report))?,
        false => show_report(store, report, output)?,
    }
    Ok(match report.dropped {
        0 => Outcome::Fine,
        _ => Outcome::Findings,
    })
}

fn show_report(store: &Store, report: InitReport, output: &Output) -> std::io::Result<()> {
    let (style, dropped) = match report.dropped {
        0 => (GOOD, String::new()),
        dropped => (ODD, format!(", {dropped} too large to store")),
    };
    output.line(format_args!(
        "{}: {style}{} written, {} deleted, {} unchanged{dropped}{style:#}",
        connection::place(store),
        report.written,
        report.deleted,
        report.unchanged
    ))
}
