//! What the cache keeps and for how long, with a clock that stands still until it is told.

use std::cell::Cell;

use crate::table::item;

use super::*;

/// Stands still until it is told.
#[derive(Default)]
pub(super) struct FakeClock(Cell<Duration>);

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        self.0.get()
    }
}

impl Cache<FakeClock> {
    fn pass(&self, time: Duration) {
        self.clock.0.set(self.clock.0.get() + time);
    }

    pub(super) fn known(&self, kind: &str, key: &str) -> Option<Option<String>> {
        self.item(kind, key, |item| item.map(|item| item.to_string()))
    }

    /// A read that begins and ends now.
    pub(super) fn read(&self, kind: &str, key: &str, item: Option<&str>) {
        self.fill_item(kind, key, item.map(Arc::from), self.sequence());
    }

    pub(super) fn read_kind(&self, kind: &str, items: &str) {
        self.fill_kind(kind, Arc::new(items.to_owned()), self.sequence());
    }

    pub(super) fn known_kind(&self, kind: &str) -> Option<String> {
        self.kind(kind).map(|items| items.to_string())
    }

    pub(super) fn entries(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().items.len()).sum()
    }

    fn capacity(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().items.capacity()).sum()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const ALMOST: Duration = Duration::from_nanos(999_999_999);
const INSTANT: Duration = Duration::from_nanos(1);

pub(super) fn for_ever() -> Cache<FakeClock> {
    Cache::with_clock(CacheTtl::Forever, false, FakeClock::default()).unwrap()
}

pub(super) fn for_a_second() -> Cache<FakeClock> {
    Cache::with_clock(CacheTtl::For(SECOND), false, FakeClock::default()).unwrap()
}

pub(super) fn with_stale() -> Cache<FakeClock> {
    Cache::with_clock(CacheTtl::For(SECOND), true, FakeClock::default()).unwrap()
}

pub(super) fn item(version: u64) -> Arc<str> {
    format!(r#"{{"version":{version}}}"#).into()
}

pub(super) fn upsert(cache: &Cache<FakeClock>, kind: &str, key: &str, version: u64) {
    cache.upsert_begins(kind, key).answered(item(version));
}

pub(super) fn init(cache: &Cache<FakeClock>, kind: &str, items: &[(&str, &str)]) {
    cache.init_begins(vec![kind]).succeeded(std::iter::once(items.to_vec()));
}

/// One that fails after it was sent.
pub(super) fn failed_upsert<C: Clock>(cache: &Cache<C>, kind: &str, key: &str) {
    let under_way = cache.upsert_begins(kind, key);
    under_way.has_sent().store(true, Ordering::Relaxed);
}

pub(super) fn failed_init(cache: &Cache<FakeClock>, kinds: &[&str]) {
    cache.init_begins(kinds.to_vec()).sends();
}

#[test]
fn a_ttl_of_zero_is_no_cache() {
    assert!(Cache::with_clock(CacheTtl::Off, true, SystemClock).is_none());
}

#[test]
fn items_absent_items_and_kinds_are_known_for_the_ttl() {
    let cache = for_a_second();
    assert_eq!(cache.known("features", "present"), None);
    cache.read("features", "present", Some("{}"));
    cache.read("features", "absent", None);
    cache.read_kind("features", r#"{"present":{}}"#);
    for time in [Duration::ZERO, ALMOST] {
        cache.pass(time);
        assert_eq!(cache.known("features", "present"), Some(Some("{}".to_owned())));
        assert_eq!(cache.known("features", "absent"), Some(None));
        assert_eq!(cache.known_kind("features").as_deref(), Some(r#"{"present":{}}"#));
        assert_eq!(cache.known("segments", "present"), None);
        assert_eq!(cache.known_kind("segments"), None);
    }
    cache.pass(INSTANT);
    assert_eq!(cache.known("features", "present"), None);
    assert_eq!(cache.known("features", "absent"), None);
    assert_eq!(cache.known_kind("features"), None);
    assert_eq!(cache.stale_item("features", "present"), Some(Some("{}".into())));
    assert_eq!(cache.stale_item("features", "absent"), Some(None));
    assert_eq!(cache.stale_kind("features").unwrap().as_str(), r#"{"present":{}}"#);
}

#[test]
fn a_new_answer_begins_a_new_ttl() {
    let cache = for_a_second();
    cache.read("features", "key", Some("{}"));
    cache.pass(ALMOST);
    cache.read("features", "key", None);
    cache.pass(ALMOST);
    assert_eq!(cache.known("features", "key"), Some(None));
}

#[test]
fn for_ever_is_for_ever() {
    let cache = for_ever();
    cache.read("features", "present", Some("{}"));
    cache.read("features", "absent", None);
    cache.read_kind("features", "{}");
    cache.pass(Duration::from_secs(1_000_000_000));
    assert_eq!(cache.known("features", "present"), Some(Some("{}".to_owned())));
    assert_eq!(cache.known("features", "absent"), Some(None));
    assert_eq!(cache.known_kind("features").as_deref(), Some("{}"));
}

#[test]
fn a_clock_that_goes_back_ends_no_program() {
    let cache = for_a_second();
    cache.pass(SECOND);
    cache.read("features", "key", None);
    cache.clock.0.set(Duration::ZERO);
    assert_eq!(cache.known("features", "key"), Some(None));
}

#[test]
fn a_read_that_began_before_a_write_never_fills() {
    type End = fn(&Cache<FakeClock>);
    let ends: [End; 4] = [
        |cache| upsert(cache, "segments", "other", 1),
        |cache| failed_upsert(cache, "segments", "other"),
        |cache| init(cache, "segments", &[]),
        |cache| failed_init(cache, &["segments"]),
    ];
    for end in ends {
        let cache = for_ever();
        let began = cache.sequence();
        end(&cache);
        cache.fill_item("features", "key", None, began);
        cache.fill_kind("features", Arc::new("{}".to_owned()), began);
        assert_eq!(cache.known("features", "key"), None);
        assert_eq!(cache.known_kind("features"), None);
    }
}

#[test]
fn a_present_marker_latches() {
    let cache = for_a_second();
    assert_eq!((cache.inited(), cache.stale_inited()), (None, None));
    cache.fill_inited(true, cache.sequence());
    cache.pass(1000 * SECOND);
    cache.fill_inited(false, cache.sequence());
    failed_init(&cache, &[]);
    assert_eq!(cache.inited(), Some(true));
}

#[test]
fn an_absent_marker_is_believed_for_the_ttl_and_at_most_15_seconds() {
    let ttl = |ttl| Cache::with_clock(ttl, false, FakeClock::default()).unwrap();
    let cases = [
        (ttl(CacheTtl::For(SECOND)), SECOND),
        (ttl(CacheTtl::For(60 * SECOND)), 15 * SECOND),
        (ttl(CacheTtl::Forever), 15 * SECOND),
    ];
    for (cache, believed) in cases {
        cache.fill_inited(false, cache.sequence());
        cache.pass(believed - INSTANT);
        assert_eq!(cache.inited(), Some(false));
        cache.pass(INSTANT);
        assert_eq!((cache.inited(), cache.stale_inited()), (None, Some(false)));
    }
}

#[test]
fn an_absent_marker_that_was_read_before_a_write_is_not_believed() {
    let cache = for_ever();
    let began = cache.sequence();
    failed_init(&cache, &[]);
    cache.fill_inited(false, began);
    assert_eq!(cache.inited(), None);
}

#[test]
fn names_that_do_not_exist_never_fill_the_memory() {
    let bound = SHARDS * (2 * MAXIMUM_ABSENT + FIRST_PURGE);
    for cache in [for_ever(), for_a_second()] {
        for number in 0..200_000 {
            cache.read("features", &format!("key-{number}"), None);
        }
        assert!(cache.entries() <= bound, "{} entries", cache.entries());
        assert!(cache.capacity() <= 2 * bound, "room for {}", cache.capacity());
        for number in 0..1000 {
            cache.read_kind(&format!("kind-{number}"), "{}");
        }
        assert!(cache.kinds.read().len() <= 64);
    }
}

#[test]
fn items_lie_in_all_parts() {
    let cache = for_ever();
    for number in 0..1000 {
        cache.read("features", &format!("key-{number}"), None);
    }
    assert!(cache.shards.iter().all(|shard| shard.read().items.len() > 10));
}

#[test]
fn present_items_survive_a_flood_of_absent_ones() {
    let cache = for_ever();
    for number in 0..3000 {
        cache.read("features", &format!("present-{number}"), Some("{}"));
    }
    for number in 0..200_000 {
        cache.read("features", &format!("absent-{number}"), None);
    }
    assert!((0..3000).all(|number| cache
        .known("features", &format!("present-{number}"))
        .flatten()
        .is_some()));
}

#[test]
fn what_is_too_old_makes_room_unless_it_may_be_served_stale() {
    for keeps_stale in [false, true] {
        let cache = Cache::with_clock(CacheTtl::For(SECOND), keeps_stale, FakeClock::default()).unwrap();
        for number in 0..200_000 {
            if number % 5000 == 0 {
                cache.pass(SECOND);
            }
            cache.read("features", &format!("key-{number}"), Some("{}"));
        }
        if keeps_stale {
            assert_eq!(cache.entries(), 200_000);
            assert!(cache.stale_item("features", "key-0").is_some());
        } else {
            assert!(cache.entries() <= 20_000, "{} entries", cache.entries());
            assert!(cache.capacity() <= 40_000, "room for {}", cache.capacity());
        }
    }
}

/// How many entries of one shard are left when it is purged at some age.
fn left_of(keeps_stale: bool, absent: usize, present: usize, age: Duration) -> usize {
    let cache = Cache::with_clock(CacheTtl::For(SECOND), keeps_stale, FakeClock::default()).unwrap();
    let mut shard = Shard::default();
    for (number, item) in (0..absent)
        .map(|_| None)
        .chain((0..present).map(|_| Some(item(1))))
        .enumerate()
    {
        let key = number.to_string();
        // Nothing is purged before all of it is there.
        shard.purge_at = usize::MAX;
        cache.insert(&mut shard, cache.hash("features", &key), "features", &key, item);
    }
    cache.pass(age);
    cache.purge(&mut shard);
    shard.items.len()
}

#[test]
fn a_shard_keeps_so_many_absent_items_and_drops_all_when_there_are_more() {
    for keeps_stale in [false, true] {
        let kept = |absent| left_of(keeps_stale, absent, 3, ALMOST);
        assert_eq!(kept(MAXIMUM_ABSENT - 1), MAXIMUM_ABSENT + 2);
        assert_eq!(kept(MAXIMUM_ABSENT), MAXIMUM_ABSENT + 3);
        assert_eq!(kept(MAXIMUM_ABSENT + 1), 3);
        assert_eq!(kept(MAXIMUM_ABSENT + 2), 3);
    }
}

#[test]
fn of_what_is_too_old_only_present_items_may_be_served_stale() {
    assert_eq!(left_of(false, 2, 3, SECOND), 0);
    assert_eq!(left_of(true, 2, 3, SECOND), 3);
}

#[test]
fn kinds_that_are_too_old_make_room_unless_they_may_be_served_stale() {
    let kinds_after = |keeps_stale, age| {
        let cache = Cache::with_clock(CacheTtl::For(SECOND), keeps_stale, FakeClock::default()).unwrap();
        for number in 0..64 {
            cache.read_kind(&format!("kind-{number}"), r#"{"key":{}}"#);
        }
        cache.pass(age);
        cache.read_kind("another", "{}");
        let known = cache.kinds.read().len();
        known
    };
    assert_eq!(kinds_after(false, ALMOST), 65);
    assert_eq!(kinds_after(false, SECOND), 1);
    assert_eq!(kinds_after(true, SECOND), 65);
}

#[test]
fn in_an_outage_one_caller_a_second_asks() {
    let cache = with_stale();
    cache.pass(10 * SECOND);
    assert!(cache.may_ask() && cache.may_ask());
    cache.table_failed();
    assert!(!cache.may_ask());
    cache.pass(SECOND);
    assert!(cache.may_ask() && !cache.may_ask());
    cache.table_answered();
    assert!(cache.may_ask() && cache.may_ask());
}

#[test]
fn the_system_clock_goes_on() {
    let began = SystemClock.now();
    std::thread::sleep(Duration::from_millis(50));
    let passed = SystemClock.now() - began;
    assert!(
        passed >= Duration::from_millis(30) && passed < Duration::from_secs(30),
        "{passed:?}"
    );
}

#[test]
fn many_threads_read_and_write_at_once() {
    let cache = Cache::with_clock(CacheTtl::Forever, false, SystemClock).unwrap();
    let text = |version: u64| -> Arc<str> { format!(r#"{{"version":{version}}}"#).into() };
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 1..2000u64 {
                    let key = (round % 50).to_string();
                    match thread {
                        0 => cache.upsert_begins("features", &key).answered(text(round)),
                        1 => failed_upsert(cache, "features", &key),
                        _ => {
                            let version =
                                cache.item("features", &key, |item| item.and_then(|item| item::version(item)));
                            assert!(version
                                .flatten()
                                .is_none_or(|version| version < 2000 && version.to_string() != "0"));
                            cache.fill_item("segments", &key, None, cache.sequence());
                        }
                    }
                }
            });
        }
    });
    cache.upsert_begins("features", "1").answered(text(5000));
    assert_eq!(
        cache.item("features", "1", |item| item.cloned()).flatten(),
        Some(text(5000))
    );
}
