//! What an init or an upsert would change, row by row, found without changing anything (feature `cli`).
//!
//! `init` itself compares in `difference`, on several threads and without keeping what it does not need; a test holds both against
//! each other.

use std::borrow::Cow;

use super::{rows, Store};
use crate::error::Result;
use crate::process::Live;
use crate::stats::InitReport;
use crate::table::data_set::{DataSet, KindRows};
use crate::table::item::{NewRow, StoredRow};
use crate::table::schema::{self, Kind};

/// How the table differs from a data set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// By kind as in the data set, then in the order of the table's keys.
    pub(crate) changes: Vec<Change>,
    /// What init would report.
    pub(crate) report: InitReport,
}

/// A row that init would write or delete, or an item that it would drop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// There is no row yet.
    New { version: u64 },
    /// The row has another version, or none that is an integer.
    OtherVersion { stored: Option<u64>, version: u64 },
    /// The row has this version, but another item, or further attributes.
    OtherContent { version: u64 },
    /// The data set has no such item.
    Deleted { stored: Option<u64> },
    /// The item is over the size limit; init deletes a row that is there.
    TooLarge { is_stored: bool },
}

impl What {
    fn of(row: &NewRow<'_>, stored: Option<&StoredRow>) -> Option<Self> {
        let version = row.version;
        match stored {
            _ if !row.fits() => Some(What::TooLarge {
                is_stored: stored.is_some(),
            }),
            None => Some(What::New { version }),
            Some(stored) if row.is_stored_as(stored) => None,
            Some(stored) if stored.version == Some(version) => Some(What::OtherContent { version }),
            Some(stored) => Some(What::OtherVersion {
                stored: stored.version,
                version,
            }),
        }
    }

    fn count(self, report: &mut InitReport) {
        match self {
            What::New { .. } | What::OtherVersion { .. } | What::OtherContent { .. } => report.written += 1,
            What::Deleted { .. } => report.deleted += 1,
            What::TooLarge { is_stored } => {
                report.dropped += 1;
                report.deleted += usize::from(is_stored);
            }
        }
    }

    /// Whether there is a row, which would go.
    pub(crate) fn is_stored(self) -> bool {
        !matches!(self, What::New { .. } | What::TooLarge { is_stored: false })
    }
}

/// What an upsert would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpsertPreview {
    /// That of the item.
    pub(crate) version: u64,
    /// That of the row, where there is one.
    pub(crate) stored: Option<Option<u64>>,
    pub(crate) fits: bool,
    /// Whether the item is newer than the row, or the row one that no reader could use.
    pub(crate) is_newer: bool,
}

impl Store {
    /// How the table differs from a data set, strongly consistent, one kind after the other, each page within `operation_timeout`.
    pub(crate) fn compare(&self, all_data: &str) -> Result<Comparison> {
        let data_set = DataSet::parse(all_data)?;
        let namespaces = data_set.namespaces(&self.config.prefix)?;
        let made_in = self.live().generation();
        let kinds = rows::rows(made_in, self.config.max_concurrency, &data_set, &namespaces)?;
        rows::warn_of_misspelt(&kinds);
        let mut comparison = Comparison::default();
        for group in &kinds {
            self.compare_kind(group, &mut comparison)?;
        }
        Ok(comparison)
    }

    fn compare_kind(&self, group: &KindRows<'_>, comparison: &mut Comparison) -> Result<()> {
        let kind = group.kind.name();
        let mut found: Vec<(String, What)> = Vec::new();
        let mut is_stored = vec![false; group.rows.len()];
        let report = &mut comparison.report;
        self.rows(kind, &mut |stored| {
            let what = match group.index_of(&stored.key) {
                None => Some(What::Deleted { stored: stored.version }),
                Some(index) => {
                    is_stored[index] = true;
                    What::of(&group.rows[index], Some(&stored))
                }
            };
            match what {
                Some(what) => found.push((stored.key, what)),
                None => report.unchanged += 1,
            }
        })?;
        let absent = group.rows.iter().zip(is_stored).filter(|(_, is_stored)| !is_stored);
        found.extend(absent.filter_map(|(row, _)| Some((row.key.to_string(), What::of(row, None)?))));
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found.iter().for_each(|(_, what)| what.count(report));
        comparison.changes.extend(found.into_iter().map(|(key, what)| Change {
            kind: kind.to_owned(),
            key,
            what,
        }));
        Ok(())
    }

    /// What `upsert` would do now. A bad item is refused before the request.
    pub(crate) fn preview_upsert(&self, kind: &str, key: &str, item: &str) -> Result<UpsertPreview> {
        let namespace = schema::namespace(&self.config.prefix, Kind::parse(kind)?)?;
        let row = NewRow::parse(Kind::parse(kind)?, &namespace, Cow::Borrowed(key), item)?;
        let stored = self.row(kind, key)?;
        Ok(UpsertPreview {
            version: row.version,
            stored: stored.as_ref().map(|stored| stored.version),
            fits: row.fits(),
            is_newer: stored.is_none_or(|stored| Some(row.version) > stored.version || stored.is_corrupt()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::item::StoredItem;

    fn stored(version: Option<u64>, item: &str) -> StoredRow {
        StoredRow {
            key: "a".to_owned(),
            version,
            item: StoredItem::Text(item.to_owned()),
            only_our_attributes: true,
        }
    }

    #[test]
    fn a_row_is_the_same_new_of_another_version_or_of_other_content() {
        let kind = Kind::parse("features").expect("a kind");
        let item = r#"{"version":2}"#;
        let row = NewRow::parse(kind, "features", Cow::Borrowed("a"), item).expect("a row");
        assert_eq!(What::of(&row, None), Some(What::New { version: 2 }));
        assert_eq!(What::of(&row, Some(&stored(Some(2), item))), None);
        let other_content = Some(What::OtherContent { version: 2 });
        assert_eq!(What::of(&row, Some(&stored(Some(2), "{}"))), other_content);
        let more_attributes = StoredRow {
            only_our_attributes: false,
            ..stored(Some(2), item)
        };
        assert_eq!(What::of(&row, Some(&more_attributes)), other_content);
        for version in [Some(3), None] {
            let expected = What::OtherVersion {
                stored: version,
                version: 2,
            };
            assert_eq!(What::of(&row, Some(&stored(version, item))), Some(expected));
        }
    }

    #[test]
    fn what_is_too_large_counts_as_dropped_and_a_row_of_it_as_deleted() {
        let kind = Kind::parse("features").expect("a kind");
        let item = format!(r#"{{"version":2,"x":"{}"}}"#, "x".repeat(400_000));
        let row = NewRow::parse(kind, "features", Cow::Borrowed("a"), &item).expect("a row");
        let mut report = InitReport::default();
        let absent = What::of(&row, None).expect("a change");
        absent.count(&mut report);
        assert_eq!((absent.is_stored(), report.dropped, report.deleted), (false, 1, 0));
        let there = What::of(&row, Some(&stored(Some(1), "{}"))).expect("a change");
        there.count(&mut report);
        assert_eq!((there.is_stored(), report.dropped, report.deleted), (true, 2, 1));
    }
}
