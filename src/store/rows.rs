//! The rows of a data set, read on several threads where it is large.

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};
use crate::process;
use crate::table::data_set::{DataSet, KindRows};

/// Less is read sooner than a thread begins.
const RUN_BYTES: usize = 1 << 20;

/// Every item as the row that stores it, on `most` threads; the first bad one is an error that names kind and key. `made_in` is the
/// process.
pub(crate) fn rows<'a>(
    made_in: u64,
    most: usize,
    data_set: &'a DataSet<'a>,
    namespaces: &'a [String],
) -> Result<Vec<KindRows<'a>>> {
    let runs = data_set.runs(RUN_BYTES);
    let threads = match runs.len() {
        0 | 1 => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from).min(most),
    };
    let read: Vec<OnceLock<_>> = runs.iter().map(|_| OnceLock::new()).collect();
    process::side_by_side(made_in, threads, runs.len(), async |number: usize| {
        let _ = read[number].set(data_set.rows(&runs[number], namespaces));
        Ok(())
    })?;
    let unread = || Error::new(ErrorKind::Internal, "a part of the data set was not read");
    let rows = read.into_iter().map(|rows| rows.into_inner().ok_or_else(unread)?);
    data_set.kinds(runs.into_iter().zip(rows.collect::<Result<Vec<_>>>()?))
}

/// Keys and texts of a kind as the table holds them after a successful init.
pub(crate) fn stored_items<'k>(group: &'k KindRows<'_>) -> Vec<(&'k str, &'k str)> {
    let stored = group.rows.iter().filter(|row| row.fits());
    stored.map(|row| (&*row.key, &*row.item)).collect()
}
