//! What the operator's command asks of a table beside what stores ask (feature `cli`).

use super::Store;
use crate::error::{Error, Result};

#[cfg(test)]
pub(crate) use crate::client::administration::KeyAttribute;
pub(crate) use crate::client::administration::{
    Action, Capacity, Extent, Identity, NewTable, TableDescription, WholeRow,
};

impl Store {
    /// `ErrorKind::TableNotFound` where there is none.
    pub(crate) fn describe_table(&self) -> Result<TableDescription> {
        self.call(async |client| client.describe_table().await)
    }

    /// Makes the table with the store's keys, and does not wait until it is active; `Ok(false)` where there is one of that name.
    pub(crate) fn create_table(&self, table: &NewTable) -> Result<bool> {
        self.require_writable()?;
        self.call(async |client| client.create_table(table).await)
    }

    /// Finds region and credentials, and asks the table nothing.
    pub(crate) fn aws_identity(&self) -> Result<Identity> {
        self.call(async |client| client.identity().await)
    }

    /// Tries an action in a way that changes nothing, within the namespaces of this prefix: `Ok(Some(error))` where it is refused.
    pub(crate) fn try_action(&self, action: Action) -> Result<Option<Error>> {
        self.call(async |client| client.try_action(&self.config.prefix, action).await)
    }

    /// Shows `show` all rows there are, a page at a time, each page within `operation_timeout`.
    pub(crate) fn whole_rows(&self, extent: Extent<'_>, show: &mut dyn FnMut(WholeRow)) -> Result<()> {
        let consistent = self.is_consistent();
        let mut start = None;
        loop {
            let from = start.take();
            let page = self.call(async |client| client.whole_rows(extent, consistent, from).await)?;
            page.rows.into_iter().for_each(&mut *show);
            start = page.next;
            if start.is_none() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
