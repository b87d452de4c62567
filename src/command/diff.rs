//! STUB.

use super::arguments::{Diff, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn run(_table: &TableOptions, _options: &Diff, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
