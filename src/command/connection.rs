//! From what was typed to a store, and to what is handed in.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use super::arguments::TableOptions;
use super::outcome::{Failure, Result};
use super::output::Output;
use crate::config::{CacheTtl, Config};
use crate::error::Result as TableResult;
use crate::store::administration::Identity;
use crate::store::Store;
use crate::table::data_set::meant;
use crate::table::schema::Kind;

/// For one call: somebody waits at a terminal, but for an answer.
const LONGEST_CALL: Duration = Duration::from_secs(10);

/// The configuration of the table that was named: nothing is cached, so that what is shown is what is there.
pub(super) fn config(options: &TableOptions) -> Result<Config> {
    let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
    let Some(table) = given(&options.table) else {
        return Err(Failure::Usage(
            "no table is named: give --table NAME, or set LD_DYNAMO_STORE_TABLE".to_owned(),
        ));
    };
    let mut config = Config::new(table)
        .prefix(options.prefix.clone().unwrap_or_default())
        .cache_ttl(CacheTtl::Off)
        .operation_timeout(LONGEST_CALL);
    config.endpoint = given(&options.endpoint);
    config.region = given(&options.region);
    config.profile = given(&options.profile);
    Ok(config)
}

pub(super) fn store(options: &TableOptions) -> Result<Store> {
    Ok(Store::new(config(options)?)?)
}

/// Table and prefix, as questions and results name them.
pub(super) fn place(store: &Store) -> String {
    let config = store.config();
    match config.prefix.as_str() {
        "" => format!("table {:?}", config.table),
        prefix => format!("table {:?}, prefix {prefix:?}", config.table),
    }
}

/// The same, with region and endpoint: a table of this name may be elsewhere, too.
pub(super) fn whole_place(store: &Store) -> TableResult<String> {
    Ok(format!(
        "{} in {}",
        place(store),
        region_and_endpoint(&store.aws_identity()?)
    ))
}

pub(super) fn region_and_endpoint(identity: &Identity) -> String {
    let endpoint = identity.endpoint.iter().map(|endpoint| format!(" at {endpoint}"));
    format!("region {}{}", identity.region, endpoint.collect::<String>())
}

/// The text of a file, or of standard input where it is named "-".
pub(super) fn text(file: &Path, output: &Output) -> Result<String> {
    let mut bytes = Vec::new();
    let name = name(file);
    let read = match file.as_os_str() == "-" {
        true => {
            let input = std::io::stdin();
            if input.is_terminal() {
                output.note("reading standard input, until Ctrl-D on a line of its own");
            }
            input.lock().read_to_end(&mut bytes)
        }
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::Usage(format!("{name}: not UTF-8 from byte {place} on"))
    })?;
    match text.starts_with('\u{feff}') {
        true => Err(Failure::Usage(format!(
            "{name}: it begins with a byte order mark, which is no JSON: save it as UTF-8 without one"
        ))),
        false => Ok(text),
    }
}

/// The result of looking at what stands in a file, which an error names.
pub(super) fn in_file<T>(file: &Path, read: TableResult<T>) -> TableResult<T> {
    read.map_err(|error| error.in_context(name(file)))
}

/// Of a file, as errors have it.
fn name(file: &Path) -> String {
    match file.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => file.display().to_string(),
    }
}

/// Notes a kind that no SDK reads where its name is like one that they do.
pub(super) fn note_misspelt(kind: &str, output: &Output) {
    let own = Kind::parse(kind).ok().map(Kind::name);
    if let Some(meant) = meant(kind).filter(|&meant| own != Some(meant)) {
        output.note(format_args!(
            "{kind:?} is a kind of its own that no SDK reads; {meant:?} is probably meant"
        ));
    }
}
