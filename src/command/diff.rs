//! `diff`: how the table differs from a data set, which is what init would change.

use super::arguments::{Diff, TableOptions};
use super::changes;
use super::connection;
use super::outcome::{Outcome, Result};
use super::output::Output;
use crate::store::Store;

pub(super) fn run(table: &TableOptions, options: &Diff, output: &Output) -> Result {
    let data_set = connection::text(&options.file)?;
    let store = connection::store(table)?;
    let outcome = diff(&store, &data_set, output);
    output.cost(&store);
    outcome
}

fn diff(store: &Store, data_set: &str, output: &Output) -> Result {
    let comparison = store.compare(data_set)?;
    changes::show(&comparison, output)?;
    Ok(match comparison.changes.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}
