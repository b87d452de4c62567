//! Which of these tests run beside others.
//!
//! A child that is forked here inherits the pipes of all tests, so that a program of another test would wait for the end of its input as
//! long as the child lives. The environment and the registry of shared live states are one for the whole process.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::new(());

/// For a test that forks this process, or uses its environment or its registry.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}

/// For a test that leaves the forking to programs of its own; once a test.
pub fn beside_programs() -> RwLockReadGuard<'static, ()> {
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}
