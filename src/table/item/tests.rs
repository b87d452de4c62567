//! Outlines and sizes against simple models, which read the whole JSON and count bytes one by one.

use proptest::prelude::*;
use serde_json::{json, Value};

use super::*;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

fn member_name() -> impl Strategy<Value = String> {
    let of_interest: Vec<&str> = FEATURE_FIELDS.into_iter().chain(SEGMENT_FIELDS).collect();
    prop_oneof![
        8 => prop::sample::select(of_interest).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// What may stand as a version, or anywhere else.
fn value_text() -> impl Strategy<Value = String> {
    let numbers = [
        "0",
        "-0",
        "1.0",
        "1e3",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999",
    ];
    prop_oneof![
        any::<u32>().prop_map(|number| number.to_string()),
        prop::sample::select(numbers.to_vec()).prop_map(str::to_owned),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        prop::sample::select(vec![
            "true",
            "false",
            "null",
            "\"1\"",
            "[]",
            "{\"version\":7}",
            "[[{}], true]"
        ])
        .prop_map(str::to_owned),
        prop::collection::vec(prerequisite(), 0..4).prop_map(|list| Value::from(list).to_string()),
    ]
}

fn prerequisite() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (any::<String>(), any::<u8>()).prop_map(|(key, variation)| json!({"variation": variation, "key": key})),
        1 => prop::sample::select(vec![json!({}), json!({"key": 1}), json!(null), json!("key")]),
    ]
}

/// A string as JSON, perhaps with every character escaped.
fn quoted(text: &str, escaped: bool) -> String {
    if !escaped {
        return Value::from(text).to_string();
    }
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

fn item_text() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", " ", "\n\t", "\r\n"]);
    let member = (member_name(), any::<bool>(), space(), value_text());
    let usual = prop::option::of((0..100_u8).prop_map(|version| format!("\"version\":{version},")));
    (usual, prop::collection::vec(member, 0..24), space()).prop_map(|(usual, members, space)| {
        let mut text = format!("{space}{{{}", usual.unwrap_or_default());
        for (name, escaped, space, value) in members {
            text.push_str(&format!("{space}{}{space}:{value},", quoted(&name, escaped)));
        }
        // Ends the list of members, which may be empty.
        text.push_str(&format!("{space}\"last\":{{}}}}{space}"));
        text
    })
}

/// The keys of well-formed prerequisites; none where one is malformed.
fn prerequisites_of(item: &Value) -> Vec<String> {
    let list = item["prerequisites"].as_array();
    let keys = list.map(|list| list.iter().map(|one| one["key"].as_str().map(str::to_owned)).collect());
    keys.flatten().unwrap_or_default()
}

fn text(text: &str) -> StoredItem {
    StoredItem::Text(text.to_owned())
}

fn stored(version: Option<u64>, item: StoredItem) -> StoredRow {
    StoredRow {
        key: "the key".to_owned(),
        version,
        item,
        only_our_attributes: true,
    }
}

#[test]
fn a_row_is_corrupt_where_readers_or_writers_can_make_nothing_of_it() {
    let with_version = r#" {"version":7,"on":true}"#;
    for (version, item, is_corrupt, version_in_item) in [
        (Some(1), text("{}"), false, None),
        (Some(1), text(with_version), false, Some(7)),
        (None, text(with_version), true, Some(7)),
        (Some(1), text("null"), false, None),
        (None, text("null"), true, None),
        (Some(1), text(""), false, None),
        (Some(1), text("[]"), true, None),
        (Some(1), text("{"), true, None),
        (Some(1), StoredItem::Missing, false, None),
        (None, StoredItem::Missing, true, None),
        (Some(1), StoredItem::OtherType, true, None),
    ] {
        let row = stored(version, item);
        assert_eq!(row.is_corrupt(), is_corrupt, "{row:?}");
        assert_eq!(row.version_in_item(), version_in_item, "{row:?}");
    }
}

#[test]
fn an_item_is_read_as_it_stands_or_as_a_deletion_or_not_at_all() {
    let kind = Kind::parse("things").unwrap();
    let read = |version, item| stored(version, item).into_key_and_item(kind);
    let deletion = |version| format!(r#"{{"key":"the key","version":{version},"deleted":true}}"#);
    assert_eq!(read(Some(1), text(" {} ")).1.unwrap(), " {} ");
    for (version, item, version_of_deletion) in [
        (Some(5), text(""), 5),
        (Some(5), text("null"), 5),
        (Some(5), text("\t\r\n null "), 5),
        (Some(5), StoredItem::Missing, 5),
        (None, StoredItem::Missing, 0),
    ] {
        let (key, item) = read(version, item);
        assert_eq!(
            (key.as_str(), item.unwrap()),
            ("the key", deletion(version_of_deletion))
        );
    }
    for (item, why) in [
        (text("[1]"), "expected a JSON object"),
        (text("NULL"), "expected value"),
        (text("nulls"), "expected a JSON object"),
        (text("\u{a0}null"), "expected value"),
        (text(" "), "EOF"),
        (StoredItem::OtherType, "not a string"),
    ] {
        let error = read(Some(5), item).1.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CorruptItem);
        assert!(
            error.message().contains(why) && error.message().contains("the key"),
            "{error}"
        );
    }
}

#[test]
fn a_row_is_stored_where_nothing_in_it_differs() {
    let kind = Kind::parse("things").unwrap();
    let row = NewRow::parse(kind, "things", Cow::Borrowed("the key"), r#"{"version":7}"#).unwrap();
    let same = stored(Some(7), text(r#"{"version":7}"#));
    assert!(row.is_stored_as(&same));
    let with_others = StoredRow {
        only_our_attributes: false,
        ..same
    };
    for other in [
        with_others,
        stored(Some(6), text(r#"{"version":7}"#)),
        stored(None, text(r#"{"version":7}"#)),
        stored(Some(7), text(r#"{"version":7} "#)),
        stored(Some(7), StoredItem::Missing),
    ] {
        assert!(!row.is_stored_as(&other), "{other:?}");
    }
}

#[test]
fn who_passes_no_object_is_told_what_an_item_is() {
    let kind = Kind::parse("things").unwrap();
    let error = NewRow::parse(kind, "things", Cow::Borrowed("the key"), "[1]").unwrap_err();
    assert!(
        error.message().contains("expected an item, which is a JSON object"),
        "{error}"
    );
}

#[cfg(feature = "cli")]
#[test]
fn a_deletion_lacks_the_schema_of_its_kind_until_it_has_all_of_it() {
    let [features, things] = ["features", "things"].map(|name| Kind::parse(name).unwrap());
    let minimal = r#"{"key":"the key","version":7,"deleted":true}"#;
    assert!(lacks_schema(features, minimal));
    assert!(!lacks_schema(things, minimal));
    assert!(!lacks_schema(features, &tombstone(features, "the key", 7)));
    assert!(!lacks_schema(features, r#"{"key":"the key","version":7}"#));
    assert!(!lacks_schema(features, "[1]"));
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn an_outline_says_what_the_whole_json_says(text in item_text()) {
        let item: Value = serde_json::from_str(&text).unwrap();
        let version = item["version"].as_u64().filter(|&version| i64::try_from(version).is_ok());
        for (name, fields) in [("features", &FEATURE_FIELDS[..]), ("segments", &SEGMENT_FIELDS[..]), ("other", &[])] {
            let kind = Kind::parse(name).unwrap();
            let parsed = NewRow::parse(kind, name, Cow::Borrowed("the key"), &text);
            let Some(version) = version else {
                prop_assert_eq!(parsed.unwrap_err().kind(), ErrorKind::InvalidItem);
                continue;
            };
            let row = parsed.unwrap();
            prop_assert_eq!(row.version, version);
            let expected = if name == "features" { prerequisites_of(&item) } else { vec![] };
            prop_assert_eq!(&row.prerequisites, &expected);
            let is_short_deletion = item["deleted"] == true && fields.iter().any(|field| item.get(field).is_none());
            if is_short_deletion {
                let tombstone: Value = serde_json::from_str(&row.item).unwrap();
                prop_assert_eq!(&tombstone["key"], "the key");
                prop_assert_eq!(&tombstone["version"], version);
                prop_assert!(tombstone["deleted"] == true && fields.iter().all(|field| tombstone.get(field).is_some()));
            } else {
                prop_assert_eq!(&*row.item, text.as_str());
            }
        }
    }

    #[test]
    fn only_objects_are_items(text in prop_oneof![any::<String>(), value_text()]) {
        let kind = Kind::parse("features").unwrap();
        let parsed = NewRow::parse(kind, "features", Cow::Borrowed("key"), &text);
        match serde_json::from_str::<Value>(&text) {
            // Which of two mistakes is met first does not matter.
            Err(_) => prop_assert!(matches!(parsed.unwrap_err().kind(), ErrorKind::InvalidJson | ErrorKind::InvalidItem)),
            Ok(Value::Object(_)) => {}
            Ok(_) => prop_assert_eq!(parsed.unwrap_err().kind(), ErrorKind::InvalidItem),
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_limit_counts_bytes_of_every_name_and_value(
        prefix in "[a-zé€😀]{0,40}",
        key in "[a-zé€😀]{1,200}",
        version in 0..=i64::MAX as u64,
        filling in prop::sample::select(vec!["a", "é", "€", "😀"]),
        size in 399_999..=400_001_usize,
    ) {
        let namespace = format!("{prefix}:features");
        let start = format!("{{\"version\":{version},\"note\":\"");
        let around = [&*namespace, &key, &start, "\"}", "namespace", "key", "version", "item", &version.to_string()];
        let left = size - 100 - around.iter().map(|text| text.len()).sum::<usize>();
        let (full, rest) = (left / filling.len(), left % filling.len());
        let item = format!("{start}{}{}\"}}", filling.repeat(full), "-".repeat(rest));
        let row = NewRow::parse(Kind::parse("features").unwrap(), &namespace, Cow::Borrowed(&key), &item).unwrap();
        prop_assert_eq!(row.fits(), size <= 400_000, "{} bytes", size);
    }
}
