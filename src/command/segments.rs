//! STUB.

use super::arguments::{SegmentsGet, SegmentsPatch, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn get(_table: &TableOptions, _options: &SegmentsGet, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn patch(_table: &TableOptions, _options: &SegmentsPatch, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
