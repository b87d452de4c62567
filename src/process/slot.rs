//! The slot in which a store holds its live state, replaced where it was inherited over a fork.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::Arc;

use super::inside;
use super::page::generation;

/// Something that lives in one process generation only.
pub(crate) trait Live {
    /// The generation that made it.
    fn generation(&self) -> u64;

    /// Whether it is of no use any more, even to its own process.
    fn is_broken(&self) -> bool {
        false
    }
}

/// Holds at most one live state, and replaces one that was inherited over a fork, without touching it, or that is broken.
pub(crate) struct Slot<T: Live> {
    live: AtomicPtr<T>,
    /// The slot shares the ownership of its live state.
    owns: std::marker::PhantomData<Arc<T>>,
}

impl<T: Live> Slot<T> {
    pub(crate) const fn new() -> Self {
        Slot {
            live: AtomicPtr::new(std::ptr::null_mut()),
            owns: std::marker::PhantomData,
        }
    }

    /// The live state of this process, made by `make` where there is none: it gets the generation, and must be cheap.
    pub(crate) fn live(&self, make: impl FnOnce(u64) -> Arc<T>) -> &T {
        let generation = generation();
        let current = self.live.load(Ordering::Acquire);
        // SAFETY: a pointer in the slot came from Arc::into_raw and is only released by Drop, which has the slot to itself.
        if let Some(live) = unsafe { current.as_ref() } {
            if live.generation() == generation && !live.is_broken() {
                return live;
            }
        }
        self.install(current, make(generation))
    }

    fn install(&self, replaced: *mut T, made: Arc<T>) -> &T {
        let made = Arc::into_raw(made).cast_mut();
        match self
            .live
            .compare_exchange(replaced, made, Ordering::AcqRel, Ordering::Acquire)
        {
            // What was inherited is leaked on purpose, and what is broken, too, as others borrow it.
            // SAFETY: so `made` lives until Drop at least.
            Ok(_) => unsafe { &*made },
            Err(winner) => {
                // SAFETY: `made` never became visible; the winner is in the slot and of this generation, as only this process stores to it.
                unsafe {
                    drop(Arc::from_raw(made));
                    &*winner
                }
            }
        }
    }
}

impl<T: Live> Drop for Slot<T> {
    /// Gives up the slot's share of a live state of this process; one that was inherited is left alone.
    fn drop(&mut self) {
        let live = *self.live.get_mut();
        // SAFETY: as in `live`; `&mut self` says that nobody borrows from the slot any more.
        unsafe {
            if live.as_ref().is_some_and(|live| live.generation() == generation()) {
                let _inside = inside::enter();
                drop(Arc::from_raw(live));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Counts how many of its kind there are.
    struct Counted<'a> {
        generation: u64,
        alive: &'a AtomicUsize,
    }

    impl<'a> Counted<'a> {
        fn new(generation: u64, alive: &'a AtomicUsize) -> Arc<Self> {
            alive.fetch_add(1, Ordering::Relaxed);
            Arc::new(Counted { generation, alive })
        }
    }

    impl Live for Counted<'_> {
        fn generation(&self) -> u64 {
            self.generation
        }
    }

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn threads_that_come_first_together_get_one_live_state() {
        let alive = AtomicUsize::new(0);
        let slot = Slot::new();
        let address = || std::ptr::from_ref(slot.live(|generation| Counted::new(generation, &alive))) as usize;
        let addresses: Vec<_> = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(address));
            threads.map(|thread| thread.join().unwrap()).into()
        });
        assert!(addresses.iter().all(|found| *found == addresses[0]), "{addresses:?}");
        assert_eq!(alive.load(Ordering::Relaxed), 1);
        drop(slot);
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_inherited_live_state_is_replaced_and_left_alone() {
        let alive = AtomicUsize::new(0);
        let inherited = Counted::new(u64::MAX, &alive);
        let slot = Slot::new();
        slot.install(std::ptr::null_mut(), Arc::clone(&inherited));
        assert_eq!(
            slot.live(|generation| Counted::new(generation, &alive)).generation,
            generation()
        );
        assert_eq!(alive.load(Ordering::Relaxed), 2);
        drop(slot);
        // Its own is gone; the other's share was never given up.
        assert_eq!((alive.load(Ordering::Relaxed), Arc::strong_count(&inherited)), (1, 2));
    }

    #[test]
    fn an_unused_slot_leaves_what_it_inherited_alone() {
        let alive = AtomicUsize::new(0);
        let inherited = Counted::new(u64::MAX, &alive);
        let slot = Slot::new();
        slot.install(std::ptr::null_mut(), Arc::clone(&inherited));
        drop(slot);
        assert_eq!(Arc::strong_count(&inherited), 2);
    }
}
