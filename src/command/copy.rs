//! `copy`: makes another table or prefix hold what this one does.

use super::arguments::{Copy, TableOptions};
use super::connection;
use super::export::DataSetText;
use super::outcome::{Failure, Outcome, Result};
use super::output::Output;
use super::replace::replace;
use super::write::time_limit;
use crate::error::{Error, ErrorKind, Result as TableResult};
use crate::store::Store;

pub(super) fn run(table: &TableOptions, options: &Copy, output: &Output) -> Result {
    let mut config = connection::config(&other(table, options))?;
    config.init_timeout = time_limit(options.time_limit);
    let (source, target) = (connection::store(table)?, Store::new(config)?);
    if is_same(&source, &target)? {
        let message = "source and target are the same: give --to-prefix, --to-table or another --to-… option";
        return Err(Failure::Usage(message.to_owned()));
    }
    let outcome = copy(&source, &target, options, output);
    output.cost(&source);
    output.cost(&target);
    outcome
}

/// The target, which is the source but for what was said of it.
fn other(table: &TableOptions, options: &Copy) -> TableOptions {
    let either = |other: &Option<String>, same: &Option<String>| other.clone().or_else(|| same.clone());
    TableOptions {
        table: either(&options.to_table, &table.table),
        prefix: either(&options.to_prefix, &table.prefix),
        endpoint: either(&options.to_endpoint, &table.endpoint),
        region: either(&options.to_region, &table.region),
        profile: either(&options.to_profile, &table.profile),
        ..table.clone()
    }
}

/// Whether both are one place, however it was named: a copy of a table onto itself would delete its damaged rows.
fn is_same(source: &Store, target: &Store) -> TableResult<bool> {
    let (one, other) = (source.config(), target.config());
    if one.prefix != other.prefix || name(&one.table) != name(&other.table) {
        return Ok(false);
    }
    let (here, there) = (source.aws_identity()?, target.aws_identity()?);
    if here.region != there.region || here.endpoint != there.endpoint {
        return Ok(false);
    }
    // Accounts may differ, which names and regions do not tell.
    let arn = |store: &Store| store.describe_table().ok().and_then(|table| table.arn);
    Ok(match (arn(source), arn(target)) {
        (Some(one), Some(other)) => one == other,
        _ => one.table == other.table && one.profile == other.profile,
    })
}

/// That of a table that may be named by its ARN.
fn name(table: &str) -> &str {
    table.rsplit('/').next().unwrap_or(table)
}

/// Damaged ones are some, too.
fn has_big_segments(source: &Store) -> TableResult<bool> {
    let has = || Ok(source.big_segments_cursor()?.is_some() || source.big_segments_metadata()?.is_some());
    has().or_else(|error: Error| match error.kind() {
        ErrorKind::CorruptItem => Ok(true),
        _ => Err(error),
    })
}

fn copy(source: &Store, target: &Store, options: &Copy, output: &Output) -> Result {
    let place = connection::place(source);
    if !source.initialized()? {
        output.failure(&format!(
            "{place} is not initialized: it may lack items, which the target would lose; export and init copy it anyway"
        ));
        return Ok(Outcome::Findings);
    }
    let data_set = DataSetText::of(source, &options.kinds, true)?;
    data_set.tell_left_out(output);
    if has_big_segments(source)? {
        output.note(format_args!("{place} has Big Segments, too, which are not copied"));
    }
    match replace(target, &data_set.text, options.caution, output)? {
        Outcome::Fine if !data_set.is_whole() => Ok(Outcome::Findings),
        outcome => Ok(outcome),
    }
}
