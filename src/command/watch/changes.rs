//! What differs between two readings of a table, and which rule explains it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::table::item::{StoredItem, StoredRow};

/// What is remembered of a row: its text would be too much where there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// `None` where the row is damaged.
    pub(super) version: Option<u64>,
    pub(super) is_deleted: bool,
    content: u64,
}

impl Seen {
    pub(super) fn of(row: &StoredRow) -> Self {
        let mut hasher = DefaultHasher::new();
        let mut is_deleted = false;
        match &row.item {
            StoredItem::Text(text) => {
                text.hash(&mut hasher);
                is_deleted = is_marked_deleted(text);
            }
            StoredItem::Missing => is_deleted = true,
            StoredItem::OtherType => {}
        }
        Seen {
            version: row.version.filter(|_| !row.is_corrupt()),
            is_deleted,
            content: hasher.finish(),
        }
    }
}

/// A deletion as Go and this library mark it, or as Java and .NET do.
fn is_marked_deleted(item: &str) -> bool {
    #[derive(Deserialize)]
    struct Marked<'a> {
        #[serde(borrow)]
        deleted: Option<&'a RawValue>,
    }
    let text = item.trim();
    let marked = serde_json::from_str::<Marked<'_>>(text);
    text.is_empty() || text == "null" || marked.is_ok_and(|item| item.deleted.is_some_and(|it| it.get() == "true"))
}

/// The rows of a kind by key.
pub(super) type Rows = BTreeMap<String, Seen>;

/// What happened to one row, or to the marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Appeared(u64),
    Newer { from: u64, to: u64 },
    Older { from: u64, to: u64 },
    OtherContent(u64),
    Deleted { from: Option<u64>, to: u64 },
    Removed { from: Option<u64> },
    Corrupt { from: Option<u64> },
    Repaired(u64),
    Initialized,
    NotInitialized,
}

impl Change {
    /// What became of a row that was `before` and is `now`; `None` where nothing did.
    pub(super) fn between(before: Option<Seen>, now: Option<Seen>) -> Option<Self> {
        let from = before.and_then(|row| row.version);
        if before == now {
            return None;
        }
        let Some(now) = now else {
            return Some(Change::Removed { from });
        };
        let Some(to) = now.version else {
            return Some(Change::Corrupt { from });
        };
        let is_older = from.is_some_and(|from| to < from);
        Some(match (before, from) {
            _ if now.is_deleted && !is_older && !before.is_some_and(|row| row.is_deleted) => {
                Change::Deleted { from, to }
            }
            (None, _) => Change::Appeared(to),
            (Some(_), None) => Change::Repaired(to),
            (Some(_), Some(from)) if from < to => Change::Newer { from, to },
            (Some(_), Some(from)) if from > to => Change::Older { from, to },
            (Some(_), Some(_)) => Change::OtherContent(to),
        })
    }

    /// The name of the change in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Change::Appeared(_) => "appeared",
            Change::Newer { .. } => "newer",
            Change::Older { .. } => "older",
            Change::OtherContent(_) => "other_content",
            Change::Deleted { .. } => "deleted",
            Change::Removed { .. } => "removed",
            Change::Corrupt { .. } => "corrupt",
            Change::Repaired(_) => "repaired",
            Change::Initialized => "initialized",
            Change::NotInitialized => "not_initialized",
        }
    }

    /// The versions before and now.
    pub(super) fn versions(self) -> (Option<u64>, Option<u64>) {
        match self {
            Change::Newer { from, to } | Change::Older { from, to } => (Some(from), Some(to)),
            Change::Deleted { from, to } => (from, Some(to)),
            Change::Appeared(version) | Change::Repaired(version) => (None, Some(version)),
            Change::OtherContent(version) => (Some(version), Some(version)),
            Change::Removed { from } | Change::Corrupt { from } => (from, None),
            Change::Initialized | Change::NotInitialized => (None, None),
        }
    }

    /// Whether somebody should look at it: no single writer does that in the course of things.
    pub(super) fn is_odd(self) -> bool {
        matches!(
            self,
            Change::Older { .. } | Change::OtherContent(_) | Change::Corrupt { .. } | Change::NotInitialized
        )
    }

    /// Which rule of the store explains it: who won.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Change::Appeared(_) => "there was no row",
            Change::Newer { .. } => "the higher version wins",
            Change::Older { .. } => "no upsert does that; an init of another writer won, or a restore",
            Change::OtherContent(_) => {
                "no upsert does that; an init with other data under the same version won, so two writers disagree"
            }
            Change::Deleted { from: None, .. } => "there was no row, and the deletion keeps older versions out",
            Change::Deleted { from: Some(from), to } if from == to => {
                "no upsert does that; an init with the deletion under the same version won"
            }
            Change::Deleted { .. } => "the deletion has the higher version and wins",
            Change::Removed { .. } => "an init whose data set is without it removed it; upserts never remove rows",
            Change::Corrupt { .. } => "no store writes such a row, and SDKs cannot read it; an init mends it",
            Change::Repaired(_) => "it could not be read before",
            Change::Initialized => "an init has finished; SDKs take the data for complete",
            Change::NotInitialized => {
                "no store does that; somebody deleted the marker, and SDKs take the data for incomplete"
            }
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Appeared(version) => write!(f, "appeared with version {version}"),
            Change::Newer { from, to } => write!(f, "{from} → {to}"),
            Change::Older { from, to } => write!(f, "{from} → {to}, an older version"),
            Change::OtherContent(version) => write!(f, "version {version} as before, with other content"),
            Change::Deleted { from: None, to } => write!(f, "appeared, marked as deleted with version {to}"),
            Change::Deleted { from: Some(from), to } => write!(f, "{from} → {to}, marked as deleted"),
            Change::Removed { from: None } => write!(f, "the row was removed"),
            Change::Removed { from: Some(from) } => write!(f, "the row was removed, with version {from}"),
            Change::Corrupt { from: None } => write!(f, "corrupt"),
            Change::Corrupt { from: Some(from) } => write!(f, "version {from} → corrupt"),
            Change::Repaired(version) => write!(f, "repaired, with version {version}"),
            Change::Initialized => write!(f, "appeared"),
            Change::NotInitialized => write!(f, "disappeared"),
        }
    }
}

/// All changes of a kind, by key.
pub(super) fn changes<'r>(before: &'r Rows, now: &'r Rows) -> BTreeMap<&'r str, Change> {
    let keys = before.keys().chain(now.keys());
    let changes = keys.filter_map(|key| {
        let change = Change::between(before.get(key).copied(), now.get(key).copied())?;
        Some((key.as_str(), change))
    });
    changes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: Option<u64>, item: &str) -> Option<Seen> {
        Some(Seen::of(&StoredRow {
            key: "a".to_owned(),
            version,
            item: StoredItem::Text(item.to_owned()),
            only_our_attributes: true,
        }))
    }

    fn live(version: u64) -> Option<Seen> {
        row(Some(version), &format!(r#"{{"version":{version}}}"#))
    }

    fn deleted(version: u64) -> Option<Seen> {
        row(Some(version), &format!(r#"{{"version":{version},"deleted":true}}"#))
    }

    #[test]
    fn each_pair_of_rows_is_one_change() {
        let other = row(Some(3), r#"{"version":3,"on":true}"#);
        let corrupt = row(Some(4), "{");
        let null = row(Some(4), "null");
        for (before, now, expected) in [
            (None, None, None),
            (live(3), live(3), None),
            (corrupt, corrupt, None),
            (None, live(3), Some(Change::Appeared(3))),
            (live(3), live(4), Some(Change::Newer { from: 3, to: 4 })),
            (live(4), live(3), Some(Change::Older { from: 4, to: 3 })),
            (live(3), other, Some(Change::OtherContent(3))),
            (live(3), None, Some(Change::Removed { from: Some(3) })),
            (corrupt, None, Some(Change::Removed { from: None })),
            (live(3), deleted(4), Some(Change::Deleted { from: Some(3), to: 4 })),
            (live(3), deleted(3), Some(Change::Deleted { from: Some(3), to: 3 })),
            (live(3), null, Some(Change::Deleted { from: Some(3), to: 4 })),
            (live(5), deleted(4), Some(Change::Older { from: 5, to: 4 })),
            (None, deleted(4), Some(Change::Deleted { from: None, to: 4 })),
            (deleted(4), null, Some(Change::OtherContent(4))),
            (deleted(4), live(5), Some(Change::Newer { from: 4, to: 5 })),
            (live(3), corrupt, Some(Change::Corrupt { from: Some(3) })),
            (corrupt, live(3), Some(Change::Repaired(3))),
            (
                live(3),
                row(None, r#"{"version":4}"#),
                Some(Change::Corrupt { from: Some(3) }),
            ),
        ] {
            assert_eq!(Change::between(before, now), expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn every_change_of_a_kind_is_found_once() {
        let rows = |rows: &[(&str, Option<Seen>)]| -> Rows {
            rows.iter()
                .map(|(key, row)| ((*key).to_owned(), row.expect("a row")))
                .collect()
        };
        let before = rows(&[("gone", live(1)), ("same", live(1)), ("up", live(1))]);
        let now = rows(&[("new", live(1)), ("same", live(1)), ("up", live(2))]);
        let found: Vec<_> = changes(&before, &now)
            .into_iter()
            .map(|(key, change)| (key, change.name()))
            .collect();
        assert_eq!(found, [("gone", "removed"), ("new", "appeared"), ("up", "newer")]);
    }
}
