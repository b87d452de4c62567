//! A patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::error::{Error, ErrorKind, Result};
use crate::table::json_error::reason;
use crate::table::schema;

/// LaunchDarkly's are about 30 bytes.
const LONGEST_VERSION: usize = 1024;
/// The most of a member's path that a message tells.
const LONGEST_PATH: usize = 60;

/// What is to change, and from which version to which.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// What stands in the sets: `segment-key.g1`.
    pub(crate) reference: String,
    pub(crate) version: String,
    /// Empty for the first one; the patches of one version may have it as their own version.
    pub(crate) previous_version: String,
    /// One for each context, in the order of their hashes: a patch is cut in the same way each time.
    pub(crate) updates: Vec<MembershipUpdate>,
}

/// All changes of one context's sets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MembershipUpdate {
    pub(crate) context_hash: String,
    pub(crate) included: Option<Change>,
    pub(crate) excluded: Option<Change>,
}

/// What becomes of the segment's reference in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Add,
    Remove,
}

impl Patch {
    /// Reads `{"environmentId", "segmentId", "version", "previousVersion", "changes": {"included": {"add", "remove"}, "excluded": {…}}}`.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let Object(given): Object<Given> =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| unreadable(&error))?;
        deserializer.end().map_err(|error| {
            Error::new(
                ErrorKind::InvalidJson,
                format!("the patch is not JSON: {}", reason(&error)),
            )
        })?;
        if !schema::key_fits(&given.segment_id) {
            return Err(refusal("\"segmentId\" must be a reference of 1 to 1,024 bytes"));
        }
        if given.version.len() > LONGEST_VERSION {
            return Err(refusal(format!("\"version\" has more than {LONGEST_VERSION} bytes")));
        }
        let mut updates = BTreeMap::<String, [Option<Change>; 2]>::new();
        let changes = given.changes.unwrap_or_default().0;
        let sets = [(changes.included, "included"), (changes.excluded, "excluded")];
        for (place, (set, name)) in sets.into_iter().enumerate() {
            let Object(set) = set.unwrap_or_default();
            // A removal wins, as it comes after the additions in the Relay Proxy's order.
            for (hashes, list, change) in [(set.add, "add", Change::Add), (set.remove, "remove", Change::Remove)] {
                for (index, hash) in hashes.unwrap_or_default().into_iter().enumerate() {
                    if !schema::key_fits(&hash) {
                        return Err(refusal(format!(
                            "\"changes.{name}.{list}[{index}]\" must be a context's hash of 1 to 1,024 bytes"
                        )));
                    }
                    updates.entry(hash).or_default()[place] = Some(change);
                }
            }
        }
        let updates = updates
            .into_iter()
            .map(|(context_hash, [included, excluded])| MembershipUpdate {
                context_hash,
                included,
                excluded,
            });
        Ok(Patch {
            reference: given.segment_id,
            version: given.version,
            previous_version: given.previous_version.unwrap_or_default(),
            updates: updates.collect(),
        })
    }

    /// Whether it moves the cursor: the patches of one version do not.
    pub(crate) fn moves_cursor(&self) -> bool {
        self.version != self.previous_version
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    #[serde(rename = "environmentId")]
    _environment_id: Option<String>,
    segment_id: String,
    version: String,
    previous_version: Option<String>,
    changes: Option<Object<Changes>>,
}

/// A member that is `null` changes nothing: so a Go program writes a list that it never made.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    included: Option<Object<Lists>>,
    excluded: Option<Object<Lists>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    add: Option<Vec<String>>,
    remove: Option<Vec<String>>,
}

/// A JSON object and nothing else: serde takes a list for a struct, too.
#[derive(Default)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let (path, reason) = (error.path().to_string(), reason(error.inner()));
    if !error.inner().is_data() {
        return Error::new(ErrorKind::InvalidJson, format!("the patch is not JSON: {reason}"));
    }
    match path.as_str() {
        "." => refusal(reason),
        path => {
            let path: String = path.escape_debug().take(LONGEST_PATH).collect();
            refusal(format!("\"{path}\": {reason}"))
        }
    }
}

fn refusal(what: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidBigSegments,
        format!("a patch of Big Segments is refused: {what}"),
    )
}
