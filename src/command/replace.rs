//! Making a table hold a data set, as `init` and `copy` do: shown, asked, watched, and stopped by Ctrl-C.

use super::arguments::Caution;
use super::changes::{self, Summary};
use super::outcome::{Failure, Outcome, Result};
use super::output::{Output, GOOD, ODD};
use super::{connection, progress, question};
use crate::store::comparison::{Comparison, Contents};
use crate::store::{InitReport, Progress, Store};

/// Makes the table hold `data_set`, in which `contents` was found.
pub(super) fn replace(store: &Store, data_set: &str, contents: Contents, caution: Caution, output: &Output) -> Result {
    if !contents.has_features && !store.initialized()? {
        return Err(Failure::Usage(format!(
            "the data set has no kind \"features\" (or \"flags\"), and {} is not initialized: init would mark it as initialized, \
             and SDKs would take it for one without flags; add \"features\"",
            connection::place(store)
        )));
    }
    if caution.dry_run {
        return preview(store, &store.compare(data_set)?, output);
    }
    if question::is_asked(caution) {
        let comparison = store.compare(data_set)?;
        let summary = format!("{}: {}", connection::whole_place(store)?, Summary(&comparison));
        match comparison.changes.iter().any(|change| change.what.is_stored()) {
            false => output.note(summary),
            true if !question::is_agreed(caution, &format!("{summary}{}. Go on?", loss(&comparison)))? => {
                return question::declined(output);
            }
            true => {}
        }
    } else if contents.has_features && !contents.has_flags && !caution.yes {
        let comparison = store.compare(data_set)?;
        if comparison.flags_lost > 0 {
            return Err(Failure::Usage(format!(
                "{}: the data set has no flag that would be stored, which{}; nothing was done: give --yes if that is meant",
                connection::place(store),
                loss(&comparison).trim_start_matches(',')
            )));
        }
    }
    let progress = Progress::after_warnings();
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

/// What would be done, and nothing is.
fn preview(store: &Store, comparison: &Comparison, output: &Output) -> Result {
    changes::show(comparison, output)?;
    output.note(format_args!(
        "nothing was changed in {}; without --dry-run, \"$inited\" is put after all this{}",
        connection::whole_place(store)?,
        loss(comparison)
    ));
    Ok(match comparison.report.dropped {
        0 => Outcome::Fine,
        _ => Outcome::Findings,
    })
}

/// That no flag is left, where there are some.
fn loss(comparison: &Comparison) -> String {
    match comparison.flags_lost {
        0 => String::new(),
        1 => ", deletes the only flag".to_owned(),
        flags => format!(", deletes all {flags} flags"),
    }
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
