//! What a write means for the cache: an upsert leaves its item there, an init its kinds, a failed write nothing of what it touched.

#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::sync::Arc;

use super::kinds::Kinds;
use super::sequence::Sequence;
use super::{Cache, Clock, SystemClock};
use crate::table::item;
use crate::table::object::push_member;

/// An upsert that has begun and not ended. Dropped without an end, it has failed: the row may be there or not.
pub(crate) struct UpsertUnderWay<'a, C: Clock = SystemClock> {
    cache: &'a Cache<C>,
    kind: &'a str,
    key: &'a str,
    is_beside_init: bool,
    disturbances: u64,
    has_ended: bool,
}

/// An init that has begun and not ended. Dropped without an end, it has failed: any of its rows may be there or not.
pub(crate) struct InitUnderWay<'a, C: Clock = SystemClock> {
    cache: &'a Cache<C>,
    kinds: Vec<&'a str>,
    finished_writes: Sequence,
    has_ended: bool,
}

impl<C: Clock> Cache<C> {
    /// To be taken before an upsert is sent.
    pub(crate) fn upsert_begins<'a>(&'a self, kind: &'a str, key: &'a str) -> UpsertUnderWay<'a, C> {
        let disturbances = self.disturbances.load(Ordering::SeqCst);
        UpsertUnderWay {
            cache: self,
            kind,
            key,
            is_beside_init: self.inits_under_way.load(Ordering::SeqCst) > 0,
            disturbances,
            has_ended: false,
        }
    }

    /// To be taken before an init of these kinds is sent.
    pub(crate) fn init_begins<'a>(&'a self, kinds: Vec<&'a str>) -> InitUnderWay<'a, C> {
        self.inits_under_way.fetch_add(1, Ordering::SeqCst);
        self.disturbances.fetch_add(1, Ordering::SeqCst);
        InitUnderWay {
            cache: self,
            kinds,
            finished_writes: self.sequence(),
            has_ended: false,
        }
    }

    fn finish_write(&self) {
        self.finished_writes.fetch_add(1, Ordering::SeqCst);
    }

    fn forget_item(&self, kinds: &mut Kinds, kind: &str, key: &str) {
        let hash = self.hash(kind, key);
        self.shard(hash).write().remove(hash, kind, key);
        kinds.remove(kind);
    }

    fn forget_kind(&self, kinds: &mut Kinds, kind: &str) {
        kinds.remove(kind);
        for shard in &self.shards {
            shard.write().items.retain(|entry| &*entry.kind != kind);
        }
    }

    fn insert_all(&self, kinds: &mut Kinds, kind: &str, items: &[(&str, &str)]) {
        let mut whole = String::from("{");
        for (key, item) in items {
            let hash = self.hash(kind, key);
            let mut shard = self.shard(hash).write();
            self.insert(&mut shard, hash, kind, key, Some((*item).into()));
            drop(shard);
            push_member(&mut whole, key, item);
        }
        whole.push('}');
        self.insert_kind(kinds, kind, Arc::new(whole));
    }
}

impl<C: Clock> UpsertUnderWay<'_, C> {
    /// The table has answered, and `item` is what it held then: ours, or the one that won.
    pub(crate) fn found(mut self, item: Arc<str>) {
        self.has_ended = true;
        let (cache, kind, key) = (self.cache, self.kind, self.key);
        let version = item::version(&item);
        cache.finish_write();
        // Writers lock the kinds first, and keep them: patches of a kind then come in the order of its items.
        let mut kinds = cache.kinds.write();
        let hash = cache.hash(kind, key);
        let mut shard = cache.shard(hash).write();
        let known = shard
            .items
            .find(hash, |entry| entry.is(kind, key))
            .and_then(|entry| entry.item.as_deref());
        // Two upserts may end in another order than the table took them; then the next read decides.
        let is_overtaken = known.is_some_and(|known| item::version(known) > version);
        // Nor does anybody know whose row stands in the end beside an init, or beside an upsert that failed.
        let is_disturbed = self.is_beside_init || cache.disturbances.load(Ordering::SeqCst) != self.disturbances;
        if is_overtaken || is_disturbed {
            // An upsert that is still under way will not find what this one knew, and must not take its own item for the newest.
            cache.disturbances.fetch_add(1, Ordering::SeqCst);
            shard.remove(hash, kind, key);
            kinds.remove(kind);
            return;
        }
        if cache.is_forever() {
            kinds.patch(kind, key, &item);
        } else {
            kinds.remove(kind);
        }
        cache.insert(&mut shard, hash, kind, key, Some(item));
    }

    /// The item was refused before anything was sent.
    pub(crate) fn sent_nothing(mut self) {
        self.has_ended = true;
    }
}

impl<C: Clock> Drop for UpsertUnderWay<'_, C> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.cache.disturbances.fetch_add(1, Ordering::SeqCst);
            self.cache.finish_write();
            self.cache
                .forget_item(&mut self.cache.kinds.write(), self.kind, self.key);
        }
    }
}

impl<'a, C: Clock> InitUnderWay<'a, C> {
    /// The table is initialized and holds `items`, kind by kind in the order of `init_begins`.
    pub(crate) fn succeeded<'i>(mut self, items: impl Iterator<Item = Vec<(&'i str, &'i str)>>) {
        self.has_ended = true;
        let cache = self.cache;
        cache.is_initialized.store(true, Ordering::Release);
        let is_beside_another = cache.sequence() != self.finished_writes;
        cache.finish_write();
        let mut kinds = cache.kinds.write();
        for (kind, items) in self.kinds.iter().zip(items) {
            cache.forget_kind(&mut kinds, kind);
            if !is_beside_another {
                cache.insert_all(&mut kinds, kind, &items);
            }
        }
    }
}

impl<C: Clock> Drop for InitUnderWay<'_, C> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.cache.finish_write();
            // Its last request may have put the marker.
            *self.cache.absent_inited() = None;
            let mut kinds = self.cache.kinds.write();
            for kind in &self.kinds {
                self.cache.forget_kind(&mut kinds, kind);
            }
        }
        self.cache.inits_under_way.fetch_sub(1, Ordering::SeqCst);
    }
}
