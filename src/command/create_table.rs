//! STUB.

use super::arguments::{CreateTable, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn run(_table: &TableOptions, _options: &CreateTable, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
