//! What each write leaves in the cache.

use super::super::tests::{failed_init, failed_upsert, for_a_second, for_ever, item, upsert, with_stale, FakeClock};
use super::*;

#[test]
fn an_upsert_replaces_what_an_earlier_read_fills_just_before_its_end() {
    let cache = for_ever();
    let began = cache.sequence();
    let under_way = cache.upsert_begins("features", "key");
    cache.fill_item("features", "key", Some(item(1)), began);
    under_way.answered(item(2));
    assert_eq!(cache.known("features", "key").flatten().as_deref(), Some(&*item(2)));
}

#[test]
fn an_upsert_keeps_its_item_and_drops_the_kind_within_a_ttl() {
    let cache = for_a_second();
    cache.read_kind("features", "{}");
    cache.read_kind("segments", "{}");
    upsert(&cache, "features", "key", 2);
    assert_eq!(cache.known("features", "key").flatten().as_deref(), Some(&*item(2)));
    assert_eq!(cache.known_kind("features"), None);
    assert_eq!(cache.stale_kind("features"), None);
    assert!(cache.known_kind("segments").is_some());
}

#[test]
fn upserts_patch_a_kind_that_is_kept_for_ever() {
    let cache = for_ever();
    upsert(&cache, "features", "b", 1);
    assert_eq!(
        cache.known_kind("features"),
        None,
        "a kind that was never read is not known by one item"
    );
    cache.read_kind("features", "{\"b\":{\"version\":1},\"d\":{ \"version\" : 1 }}");
    upsert(&cache, "features", "b", 2);
    upsert(&cache, "features", "a\"", 3);
    upsert(&cache, "features", "b", 4);
    upsert(&cache, "segments", "b", 9);
    let patched = r#"{"a\"":{"version":3},"b":{"version":4},"d":{ "version" : 1 }}"#;
    assert_eq!(cache.known_kind("features").as_deref(), Some(patched));
    upsert(&cache, "features", "c", 5);
    assert_eq!(cache.stale_kind("features").unwrap().matches("version").count(), 4);
}

#[test]
fn a_kind_that_cannot_be_patched_is_forgotten() {
    let cache = for_ever();
    cache.read_kind("features", "not JSON");
    upsert(&cache, "features", "key", 1);
    assert_eq!(cache.known_kind("features"), None);
}

#[test]
fn an_overtaken_upsert_forgets() {
    for cache in [for_ever(), for_a_second()] {
        cache.read_kind("features", "{}");
        let (first, second) = (
            cache.upsert_begins("features", "key"),
            cache.upsert_begins("features", "key"),
        );
        second.answered(item(3));
        first.answered(item(2));
        assert_eq!(cache.known("features", "key"), None);
        assert_eq!(cache.known_kind("features"), None);
    }
}

#[test]
fn of_three_upserts_at_once_the_last_to_end_is_not_taken_for_the_newest() {
    let cache = for_ever();
    let under_way = [1, 2, 3].map(|version| (version, cache.upsert_begins("features", "key")));
    for (version, under_way) in under_way.into_iter().rev() {
        under_way.answered(item(version));
    }
    assert_eq!(cache.known("features", "key"), None);
}

#[test]
fn an_upsert_beside_an_init_forgets() {
    type Order = fn(&Cache<FakeClock>);
    let orders: [Order; 4] = [
        |cache| {
            let (upsert, init) = (
                cache.upsert_begins("features", "key"),
                cache.init_begins(vec!["features"]),
            );
            init.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
            upsert.answered(item(2));
        },
        |cache| {
            let (upsert, init) = (
                cache.upsert_begins("features", "key"),
                cache.init_begins(vec!["features"]),
            );
            upsert.answered(item(2));
            init.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
        },
        |cache| {
            let init = cache.init_begins(vec!["features"]);
            upsert(cache, "features", "key", 2);
            init.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
        },
        |cache| {
            let init = cache.init_begins(vec!["features"]);
            let upsert = cache.upsert_begins("features", "key");
            init.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
            upsert.answered(item(2));
        },
    ];
    for order in orders {
        let cache = for_ever();
        order(&cache);
        assert_eq!(cache.known("features", "key"), None);
        assert_eq!(cache.known_kind("features"), None);
        assert_eq!(cache.inited(), Some(true));
    }
}

#[test]
fn an_upsert_beside_one_that_failed_forgets() {
    let cache = for_ever();
    let (failed, succeeded) = (
        cache.upsert_begins("features", "key"),
        cache.upsert_begins("features", "key"),
    );
    failed.has_sent().store(true, Ordering::Relaxed);
    drop(failed);
    succeeded.answered(item(1));
    assert_eq!(cache.known("features", "key"), None);
    upsert(&cache, "features", "key", 2);
    assert_eq!(cache.known("features", "key").flatten().as_deref(), Some(&*item(2)));
}

#[test]
fn a_failed_upsert_drops_its_item_and_kind_and_nothing_else() {
    let cache = for_ever();
    for key in ["key", "other"] {
        cache.read("features", key, None);
        cache.read("segments", key, None);
    }
    cache.read_kind("features", "{}");
    cache.read_kind("segments", "{}");
    failed_upsert(&cache, "features", "key");
    assert_eq!(cache.known("features", "key"), None);
    assert_eq!(cache.known_kind("features"), None);
    assert_eq!(cache.known("features", "other"), Some(None));
    assert_eq!(cache.known("segments", "key"), Some(None));
    assert!(cache.known_kind("segments").is_some());
}

#[test]
fn an_upsert_that_sent_nothing_forgets_nothing() {
    for cache in [for_ever(), with_stale()] {
        cache.read("features", "key", None);
        cache.read_kind("features", "{}");
        drop(cache.upsert_begins("features", "key"));
        assert_eq!(cache.known("features", "key"), Some(None));
        assert_eq!(cache.known_kind("features").as_deref(), Some("{}"));
        upsert(&cache, "features", "key", 1);
        assert!(cache.known("features", "key").flatten().is_some(), "it counts as ended");
    }
}

#[test]
fn an_init_that_sent_nothing_changes_nothing() {
    let cache = for_ever();
    cache.read("features", "key", None);
    cache.read_kind("features", "{}");
    cache.fill_inited(false, cache.sequence());
    let began = cache.sequence();
    drop(cache.init_begins(vec!["features"]));
    assert_eq!(cache.known("features", "key"), Some(None));
    assert_eq!(cache.known_kind("features").as_deref(), Some("{}"));
    assert_eq!((cache.inited(), cache.sequence()), (Some(false), began));
}

#[test]
fn a_write_that_ended_while_an_init_read_makes_it_forget() {
    let cache = for_ever();
    let init = cache.init_begins(vec!["features"]);
    upsert(&cache, "features", "key", 2);
    init.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
    assert_eq!(cache.known("features", "key"), None);
    assert_eq!(cache.known_kind("features"), None);
}

#[test]
fn upserts_one_after_the_other_are_each_alone() {
    let cache = for_ever();
    for version in 1..5 {
        upsert(&cache, "features", "key", version);
        assert_eq!(
            cache.known("features", "key").flatten().as_deref(),
            Some(&*item(version))
        );
    }
}

#[test]
fn what_may_be_served_stale_expires_instead_of_going_away() {
    type Write = fn(&Cache<FakeClock>);
    let failures: [Write; 3] = [
        |cache| failed_upsert(cache, "features", "key"),
        |cache| failed_init(cache, &["features"]),
        |cache| {
            let (first, second) = (
                cache.upsert_begins("features", "key"),
                cache.upsert_begins("features", "key"),
            );
            first.answered(item(3));
            second.answered(item(2));
        },
    ];
    for fail in failures {
        let cache = with_stale();
        cache.read("features", "key", Some(&item(1)));
        cache.read_kind("features", "{\"key\":{\"version\":1}}");
        cache.fill_inited(false, cache.sequence());
        fail(&cache);
        assert_eq!(cache.known("features", "key"), None, "nobody can be sure of it");
        assert_eq!(cache.known_kind("features"), None);
        assert_eq!(cache.stale_item("features", "key"), Some(Some(item(1))));
        assert_eq!(
            cache.stale_kind("features").unwrap().as_str(),
            "{\"key\":{\"version\":1}}"
        );
        assert_eq!(cache.stale_inited(), Some(false));
    }
}

#[test]
fn an_upsert_patches_a_kind_that_may_be_served_stale() {
    let cache = with_stale();
    cache.read_kind("features", "{\"key\":{\"version\":1}}");
    upsert(&cache, "features", "key", 2);
    assert_eq!(
        cache.known_kind("features").as_deref(),
        Some("{\"key\":{\"version\":2}}"),
        "as fresh as it was"
    );
    failed_upsert(&cache, "features", "other");
    upsert(&cache, "features", "key", 3);
    assert_eq!(cache.known_kind("features"), None, "the other one may be there or not");
    assert_eq!(
        cache.stale_kind("features").unwrap().as_str(),
        "{\"key\":{\"version\":3}}"
    );
}

#[test]
fn a_panic_counts_as_a_failure() {
    let cache = for_ever();
    cache.read("features", "key", None);
    cache.read("segments", "key", None);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let upsert = cache.upsert_begins("features", "key");
        upsert.has_sent().store(true, Ordering::Relaxed);
        let mut init = cache.init_begins(vec!["segments"]);
        init.sends();
        panic!("in the middle of both");
    }));
    assert!(panicked.is_err());
    assert_eq!(cache.entries(), 0);
    upsert(&cache, "features", "key", 1);
    assert!(
        cache.known("features", "key").is_some(),
        "no write counts as under way any more"
    );
}

#[test]
fn an_init_keeps_its_kinds_and_leaves_the_others() {
    let cache = for_a_second();
    for kind in ["features", "segments", "own"] {
        cache.read(kind, "old", Some("{}"));
        cache.read_kind(kind, r#"{"old":{}}"#);
    }
    let under_way = cache.init_begins(vec!["features", "segments"]);
    under_way.succeeded([vec![("a", "{\"version\":1}"), ("\"", "{}")], vec![]].into_iter());
    assert_eq!(
        cache.known("features", "a").flatten().as_deref(),
        Some("{\"version\":1}")
    );
    assert_eq!(cache.known("features", "old"), None);
    assert_eq!(
        cache.known_kind("features").as_deref(),
        Some(r#"{"a":{"version":1},"\"":{}}"#)
    );
    assert_eq!(cache.known_kind("segments").as_deref(), Some("{}"));
    assert_eq!(cache.known("own", "old").flatten().as_deref(), Some("{}"));
    assert_eq!(cache.inited(), Some(true));
}

#[test]
fn two_inits_at_once_are_not_decided_from_memory() {
    let cache = for_ever();
    let (first, second) = (cache.init_begins(vec!["features"]), cache.init_begins(vec!["features"]));
    first.succeeded(std::iter::once(vec![("key", "{\"version\":1}")]));
    second.succeeded(std::iter::once(vec![("key", "{\"version\":2}")]));
    assert_eq!(cache.known("features", "key"), None);
}

#[test]
fn a_failed_init_drops_its_kinds_and_an_absent_marker() {
    let cache = for_ever();
    cache.read("features", "key", None);
    cache.read("own", "key", None);
    cache.read_kind("features", "{}");
    cache.fill_inited(false, cache.sequence());
    failed_init(&cache, &["features"]);
    assert_eq!(cache.known("features", "key"), None);
    assert_eq!(cache.known_kind("features"), None);
    assert_eq!(cache.known("own", "key"), Some(None));
    assert_eq!((cache.inited(), cache.stale_inited()), (None, None));

    let cache = with_stale();
    cache.fill_inited(false, cache.sequence());
    failed_init(&cache, &["features"]);
    assert_eq!((cache.inited(), cache.stale_inited()), (None, Some(false)));
}
