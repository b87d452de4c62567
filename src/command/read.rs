//! STUB.

use super::arguments::{All, Get, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn get(_table: &TableOptions, _options: &Get, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn all(_table: &TableOptions, _options: &All, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
