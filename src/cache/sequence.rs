//! How reads and writes are told apart in time, and until when what they left may be served.

use std::time::Duration;

/// The `fresh_until` of what does not grow old.
pub(super) const FOR_EVER: Duration = Duration::MAX;
/// The `fresh_until` of what nobody can be sure of any more.
pub(super) const EXPIRED: Duration = Duration::ZERO;

/// The moment a read began, in finished writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) struct Sequence(pub(super) u64);
