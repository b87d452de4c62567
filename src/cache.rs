//! What was read or written, kept for a while: items, absent items, whole kinds, whether the table is initialized.
//!
//! One counter, the sequence of finished writes, keeps reads and writes apart: a read remembers it before it asks the table, and its
//! answer is only kept when no write has finished since.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use hashbrown::hash_table::{Entry, HashTable};
use serde_json::value::RawValue;

use crate::config::CacheTtl;
use crate::flight::Flights;
use crate::item;

/// Readers of different items rarely meet on one lock.
const SHARDS: usize = 16;
/// A shard with fewer entries is not worth looking through for old ones.
const FIRST_PURGE: usize = 256;
/// How long an absent `$inited` is believed at most, whatever the TTL.
const ABSENT_INITED: Duration = Duration::from_secs(15);

/// An item's JSON, or `None` where the table holds no such item.
pub(crate) type CachedItem = Option<Arc<str>>;
/// A whole kind as one JSON object.
pub(crate) type CachedKind = Arc<String>;

/// Time since some moment before the cache was made.
pub(crate) trait Clock {
    fn now(&self) -> Duration;
}

pub(crate) struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) struct Cache<C = SystemClock> {
    /// `None` is for ever.
    ttl: Option<Duration>,
    keeps_stale: bool,
    clock: C,
    hasher: std::hash::RandomState,
    shards: [RwLock<Shard>; SHARDS],
    kinds: RwLock<Vec<KindEntry>>,
    is_initialized: AtomicBool,
    /// Until when the table is known not to be initialized.
    absent_inited: Mutex<Option<Duration>>,
    finished_writes: AtomicU64,
    inits_begun: AtomicU64,
    inits_ended: AtomicU64,
    pub(crate) item_flights: Flights<CachedItem>,
    pub(crate) kind_flights: Flights<CachedKind>,
}

#[derive(Default)]
struct Shard {
    items: HashTable<ItemEntry>,
    purge_at: usize,
}

struct ItemEntry {
    kind: Box<str>,
    key: Box<str>,
    item: CachedItem,
    filled: Duration,
}

struct KindEntry {
    kind: Box<str>,
    items: CachedKind,
    filled: Duration,
}

/// The moment a write began: with an init at the same time nobody knows whose row stands in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WriteBegan {
    finished_writes: Sequence,
    inits_begun: u64,
    inits_ended: u64,
}

/// The moment a read began, in finished writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sequence(u64);

impl Cache {
    /// `None` where the configuration turns the cache off.
    pub(crate) fn new(ttl: CacheTtl, keeps_stale: bool) -> Option<Self> {
        Self::with_clock(ttl, keeps_stale, SystemClock::default())
    }
}

impl<C: Clock> Cache<C> {
    fn with_clock(ttl: CacheTtl, keeps_stale: bool, clock: C) -> Option<Self> {
        let ttl = match ttl {
            CacheTtl::Off => return None,
            CacheTtl::For(ttl) => Some(ttl),
            CacheTtl::Forever => None,
        };
        Some(Cache {
            ttl,
            keeps_stale,
            clock,
            hasher: std::hash::RandomState::new(),
            shards: Default::default(),
            kinds: RwLock::default(),
            is_initialized: AtomicBool::new(false),
            absent_inited: Mutex::default(),
            finished_writes: AtomicU64::new(0),
            inits_begun: AtomicU64::new(0),
            inits_ended: AtomicU64::new(0),
            item_flights: Flights::new(),
            kind_flights: Flights::new(),
        })
    }

    /// To be taken before a read asks the table.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence(self.finished_writes.load(Ordering::Acquire))
    }

    /// What is known of an item: `Some(None)` that there is none, `None` nothing.
    pub(crate) fn item(&self, kind: &str, key: &str) -> Option<CachedItem> {
        self.find(kind, key, |entry| self.is_fresh(entry.filled))
    }

    /// As `item`, however old.
    pub(crate) fn stale_item(&self, kind: &str, key: &str) -> Option<CachedItem> {
        self.find(kind, key, |_| true)
    }

    fn find(
        &self,
        kind: &str,
        key: &str,
        is_good: impl Fn(&ItemEntry) -> bool,
    ) -> Option<CachedItem> {
        let hash = self.hash(kind, key);
        let shard = read(self.shard(hash));
        let entry = shard.items.find(hash, |entry| entry.is(kind, key))?;
        is_good(entry).then(|| entry.item.clone())
    }

    /// Keeps what a read found, unless a write finished since `began`.
    pub(crate) fn fill_item(&self, kind: &str, key: &str, item: CachedItem, began: Sequence) {
        let hash = self.hash(kind, key);
        let mut shard = write(self.shard(hash));
        // Under the shard's lock: a write that finishes later finds this entry and replaces it.
        if self.sequence() == began {
            self.insert(&mut shard, hash, kind, key, item);
        }
    }

    fn insert(&self, shard: &mut Shard, hash: u64, kind: &str, key: &str, item: CachedItem) {
        let filled = self.clock.now();
        if shard.items.len() >= shard.purge_at.max(FIRST_PURGE) {
            shard.items.retain(|entry| self.is_worth_keeping(entry));
            shard.purge_at = shard.items.len() * 2;
        }
        let hasher = |entry: &ItemEntry| self.hash(&entry.kind, &entry.key);
        match shard.items.entry(hash, |entry| entry.is(kind, key), hasher) {
            Entry::Occupied(mut occupied) => {
                let entry = occupied.get_mut();
                entry.item = item;
                entry.filled = filled;
            }
            Entry::Vacant(vacant) => {
                vacant.insert(ItemEntry {
                    kind: kind.into(),
                    key: key.into(),
                    item,
                    filled,
                });
            }
        }
    }

    /// Absent items can be asked for under any name, so they go first; others stay while they may be served.
    fn is_worth_keeping(&self, entry: &ItemEntry) -> bool {
        match (&entry.item, self.ttl) {
            (Some(_), None) => true,
            (Some(_), Some(_)) => self.keeps_stale || self.is_fresh(entry.filled),
            (None, None) => false,
            (None, Some(_)) => self.is_fresh(entry.filled),
        }
    }

    pub(crate) fn kind(&self, kind: &str) -> Option<CachedKind> {
        self.find_kind(kind, |entry| self.is_fresh(entry.filled))
    }

    /// As `kind`, however old.
    pub(crate) fn stale_kind(&self, kind: &str) -> Option<CachedKind> {
        self.find_kind(kind, |_| true)
    }

    fn find_kind(
        &self,
        kind: &str,
        is_good: impl Fn(&KindEntry) -> bool,
    ) -> Option<CachedKind> {
        let kinds = read(&self.kinds);
        let entry = kinds.iter().find(|entry| &*entry.kind == kind)?;
        is_good(entry).then(|| Arc::clone(&entry.items))
    }

    /// Keeps what a read found, unless a write finished since `began`.
    pub(crate) fn fill_kind(&self, kind: &str, items: CachedKind, began: Sequence) {
        let mut kinds = write(&self.kinds);
        if self.sequence() == began {
            self.insert_kind(&mut kinds, kind, items);
        }
    }

    fn insert_kind(&self, kinds: &mut Vec<KindEntry>, kind: &str, items: CachedKind) {
        let filled = self.clock.now();
        match kinds.iter_mut().find(|entry| &*entry.kind == kind) {
            Some(entry) => {
                entry.items = items;
                entry.filled = filled;
            }
            None => kinds.push(KindEntry {
                kind: kind.into(),
                items,
                filled,
            }),
        }
    }

    /// To be taken before an upsert is sent.
    pub(crate) fn upsert_begins(&self) -> WriteBegan {
        WriteBegan {
            finished_writes: self.sequence(),
            inits_begun: self.inits_begun.load(Ordering::Acquire),
            inits_ended: self.inits_ended.load(Ordering::Acquire),
        }
    }

    /// An upsert has finished, and `item` is what the table held then.
    pub(crate) fn upserted(&self, kind: &str, key: &str, item: Arc<str>, began: WriteBegan) {
        self.finish_write();
        let hash = self.hash(kind, key);
        // Writers take the kinds' lock first, and hold it: patches of a kind then come in the order of its items.
        let mut kinds = write(&self.kinds);
        let mut shard = write(self.shard(hash));
        let known = shard.items.find(hash, |entry| entry.is(kind, key));
        let known = known.and_then(|entry| entry.item.as_deref());
        // Two upserts may end in another order than the table took them; then the next read decides.
        let is_overtaken = known.is_some_and(|known| item::version(known) > item::version(&item));
        let is_beside_init =
            began.inits_begun != began.inits_ended || self.inits_begun.load(Ordering::Acquire) != began.inits_begun;
        if is_overtaken || is_beside_init {
            shard.remove(hash, kind, key);
            kinds.retain(|entry| &*entry.kind != kind);
            return;
        }
        self.insert(&mut shard, hash, kind, key, Some(Arc::clone(&item)));
        let Some(whole) = kinds.iter().position(|entry| &*entry.kind == kind) else {
            return;
        };
        let patched = self.is_forever().then(|| patch(&kinds[whole].items, key, &item));
        match patched.flatten() {
            Some(patched) => kinds[whole].items = Arc::new(patched),
            None => {
                kinds.swap_remove(whole);
            }
        }
    }

    /// A write of this item failed, or was refused for a reason that says nothing about the row: it may be there or not.
    pub(crate) fn forget_item(&self, kind: &str, key: &str) {
        self.finish_write();
        let hash = self.hash(kind, key);
        let mut kinds = write(&self.kinds);
        write(self.shard(hash)).remove(hash, kind, key);
        kinds.retain(|entry| &*entry.kind != kind);
    }

    /// To be taken before an init is sent; its end must be told in any case.
    pub(crate) fn init_begins(&self) -> InitUnderWay<'_, C> {
        self.inits_begun.fetch_add(1, Ordering::AcqRel);
        InitUnderWay {
            cache: self,
            finished_writes: self.sequence(),
        }
    }

    fn finish_write(&self) {
        self.finished_writes.fetch_add(1, Ordering::AcqRel);
    }

    fn forget_kind(&self, kinds: &mut Vec<KindEntry>, kind: &str) {
        kinds.retain(|entry| &*entry.kind != kind);
        for shard in &self.shards {
            write(shard).items.retain(|entry| &*entry.kind != kind);
        }
    }

    fn insert_all(&self, kinds: &mut Vec<KindEntry>, kind: &str, items: &[(&str, &str)]) {
        let mut whole = String::from("{");
        for (key, item) in items {
            let hash = self.hash(kind, key);
            let mut shard = write(self.shard(hash));
            self.insert(&mut shard, hash, kind, key, Some((*item).into()));
            crate::read::push_member(&mut whole, key, item);
        }
        whole.push('}');
        self.insert_kind(kinds, kind, Arc::new(whole));
    }

    /// `Some` where it need not be asked: a table that is initialized stays so, one that is not is believed for a while.
    pub(crate) fn inited(&self) -> Option<bool> {
        if self.is_initialized.load(Ordering::Acquire) {
            return Some(true);
        }
        let until = *self.absent_inited();
        until.filter(|until| self.clock.now() < *until).map(|_| false)
    }

    /// Keeps what a read of the marker found; its absence only where no write finished since `began`.
    pub(crate) fn fill_inited(&self, is_initialized: bool, began: Sequence) {
        let mut absent = self.absent_inited();
        if is_initialized {
            self.is_initialized.store(true, Ordering::Release);
            *absent = None;
        } else if self.sequence() == began {
            let remembered = self.ttl.map_or(ABSENT_INITED, |ttl| ttl.min(ABSENT_INITED));
            *absent = Some(self.clock.now() + remembered);
        }
    }

    fn absent_inited(&self) -> MutexGuard<'_, Option<Duration>> {
        self.absent_inited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_forever(&self) -> bool {
        self.ttl.is_none()
    }

    fn is_fresh(&self, filled: Duration) -> bool {
        self.ttl.is_none_or(|ttl| self.clock.now().saturating_sub(filled) < ttl)
    }

    fn hash(&self, kind: &str, key: &str) -> u64 {
        self.hasher.hash_one((kind, key))
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        // The table itself uses the lowest and the highest bits.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

/// An init that has begun and not ended.
pub(crate) struct InitUnderWay<'a, C: Clock = SystemClock> {
    cache: &'a Cache<C>,
    finished_writes: Sequence,
}

impl<C: Clock> InitUnderWay<'_, C> {
    /// Forgets all of these kinds, and where the init succeeded keeps what it wrote.
    pub(crate) fn end<'i>(
        self,
        kinds: impl Iterator<Item = (&'i str, Option<Vec<(&'i str, &'i str)>>)>,
        is_initialized: bool,
    ) {
        let cache = self.cache;
        if is_initialized {
            cache.is_initialized.store(true, Ordering::Release);
        }
        let is_beside_another = cache.sequence() != self.finished_writes;
        cache.finish_write();
        let mut entries = write(&cache.kinds);
        for (kind, items) in kinds {
            cache.forget_kind(&mut entries, kind);
            if let Some(items) = items.filter(|_| !is_beside_another) {
                cache.insert_all(&mut entries, kind, &items);
            }
        }
    }
}

impl<C: Clock> Drop for InitUnderWay<'_, C> {
    fn drop(&mut self) {
        self.cache.inits_ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl Shard {
    fn remove(&mut self, hash: u64, kind: &str, key: &str) {
        if let Ok(entry) = self.items.find_entry(hash, |entry| entry.is(kind, key)) {
            entry.remove();
        }
    }
}

impl ItemEntry {
    fn is(&self, kind: &str, key: &str) -> bool {
        *self.key == *key && *self.kind == *kind
    }
}

/// A whole kind with one item replaced or added; `None` where the text is not what it should be.
fn patch(items: &str, key: &str, item: &str) -> Option<String> {
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(items).ok()?;
    let item: &RawValue = serde_json::from_str(item).ok()?;
    members.insert(key.to_owned(), item);
    serde_json::to_string(&members).ok()
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
