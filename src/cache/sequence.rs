//! How reads and writes are told apart in time.

/// The moment a read began, in finished writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) struct Sequence(pub(super) u64);
