//! Rows of Big Segments, and the changes that LaunchDarkly sends of them, as the Relay Proxy writes them.

mod patch;

use base64::prelude::{Engine, BASE64_STANDARD};
use sha2::{Digest, Sha256};

pub(crate) use patch::{Change, MembershipUpdate, Patch};

/// A row of Big Segments, of the metadata or of a context's membership: what we read of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BigSegmentsRow {
    /// Unix time in milliseconds; `Err` when the attribute is there and no integer.
    pub(crate) synchronized_on: Option<std::result::Result<i64, ()>>,
    /// The version of the last patch that was applied; `Err` when the attribute is there and no string.
    pub(crate) last_version: Option<std::result::Result<String, ()>>,
    /// The segments that include the context.
    pub(crate) included: SegmentReferences,
    /// The segments that exclude the context.
    pub(crate) excluded: SegmentReferences,
}

/// A set of strings, empty where the attribute is missing; `Err` when it is of another type.
pub(crate) type SegmentReferences = std::result::Result<Vec<String>, ()>;

/// The key under which Big Segments know a context: the base64, in its standard alphabet and padded, of the SHA-256 of the context's key
/// in UTF-8. LaunchDarkly's SDKs compute it themselves.
///
/// ```
/// assert_eq!(ld_dynamo_store::context_hash("user-5150"), "+ZGrrKe80pGIxpVmWm1E63Q8mDeFzw8sjc0pwd/XU/M=");
/// ```
#[must_use]
pub fn context_hash(key: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(key.as_bytes()))
}
