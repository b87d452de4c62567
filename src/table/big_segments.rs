//! Rows of Big Segments, as the Relay Proxy writes them.

/// A row of Big Segments metadata, what we read of it.
pub(crate) struct MetadataRow {
    /// Unix time in milliseconds; `Err` when the attribute is there and no integer.
    pub(crate) synchronized_on: Option<std::result::Result<i64, ()>>,
}

/// A row of Big Segments membership: references of segments that include or exclude the context.
pub(crate) struct MembershipRow {
    pub(crate) included: SegmentReferences,
    pub(crate) excluded: SegmentReferences,
}

/// A set of strings, empty where the attribute is missing; `Err` when it is of another type.
pub(crate) type SegmentReferences = std::result::Result<Vec<String>, ()>;
