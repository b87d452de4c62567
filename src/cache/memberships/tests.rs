use super::*;
use std::cell::Cell;

#[derive(Default)]
struct TestClock(Cell<Duration>);

impl Clock for &TestClock {
    fn now(&self) -> Duration {
        self.0.get()
    }
}

fn memberships(clock: &TestClock, keeps_stale: bool) -> Memberships<&TestClock> {
    Memberships::new(Duration::from_secs(5), 2, keeps_stale, clock).expect("it is on")
}

fn membership(text: &str) -> CachedMembership {
    Some(text.into())
}

fn patch(hash: &str) -> Patch {
    let patch = format!(r#"{{"segmentId": "s.g1", "version": "2", "changes": {{"included": {{"add": ["{hash}"]}}}}}}"#);
    Patch::parse(&patch).unwrap()
}

#[test]
fn a_membership_is_known_for_its_time() {
    let clock = TestClock::default();
    let memberships = memberships(&clock, false);
    assert_eq!(memberships.get("a"), None);
    memberships.fill("a", membership("{}"), memberships.sequence());
    memberships.fill("b", None, memberships.sequence());
    clock.0.set(Duration::from_millis(4999));
    assert_eq!(memberships.get("a"), Some(membership("{}")));
    assert_eq!(memberships.get("b"), Some(None));
    clock.0.set(Duration::from_secs(5));
    assert_eq!(memberships.get("a"), None);
    assert_eq!(memberships.stale("a"), Some(membership("{}")));
}

#[test]
fn who_was_not_asked_for_longest_goes_first() {
    let clock = TestClock::default();
    let memberships = memberships(&clock, false);
    for hash in ["a", "b"] {
        memberships.fill(hash, None, memberships.sequence());
    }
    assert!(memberships.get("a").is_some());
    memberships.fill("c", None, memberships.sequence());
    let known = ["a", "b", "c"].map(|hash| memberships.get(hash).is_some());
    assert_eq!(known, [true, false, true]);
}

#[test]
fn a_patch_forgets_its_contexts_and_no_others() {
    let clock = TestClock::default();
    for keeps_stale in [false, true] {
        let memberships = memberships(&clock, keeps_stale);
        for hash in ["a", "b"] {
            memberships.fill(hash, membership(hash), memberships.sequence());
        }
        let patch = patch("a");
        let under_way = memberships.patch_begins(&patch);
        assert!(memberships.get("a").is_some());
        drop(under_way);
        assert_eq!(memberships.get("a"), None);
        assert_eq!(memberships.get("b"), Some(membership("b")));
        assert_eq!(memberships.stale("a").is_some(), keeps_stale);
    }
}

#[test]
fn what_was_read_before_a_patch_ended_is_not_kept() {
    let clock = TestClock::default();
    let memberships = memberships(&clock, false);
    let patch = patch("a");
    let under_way = memberships.patch_begins(&patch);
    let began = memberships.sequence();
    drop(under_way);
    memberships.fill("a", membership("old"), began);
    assert_eq!(memberships.get("a"), None);
    memberships.fill("a", membership("new"), memberships.sequence());
    assert_eq!(memberships.get("a"), Some(membership("new")));
}

#[test]
fn nothing_is_kept_where_it_is_off() {
    let clock = TestClock::default();
    assert!(Memberships::new(Duration::ZERO, 2, false, &clock).is_none());
    assert!(Memberships::new(Duration::from_secs(5), 0, false, &clock).is_none());
}
