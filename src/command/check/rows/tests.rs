//! Each fault, and what is none.

use super::*;
use crate::command::arguments::TableOptions;
use crate::command::check::commands::Commands;
use crate::command::check::inspection::row;

/// What is said of these rows, with the keys and details of each.
fn said(wholes: &[WholeRow]) -> Vec<(String, Vec<String>)> {
    let (mut faults, mut references) = (Faults::new(10), References::new(10));
    for whole in wholes {
        let name = whole.namespace.rsplit(':').next().expect("a name");
        judge(Kind::parse(name).expect("a kind"), whole, &mut faults, &mut references);
    }
    references.end(&mut faults);
    let options = TableOptions::default();
    let findings = faults.findings(&Commands(&options), true).into_iter();
    let said = findings.map(|finding| {
        let rows = finding.rows.expect("rows").first.into_iter();
        let rows = rows.map(|row| format!("{} {}", row.key, row.detail).trim_end().to_owned());
        (finding.what, rows.collect())
    });
    said.collect()
}

/// What is said of one flag.
fn said_of(change: impl FnOnce(&mut WholeRow)) -> String {
    let mut whole = row("features", "a", r#"{"key":"a","version":1}"#);
    change(&mut whole);
    let said = said(&[whole]);
    let said = said
        .into_iter()
        .map(|(what, rows)| format!("{what}: {}", rows.join(", ")));
    said.collect::<Vec<_>>().join("; ")
}

fn said_of_item(item: &str) -> String {
    said_of(|whole| whole.row.item = StoredItem::Text(item.to_owned()))
}

#[test]
fn what_is_as_it_should_be() {
    assert_eq!(said_of(|_| {}), "");
    let full = r#"{"key":"$deleted","on":false,"prerequisites":[],"targets":[],"contextTargets":[],"rules":[],"fallthrough":{},"offVariation":null,
        "variations":[],"clientSide":false,"salt":"","trackEvents":false,"trackEventsFallthrough":false,"debugEventsUntilDate":null,"version":1,
        "deleted":true}"#;
    assert_eq!(said_of_item(full), "");
    let own = [
        row("things", "a", r#"{"version":1}"#),
        row("things", "b", r#"{"version":1,"deleted":true}"#),
        row("things", "c", "null"),
        row("things", "d", r#"{"version":1,"prerequisites":[{"key":"x"}]}"#),
    ];
    assert_eq!(said(&own), []);
}

#[test]
fn what_cannot_be_read() {
    let corrupt = "items that are no JSON object: a ";
    for item in ["{", "[]", "1", "\"text\"", r#"{"key":"a""#] {
        let said = said_of_item(item);
        assert!(said.starts_with(corrupt), "{item}: {said}");
    }
    assert!(said_of(|whole| whole.row.item = StoredItem::OtherType).starts_with(corrupt));
}

#[test]
fn deletions() {
    let null = "deletions that are stored as null or as nothing: a";
    assert_eq!(
        said_of(|whole| whole.row.item = StoredItem::Missing),
        format!("{null} no \"item\"")
    );
    assert_eq!(said_of_item(""), format!("{null} empty"));
    assert_eq!(said_of_item(" null\n"), format!("{null} null"));
    let minimal = "deletions without the fields of a flag or segment: a";
    assert_eq!(said_of_item(r#"{"key":"a","version":1,"deleted":true}"#), minimal);
    assert_eq!(
        said_of_item(r#"{"key":"$deleted","version":1,"deleted":true}"#),
        minimal
    );
}

#[test]
fn versions() {
    assert_eq!(
        said_of(|whole| whole.row.version = None),
        "rows whose version is missing or no integer: a"
    );
    for item in [
        r#"{"key":"a"}"#,
        r#"{"key":"a","version":"1"}"#,
        r#"{"key":"a","version":-1}"#,
    ] {
        assert_eq!(
            said_of_item(item),
            "items whose version is missing or no integer: a",
            "{item}"
        );
    }
    assert_eq!(
        said_of_item(r#"{"key":"a","version":2}"#),
        "rows whose version is another than their item's: a the row has 1, its item 2"
    );
}

#[test]
fn keys() {
    let other = "items whose key is another than their row's: a";
    assert_eq!(
        said_of_item(r#"{"key":"b","version":1}"#),
        format!("{other} the item says \"b\"")
    );
    assert_eq!(said_of_item(r#"{"version":1}"#), format!("{other} the item has no key"));
    assert_eq!(
        said_of_item(r#"{"key":1,"version":1}"#),
        format!("{other} the item's key is no text")
    );
    assert!(said_of_item(r#"{"key":"$deleted","version":1}"#).starts_with(other));
}

#[test]
fn attributes_and_sizes() {
    let more = said_of(|whole| whole.other_attributes = vec!["deleted".to_owned(), "ttl".to_owned()]);
    assert_eq!(more, "rows with attributes that are not the store's: a deleted, ttl");
    for (bytes, expected) in [
        (360_000, ""),
        (
            360_001,
            "rows over 90 % of the size limit of 400,000 bytes: a 360,001 bytes",
        ),
        (
            400_000,
            "rows over 90 % of the size limit of 400,000 bytes: a 400,000 bytes",
        ),
        (400_001, "rows over the size limit of 400,000 bytes: a 400,001 bytes"),
    ] {
        assert_eq!(said_of(|whole| whole.bytes = bytes), expected);
    }
}

#[test]
fn what_is_needed_and_missing() {
    let needs = r#"{"key":"a","version":1,"prerequisites":[{"key":"there"},{"key":"gone"}],
        "rules":[{"clauses":[{"op":"segmentMatch","values":["known","lost"]},{"op":"in","values":["lost-too"]}]}]}"#;
    let of_segment = r#"{"key":"known","version":1,"prerequisites":[{"key":"no-flag"}],
        "rules":[{"clauses":[{"op":"segmentMatch","values":["other"]}]}]}"#;
    let deleted = r#"{"key":"there","version":1,"deleted":true,"prerequisites":[{"key":"gone-too"}]}"#;
    let found = said(&[
        row("features", "a", needs),
        row("segments", "known", of_segment),
        row("features", "there", deleted),
    ]);
    let expected = [
        (
            "flags whose prerequisite is not in the table",
            vec!["a needs the flag \"gone\""],
        ),
        (
            "rules on a segment that is not in the table",
            vec!["a needs the segment \"lost\"", "known needs the segment \"other\""],
        ),
        ("deletions without the fields of a flag or segment", vec!["there"]),
    ];
    let expected = expected.map(|(what, rows)| (what.to_owned(), rows.into_iter().map(str::to_owned).collect()));
    assert_eq!(found, expected);
    // What is malformed is the SDK's business.
    for item in [
        r#"{"key":"a","version":1,"rules":{},"prerequisites":7}"#,
        r#"{"key":"a","version":1,"rules":[{"clauses":[{"op":"segmentMatch","values":[1]}]}]}"#,
    ] {
        assert_eq!(said_of_item(item), "", "{item}");
    }
}
