//! STUB.

use super::arguments::{Completions, Man};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn completions(_options: &Completions, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn man(_options: &Man, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
