//! What a write means for the cache.
//!
//! A write leaves its result there only if no other write overlapped it, which is decided under the lock; otherwise it forgets what it
//! touched, as a failed one does: two writes may end in another order than the table took them. What sent nothing touches nothing.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::kinds::{CachedKind, Kinds};
use super::sequence::EXPIRED;
use super::striped_lock::WriteGuard;
use super::{Cache, Clock, SystemClock};
use crate::table::object::push_member;

/// An upsert that has begun and not ended. Dropped without an end, it has failed: if it sent anything, the row may be there or not.
pub(crate) struct UpsertUnderWay<'a, C: Clock = SystemClock> {
    cache: &'a Cache<C>,
    kind: &'a str,
    key: &'a str,
    beginning: Beginning,
    has_sent: Arc<AtomicBool>,
    has_ended: bool,
}

/// An init that has begun and not ended. Dropped after it sent its first write, it has failed: any of its rows may be there or not.
pub(crate) struct InitUnderWay<'a, C: Clock = SystemClock> {
    cache: &'a Cache<C>,
    kinds: Vec<&'a str>,
    beginning: Beginning,
    has_sent: bool,
    has_ended: bool,
}

/// What a write knows of the others.
#[derive(Clone, Copy)]
struct Beginning {
    /// Writes that had begun, this one included once it has sent something.
    begun: u64,
    /// Whether all of them had ended.
    is_alone: bool,
}

/// A kind as an init has stored it.
struct StoredKind<'a> {
    items: Vec<(&'a str, Arc<str>)>,
    whole: CachedKind,
}

impl<'a> StoredKind<'a> {
    fn new(items: Vec<(&'a str, &'a str)>) -> Self {
        let mut whole = String::from("{");
        for (key, item) in &items {
            push_member(&mut whole, key, item);
        }
        whole.push('}');
        StoredKind {
            items: items.into_iter().map(|(key, item)| (key, Arc::from(item))).collect(),
            whole: Arc::new(whole),
        }
    }
}

impl<C: Clock> Cache<C> {
    /// To be taken before an upsert is sent.
    pub(crate) fn upsert_begins<'a>(&'a self, kind: &'a str, key: &'a str) -> UpsertUnderWay<'a, C> {
        UpsertUnderWay {
            cache: self,
            kind,
            key,
            beginning: self.begin_write(),
            has_sent: Arc::default(),
            has_ended: false,
        }
    }

    /// To be taken before an init of these kinds reads what is there.
    pub(crate) fn init_begins<'a>(&'a self, kinds: Vec<&'a str>) -> InitUnderWay<'a, C> {
        let begun = self.begun_writes.load(Ordering::SeqCst);
        InitUnderWay {
            cache: self,
            kinds,
            beginning: Beginning {
                begun,
                is_alone: self.finished_writes.load(Ordering::SeqCst) == begun,
            },
            has_sent: false,
            has_ended: false,
        }
    }

    fn begin_write(&self) -> Beginning {
        let others = self.begun_writes.fetch_add(1, Ordering::SeqCst);
        Beginning {
            begun: others + 1,
            is_alone: self.finished_writes.load(Ordering::SeqCst) == others,
        }
    }

    /// Locks the kinds, which writers do before they lock a shard, so that patches of a kind come in the order of its items; and says
    /// whether no other write overlapped this one.
    fn end_write(&self, beginning: Beginning) -> (WriteGuard<'_, Kinds>, bool) {
        self.clock.before_lock();
        let kinds = self.kinds.write();
        // A read that began earlier cannot fill any more from here on; what it filled before is replaced or forgotten below.
        self.finished_writes.fetch_add(1, Ordering::SeqCst);
        let is_alone = beginning.is_alone && self.begun_writes.load(Ordering::SeqCst) == beginning.begun;
        (kinds, is_alone)
    }

    fn forget_item(&self, kinds: &mut Kinds, kind: &str, key: &str) {
        let hash = self.hash(kind, key);
        self.shard(hash).write().forget(hash, kind, key, self.keeps_stale);
        kinds.forget(kind, self.keeps_stale);
    }

    fn forget_kind(&self, kinds: &mut Kinds, kind: &str) {
        kinds.forget(kind, self.keeps_stale);
        for shard in &self.shards {
            let mut shard = shard.write();
            if self.keeps_stale {
                let of_kind = shard.items.iter_mut().filter(|entry| &*entry.kind == kind);
                of_kind.for_each(|entry| entry.fresh_until = EXPIRED);
            } else {
                shard.items.retain(|entry| &*entry.kind != kind);
            }
        }
    }

    fn replace_kind(&self, kinds: &mut Kinds, kind: &str, stored: StoredKind<'_>) {
        for shard in &self.shards {
            shard.write().items.retain(|entry| &*entry.kind != kind);
        }
        for (key, item) in stored.items {
            let hash = self.hash(kind, key);
            let mut shard = self.shard(hash).write();
            self.insert(&mut shard, hash, kind, key, Some(item));
        }
        self.insert_kind(kinds, kind, stored.whole);
    }
}

impl<C: Clock> UpsertUnderWay<'_, C> {
    /// To be raised as soon as anything is sent.
    pub(crate) fn has_sent(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_sent)
    }

    /// The table has answered, and `item` is what it held then: ours, or the one that won.
    pub(crate) fn answered(mut self, item: Arc<str>) {
        self.has_ended = true;
        let (cache, kind, key) = (self.cache, self.kind, self.key);
        let (mut kinds, is_alone) = cache.end_write(self.beginning);
        if !is_alone {
            return cache.forget_item(&mut kinds, kind, key);
        }
        if cache.ttl.is_none() || cache.keeps_stale {
            kinds.patch(kind, key, &item);
        } else {
            kinds.remove(kind);
        }
        let hash = cache.hash(kind, key);
        let mut shard = cache.shard(hash).write();
        cache.insert(&mut shard, hash, kind, key, Some(item));
    }
}

impl<C: Clock> Drop for UpsertUnderWay<'_, C> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (mut kinds, _) = self.cache.end_write(self.beginning);
        if self.has_sent.load(Ordering::Relaxed) {
            self.cache.forget_item(&mut kinds, self.kind, self.key);
        }
    }
}

impl<'a, C: Clock> InitUnderWay<'a, C> {
    /// To be called before the first write is sent.
    pub(crate) fn sends(&mut self) {
        let seen = self.beginning;
        self.beginning = self.cache.begin_write();
        // What was read may have been overwritten by a write that began since.
        self.beginning.is_alone &= seen.is_alone && self.beginning.begun == seen.begun + 1;
        self.has_sent = true;
    }

    /// The table is initialized and holds `items`, kind by kind in the order of `init_begins`.
    pub(crate) fn succeeded<'i>(mut self, items: impl Iterator<Item = Vec<(&'i str, &'i str)>>) {
        if !self.has_sent {
            self.sends();
        }
        self.has_ended = true;
        let cache = self.cache;
        let stored: Vec<_> = items.map(StoredKind::new).collect();
        let (mut kinds, is_alone) = cache.end_write(self.beginning);
        cache.is_initialized.store(true, Ordering::Release);
        for (kind, stored) in self.kinds.iter().zip(stored) {
            if is_alone {
                cache.replace_kind(&mut kinds, kind, stored);
            } else {
                cache.forget_kind(&mut kinds, kind);
            }
        }
    }
}

impl<C: Clock> Drop for InitUnderWay<'_, C> {
    fn drop(&mut self) {
        if self.has_ended || !self.has_sent {
            return;
        }
        let cache = self.cache;
        let (mut kinds, _) = cache.end_write(self.beginning);
        // Its last request may have put the marker.
        let mut absent = cache.absent_inited();
        *absent = absent.filter(|_| cache.keeps_stale).map(|_| EXPIRED);
        for kind in &self.kinds {
            cache.forget_kind(&mut kinds, kind);
        }
    }
}
