//! Whole kinds: each one JSON object, and the items that upserts have put into it since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::sequence::EXPIRED;
use crate::table::object::push_member;

/// A whole kind as one JSON object.
pub(crate) type CachedKind = Arc<String>;

/// Programs have a handful of kinds; only from so many on it is worth looking for old ones.
const FIRST_PURGE: usize = 64;
/// The text of a kind without items.
const EMPTY: &str = "{}";

#[derive(Default)]
pub(super) struct Kinds {
    entries: Vec<KindEntry>,
}

pub(super) struct KindEntry {
    kind: Box<str>,
    items: CachedKind,
    /// Items that stand in the kind since `items` was put together, by key.
    patches: BTreeMap<Box<str>, Arc<str>>,
    pub(super) fresh_until: Duration,
}

impl KindEntry {
    /// `None` where patches wait to be put in.
    pub(super) fn text(&self) -> Option<CachedKind> {
        self.patches.is_empty().then(|| Arc::clone(&self.items))
    }
}

impl Kinds {
    pub(super) fn get(&self, kind: &str) -> Option<&KindEntry> {
        self.entries.iter().find(|entry| &*entry.kind == kind)
    }

    fn get_mut(&mut self, kind: &str) -> Option<&mut KindEntry> {
        self.entries.iter_mut().find(|entry| &*entry.kind == kind)
    }

    /// The text of a kind, its patches put in.
    pub(super) fn patched(&mut self, kind: &str) -> Option<CachedKind> {
        let entry = self.get_mut(kind)?;
        if !entry.patches.is_empty() {
            match patch(&entry.items, &entry.patches) {
                Some(patched) => entry.items = Arc::new(patched),
                None => {
                    self.remove(kind);
                    return None;
                }
            }
            entry.patches.clear();
        }
        entry.text()
    }

    /// Puts an item into a kind, where that kind is known.
    pub(super) fn patch(&mut self, kind: &str, key: &str, item: &Arc<str>) {
        if let Some(entry) = self.get_mut(kind) {
            entry.patches.insert(key.into(), Arc::clone(item));
        }
    }

    /// Kinds can be asked for under any name: beyond some, empty ones and those that need not be kept go.
    pub(super) fn insert(
        &mut self,
        kind: &str,
        items: CachedKind,
        fresh_until: Duration,
        is_kept: impl Fn(Duration) -> bool,
    ) {
        self.remove(kind);
        if self.entries.len() >= FIRST_PURGE {
            self.entries
                .retain(|entry| *entry.items != EMPTY && is_kept(entry.fresh_until));
        }
        self.entries.push(KindEntry {
            kind: kind.into(),
            items,
            patches: BTreeMap::new(),
            fresh_until,
        });
    }

    /// Takes a kind away, or has it expire where it may still be served stale.
    pub(super) fn forget(&mut self, kind: &str, keeps_stale: bool) {
        if !keeps_stale {
            self.remove(kind);
        } else if let Some(entry) = self.get_mut(kind) {
            entry.fresh_until = EXPIRED;
        }
    }

    pub(super) fn remove(&mut self, kind: &str) {
        self.entries.retain(|entry| &*entry.kind != kind);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// A whole kind with items replaced or added; `None` where the text is not what it should be.
fn patch(items: &str, patches: &BTreeMap<Box<str>, Arc<str>>) -> Option<String> {
    let known: BTreeMap<String, &RawValue> = serde_json::from_str(items).ok()?;
    let mut members: BTreeMap<&str, &str> = known.iter().map(|(key, item)| (key.as_str(), item.get())).collect();
    members.extend(patches.iter().map(|(key, item)| (&**key, &**item)));
    let mut whole = String::with_capacity(items.len());
    whole.push('{');
    for (key, item) in members {
        push_member(&mut whole, key, item);
    }
    whole.push('}');
    Some(whole)
}
