//! STUB.

use super::arguments::{Copy, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn run(_table: &TableOptions, _options: &Copy, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
