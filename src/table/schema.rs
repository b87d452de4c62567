//! The table: namespaces, keys, the `$inited` marker and the prefix rule, as every official store has them.

use crate::error::{Error, ErrorKind, Result};

/// The partition key attribute.
pub(crate) const NAMESPACE: &str = "namespace";
/// The sort key attribute.
pub(crate) const KEY: &str = "key";
/// The attribute that holds an item's version, a number.
pub(crate) const VERSION: &str = "version";
/// The attribute that holds an item's whole JSON, a string.
pub(crate) const ITEM: &str = "item";

pub(crate) const FEATURES: &str = "features";
pub(crate) const SEGMENTS: &str = "segments";
const FEATURES_ALIAS: &str = "flags";
pub(crate) const INITED: &str = "$inited";
pub(crate) const BIG_SEGMENTS_METADATA: &str = "big_segments_metadata";
pub(crate) const BIG_SEGMENTS_USER: &str = "big_segments_user";

/// Of Big Segments metadata: when the Relay Proxy last synchronized them, a number of milliseconds.
pub(crate) const SYNCHRONIZED_ON: &str = "synchronizedOn";
/// Of Big Segments metadata: the version of the last patch, a string.
pub(crate) const LAST_VERSION: &str = "lastVersion";
/// Of Big Segments membership: the segments that include the context, a set of strings.
pub(crate) const INCLUDED: &str = "included";
/// Of Big Segments membership: the segments that exclude the context, a set of strings.
pub(crate) const EXCLUDED: &str = "excluded";

/// DynamoDB's limit for a sort key, in bytes of UTF-8.
const MAXIMUM_KEY_BYTES: usize = 1024;
/// DynamoDB's limit for a partition key, in bytes of UTF-8.
pub(crate) const MAXIMUM_NAMESPACE_BYTES: usize = 2048;

/// A kind that may be a namespace of ours; `flags` has become `features`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind<'a>(&'a str);

impl<'a> Kind<'a> {
    pub(crate) fn parse(kind: &'a str) -> Result<Self> {
        let refusal = if kind.is_empty() {
            "a kind must not be empty"
        } else if kind.contains(':') {
            "a kind must not contain \":\", which separates it from the prefix"
        } else if kind.starts_with('$') {
            "a kind must not begin with \"$\", which marks rows of the store itself"
        } else if kind == BIG_SEGMENTS_METADATA || kind == BIG_SEGMENTS_USER {
            "this namespace belongs to Big Segments"
        } else {
            return Ok(Kind(if kind == FEATURES_ALIAS { FEATURES } else { kind }));
        };
        Err(Error::new(
            ErrorKind::InvalidKind,
            format!("kind {kind:?} is refused: {refusal}"),
        ))
    }

    pub(crate) fn name(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_features(self) -> bool {
        self.0 == FEATURES
    }

    pub(crate) fn is_segments(self) -> bool {
        self.0 == SEGMENTS
    }
}

/// `prefix:name`, or `name` alone where there is no prefix.
pub(crate) fn prefixed(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}:{name}")
    }
}

/// The namespace that holds a kind's rows.
pub(crate) fn namespace(prefix: &str, kind: Kind<'_>) -> Result<String> {
    let namespace = prefixed(prefix, kind.name());
    if namespace.len() <= MAXIMUM_NAMESPACE_BYTES {
        return Ok(namespace);
    }
    let start: String = kind.name().chars().take(40).collect();
    Err(Error::new(
        ErrorKind::InvalidKind,
        format!(
            "kind {start:?}… is refused: with the prefix it has {} bytes, and DynamoDB holds at most {MAXIMUM_NAMESPACE_BYTES}",
            namespace.len()
        ),
    ))
}

/// Both keys of the row whose presence says that the table holds a full data set.
pub(crate) fn inited_key(prefix: &str) -> String {
    prefixed(prefix, INITED)
}

/// Whether DynamoDB can hold `key` as a sort key.
pub(crate) fn key_fits(key: &str) -> bool {
    !key.is_empty() && key.len() <= MAXIMUM_KEY_BYTES
}

/// Refuses a key that no write could store.
pub(crate) fn require_key(key: &str) -> Result<()> {
    if key_fits(key) {
        return Ok(());
    }
    let what = if key.is_empty() {
        "a key must not be empty".to_owned()
    } else {
        let start: String = key.chars().take(40).collect();
        format!(
            "key {start:?}… has {} bytes of UTF-8, and DynamoDB holds at most {MAXIMUM_KEY_BYTES}",
            key.len()
        )
    };
    Err(Error::new(ErrorKind::InvalidKey, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_features_and_refusals_name_the_kind() {
        assert_eq!(Kind::parse("flags").unwrap().name(), "features");
        assert_eq!(Kind::parse("things").unwrap().name(), "things");
        for kind in ["", "a:b", "$x", "big_segments_metadata", "big_segments_user"] {
            let error = Kind::parse(kind).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidKind);
            assert!(error.message().contains(&format!("{kind:?}")));
        }
    }

    #[test]
    fn an_empty_prefix_is_none() {
        assert_eq!(prefixed("", "features"), "features");
        assert_eq!(prefixed("p", "features"), "p:features");
        assert_eq!(inited_key(""), "$inited");
        assert_eq!(inited_key("p"), "p:$inited");
    }

    #[test]
    fn keys_are_measured_in_bytes() {
        assert!(require_key(&"é".repeat(512)).is_ok());
        assert!(require_key(&"é".repeat(513)).is_err());
        assert!(require_key("").is_err());
    }

    #[test]
    fn a_namespace_is_at_most_as_long_as_dynamodb_s() {
        let longest = "k".repeat(2046);
        let kind = Kind::parse(&longest).unwrap();
        assert_eq!(namespace("p", kind).unwrap(), format!("p:{longest}"));
        assert_eq!(namespace("pp", kind).unwrap_err().kind(), ErrorKind::InvalidKind);
        assert_eq!(namespace("", Kind::parse("flags").unwrap()).unwrap(), "features");
    }
}
