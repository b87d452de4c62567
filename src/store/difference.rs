//! How the table differs from a data set, found page by page.

use std::borrow::Cow;

use crate::client::Rows;
use crate::table::data_set::KindRows;
use crate::table::item::StoredRow;

/// How a namespace differs from the rows that it should hold.
pub(super) struct Difference {
    /// For each row, whether the table holds it already, to the byte.
    pub(super) is_stored: Vec<bool>,
    /// Keys that the table has and should not have, those of oversized items among them.
    pub(super) stale: Vec<String>,
}

impl Difference {
    pub(super) fn of(group: &KindRows<'_>) -> Self {
        Difference {
            is_stored: vec![false; group.rows.len()],
            stale: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, part: ComparedPart) {
        for (index, is_stored) in part.stored {
            self.is_stored[index] = is_stored;
        }
        self.stale.extend(part.stale);
    }

    /// The row at which two parts meet is in both, and one request may not delete it twice.
    pub(super) fn require_once(&mut self) {
        self.stale.sort_unstable();
        self.stale.dedup();
    }
}

/// What was found in a part of a namespace.
#[derive(Default)]
pub(super) struct ComparedPart {
    /// The rows that are there, and whether to the byte.
    stored: Vec<(usize, bool)>,
    stale: Vec<String>,
}

impl ComparedPart {
    pub(super) fn append(&mut self, page: ComparedPage<'_>) {
        self.stored.extend(page.rows.stored);
        self.stale.extend(page.rows.stale);
    }
}

/// The rows of one page, each compared as it arrives and then forgotten.
pub(super) struct ComparedPage<'p> {
    group: &'p KindRows<'p>,
    rows: ComparedPart,
}

impl<'p> ComparedPage<'p> {
    pub(super) fn new(group: &'p KindRows<'p>) -> Self {
        ComparedPage {
            group,
            rows: ComparedPart::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.stored.len() + self.rows.stale.len()
    }
}

impl Rows for ComparedPage<'_> {
    fn show(&mut self, stored: StoredRow<Cow<'_, str>>) {
        match self.group.index_of(&stored.key) {
            Some(index) if self.group.rows[index].fits() => {
                let is_stored = self.group.rows[index].is_stored_as(&stored);
                self.rows.stored.push((index, is_stored));
            }
            _ => self.rows.stale.push(stored.key.into_owned()),
        }
    }

    fn forget_page(&mut self) {
        self.rows = ComparedPart::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use crate::store::rows;
    use crate::table::data_set::DataSet;
    use crate::table::item::StoredItem;

    fn stored(key: &str, item: &str) -> StoredRow<Cow<'static, str>> {
        StoredRow {
            key: Cow::Owned(key.to_owned()),
            version: Some(1),
            item: StoredItem::Text(Cow::Owned(item.to_owned())),
            only_our_attributes: true,
        }
    }

    #[test]
    fn a_page_is_counted_and_forgotten_whole() {
        let data_set = DataSet::parse(r#"{"features":{"a":{"version":1},"b":{"version":1}}}"#).expect("a data set");
        let namespaces = data_set.namespaces("").expect("names");
        let kinds = rows::rows(process::generation(), 1, &data_set, &namespaces).expect("rows");
        let mut page = ComparedPage::new(&kinds[0]);
        page.show(stored("lost", "{}"));
        page.forget_page();
        assert_eq!(page.len(), 0);
        page.show(stored("a", r#"{"version":1}"#));
        page.show(stored("b", r#"{"version":1,"on":true}"#));
        page.show(stored("stale", "{}"));
        assert_eq!(page.len(), 3);

        let mut part = ComparedPart::default();
        part.append(page);
        let mut difference = Difference::of(&kinds[0]);
        for _ in 0..2 {
            difference.add(ComparedPart {
                stored: part.stored.clone(),
                stale: part.stale.clone(),
            });
        }
        difference.require_once();
        assert_eq!(difference.is_stored, [true, false]);
        assert_eq!(difference.stale, ["stale"]);
    }
}
