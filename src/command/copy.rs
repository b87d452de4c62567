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
use crate::table::name::without_arn;

pub(super) fn run(table: &TableOptions, options: &Copy, output: &Output) -> Result {
    let mut config = connection::config(&other(table, options))?;
    config.init_timeout = time_limit(options.time_limit);
    let (source, target) = (connection::store(table)?, Store::new(config)?);
    require_another(&source, &target)?;
    for kind in &options.kinds {
        connection::note_misspelt(kind, output);
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

/// Refuses a copy of a place onto itself, however it was named.
fn require_another(source: &Store, target: &Store) -> Result<()> {
    let message = match is_same(source, target)? {
        Some(false) => return Ok(()),
        Some(true) => "source and target are the same: give --to-prefix, --to-table or another --to-… option",
        None => {
            "source and target may be the same, and this cannot tell them apart: allow dynamodb:DescribeTable for both, or name \
             both tables by their ARN"
        }
    };
    Err(Failure::Usage(message.to_owned()))
}

/// Whether both are one place; `None` where that cannot be known.
fn is_same(source: &Store, target: &Store) -> TableResult<Option<bool>> {
    let (one, other) = (source.config(), target.config());
    if one.prefix != other.prefix || without_arn(&one.table) != without_arn(&other.table) {
        return Ok(Some(false));
    }
    let (here, there) = (source.aws_identity()?, target.aws_identity()?);
    if here.region != there.region || here.endpoint != there.endpoint {
        return Ok(Some(false));
    }
    // Accounts may differ, which names and regions do not tell.
    let arn = |store: &Store| store.describe_table().ok().and_then(|table| table.arn);
    let is_arn = |table: &str| table.starts_with("arn:");
    Ok(match (arn(source), arn(target)) {
        (Some(one), Some(other)) => Some(one == other),
        _ if is_arn(&one.table) && is_arn(&other.table) => Some(one.table == other.table),
        _ if one.table == other.table && one.profile == other.profile => Some(true),
        _ => None,
    })
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
    if !data_set.is_whole() {
        data_set.tell_left_out(output);
        output.failure(&format!(
            "nothing was copied: the target would lose what is left out of {place}; mend these rows first, or export and init what is \
             left"
        ));
        return Ok(Outcome::Findings);
    }
    if has_big_segments(source)? {
        output.note(format_args!("{place} has Big Segments, too, which are not copied"));
    }
    let contents = target.contents(&data_set.text)?;
    replace(target, &data_set.text, contents, options.caution, output)
}
