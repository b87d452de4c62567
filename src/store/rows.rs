//! The rows of a data set, read on several threads where it is large.

use crate::error::Result;
use crate::process;
use crate::table::data_set::{self, DataSet, KindRows};

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
    // A failure is a result here: of several, the first in the data set is told.
    let read = async |number: usize| Ok(data_set.rows(&runs[number], namespaces));
    let rows = process::collected_side_by_side(made_in, threads, runs.len(), read)?;
    let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
    data_set.kinds(runs.into_iter().zip(rows))
}

pub(crate) fn warn_of_misspelt(kinds: &[KindRows<'_>]) {
    for (name, meant) in data_set::misspelt(kinds) {
        tracing::warn!(
            "the data set has neither \"features\" nor \"segments\", but {name:?}, which is kept as a kind of its own that no SDK reads; \
             {meant:?} is probably meant"
        );
    }
}

/// Keys and texts of a kind as the table holds them after a successful init.
pub(crate) fn stored_items<'k>(group: &'k KindRows<'_>) -> Vec<(&'k str, &'k str)> {
    let stored = group.rows.iter().filter(|row| row.fits());
    stored.map(|row| (&*row.key, &*row.item)).collect()
}
