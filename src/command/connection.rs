//! From what was typed to a store, and to what is handed in.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::arguments::TableOptions;
use super::outcome::{Failure, Result};
use crate::config::{CacheTtl, Config};
use crate::store::Store;

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

/// The text of a file, or of standard input where it is named "-".
pub(super) fn text(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::Usage(format!("{}: not UTF-8 from byte {place} on", file.display()))
    })
}
