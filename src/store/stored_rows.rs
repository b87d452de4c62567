//! Rows of a kind as the table holds them, damaged ones among them, for whoever shows or compares them (feature `cli`).

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::Store;
use crate::client::{Client, PageStart, Rows};
use crate::error::{ErrorKind, Result};
use crate::table::item::{StoredItem, StoredRow};
use crate::table::key_range::KeyRange;
use crate::table::schema::{self, Kind};

/// For how long a page is asked for that is refused for now: the first one, and those after it.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_UNDER_WAY: Duration = Duration::from_secs(60);

impl Store {
    /// Shows `show` the rows of a kind in the order of their keys, strongly consistent, a page at a time, each within
    /// `operation_timeout`. Each row is shown once; a page that is refused for now is repeated.
    pub(crate) fn rows(&self, kind: &str, show: &mut dyn FnMut(StoredRow)) -> Result<()> {
        self.pages(kind, show, |is_first, read| self.patiently(is_first, read))
    }

    /// The same, with each page asked for once, for whoever comes again anyway.
    pub(crate) fn rows_at_once(&self, kind: &str, show: &mut dyn FnMut(StoredRow)) -> Result<()> {
        self.pages(kind, show, |_, read| read())
    }

    fn pages(
        &self,
        kind: &str,
        show: &mut dyn FnMut(StoredRow),
        answer: impl Fn(bool, &mut dyn FnMut() -> Result<KindPage>) -> Result<KindPage>,
    ) -> Result<()> {
        let namespace = schema::namespace(&self.config.prefix, Kind::parse(kind)?)?;
        let mut start: Option<PageStart> = None;
        loop {
            let mut read = || {
                self.call(async |client: &Client| {
                    let mut page = Page::default();
                    let range = KeyRange::default();
                    let next = client
                        .query(0, &namespace, range, true, start.clone(), &mut page)
                        .await?;
                    Ok((page.rows, next))
                })
            };
            let (rows, next) = answer(start.is_none(), &mut read)?;
            rows.into_iter().for_each(&mut *show);
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    /// Repeats a page that is refused for now, with growing pauses. A wrong endpoint, which never answers, is told at once.
    pub(super) fn patiently<T>(&self, is_first: bool, read: &mut dyn FnMut() -> Result<T>) -> Result<T> {
        let mut backoff = Backoff::default();
        let patience = if is_first { PATIENCE } else { PATIENCE_UNDER_WAY };
        let began = Instant::now();
        loop {
            match read() {
                Err(error)
                    if error.is_retriable()
                        && error.kind() != ErrorKind::Unreachable
                        && !(is_first && error.kind() == ErrorKind::TimedOut)
                        && began.elapsed() < patience =>
                {
                    tracing::debug!("reading goes on after: {error}");
                    std::thread::sleep(backoff.next());
                }
                answer => return answer,
            }
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

type KindPage = (Vec<StoredRow>, Option<PageStart>);

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

    #[test]
    fn what_may_pass_is_read_again_but_not_what_never_answered() {
        let store = Store::new(crate::config::Config::new("flags")).expect("a store");
        for (kind, reads_at_first, reads_under_way) in [
            (ErrorKind::Throttled, 3, 3),
            (ErrorKind::TimedOut, 1, 3),
            (ErrorKind::Unreachable, 1, 1),
            (ErrorKind::AccessDenied, 1, 1),
        ] {
            for (is_first, expected) in [(true, reads_at_first), (false, reads_under_way)] {
                let mut reads = 0;
                let answer = store.patiently(is_first, &mut || {
                    reads += 1;
                    match reads {
                        3 => Ok(()),
                        _ => Err(crate::error::Error::new(kind, "not now")),
                    }
                });
                assert_eq!(
                    (reads, answer.is_ok()),
                    (expected, expected == 3),
                    "{kind:?} {is_first}"
                );
            }
        }
    }
}
