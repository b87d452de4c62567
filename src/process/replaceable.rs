//! A value of a handle's that can be replaced while calls use it, in any process.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use super::page::generation;

/// At most one value. Whoever takes it up keeps it for as long as it likes, whatever takes its place meanwhile. Unlike a live state it
/// is handed on to a forked child.
///
/// The lock word holds the generation of its holder: a child that finds its parent's there takes the lock over, as the thread that
/// held it does not exist in the child, and what it guards is one pointer, which is old or new but never torn.
pub(crate) struct Replaceable<T> {
    /// Spares readers the lock while there is none.
    is_set: AtomicBool,
    holder: AtomicU64,
    value: UnsafeCell<Option<Arc<T>>>,
}

// SAFETY: the content is only touched by the holder of the lock, and shared and dropped by any thread.
unsafe impl<T: Send + Sync> Sync for Replaceable<T> {}

impl<T> Replaceable<T> {
    pub(crate) const fn new() -> Self {
        Replaceable {
            is_set: AtomicBool::new(false),
            holder: AtomicU64::new(0),
            value: UnsafeCell::new(None),
        }
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        self.locked(|value| value.clone())
    }

    /// Returns the old one, to be dropped where nothing is held.
    #[must_use]
    pub(crate) fn replace(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        self.locked(|current| {
            self.is_set.store(value.is_some(), Ordering::Release);
            std::mem::replace(current, value)
        })
    }

    fn locked<R>(&self, work: impl FnOnce(&mut Option<Arc<T>>) -> R) -> R {
        let generation = generation();
        let mut holder = self.holder.load(Ordering::Relaxed);
        loop {
            if holder == generation {
                std::thread::yield_now();
                holder = self.holder.load(Ordering::Relaxed);
                continue;
            }
            match self
                .holder
                .compare_exchange(holder, generation, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => holder = now,
            }
        }
        // SAFETY: this thread holds the lock.
        let outcome = work(unsafe { &mut *self.value.get() });
        self.holder.store(0, Ordering::Release);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_another_process_holds_is_taken_over() {
        let replaceable = Replaceable::new();
        assert!(replaceable.replace(Some(Arc::new(1))).is_none());
        replaceable.holder.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(replaceable.get().as_deref(), Some(&1));
        replaceable.holder.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(replaceable.replace(None).as_deref(), Some(&1));
        assert_eq!(replaceable.get(), None);
    }
}
