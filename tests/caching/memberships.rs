//! Memberships of contexts: cached for who uses the store directly, and seen anew after the store's own patches.

use std::sync::Barrier;
use std::time::Duration;

use crate::support::cached::{stats, Place};
use ld_dynamo_store::{BigSegmentsPatch, Store};
use serde_json::{json, Value};

const USERS: &str = "big_segments_user";

fn put(place: &Place, hash: &str, included: &[&str]) {
    let row = json!({"namespace": {"S": USERS}, "key": {"S": hash}, "included": {"SS": included}});
    place
        .engine
        .control("POST", &format!("put?table={}", place.table), &json!([row]));
}

fn membership(store: &Store, hash: &str) -> Option<Value> {
    let text = store.big_segments_membership(hash).expect("an answer")?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn patch(version: u32, hashes: &[&str]) -> String {
    let previous = if version == 1 {
        String::new()
    } else {
        (version - 1).to_string()
    };
    let changes = json!({"included": {"add": hashes}});
    json!({"segmentId": "patched.g1", "version": version.to_string(), "previousVersion": previous, "changes": changes})
        .to_string()
}

#[test]
fn one_request_for_each_context_and_ttl() {
    let place = Place::new();
    put(&place, "a", &["s.g1"]);
    let store = place.store(json!({"cache_ttl_ms": -1, "context_cache_ttl_ms": 1500}));
    for _ in 0..5 {
        assert_eq!(membership(&store, "a"), Some(json!({"s.g1": true})));
        assert_eq!(membership(&store, "none"), None);
    }
    assert_eq!(place.requests("GetItem"), 2);
    assert_eq!(
        (&stats(&store)["hits"], &stats(&store)["misses"]),
        (&json!(8), &json!(2))
    );
    put(&place, "a", &["t.g1"]);
    std::thread::sleep(Duration::from_millis(1600));
    assert_eq!(membership(&store, "a"), Some(json!({"t.g1": true})));
    assert_eq!(place.requests("GetItem"), 1);
    // The metadata says how old everything is: it is asked for each time.
    for _ in 0..3 {
        assert_eq!(store.big_segments_metadata().expect("an answer"), None);
    }
    assert_eq!(place.requests("GetItem"), 3);
}

#[test]
fn contexts_beyond_the_size_make_room() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": 60_000, "context_cache_ttl_ms": 60_000, "context_cache_size": 2}));
    for hash in ["a", "b", "a", "c", "a", "c"] {
        assert_eq!(membership(&store, hash), None);
    }
    assert_eq!(place.requests("GetItem"), 3);
    assert_eq!(membership(&store, "b"), None);
    assert_eq!(place.requests("GetItem"), 1);
}

#[test]
fn concurrent_misses_of_a_context_make_one_request() {
    let place = Place::new();
    put(&place, "a", &["s.g1"]);
    place.engine.latency(300.0);
    let store = place.store(json!({"cache_ttl_ms": 15_000}));
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(membership(&store, "a"), Some(json!({"s.g1": true})));
            });
        }
    });
    assert_eq!(place.requests("GetItem"), 1);
    assert_eq!(stats(&store)["joined_calls"], json!(7));
}

#[test]
fn a_patch_is_seen_at_once_and_others_stay_known() {
    let place = Place::new();
    for stale_on_error in [false, true] {
        place.engine.empty();
        let store = place
            .store(json!({"cache_ttl_ms": 60_000, "context_cache_ttl_ms": 60_000, "stale_on_error": stale_on_error}));
        assert_eq!((membership(&store, "a"), membership(&store, "b")), (None, None));
        let outcome = store.big_segments_apply_patch(&patch(1, &["a"])).expect("a patch");
        assert_eq!(outcome, BigSegmentsPatch::Applied);
        assert_eq!(membership(&store, "a"), Some(json!({"patched.g1": true})));
        place.requests("GetItem");
        assert_eq!(membership(&store, "b"), None);
        assert_eq!(place.requests("GetItem"), 0);
        // Nobody knows what a patch has done that failed.
        place.engine.script(json!([{"match": {"operation": "TransactWriteItems"}, "action": {"error": {"code": "AccessDeniedException"}}}]));
        assert!(store.big_segments_apply_patch(&patch(2, &["a"])).is_err());
        place.requests("GetItem");
        assert!(membership(&store, "a").is_some());
        assert_eq!(place.requests("GetItem"), 1);
    }
}

#[test]
fn a_read_that_began_before_a_patch_is_neither_kept_nor_joined() {
    let place = Place::new();
    let store = place.store(json!({"cache_ttl_ms": 60_000, "context_cache_ttl_ms": 60_000}));
    // The client is made.
    assert_eq!(membership(&store, "other"), None);
    place
        .engine
        .script(json!([{"match": {"operation": "GetItem"}, "times": 1, "action": {"delay_ms": 700}}]));
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| membership(&store, "a"));
        std::thread::sleep(Duration::from_millis(200));
        let outcome = store.big_segments_apply_patch(&patch(1, &["a"])).expect("a patch");
        assert_eq!(outcome, BigSegmentsPatch::Applied);
        assert_eq!(
            membership(&store, "a"),
            Some(json!({"patched.g1": true})),
            "it did not wait for the old answer"
        );
        assert_eq!(slow.join().expect("no panic"), None, "as the table was then");
    });
    assert_eq!(membership(&store, "a"), Some(json!({"patched.g1": true})));
}

#[test]
fn a_known_membership_is_served_in_an_outage_where_that_is_wanted() {
    let place = Place::new();
    put(&place, "a", &["s.g1"]);
    let config = json!({"cache_ttl_ms": 60_000, "context_cache_ttl_ms": 50, "stale_on_error": true, "max_attempts": 1});
    let store = place.store(config);
    assert!(membership(&store, "a").is_some());
    assert_eq!(membership(&store, "none"), None);
    std::thread::sleep(Duration::from_millis(80));
    place.engine.script(json!([{"action": {"server_error": true}}]));
    assert_eq!(membership(&store, "a"), Some(json!({"s.g1": true})));
    assert_eq!(membership(&store, "none"), None);
    assert!(store.big_segments_membership("unknown").unwrap_err().is_retriable());
    assert!(
        store.big_segments_metadata().is_err(),
        "how old everything is must be known"
    );
    assert_eq!(stats(&store)["stale_hits"], json!(2));
}

#[test]
fn big_segments_are_read_as_consistently_as_configured() {
    let place = Place::new();
    put(&place, "a", &["s.g1"]);
    for (consistent_reads, units) in [(true, 1.0), (false, 0.5)] {
        let store = place.store(json!({"cache_ttl_ms": 0, "consistent_reads": consistent_reads}));
        assert!(membership(&store, "a").is_some());
        assert_eq!(stats(&store)["consumed_read_units"], json!(units));
        assert_eq!(store.big_segments_metadata().expect("an answer"), None);
        assert_eq!(stats(&store)["consumed_read_units"], json!(2.0 * units));
    }
}
