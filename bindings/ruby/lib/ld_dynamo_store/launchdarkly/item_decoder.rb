//! Memberships of contexts in Big Segments: the most recently used ones, for a time.

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::clock::{Clock, SystemClock};
use super::flight::Flights;
use super::sequence::{Sequence, EXPIRED};
use crate::table::big_segments::Patch;

/// A membership's JSON, or `None` where the context has no row.
pub(crate) type CachedMembership = Option<Arc<str>>;

pub(crate) struct Memberships<C = SystemClock> {
    ttl: Duration,
    keeps_stale: bool,
    clock: C,
    by_hash: Mutex<LruCache<Box<str>, Known>>,
    finished_patches: AtomicU64,
    pub(crate) flights: Flights<CachedMembership>,
}

struct Known {
    membership: CachedMembership,
    fresh_until: Duration,
}

/// A patch that has begun and not ended. Whatever becomes of it, what was known of its contexts is not when it ends.
pub(crate) struct PatchUnderWay<'a, C: Clock = SystemClock> {
    memberships: &'a Memberships<C>,
    patch: &'a Patch,
}

impl<C: Clock> Memberships<C> {
    /// `None` where the configuration turns it off.
    pub(super) fn new(ttl: Duration, size: usize, keeps_stale: bool, clock: C) -> Option<Self> {
        let size = NonZeroUsize::new(size).filter(|_| !ttl.is_zero())?;
        Some(Memberships {
            ttl,
            keeps_stale,
            clock,
            // Made as large as what it holds, not as large as it may become.
            by_hash: Mutex::new(LruCache::unbounded()),
            finished_patches: AtomicU64::new(0),
            flights: Flights::new(),
        })
        .inspect(|memberships| memberships.known().resize(size))
    }

    /// To be taken before a read asks the table.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence(self.finished_patches.load(Ordering::SeqCst))
    }

    /// What is known of a context, an inner `None` being that it has no row.
    pub(crate) fn get(&self, context_hash: &str) -> Option<CachedMembership> {
        let now = self.clock.now();
        let mut known = self.known();
        let known = known.get(context_hash)?;
        (now < known.fresh_until).then(|| known.membership.clone())
    }

    /// As `get`, however old.
    pub(crate) fn stale(&self, context_hash: &str) -> Option<CachedMembership> {
        self.known().get(context_hash).map(|known| known.membership.clone())
    }

    /// Keeps what a read found, unless a patch finished since `began`.
    pub(crate) fn fill(&self, context_hash: &str, membership: CachedMembership, began: Sequence) {
        self.clock.before_lock();
        let fresh_until = self.clock.now().saturating_add(self.ttl);
        let mut known = self.known();
        // Under the lock: a patch that finishes later finds this entry and forgets it.
        if self.sequence() == began {
            known.put(
                context_hash.into(),
                Known {
                    membership,
                    fresh_until,
                },
            );
        }
    }

    /// To be held until all of a patch's requests are over.
    pub(crate) fn patch_begins<'a>(&'a self, patch: &'a Patch) -> PatchUnderWay<'a, C> {
        PatchUnderWay {
            memberships: self,
            patch,
        }
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Box<str>, Known>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Drop for PatchUnderWay<'_, C> {
    fn drop(&mut self) {
        let memberships = self.memberships;
        memberships.clock.before_lock();
        let mut known = memberships.known();
        // A read that began earlier cannot fill any more from here on; what it filled before is forgotten below.
        memberships.finished_patches.fetch_add(1, Ordering::SeqCst);
        for update in &self.patch.updates {
            let hash: &str = &update.context_hash;
            if memberships.keeps_stale {
                if let Some(known) = known.peek_mut(hash) {
                    known.fresh_until = EXPIRED;
                }
            } else {
                known.pop(hash);
            }
        }
    }
}
