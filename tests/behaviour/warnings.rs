//! What is allowed and probably a mistake is done, and warned of.

use crate::support::messages::warnings_of;
use crate::support::Engine;
use serde_json::json;

/// The limit of every message.
const LONGEST: usize = 300;

#[test]
fn a_kind_like_one_of_ours_is_warned_of() {
    let engine = Engine::fake(&[]);
    for (data, given, meant) in [
        (r#"{"feature":{"a":{"version":1}}}"#, "feature", "features"),
        (r#"{"Flags":{"a":{"version":1}}}"#, "Flags", "features"),
        (
            r#"{"Segments":{"a":{"version":1}},"things":{}}"#,
            "Segments",
            "segments",
        ),
    ] {
        let table = engine.create_table();
        let warnings = warnings_of(|| {
            let _ = engine.store(&table).init(data).expect("init");
        });
        let [warning] = &warnings[..] else {
            panic!("{data}: {warnings:?}");
        };
        assert!(
            warning.contains(&format!("{given:?}")) && warning.contains(&format!("{meant:?} is probably meant")),
            "{warning}"
        );
        assert!(warning.len() <= LONGEST, "{warning}");
        // It stays a kind of its own.
        assert!(
            engine.store(&table).get(given, "a").expect("an answer").is_some(),
            "{data}"
        );
    }
}

#[test]
fn other_data_sets_are_not_warned_of() {
    let engine = Engine::fake(&[]);
    let store = engine.store(&engine.create_table());
    for data in [
        "{}",
        r#"{"things":{}}"#,
        r#"{"flags":{},"Segment":{}}"#,
        r#"{"segments":{},"feature":{}}"#,
    ] {
        let warnings = warnings_of(|| {
            let _ = store.init(data).expect("init");
        });
        assert!(warnings.is_empty(), "{data}: {warnings:?}");
    }
}

#[test]
fn a_prefix_that_ends_in_a_colon_is_warned_of_once() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store_with(&table, json!({"prefix": "cl:"}));
    let warnings = warnings_of(|| {
        store.available().expect("an answer");
        let _ = store.init(r#"{"flags":{"a":{"version":1}}}"#).expect("init");
    });
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    for part in ["\"cl:\"", "\"cl::features\"", "\"cl:features\"", "\"cl\""] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
    assert!(warning.len() <= LONGEST, "{warning}");
    assert!(engine
        .stored(&table)
        .contains_key(&("cl::features".to_owned(), "a".to_owned())));

    let store = engine.store_with(&table, json!({"prefix": "c:l"}));
    let warnings = warnings_of(|| store.available().expect("an answer"));
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn stores_that_share_a_live_state_are_warned_once() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let warnings = warnings_of(|| {
        for _ in 0..2 {
            let store = engine.store_with(&table, json!({"prefix": "shared:", "share": true}));
            store.available().expect("an answer");
        }
    });
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}
