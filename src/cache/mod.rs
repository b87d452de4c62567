//! What is known already: items, absent items, whole kinds, whether the table is initialized, contexts' memberships in Big Segments; and
//! who is asking for what just now.
//!
//! Decides when an answer may be kept, served and shared. Never asks the table, and knows neither client nor store: what a read found
//! and what became of a write is told to it.
//!
//! One counter, the sequence of finished writes, keeps reads and writes apart: a read remembers it before it asks the table, and its
//! answer is only kept when no write has finished since. Entries that may be served stale expire instead of going away.

mod clock;
mod flight;
mod kinds;
#[cfg(test)]
#[path = "../../tests/schedules/cache_locks.rs"]
mod locks;
mod memberships;
mod outage;
#[cfg(test)]
#[path = "../../tests/schedules/cache.rs"]
mod schedules;
mod sequence;
mod striped_lock;
#[cfg(test)]
mod tests;
mod writes;

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::hash_table::{Entry, HashTable};

use crate::config::{CacheTtl, Config};
use crate::table::schema;
use clock::{Clock, SystemClock};
use kinds::Kinds;
use memberships::Memberships;
use outage::Outage;
use sequence::{EXPIRED, FOR_EVER};
use striped_lock::StripedLock;

pub(crate) use flight::Flights;
pub(crate) use kinds::CachedKind;
pub(crate) use memberships::CachedMembership;
pub(crate) use sequence::Sequence;

/// A writer stops the readers of one part only.
const SHARDS: usize = 16;
/// A shard with fewer entries is not worth looking through for old ones.
const FIRST_PURGE: usize = 256;
/// How many absent items a shard keeps at most: they can be asked for under any name.
const MAXIMUM_ABSENT: usize = 1024;
/// How long an absent `$inited` is believed at most, whatever the TTL.
const ABSENT_INITED: Duration = Duration::from_secs(15);

/// An item's JSON, or `None` where the table holds no such item.
pub(crate) type CachedItem = Option<Arc<str>>;

pub(crate) struct Cache<C = SystemClock> {
    /// `None` is for ever.
    ttl: Option<Duration>,
    keeps_stale: bool,
    clock: C,
    hasher: std::hash::RandomState,
    /// One text for all entries of the two usual kinds, so that comparing it costs no further memory line.
    usual_kinds: [Arc<str>; 2],
    /// Made where they lie: they are larger than what a small thread's stack has to spare.
    shards: Box<[StripedLock<Shard>]>,
    /// Writers lock the kinds before a shard.
    kinds: StripedLock<Kinds>,
    is_initialized: AtomicBool,
    /// Until when the table is known not to be initialized.
    absent_inited: Mutex<Option<Duration>>,
    begun_writes: AtomicU64,
    finished_writes: AtomicU64,
    outage: Outage,
    pub(crate) item_flights: Flights<CachedItem>,
    pub(crate) kind_flights: Flights<CachedKind>,
    pub(crate) inited_flights: Flights<bool>,
    /// `None` where the configuration turns them off.
    pub(crate) memberships: Option<Memberships>,
}

#[derive(Default)]
struct Shard {
    items: HashTable<ItemEntry>,
    purge_at: usize,
}

struct ItemEntry {
    key: Box<str>,
    kind: Arc<str>,
    item: CachedItem,
    fresh_until: Duration,
}

impl Cache {
    /// `None` where the configuration turns the cache off.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let keeps_stale = config.stale_on_error;
        let (ttl, size) = (config.context_cache_ttl, config.context_cache_size);
        Some(Cache {
            memberships: Memberships::new(ttl, size, keeps_stale, SystemClock),
            ..Self::with_clock(config.cache_ttl, keeps_stale, SystemClock)?
        })
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
            usual_kinds: [schema::FEATURES.into(), schema::SEGMENTS.into()],
            shards: (0..SHARDS).map(|_| StripedLock::default()).collect(),
            kinds: StripedLock::default(),
            is_initialized: AtomicBool::new(false),
            absent_inited: Mutex::default(),
            begun_writes: AtomicU64::new(0),
            finished_writes: AtomicU64::new(0),
            outage: Outage::default(),
            item_flights: Flights::new(),
            kind_flights: Flights::new(),
            inited_flights: Flights::new(),
            memberships: None,
        })
    }

    /// To be taken before a read asks the table.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence(self.finished_writes.load(Ordering::SeqCst))
    }

    /// Shows what is known of an item to `show`, `None` being that there is none; returns `None` where nothing is known.
    pub(crate) fn item<R>(&self, kind: &str, key: &str, show: impl FnOnce(Option<&Arc<str>>) -> R) -> Option<R> {
        let hash = self.hash(kind, key);
        let shard = self.shard(hash).read();
        let entry = shard.items.find(hash, |entry| entry.is(kind, key))?;
        self.is_fresh(entry.fresh_until).then(|| show(entry.item.as_ref()))
    }

    /// As `item`, however old.
    pub(crate) fn stale_item(&self, kind: &str, key: &str) -> Option<CachedItem> {
        let hash = self.hash(kind, key);
        let shard = self.shard(hash).read();
        let entry = shard.items.find(hash, |entry| entry.is(kind, key))?;
        Some(entry.item.clone())
    }

    /// Keeps what a read found, unless a write finished since `began`.
    pub(crate) fn fill_item(&self, kind: &str, key: &str, item: CachedItem, began: Sequence) {
        let hash = self.hash(kind, key);
        self.clock.before_lock();
        let mut shard = self.shard(hash).write();
        // Under the shard's lock: a write that finishes later finds this entry and replaces it.
        if self.sequence() == began {
            self.insert(&mut shard, hash, kind, key, item);
        }
    }

    fn insert(&self, shard: &mut Shard, hash: u64, kind: &str, key: &str, item: CachedItem) {
        let fresh_until = self.fresh_until();
        if shard.items.len() >= shard.purge_at.max(FIRST_PURGE) {
            self.purge(shard);
        }
        let hasher = |entry: &ItemEntry| self.hash(&entry.kind, &entry.key);
        match shard.items.entry(hash, |entry| entry.is(kind, key), hasher) {
            Entry::Occupied(mut occupied) => {
                let entry = occupied.get_mut();
                entry.item = item;
                entry.fresh_until = fresh_until;
            }
            Entry::Vacant(vacant) => {
                let usual = self.usual_kinds.iter().find(|usual| ***usual == *kind);
                vacant.insert(ItemEntry {
                    key: key.into(),
                    kind: usual.map_or_else(|| kind.into(), Arc::clone),
                    item,
                    fresh_until,
                });
            }
        }
    }

    /// Drops what may not be served any more, and absent items where there are too many.
    fn purge(&self, shard: &mut Shard) {
        let mut absent = 0;
        shard.items.retain(|entry| {
            let is_worth_keeping = self.is_fresh(entry.fresh_until) || self.keeps_stale && entry.item.is_some();
            absent += usize::from(is_worth_keeping && entry.item.is_none());
            is_worth_keeping
        });
        if absent > MAXIMUM_ABSENT {
            shard.items.retain(|entry| entry.item.is_some());
        }
        let room = shard.items.len().max(FIRST_PURGE);
        let hasher = |entry: &ItemEntry| self.hash(&entry.kind, &entry.key);
        shard.items.shrink_to(room, hasher);
        shard.purge_at = 2 * room;
    }

    pub(crate) fn kind(&self, kind: &str) -> Option<CachedKind> {
        let is_patched = match self.kinds.read().get(kind) {
            Some(entry) if self.is_fresh(entry.fresh_until) => match entry.text() {
                Some(text) => return Some(text),
                None => true,
            },
            _ => false,
        };
        // Upserts only noted their items: the first reader after them puts the text together.
        is_patched.then(|| self.kinds.write().patched(kind)).flatten()
    }

    /// As `kind`, however old.
    pub(crate) fn stale_kind(&self, kind: &str) -> Option<CachedKind> {
        self.kinds.write().patched(kind)
    }

    /// Keeps what a read found, unless a write finished since `began`.
    pub(crate) fn fill_kind(&self, kind: &str, items: CachedKind, began: Sequence) {
        self.clock.before_lock();
        let mut kinds = self.kinds.write();
        if self.sequence() == began {
            self.insert_kind(&mut kinds, kind, items);
        }
    }

    fn insert_kind(&self, kinds: &mut Kinds, kind: &str, items: CachedKind) {
        let is_kept = |fresh_until| self.keeps_stale || self.is_fresh(fresh_until);
        kinds.insert(kind, items, self.fresh_until(), is_kept);
    }

    /// `Some` where it need not be asked: a table that is initialized stays so, one that is not is believed for a while.
    pub(crate) fn inited(&self) -> Option<bool> {
        if self.is_initialized.load(Ordering::Acquire) {
            return Some(true);
        }
        let until = *self.absent_inited();
        until.filter(|until| self.clock.now() < *until).map(|_| false)
    }

    /// As `inited`, however old.
    pub(crate) fn stale_inited(&self) -> Option<bool> {
        if self.is_initialized.load(Ordering::Acquire) {
            return Some(true);
        }
        self.absent_inited().map(|_| false)
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

    /// Whether a caller for whom there is something stale should ask the table: not within a second of a refresh that failed.
    pub(crate) fn may_ask(&self) -> bool {
        self.outage.may_ask(self.clock.now())
    }

    /// A refresh has failed because the table could not be asked.
    pub(crate) fn table_failed(&self) {
        self.outage.begin(self.clock.now());
    }

    pub(crate) fn table_answered(&self) {
        self.outage.end();
    }

    /// For what is learned now.
    fn fresh_until(&self) -> Duration {
        self.ttl.map_or(FOR_EVER, |ttl| self.clock.now() + ttl)
    }

    fn is_fresh(&self, fresh_until: Duration) -> bool {
        fresh_until == FOR_EVER || self.clock.now() < fresh_until
    }

    fn hash(&self, kind: &str, key: &str) -> u64 {
        self.hasher.hash_one((kind, key))
    }

    fn shard(&self, hash: u64) -> &StripedLock<Shard> {
        // The table itself uses the lowest and the highest bits.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

impl Shard {
    /// Takes an entry away, or has it expire where it may still be served stale.
    fn forget(&mut self, hash: u64, kind: &str, key: &str, keeps_stale: bool) {
        if let Ok(mut entry) = self.items.find_entry(hash, |entry| entry.is(kind, key)) {
            if keeps_stale {
                entry.get_mut().fresh_until = EXPIRED;
            } else {
                entry.remove();
            }
        }
    }
}

impl ItemEntry {
    fn is(&self, kind: &str, key: &str) -> bool {
        *self.key == *key && *self.kind == *kind
    }
}
