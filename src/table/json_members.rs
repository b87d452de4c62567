//! A JSON object taken apart for whoever has no JSON parser, after a look for what other parsers do not take.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::table::item::Name;
use crate::table::json_error::reason;
use crate::table::object::Members;

/// As many as serde_json takes where it recurses. A text is read once for each of its levels, so there must be an end.
const MOST_LEVELS: u32 = 128;
/// The longest exponent that the parsers of C++ read: some keep it in 32 bits.
const MOST_EXPONENT_DIGITS: usize = 9;
/// The most of a member's name that a message repeats.
const SHOWN_CHARACTERS: usize = 60;
const HALF_A_PAIR: &str = "half of a surrogate pair (\\ud800)";

/// The members of an object in its order, those that stand twice included, each with its value as it stands in the text.
///
/// With `most_levels` 0 the values may be any JSON. Else they are searched for what many parsers refuse, and may have no more levels of
/// objects and arrays, the object itself being the first.
pub(crate) fn members(json: &str, most_levels: u32) -> Result<Members<'_, &RawValue>> {
    let members: Members<'_, &RawValue> =
        serde_json::from_str(json).map_err(|error| refused(&no_object(json, &error)))?;
    if most_levels > 0 {
        for (name, value) in &members.0 {
            if let Some(found) = beyond_other_parsers(value, most_levels.min(MOST_LEVELS)) {
                let name: String = name.chars().take(SHOWN_CHARACTERS).collect();
                return Err(refused(&format!("member {name:?} has {found}")));
            }
        }
    }
    Ok(members)
}

fn refused(what: &str) -> Error {
    Error::new(ErrorKind::InvalidJson, format!("JSON object: {what}"))
}

/// Why a text is not taken for an object.
fn no_object(json: &str, error: &serde_json::Error) -> String {
    match serde_json::from_str::<IgnoredAny>(json) {
        Err(syntax) => reason(&syntax),
        // It is JSON whose escapes nobody looked at: that of a name makes no character.
        Ok(IgnoredAny) if error.is_syntax() => format!("a name has {HALF_A_PAIR}"),
        Ok(IgnoredAny) => reason(error),
    }
}

/// What in a value, which stands in an object, is valid JSON and is not taken by many parsers. Does not recurse: threads may have
/// small stacks.
fn beyond_other_parsers(value: &RawValue, most_levels: u32) -> Option<String> {
    let mut unread = vec![(value, 1)];
    while let Some((value, levels_around)) = unread.pop() {
        let text = value.get();
        let inner: Vec<&RawValue> = match text.as_bytes().first()? {
            b'{' | b'[' if levels_around == most_levels => {
                return Some(format!("more than {most_levels} levels, the object included"))
            }
            // Names and texts are all that can be wrong in what was read before, and of these only the surrogates.
            b'{' => match serde_json::from_str::<Members<'_, &RawValue>>(text) {
                Ok(Members(members)) => members.into_iter().map(|(_, value)| value).collect(),
                Err(_) => return Some(HALF_A_PAIR.to_owned()),
            },
            b'[' => match serde_json::from_str(text) {
                Ok(values) => values,
                Err(_) => return Some("an array that cannot be read".to_owned()),
            },
            b'"' if serde_json::from_str::<Name<'_>>(text).is_err() => return Some(HALF_A_PAIR.to_owned()),
            b'-' | b'0'..=b'9' if !fits_double(text) => {
                return Some("a number outside the range of a double".to_owned())
            }
            _ => continue,
        };
        unread.extend(inner.into_iter().map(|value| (value, levels_around + 1)));
    }
    None
}

/// Whether a number is in the range of a double, and its exponent in that of other parsers.
fn fits_double(number: &str) -> bool {
    let exponent = number.rsplit_once(['e', 'E']).map_or("", |(_, exponent)| exponent);
    exponent.trim_start_matches(['+', '-']).len() <= MOST_EXPONENT_DIGITS
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, most_levels: u32) -> std::result::Result<Vec<(String, String)>, String> {
        let read = members(json, most_levels).map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::InvalidJson);
            assert!(
                error.message().chars().count() <= 300 && !error.message().contains('\n'),
                "{error}"
            );
            error.message().to_owned()
        });
        let owned = |(name, value): (std::borrow::Cow<'_, str>, &RawValue)| (name.into_owned(), value.get().to_owned());
        Ok(read?.0.into_iter().map(owned).collect())
    }

    fn pairs(expected: &[(&str, &str)]) -> std::result::Result<Vec<(String, String)>, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Ok(expected.iter().map(owned).collect())
    }

    fn refusal(json: &str, most_levels: u32) -> String {
        read(json, most_levels).expect_err(json)
    }

    #[test]
    fn members_come_in_their_order_and_as_they_stand() {
        for levels in [0, 128] {
            assert_eq!(read("{}", levels), pairs(&[]));
            assert_eq!(read(" {\n} ", levels), pairs(&[]));
            assert_eq!(
                read(
                    r#" { "b" : 1.50 , "a":[1, {"c":"}]\""}] ,"b" : null ,"":"\u0041"} "#,
                    levels
                ),
                pairs(&[
                    ("b", "1.50"),
                    ("a", r#"[1, {"c":"}]\""}]"#),
                    ("b", "null"),
                    ("", r#""\u0041""#)
                ])
            );
            assert_eq!(
                read(
                    r#"{"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00é\u0000x":true}"#,
                    levels
                ),
                pairs(&[("\"\\/\u{8}\u{c}\n\r\tAé€😀é\0x", "true")])
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let texts = [
            "",
            " ",
            "[]",
            "1",
            "null",
            "\"{}\"",
            "{",
            "{}{}",
            "{} x",
            "{'a':1}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":[1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12g4"}"#,
            "{\"a\":\"\n\"}",
            r#"{a:1}"#,
            r#"{"a":NaN}"#,
        ];
        for (text, levels) in texts.iter().flat_map(|text| [(text, 0), (text, 128)]) {
            refusal(text, levels);
        }
        assert!(refusal("[1]", 0).contains("sequence, expected an object"));
        assert!(refusal("{\"a\":1", 0).contains("line 1 column 6"));
        // Every beginning of a text.
        let text = r#"{"a":{"b":["\ud83d\ude00\n",1.5e3,true]},"c":"x"}"#;
        assert!(read(text, 3).is_ok());
        for length in 0..text.len() {
            refusal(&text[..length], 0);
        }
    }

    #[test]
    fn levels_are_counted_at_both_sides_of_the_limit() {
        let nested = |levels: usize| {
            let arrays = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
            let objects = format!("{}{}{}", r#"{"a":"#.repeat(levels - 1), 1, "}".repeat(levels - 1));
            [
                format!(r#"{{"deep":{arrays},"b":1}}"#),
                format!(r#"{{"b":[],"deep":{objects}}}"#),
            ]
        };
        assert!(read(r#"{"a":1,"b":"x"}"#, 1).is_ok());
        assert!(refusal(r#"{"a":{}}"#, 1).contains("more than 1 levels"));
        for (levels, most) in [(2, 2), (32, 32), (127, 127), (128, 128), (128, u32::MAX)] {
            let [arrays, objects] = nested(levels);
            assert!(read(&arrays, most).is_ok() && read(&objects, most).is_ok(), "{levels}");
            for deeper in nested(levels + 1) {
                let refusal = refusal(&deeper, most);
                assert!(
                    refusal.contains(&format!("\"deep\" has more than {levels} levels")),
                    "{refusal}"
                );
            }
        }
        let [arrays, objects] = nested(100_000);
        assert!(read(&arrays, 0).is_ok() && read(&objects, 0).is_ok());
        refusal(&arrays, u32::MAX);
    }

    #[test]
    fn halves_of_surrogate_pairs_are_found_wherever_they_stand() {
        let texts = [
            r#"{"a":"\ud800"}"#,
            r#"{"a":["\udc00"]}"#,
            r#"{"a":"\ud800\u0041"}"#,
            r#"{"a":"\ud800\n"}"#,
            r#"{"a":"\ud800x"}"#,
            r#"{"a":{"\udead":1}}"#,
            r#"{"a":{"b":[1,{"c":"\uDFFF"}]}}"#,
        ];
        for text in texts {
            assert!(refusal(text, 128).contains("member \"a\" has half of a surrogate pair"));
            assert!(read(text, 0).is_ok());
        }
        // It cannot be handed out as a name.
        for text in [r#"{"\ud800":1}"#, r#"{"a":1,"\udc00\ud800":1}"#] {
            assert!(refusal(text, 0).contains("a name has half of a surrogate pair"));
        }
    }

    #[test]
    fn numbers_are_those_of_doubles() {
        let huge = [
            "1e999",
            "-1e309",
            "1.8e308",
            "1e1234567890",
            "-1.5E-1234567890",
            "0e9999999999",
            "2e+0000000001",
        ];
        for number in huge.map(str::to_owned).into_iter().chain(["9".repeat(310)]) {
            for json in [
                format!(r#"{{"a":{number}}}"#),
                format!(r#"{{"a":[0,{{"b":{number}}}]}}"#),
            ] {
                assert!(refusal(&json, 128).contains("member \"a\" has a number outside the range"));
                assert!(read(&json, 0).is_ok());
            }
        }
        for usual in [
            "1.7e308",
            "-1E+5",
            "1e-999999999",
            "5e-324",
            "12345678901234567890",
            "-0",
            "0.0",
            "\"1e999\"",
            "true",
        ] {
            assert!(
                read(&format!(r#"{{"a":{usual},"1e999":[{usual}]}}"#), 128).is_ok(),
                "{usual}"
            );
        }
    }

    #[test]
    fn names_do_not_fill_messages() {
        let refusal = refusal(&format!(r#"{{"{}":1e999}}"#, "\\n\u{e9}".repeat(10_000)), 1);
        assert!(refusal.contains("\\n\u{e9}"), "{refusal}");
    }
}
