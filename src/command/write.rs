//! STUB.

use super::arguments::{Init, TableOptions, Upsert};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn init(_table: &TableOptions, _options: &Init, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn upsert(_table: &TableOptions, _options: &Upsert, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
