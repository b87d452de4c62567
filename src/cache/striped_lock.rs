//! A lock for what is read all the time and seldom written: readers on different processors touch no common memory line.
//! A reader takes one of its stripes, a writer all of them.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::stats::{stripe, STRIPES};

/// Alone on its memory line, and on the neighbour that processors fetch with it.
#[derive(Default)]
#[repr(align(128))]
struct Stripe(RwLock<()>);

#[derive(Default)]
pub(crate) struct StripedLock<T> {
    stripes: [Stripe; STRIPES],
    value: UnsafeCell<T>,
}

// SAFETY: as for std's RwLock: many readers share the value, and one writer has it alone, maybe on another thread.
unsafe impl<T: Send + Sync> Sync for StripedLock<T> {}

pub(crate) struct ReadGuard<'a, T> {
    value: &'a T,
    _held: RwLockReadGuard<'a, ()>,
}

pub(crate) struct WriteGuard<'a, T> {
    value: &'a mut T,
    _held: [RwLockWriteGuard<'a, ()>; STRIPES],
}

impl<T> StripedLock<T> {
    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        let held = self.stripes[stripe()].0.read().unwrap_or_else(PoisonError::into_inner);
        ReadGuard {
            // SAFETY: a writer needs this stripe too, and waits for it until the guard is gone.
            value: unsafe { &*self.value.get() },
            _held: held,
        }
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        // Always in the same order, so that two writers never wait for each other.
        let held = std::array::from_fn(|stripe| self.stripes[stripe].0.write().unwrap_or_else(PoisonError::into_inner));
        WriteGuard {
            // SAFETY: with all stripes held there is no reader and no other writer.
            value: unsafe { &mut *self.value.get() },
            _held: held,
        }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Torn values would show that a writer was not alone.
    #[test]
    fn a_writer_is_alone_and_no_write_is_lost() {
        const WRITES: u64 = if cfg!(miri) { 10 } else { 2000 };
        let lock = StripedLock::<[u64; 16]>::default();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..WRITES {
                        let mut value = lock.write();
                        for part in value.iter_mut() {
                            *part += 1;
                        }
                    }
                });
                scope.spawn(|| loop {
                    let value = lock.read();
                    assert!(value.iter().all(|part| *part == value[0]), "{:?}", *value);
                    if value[0] == 3 * WRITES {
                        break;
                    }
                });
            }
        });
        assert_eq!(*lock.read(), [3 * WRITES; 16]);
    }

    #[test]
    fn readers_do_not_wait_for_each_other() {
        let lock = StripedLock::<u64>::default();
        let held = lock.read();
        std::thread::scope(|scope| {
            // More threads than stripes, so that one of them has this thread's.
            let readers: Vec<_> = (0..2 * STRIPES).map(|_| scope.spawn(|| *lock.read())).collect();
            for reader in readers {
                assert_eq!(reader.join().unwrap(), 0);
            }
        });
        drop(held);
    }

    #[test]
    fn a_panic_under_the_lock_does_not_end_its_use() {
        let lock = StripedLock::<u64>::default();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            *lock.write() = 7;
            let _held = lock.write();
            panic!("under the lock");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.read(), 7);
    }
}
