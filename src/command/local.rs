//! STUB.

use super::arguments::{ServeLocal, TableOptions};
use super::output::Output;
use super::{Failure, Result};

pub(super) fn serve(_table: &TableOptions, _options: &ServeLocal, _output: &Output) -> Result {
    Err(Failure::Usage("not there yet".to_owned()))
}
