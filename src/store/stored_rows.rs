//! Rows of a kind as the table holds them, damaged ones among them, for whoever shows or compares them (feature `cli`).

use std::borrow::Cow;

use super::Store;
use crate::client::{Client, Rows};
use crate::error::Result;
use crate::table::item::{StoredItem, StoredRow};
use crate::table::key_range::KeyRange;
use crate::table::schema::{self, Kind};

impl Store {
    /// Shows `show` the rows of a kind in the order of their keys, strongly consistent, a page at a time, each within
    /// `operation_timeout`. Each row is shown once.
    pub(crate) fn rows(&self, kind: &str, show: &mut dyn FnMut(StoredRow)) -> Result<()> {
        let namespace = schema::namespace(&self.config.prefix, Kind::parse(kind)?)?;
        let mut start = None;
        loop {
            let query = async |client: &Client| {
                let mut page = Page::default();
                let range = KeyRange::default();
                let next = client.query(0, &namespace, range, true, start, &mut page).await?;
                Ok((page.rows, next))
            };
            let (rows, next) = self.call(query)?;
            rows.into_iter().for_each(&mut *show);
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    /// One row, strongly consistent.
    pub(crate) fn row(&self, kind: &str, key: &str) -> Result<Option<StoredRow>> {
        let namespace = schema::namespace(&self.config.prefix, Kind::parse(kind)?)?;
        if !schema::key_fits(key) {
            return Ok(None);
        }
        self.call(async |client| client.get_row(&namespace, key, true).await)
    }
}

/// The rows of a page, which may turn out to be none.
#[derive(Default)]
struct Page {
    rows: Vec<StoredRow>,
}

impl Rows for Page {
    fn show(&mut self, row: StoredRow<Cow<'_, str>>) {
        self.rows.push(StoredRow {
            key: row.key.into_owned(),
            version: row.version,
            item: match row.item {
                StoredItem::Text(text) => StoredItem::Text(text.into_owned()),
                StoredItem::Missing => StoredItem::Missing,
                StoredItem::OtherType => StoredItem::OtherType,
            },
            only_our_attributes: row.only_our_attributes,
        });
    }

    fn forget_page(&mut self) {
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_turns_out_to_be_none_is_not_shown() {
        let row = |key: &'static str| StoredRow {
            key: Cow::Borrowed(key),
            version: Some(1),
            item: StoredItem::Missing,
            only_our_attributes: true,
        };
        let mut page = Page::default();
        page.show(row("of an answer that broke off"));
        page.forget_page();
        page.show(row("a"));
        let keys: Vec<_> = page.rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["a"]);
    }
}
