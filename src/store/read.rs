//! Reading: one item, all items of a kind, whether the table holds a full data set.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::client::{Client, Rows};
use crate::error::{Error, Result};
use crate::table::item::StoredRow;
use crate::table::key_range::KeyRange;
use crate::table::object::push_member;
use crate::table::schema::{self, Kind};

/// The item as stored, `None` where there is no row or DynamoDB could not hold such a key.
pub(crate) async fn get(
    client: &Client,
    prefix: &str,
    kind: Kind<'_>,
    key: &str,
    consistent: bool,
) -> Result<Option<String>> {
    if !schema::key_fits(key) {
        return Ok(None);
    }
    let namespace = schema::namespace(prefix, kind)?;
    let row = client.get_row(&namespace, key, consistent).await?;
    row.map(|row| row.into_item(kind)).transpose()
}

/// How long the texts of features and of segments were when they were last read, so that the next one has room from its beginning and is
/// not moved while it grows.
#[derive(Default)]
pub(crate) struct LastLengths {
    features: AtomicUsize,
    segments: AtomicUsize,
}

impl LastLengths {
    fn of(&self, kind: Kind<'_>) -> Option<&AtomicUsize> {
        match kind.name() {
            schema::FEATURES => Some(&self.features),
            schema::SEGMENTS => Some(&self.segments),
            _ => None,
        }
    }
}

/// `{sort key: item, …}` as one JSON text; a corrupt row is left out and logged.
pub(crate) async fn all(
    client: &Client,
    prefix: &str,
    kind: Kind<'_>,
    consistent: bool,
    lengths: &LastLengths,
) -> Result<String> {
    let namespace = schema::namespace(prefix, kind)?;
    let last = lengths.of(kind);
    let room = last.map_or(0, |last| last.load(Relaxed));
    let mut items = Items {
        kind,
        // With the NUL that C wants, and no more: glibc takes again what was freed, but maps anew what is larger.
        text: String::with_capacity(room + 1),
        page_begins: 1,
        corrupt: Vec::new(),
    };
    items.text.push('{');
    let mut start = None;
    loop {
        start = client
            .query(0, &namespace, KeyRange::default(), consistent, start, &mut items)
            .await?;
        items.end_page();
        if start.is_none() {
            items.text.push('}');
            if let Some(last) = last {
                last.store(items.text.len(), Relaxed);
            }
            if items.text.len() < room / 2 {
                items.text.shrink_to_fit();
            }
            return Ok(items.text);
        }
    }
}

/// The rows of a kind, as their pages come.
struct Items<'k> {
    kind: Kind<'k>,
    text: String,
    page_begins: usize,
    corrupt: Vec<Error>,
}

impl Items<'_> {
    fn end_page(&mut self) {
        self.page_begins = self.text.len();
        for error in self.corrupt.drain(..) {
            tracing::error!("{error}");
        }
    }
}

impl Rows for Items<'_> {
    fn show(&mut self, row: StoredRow<Cow<'_, str>>) {
        let (key, item) = row.into_key_and_item(self.kind);
        match item {
            Ok(item) => push_member(&mut self.text, &key, &item),
            Err(error) => self.corrupt.push(error),
        }
    }

    fn forget_page(&mut self) {
        self.text.truncate(self.page_begins);
        self.corrupt.clear();
    }
}

/// Whether `$inited` stands in the table.
pub(crate) async fn initialized(client: &Client, prefix: &str, consistent: bool) -> Result<bool> {
    let key = schema::inited_key(prefix);
    client.row_exists(&key, &key, consistent).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::item::StoredItem;

    fn row(key: &'static str, item: StoredItem<Cow<'static, str>>) -> StoredRow<Cow<'static, str>> {
        StoredRow {
            key: Cow::Borrowed(key),
            version: Some(1),
            item,
            only_our_attributes: true,
        }
    }

    #[test]
    fn a_page_that_is_read_again_takes_none_of_the_earlier_ones_with_it() {
        let item = || StoredItem::Text(Cow::Borrowed(r#"{"version":1}"#));
        let mut items = Items {
            kind: Kind::parse("features").expect("a kind"),
            text: "{".to_owned(),
            page_begins: 1,
            corrupt: Vec::new(),
        };
        items.show(row("of the first page", item()));
        items.end_page();
        items.show(row("of half a page", item()));
        items.show(row("damaged", StoredItem::OtherType));
        assert_eq!(items.corrupt.len(), 1);
        items.forget_page();
        assert!(items.corrupt.is_empty(), "it comes again");
        items.show(row("of the second page", item()));
        items.show(row("damaged", StoredItem::OtherType));
        items.end_page();
        assert!(items.corrupt.is_empty(), "it was logged");
        assert_eq!(
            items.text,
            r#"{"of the first page":{"version":1},"of the second page":{"version":1}"#
        );
    }
}
