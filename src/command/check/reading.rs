//! The rows are read once: all of the table, or those of the prefix where that is not allowed or not wanted.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::inspection::Inspection;
use crate::error::{Error, ErrorKind};
use crate::store::administration::{Extent, WholeRow};
use crate::store::Store;
use crate::table::schema;

/// What was read, and what could not be.
pub(super) struct Reading<'a> {
    pub(super) inspection: Inspection<'a>,
    pub(super) is_whole_table: bool,
    /// Why the prefix's rows were not all read.
    pub(super) failure: Option<Error>,
    /// Why others' rows were not read.
    pub(super) refused_scan: Option<Error>,
}

/// How rows are read.
pub(super) struct How<'a> {
    pub(super) prefix: &'a str,
    /// So many rows are named for each finding.
    pub(super) most: usize,
    pub(super) scans: bool,
    pub(super) shows_progress: bool,
    /// As the table was described, some hours ago.
    pub(super) rows: Option<i64>,
}

/// Reads the rows.
pub(super) fn read<'a>(store: &Store, how: &How<'a>) -> Reading<'a> {
    let progress = progress(how);
    let mut refused_scan = None;
    if how.scans {
        let mut inspection = Inspection::new(how.prefix, how.most);
        let read = store.whole_rows(Extent::Table, &mut |row| see(&mut inspection, &row, &progress));
        match read {
            // An engine may not have it.
            Err(error) if matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::Service) => {
                refused_scan = Some(error);
            }
            read => {
                progress.finish_and_clear();
                return Reading {
                    inspection,
                    is_whole_table: true,
                    failure: read.err(),
                    refused_scan: None,
                };
            }
        }
    }
    let mut inspection = Inspection::new(how.prefix, how.most);
    progress.set_position(0);
    let failure = namespaces(how.prefix).iter().find_map(|namespace| {
        let extent = Extent::Namespace(namespace);
        let read = store.whole_rows(extent, &mut |row| see(&mut inspection, &row, &progress));
        read.err()
    });
    progress.finish_and_clear();
    Reading {
        inspection,
        is_whole_table: false,
        failure,
        refused_scan,
    }
}

fn see(inspection: &mut Inspection<'_>, row: &WholeRow, progress: &ProgressBar) {
    progress.inc(1);
    inspection.see(row);
}

fn namespaces(prefix: &str) -> [String; 5] {
    let names = [
        schema::INITED,
        schema::SEGMENTS,
        schema::FEATURES,
        schema::BIG_SEGMENTS_METADATA,
        schema::BIG_SEGMENTS_USER,
    ];
    names.map(|name| schema::prefixed(prefix, name))
}

fn progress(how: &How<'_>) -> ProgressBar {
    if !how.shows_progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new_spinner();
    let of = match how.rows.filter(|&rows| rows > 0) {
        Some(rows) => format!(" of about {rows}"),
        None => String::new(),
    };
    let style = ProgressStyle::with_template(&format!("{{spinner}} {{pos}}{of} rows read"));
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
