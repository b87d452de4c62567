use super::*;

fn updates(changes: &str) -> Vec<(String, Option<Change>, Option<Change>)> {
    let patch = format!(r#"{{"segmentId": "s.g1", "version": "2", "previousVersion": "1", "changes": {changes}}}"#);
    let patch = Patch::parse(&patch).unwrap();
    let all = patch.updates.into_iter();
    all.map(|update| (update.context_hash, update.included, update.excluded))
        .collect()
}

#[test]
fn a_patch_as_launchdarkly_sends_it() {
    let patch = Patch::parse(
        r#"{"environmentId": "env", "segmentId": "s.g1", "version": "0abc", "previousVersion": "",
            "changes": {"included": {"add": ["b", "a"], "remove": []}, "excluded": {"add": [], "remove": ["c"]}}}"#,
    )
    .unwrap();
    assert_eq!(
        (&*patch.reference, &*patch.version, &*patch.previous_version),
        ("s.g1", "0abc", "")
    );
    let hashes: Vec<_> = patch.updates.iter().map(|update| &*update.context_hash).collect();
    assert_eq!(hashes, ["a", "b", "c"]);
    assert!(patch.moves_cursor());
}

#[test]
fn a_context_has_one_update_in_which_removals_win() {
    let changes =
        r#"{"included": {"add": ["x", "y", "x"], "remove": ["y"]}, "excluded": {"add": ["y"], "remove": ["x", "z"]}}"#;
    assert_eq!(
        updates(changes),
        [
            ("x".to_owned(), Some(Change::Add), Some(Change::Remove)),
            ("y".to_owned(), Some(Change::Remove), Some(Change::Add)),
            ("z".to_owned(), None, Some(Change::Remove)),
        ]
    );
}

#[test]
fn what_is_null_or_left_out_changes_nothing() {
    for changes in [
        "null",
        "{}",
        r#"{"included": null, "excluded": {}}"#,
        r#"{"included": {"add": null, "remove": []}}"#,
    ] {
        assert_eq!(updates(changes), [], "{changes}");
    }
    let patch = Patch::parse(r#"{"segmentId": "s", "version": ""}"#).unwrap();
    assert!(patch.updates.is_empty() && !patch.moves_cursor());
}

#[test]
fn a_bad_patch_is_refused_and_says_where() {
    for (patch, expected) in [
        ("[]", "an object"),
        ("7", "an object"),
        (r#"["env", "s.g1", "2", "1", null]"#, "an object"),
        (r#"{"version": "2"}"#, "segmentId"),
        (r#"{"segmentId": "s"}"#, "version"),
        (r#"{"segmentId": "", "version": "2"}"#, "segmentId"),
        (r#"{"segmentId": 7, "version": "2"}"#, "segmentId"),
        (
            &format!(r#"{{"segmentId": "{}", "version": "2"}}"#, "s".repeat(1025)),
            "segmentId",
        ),
        (
            &format!(r#"{{"segmentId": "s", "version": "{}"}}"#, "2".repeat(1025)),
            "version",
        ),
        (r#"{"segmentId": "s", "version": 2}"#, "version"),
        (r#"{"segmentId": "s", "version": "2", "segmentid": "t"}"#, "segmentid"),
        (r#"{"segmentId": "s", "segmentId": "t", "version": "2"}"#, "segmentId"),
        (
            r#"{"segmentId": "s", "version": "2", "changes": [null, null]}"#,
            "changes",
        ),
        (
            r#"{"segmentId": "s", "version": "2", "changes": {"include": {}}}"#,
            "changes.include",
        ),
        (
            r#"{"segmentId": "s", "version": "2", "changes": {"included": [["a"], []]}}"#,
            "changes.included",
        ),
        (
            r#"{"segmentId": "s", "version": "2", "changes": {"included": {"add": "a"}}}"#,
            "changes.included.add",
        ),
        (
            r#"{"segmentId": "s", "version": "2", "changes": {"excluded": {"remove": ["a", 7]}}}"#,
            "changes.excluded.remove[1]",
        ),
        (
            r#"{"segmentId": "s", "version": "2", "changes": {"excluded": {"add": ["a", ""]}}}"#,
            "changes.excluded.add[1]",
        ),
    ] {
        let error = Patch::parse(patch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidBigSegments, "{patch}: {error}");
        assert!(error.message().contains(expected), "{patch}: {error}");
        assert!(error.message().len() <= 300, "{error}");
    }
    for name in ["m".repeat(4000), "x\u{1b}\n".repeat(100)] {
        let name = serde_json::to_string(&name).unwrap();
        let patch = format!(r#"{{"segmentId": "s", "version": "2", "changes": {{"included": {{{name}: 1}}}}}}"#);
        let error = Patch::parse(&patch).unwrap_err();
        let message = error.message();
        assert!(message.len() <= 300 && !message.contains(char::is_control), "{message}");
    }
    let long = format!(
        r#"{{"segmentId": "s", "version": "2", "changes": {{"included": {{"add": ["{}"]}}}}}}"#,
        "x".repeat(1025)
    );
    assert!(Patch::parse(&long)
        .unwrap_err()
        .message()
        .contains("changes.included.add[0]"));
}

#[test]
fn the_longest_texts_are_taken() {
    let long = "x".repeat(1024);
    let json = format!(
        r#"{{"segmentId": "{long}", "version": "{long}", "previousVersion": "{long}", "changes": {{"included": {{"add": ["{long}"]}}}}}}"#
    );
    let patch = Patch::parse(&json).unwrap();
    assert_eq!(
        (&patch.reference, &patch.version, &patch.updates[0].context_hash),
        (&long, &long, &long)
    );
    assert!(!patch.moves_cursor());
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    for text in [
        "",
        "{",
        r#"{"segmentId": "s", "version": "2"} x"#,
        "{\"segmentId\": \"\u{1}\"}",
    ] {
        let error = Patch::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJson, "{text}: {error}");
    }
}
