//! JSON objects, read with every member in its order, and written member by member.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::table::item::Name;

/// Appends a member to an object that is being written.
pub(crate) fn push_member(object: &mut String, key: &str, value: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(&serde_json::to_string(key).expect("a text fits into JSON"));
    object.push(':');
    object.push_str(value);
}

/// An object's members in their order, duplicates included.
pub(crate) struct Members<'a, V>(pub(crate) Vec<(Cow<'a, str>, V)>);

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Members<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct MembersVisitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
            type Value = Members<'de, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    match map.next_value() {
                        Ok(value) => members.push((name, value)),
                        Err(error) => return Err(A::Error::custom(format_args!("{name:?}: {error}"))),
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_set_apart_and_their_keys_escaped() {
        let mut object = String::from("{");
        for (key, expected) in [
            ("a", r#"{"a":1"#),
            ("", r#"{"a":1,"":1"#),
            ("\"\n", r#"{"a":1,"":1,"\"\n":1"#),
        ] {
            push_member(&mut object, key, "1");
            assert_eq!(object, expected);
        }
    }
}
