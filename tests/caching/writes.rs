//! What writes leave in the cache, and what reads beside them do not.

use std::time::Duration;

use crate::support::cached::{all, flag, get, Place};
use ld_dynamo_store::{Store, Upsert};
use serde_json::json;

#[test]
fn an_upsert_keeps_the_new_or_the_winning_item() {
    let place = Place::new();
    for ttl in [60_000, -1] {
        place.engine.empty();
        let store = place.store(json!({"cache_ttl_ms": ttl}));
        assert_eq!(get(&store, "flag"), None);
        assert_eq!(store.upsert("features", "flag", &flag(2)).unwrap(), Upsert::Stored);
        place.requests("GetItem");
        assert_eq!(get(&store, "flag"), Some(flag(2)));
        place.put("flag", 7);
        assert!(matches!(
            store.upsert("features", "flag", &flag(3)).unwrap(),
            Upsert::NotNewer(_)
        ));
        assert_eq!(get(&store, "flag"), Some(flag(7)), "the item that won");
        let tombstone = r#"{"version":8,"deleted":true}"#;
        assert_eq!(store.upsert("features", "flag", tombstone).unwrap(), Upsert::Stored);
        let deleted = get(&store, "flag").expect("a tombstone");
        assert!(
            deleted.contains(r#""deleted":true"#) && deleted.contains("salt"),
            "as it was stored: {deleted}"
        );
        assert_eq!(place.requests("GetItem"), 0);
    }
}

#[test]
fn an_upsert_drops_or_patches_its_kind() {
    for (ttl, queries) in [(60_000, 1), (-1, 0)] {
        let place = Place::new();
        place.put("a", 1);
        let store = place.store(json!({"cache_ttl_ms": ttl}));
        all(&store);
        place.requests("Query");
        let _ = store.upsert("features", "b", &flag(1)).expect("an upsert");
        let _ = store.upsert("features", "a", &flag(2)).expect("an upsert");
        assert_eq!(all(&store), json!({"a": {"version": 2}, "b": {"version": 1}}));
        assert_eq!(place.requests("Query"), queries);
    }
}

#[test]
fn an_init_keeps_what_it_wrote() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": -1}));
    assert!(!store.initialized().unwrap());
    assert_eq!(get(&store, "a"), None);
    store.get("own", "x").expect("an answer");
    let too_large = format!(r#"{{"version":1,"x":"{}"}}"#, "x".repeat(400_000));
    let _ = store
        .init(&format!(
            r#"{{"features":{{"a":{{"version":1}},"large":{too_large}}},"segments":{{}}}}"#
        ))
        .expect("an init");
    place.requests("GetItem");
    assert_eq!(get(&store, "a").as_deref(), Some(r#"{"version":1}"#));
    assert_eq!(
        all(&store),
        json!({"a": {"version": 1}}),
        "without the item that was dropped"
    );
    assert_eq!(*store.all("segments").unwrap(), "{}");
    assert!(store.initialized().unwrap());
    store.get("own", "x").expect("an answer");
    assert_eq!((place.requests("GetItem"), place.requests("Query")), (0, 0));
    assert_eq!(get(&store, "large"), None);
    assert_eq!(place.requests("GetItem"), 1, "of the dropped one nothing is known");
}

#[test]
fn a_failed_write_drops_what_it_touched() {
    let place = Place::new();
    place.put("a", 1);
    place.put("b", 1);
    let store = place.store(json!({"cache_ttl_ms": -1, "max_attempts": 1, "init_timeout_ms": 500}));
    let read_all = |store: &Store| (get(store, "a"), get(store, "b"), all(store));
    read_all(&store);
    place
        .engine
        .script(json!([{"match": {"operation": "PutItem"}, "action": {"cut": "after"}}]));
    let error = store.upsert("features", "a", &flag(2)).unwrap_err();
    assert!(error.is_retriable(), "{error}");
    place.engine.script(json!([]));
    assert_eq!(
        get(&store, "a"),
        Some(flag(2)),
        "the write was done, though nobody said so"
    );
    assert_eq!(get(&store, "b"), Some(flag(1)));
    assert_eq!(place.requests("GetItem"), 1, "the other item is still known");
    read_all(&store);
    place
        .engine
        .script(json!([{"match": {"operation": "BatchWriteItem"}, "action": {"cut": "after"}}]));
    store
        .init(r#"{"features":{"a":{"version":5},"b":{"version":5}}}"#)
        .unwrap_err();
    place.engine.script(json!([]));
    assert_eq!(read_all(&store).0.as_deref(), Some(r#"{"version":5}"#));
    assert_eq!(place.requests("GetItem"), 2);
    // Refused before anything was sent: nothing is dropped.
    store.upsert("features", "a", "{}").unwrap_err();
    store.init("[]").unwrap_err();
    let too_large = format!(r#"{{"version":9,"x":"{}"}}"#, "x".repeat(400_000));
    assert_eq!(store.upsert("features", "a", &too_large).unwrap(), Upsert::TooLarge);
    read_all(&store);
    assert_eq!((place.requests("GetItem"), place.requests("Query")), (0, 0));
}

#[test]
fn a_read_beside_a_write_of_the_same_process_is_not_kept() {
    let place = Place::new();
    place.put("flag", 1);
    place
        .engine
        .script(json!([{"match": {"operation": "GetItem", "nth": 1}, "action": {"delay_ms": 600}}]));
    let store = place.store(json!({"cache_ttl_ms": -1}));
    std::thread::scope(|scope| {
        // Its answer is made before the write, and arrives after it.
        let slow = scope.spawn(|| get(&store, "flag"));
        std::thread::sleep(Duration::from_millis(200));
        let _ = store.upsert("features", "flag", &flag(2)).expect("an upsert");
        assert_eq!(get(&store, "flag"), Some(flag(2)));
        let _ = store.upsert("features", "other", &flag(1)).expect("an upsert");
        assert_eq!(slow.join().expect("no panic"), Some(flag(1)));
    });
    assert_eq!(get(&store, "flag"), Some(flag(2)));
    assert_eq!(place.requests("GetItem"), 1);
}

/// Whatever was asked, and whatever was written: what is kept for ever must not come from before a write.
#[test]
fn no_answer_from_before_a_write_is_kept() {
    type Read = fn(&Store);
    let reads: [(&str, Read); 4] = [
        ("GetItem", |store| assert_eq!(get(store, "flag"), Some(flag(1)))),
        ("GetItem", |store| assert_eq!(get(store, "absent"), None)),
        ("Query", |store| assert_eq!(all(store), json!({"flag": {"version": 1}}))),
        ("GetItem", |store| assert!(!store.initialized().expect("an answer"))),
    ];
    for (index, (operation, read)) in reads.into_iter().enumerate() {
        let place = Place::new();
        place.put("flag", 1);
        place
            .engine
            .script(json!([{"match": {"operation": operation, "nth": 1}, "action": {"delay_ms": 600}}]));
        let store = place.store(json!({"cache_ttl_ms": -1}));
        std::thread::scope(|scope| {
            scope.spawn(|| read(&store));
            std::thread::sleep(Duration::from_millis(200));
            let _ = store.upsert("segments", "other", &flag(1)).expect("an upsert");
        });
        assert_eq!(place.requests(operation), 1);
        for requests in [1, 0] {
            read(&store);
            assert_eq!(place.requests(operation), requests, "read {index}");
        }
    }
}

#[test]
fn a_flight_that_began_before_a_write_is_not_joined() {
    let place = Place::new();
    place.put("flag", 1);
    place
        .engine
        .script(json!([{"match": {"operation": "GetItem", "nth": 1}, "action": {"delay_ms": 600}}]));
    let store = place.store(json!({"cache_ttl_ms": -1, "max_attempts": 1}));
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(&store, "flag"));
        std::thread::sleep(Duration::from_millis(200));
        // Done at the table, and not in memory.
        place.put("flag", 2);
        let _ = store.upsert("features", "other", &flag(1)).expect("an upsert");
        assert_eq!(get(&store, "flag"), Some(flag(2)), "an answer from before the write");
        assert_eq!(slow.join().expect("no panic"), Some(flag(1)));
    });
    assert_eq!(place.requests("GetItem"), 2);
}

#[test]
fn an_absent_marker_is_believed_for_a_while_and_a_present_one_for_ever() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": 1500}));
    let writer = place.store(json!({}));
    assert!(!store.initialized().unwrap());
    let _ = writer.init("{}").expect("an init");
    assert!(!store.initialized().unwrap());
    std::thread::sleep(Duration::from_millis(1550));
    assert!(store.initialized().unwrap());
    std::thread::sleep(Duration::from_millis(1550));
    place.engine.empty();
    assert!(store.initialized().unwrap());
    assert_eq!(place.engine.requests(), 0);
    store.available().expect("an answer");
    assert_eq!(place.engine.requests(), 1, "whether the table answers is always asked");
}
