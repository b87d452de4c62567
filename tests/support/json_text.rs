//! JSON with the order of its members kept, for texts that must come out to the byte.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            other => panic!("{other:?} should be a string"),
        }
    }

    pub fn array(&self) -> &[Json] {
        match self {
            Json::Array(values) => values,
            other => panic!("{other:?} should be an array"),
        }
    }

    /// Without white space, members as they were written.
    pub fn compact(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Boolean(value) => value.to_string(),
            Json::Number(number) => number.to_string(),
            Json::Text(text) => serde_json::to_string(text).expect("a string"),
            Json::Array(values) => {
                let values: Vec<_> = values.iter().map(Json::compact).collect();
                format!("[{}]", values.join(","))
            }
            Json::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| {
                        format!("{}:{}", serde_json::to_string(key).expect("a string"), value.compact())
                    })
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// The text that a case means: see tests/cases/README.md.
    pub fn expand(&self) -> String {
        match self {
            Json::Text(text) => text.clone(),
            _ => {
                if let Some(value) = self.member("json") {
                    value.compact()
                } else if let Some(parts) = self.member("concatenate") {
                    parts.array().iter().map(Json::expand).collect()
                } else if let (Some(text), Some(Json::Number(times))) = (self.member("repeat"), self.member("times")) {
                    text.text().repeat(times.as_u64().expect("a count") as usize)
                } else {
                    panic!("{self:?} is no text")
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor;
        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Boolean(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
                Number::from_f64(value)
                    .map(Json::Number)
                    .ok_or_else(|| E::custom("no JSON number"))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = sequence.next_element()? {
                    values.push(value);
                }
                Ok(Json::Array(values))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(JsonVisitor)
    }
}
