//! The attribute-value JSON of the service: checked and measured without being copied.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON object in the order it was written.
#[derive(Debug)]
pub struct Map<'a, V>(pub Vec<(Cow<'a, str>, V)>);

impl<V> Default for Map<'_, V> {
    fn default() -> Self {
        Map(Vec::new())
    }
}

impl<V> Map<'_, V> {
    pub fn find(&self, name: &str) -> Option<&V> {
        self.0
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Map<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a, V>(PhantomData<(&'a str, V)>);
        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for Entries<'a, V> {
            type Value = Map<'a, V>;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::with_capacity(4);
                while let Some((name, value)) = map.next_entry::<Name, V>()? {
                    entries.push((name.0, value));
                }
                Ok(Map(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A name borrowed from the request where it has no escapes; `Cow` alone would always be copied.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A JSON string as it was written, and the number of UTF-8 bytes it stands for.
#[derive(Debug, Clone, Copy)]
pub struct RawText<'a> {
    raw: &'a str,
    bytes: usize,
}

impl<'a> RawText<'a> {
    pub fn text(&self) -> Cow<'a, str> {
        let inner = &self.raw[1..self.raw.len() - 1];
        if inner.len() == self.bytes {
            return Cow::Borrowed(inner);
        }
        Cow::Owned(serde_json::from_str(self.raw).expect("escapes were checked when it was parsed"))
    }

    pub fn json(&self) -> &'a str {
        self.raw
    }

    /// What makes two members of a set of this kind the same.
    pub fn identity(&self, kind: &str) -> Cow<'a, str> {
        let text = self.text();
        if kind != "NS" {
            return text;
        }
        let integer = text.parse::<i128>().ok().map(|number| number.to_string());
        let number = || {
            text.parse::<f64>()
                .map_or_else(|_| text.to_string(), |number| number.to_string())
        };
        Cow::Owned(integer.unwrap_or_else(number))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let inner = raw
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or_else(|| de::Error::custom("expected a string"))?;
        let bytes =
            unescaped_bytes(inner.as_bytes()).ok_or_else(|| de::Error::custom("a lone surrogate in a string"))?;
        Ok(RawText { raw, bytes })
    }
}

/// The UTF-8 bytes that a string's inner JSON text stands for; None for a lone surrogate. Every escape shortens, so equal length means no escape.
fn unescaped_bytes(inner: &[u8]) -> Option<usize> {
    let mut bytes = inner.len();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &inner[at..]) {
        at += found;
        // Escapes come in dense runs in JSON inside JSON, so a search is not begun anew for each.
        while inner.get(at) == Some(&b'\\') {
            if inner[at + 1] != b'u' {
                bytes -= 1;
                at += 2;
                continue;
            }
            let (units, length) = match code_unit(inner, at)? {
                0..=0x7f => (6, 1),
                0x80..=0x7ff => (6, 2),
                0xd800..=0xdbff if matches!(code_unit(inner, at + 6), Some(0xdc00..=0xdfff)) => (12, 4),
                0xd800..=0xdfff => return None,
                _ => (6, 3),
            };
            bytes -= units - length;
            at += units;
        }
    }
    Some(bytes)
}

fn code_unit(inner: &[u8], at: usize) -> Option<u32> {
    let escape = inner.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
}

/// One attribute value; the variants bear the service's names.
#[derive(Debug, serde::Deserialize)]
#[allow(clippy::upper_case_acronyms)]
pub enum AttributeValue<'a> {
    #[serde(borrow)]
    S(RawText<'a>),
    N(RawText<'a>),
    B(RawText<'a>),
    BOOL(bool),
    NULL(bool),
    M(Map<'a, AttributeValue<'a>>),
    L(Vec<AttributeValue<'a>>),
    SS(Vec<RawText<'a>>),
    NS(Vec<RawText<'a>>),
    BS(Vec<RawText<'a>>),
}

impl AttributeValue<'_> {
    /// Bytes as the service counts them.
    pub fn size(&self) -> usize {
        match self {
            Self::S(text) => text.bytes,
            Self::N(digits) => number_size(digits),
            Self::B(base64) => base64.bytes * 3 / 4,
            Self::BOOL(_) | Self::NULL(_) => 1,
            Self::M(map) => {
                3 + map
                    .0
                    .iter()
                    .map(|(name, value)| 1 + name.len() + value.size())
                    .sum::<usize>()
            }
            Self::L(list) => 3 + list.iter().map(|value| 1 + value.size()).sum::<usize>(),
            Self::SS(texts) => texts.iter().map(|text| text.bytes).sum(),
            Self::NS(numbers) => numbers.iter().map(number_size).sum(),
            Self::BS(blobs) => blobs.iter().map(|base64| base64.bytes * 3 / 4).sum(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::BOOL(_) => "BOOL",
            Self::NULL(_) => "NULL",
            Self::M(_) => "M",
            Self::L(_) => "L",
            Self::SS(_) => "SS",
            Self::NS(_) => "NS",
            Self::BS(_) => "BS",
        }
    }

    /// The text of a string, number or binary value: what may stand in a key.
    pub fn scalar(&self) -> Option<&RawText<'_>> {
        match self {
            Self::S(text) | Self::N(text) | Self::B(text) => Some(text),
            _ => None,
        }
    }

    /// The value as the service writes it.
    pub fn json(&self) -> String {
        let list = |texts: &[RawText]| texts.iter().map(RawText::json).collect::<Vec<_>>().join(",");
        let inner = match self {
            Self::S(text) | Self::N(text) | Self::B(text) => text.json().to_owned(),
            Self::BOOL(value) | Self::NULL(value) => value.to_string(),
            Self::M(map) => {
                let entry = |(name, value): &(Cow<str>, AttributeValue)| {
                    format!("{}:{}", serde_json::Value::from(&**name), value.json())
                };
                format!("{{{}}}", map.0.iter().map(entry).collect::<Vec<_>>().join(","))
            }
            Self::L(values) => format!("[{}]", values.iter().map(Self::json).collect::<Vec<_>>().join(",")),
            Self::SS(texts) | Self::NS(texts) | Self::BS(texts) => format!("[{}]", list(texts)),
        };
        format!(r#"{{"{}":{inner}}}"#, self.kind())
    }

    /// What the service refuses in a value that is well-formed JSON.
    pub fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::N(digits) if !is_number(digits) => Some("The parameter cannot be converted to a numeric value"),
            Self::NS(numbers) if !numbers.iter().all(is_number) => {
                Some("The parameter cannot be converted to a numeric value")
            }
            Self::SS(set) | Self::NS(set) | Self::BS(set) if set.is_empty() => {
                Some("One or more parameter values were invalid: An string set  may not be empty")
            }
            Self::SS(set) | Self::NS(set) | Self::BS(set) if has_duplicates(set, self.kind()) => {
                Some("One or more parameter values were invalid: Input collection contains duplicates")
            }
            Self::NULL(false) => Some(
                "One or more parameter values were invalid: Null attribute value types must have the value of true",
            ),
            Self::M(map) => map.0.iter().find_map(|(_, value)| value.refusal()),
            Self::L(list) => list.iter().find_map(Self::refusal),
            _ => None,
        }
    }

    /// Order within one type; None between types, and between values that have no order.
    pub fn compare(&self, other: &AttributeValue) -> Option<Ordering> {
        match (self, other) {
            (Self::S(left), AttributeValue::S(right)) => Some(left.text().cmp(&right.text())),
            (Self::N(left), AttributeValue::N(right)) => compare_numbers(&left.text(), &right.text()),
            (Self::B(left), AttributeValue::B(right)) if left.text() == right.text() => Some(Ordering::Equal),
            (Self::BOOL(left), AttributeValue::BOOL(right)) => Some(left.cmp(right)),
            (Self::NULL(_), AttributeValue::NULL(_)) => Some(Ordering::Equal),
            _ => None,
        }
    }
}

fn is_number(digits: &RawText) -> bool {
    let text = digits.text();
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

fn has_duplicates(set: &[RawText], kind: &str) -> bool {
    let mut seen = HashSet::with_capacity(set.len());
    !set.iter().all(|member| seen.insert(member.identity(kind)))
}

fn number_size(digits: &RawText) -> usize {
    digits.bytes.div_ceil(2) + 1
}

fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    match (left.parse::<i128>(), right.parse::<i128>()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => left.parse::<f64>().ok()?.partial_cmp(&right.parse::<f64>().ok()?),
    }
}

/// An item or a key: the JSON text as it was written, and its attributes.
#[derive(Debug)]
pub struct Attributes<'a> {
    pub raw: &'a str,
    pub values: Map<'a, AttributeValue<'a>>,
}

impl<'a> Attributes<'a> {
    pub fn parse(raw: &'a str) -> serde_json::Result<Self> {
        Ok(Attributes {
            raw,
            values: serde_json::from_str(raw)?,
        })
    }

    pub fn size(&self) -> usize {
        self.values
            .0
            .iter()
            .map(|(name, value)| name.len() + value.size())
            .sum()
    }

    /// What the service refuses in one of the values.
    pub fn refusal(&self) -> Option<&'static str> {
        self.values.0.iter().find_map(|(_, value)| value.refusal())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Attributes::parse(raw).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(raw: &str) -> usize {
        Attributes::parse(raw).unwrap().size()
    }

    #[test]
    fn sizes_count_the_bytes_that_escapes_stand_for() {
        assert_eq!(size(r#"{"a":{"S":""}}"#), 1);
        assert_eq!(size(r#"{"a":{"S":"\"\\\n"}}"#), 1 + 3);
        assert_eq!(
            size(r#"{"a":{"S":"\u0041\u00e9\u20ac\ud83d\ude00x"}}"#),
            1 + 1 + 2 + 3 + 4 + 1
        );
        assert_eq!(size(r#"{"é":{"S":"€"}}"#), 2 + 3);
        assert_eq!(size(r#"{"a":{"S":"x\\u0041"}}"#), 1 + 7);
    }

    #[test]
    fn sizes_of_the_other_types() {
        assert_eq!(size(r#"{"n":{"N":"1234"}}"#), 1 + 3);
        assert_eq!(size(r#"{"s":{"SS":["ab","c"]},"b":{"BOOL":true}}"#), 1 + 3 + 1 + 1);
        assert_eq!(
            size(r#"{"m":{"M":{"a":{"S":"b"}}},"l":{"L":[{"NULL":true}]}}"#),
            (1 + 3 + 3) + (1 + 3 + 2)
        );
    }

    #[test]
    fn texts_are_unescaped() {
        let item = Attributes::parse(r#"{"a":{"S":"\ud83d\ude00\t"},"b":{"S":"plain"}}"#).unwrap();
        assert_eq!(item.values.find("a").unwrap().scalar().unwrap().text(), "😀\t");
        assert!(matches!(
            item.values.find("b").unwrap().scalar().unwrap().text(),
            Cow::Borrowed("plain")
        ));
    }

    #[test]
    fn what_is_not_an_item_is_refused() {
        for raw in [
            r#"{"a":{"S":1}}"#,
            r#"{"a":{"S":"\ud83d"}}"#,
            r#"{"a":{"X":""}}"#,
            r#"{"a":{}}"#,
            r#"{"a":"b"}"#,
            "[]",
        ] {
            assert!(Attributes::parse(raw).is_err(), "{raw}");
        }
        assert!(Attributes::parse(r#"{"a":{"N":"1x"}}"#).unwrap().values.0[0]
            .1
            .refusal()
            .is_some());
        for raw in [
            r#"{"a":{"SS":[]}}"#,
            r#"{"a":{"SS":["a","\u0061"]}}"#,
            r#"{"a":{"NS":["1","1.0"]}}"#,
        ] {
            assert!(
                Attributes::parse(raw).unwrap().values.0[0].1.refusal().is_some(),
                "{raw}"
            );
        }
        let set = Attributes::parse(r#"{"a":{"SS":["1","1.0"]}}"#).unwrap();
        assert_eq!(set.values.0[0].1.refusal(), None);
    }

    #[test]
    fn numbers_compare_by_value_and_exactly() {
        assert_eq!(compare_numbers("9", "10"), Some(Ordering::Less));
        assert_eq!(
            compare_numbers("9223372036854775807", "9223372036854775806"),
            Some(Ordering::Greater)
        );
        assert_eq!(compare_numbers("1.0", "1"), Some(Ordering::Equal));
    }
}
