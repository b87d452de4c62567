//! STUB.

use super::arguments::{TableOptions, Watch};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn run(_table: &TableOptions, _options: &Watch, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
