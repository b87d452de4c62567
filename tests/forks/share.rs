//! Stores of equal configuration share connections, cache and counters, beyond the end of the last one; no others do.
//!
//! What is shared is seen from the server's side: how many connections it has.

use std::sync::RwLockWriteGuard;
use std::time::Duration;

use crate::child::{fork, require_good_end};
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use crate::turn;
use ld_dynamo_store::Store;
use serde_json::{json, Value};

/// A table with one flag, and this process for the test alone.
struct Place {
    engine: Engine,
    table: String,
    _turn: RwLockWriteGuard<'static, ()>,
    _watchdog: Watchdog,
}

impl Place {
    fn new() -> Self {
        let turn = turn::alone();
        let engine = Engine::fake(&[]);
        let table = engine.create_table();
        engine.seed(&table, &[json!({"namespace": {"S": "features"}, "key": {"S": "flag"}, "version": {"N": "1"}, "item": {"S": FLAG}})]);
        let place = Place {
            engine,
            table,
            _turn: turn,
            _watchdog: Watchdog::new(Duration::from_secs(60)),
        };
        place.engine.script(json!([]));
        place
    }

    /// Connections opened since the last question.
    fn connections(&self) -> u64 {
        let counters = self.counters();
        self.engine.script(json!([]));
        counters["connections"].as_u64().expect("a count")
    }

    fn counters(&self) -> Value {
        self.engine.control("GET", "counters", &Value::Null)
    }

    fn open_connections(&self) -> u64 {
        self.counters()["open_connections"].as_u64().expect("a count")
    }

    fn shared(&self, overrides: Value) -> Store {
        let mut configuration = json!({"share": true, "cache_ttl_ms": 60_000});
        for (key, value) in overrides.as_object().expect("an object") {
            configuration[key] = value.clone();
        }
        self.engine.store_with(&self.table, configuration)
    }
}

const FLAG: &str = r#"{"version":1}"#;

fn require_flag(store: &Store) {
    assert_eq!(store.get("features", "flag").expect("an answer").as_deref(), Some(FLAG));
}

fn stats(store: &Store) -> Value {
    serde_json::from_str(&store.stats()).expect("JSON")
}

#[test]
fn a_second_store_makes_no_connection_and_no_request() {
    let place = Place::new();
    let first = place.shared(json!({}));
    require_flag(&first);
    assert_eq!(place.connections(), 1);
    let second = place.shared(json!({}));
    require_flag(&second);
    assert_eq!(place.engine.requests(), 0, "what one has read the other knows");
    second.available().expect("an answer");
    first.available().expect("an answer");
    assert_eq!((place.engine.requests(), place.connections()), (2, 0));
    assert_eq!(stats(&first), stats(&second));
    assert_eq!(stats(&first)["requests"], json!(3));
    // What one writes the other reads.
    let _ = first.upsert("features", "flag", r#"{"version":2}"#).expect("an upsert");
    place.engine.script(json!([]));
    assert_eq!(
        second.get("features", "flag").expect("an answer").as_deref(),
        Some(r#"{"version":2}"#)
    );
    assert_eq!(place.engine.requests(), 0);
}

#[test]
fn stores_that_do_not_ask_for_it_share_nothing() {
    let place = Place::new();
    for _ in 0..3 {
        require_flag(&place.shared(json!({"share": false})));
    }
    assert_eq!(place.connections(), 3);
}

#[test]
fn what_is_shared_outlives_the_last_store() {
    let place = Place::new();
    for round in 0..20 {
        let store = place.shared(json!({}));
        require_flag(&store);
        if round % 2 == 0 {
            store.available().expect("an answer");
        }
    }
    assert_eq!(place.engine.requests(), 1 + 10);
    assert_eq!((place.connections(), place.open_connections()), (1, 1));
    let store = place.shared(json!({}));
    assert_eq!(stats(&store)["hits"], json!(19));
}

#[test]
fn any_difference_is_a_live_state_of_its_own() {
    let place = Place::new();
    require_flag(&place.shared(json!({})));
    place.connections();
    let others = [
        json!({"consistent_reads": false}),
        json!({"max_attempts": 4}),
        json!({"cache_ttl_ms": 60_001}),
        json!({"log_level": "debug"}),
        json!({"credentials": {"access_key_id": "other", "secret_access_key": "local"}}),
        json!({"credentials": {"access_key_id": "local", "secret_access_key": "other"}}),
        json!({"credentials": {"access_key_id": "local", "secret_access_key": "local", "session_token": "other"}}),
    ];
    for (number, other) in others.iter().enumerate() {
        require_flag(&place.shared(other.clone()));
        assert_eq!(
            place.connections(),
            1,
            "{other} shares with the plain one or with number {number} and below"
        );
        require_flag(&place.shared(other.clone()));
        assert_eq!(place.connections(), 0, "{other} does not share with itself");
    }
    for (name, value) in [
        ("AWS_APP_NAME", "one"),
        ("AWS_APP_NAME", "two"),
        ("no_proxy", "localhost,127.0.0.1"),
    ] {
        std::env::set_var(name, value);
        require_flag(&place.shared(json!({})));
        assert_eq!(place.connections(), 1, "{name}={value}");
    }
    for name in ["AWS_APP_NAME", "no_proxy"] {
        std::env::remove_var(name);
    }
    require_flag(&place.shared(json!({})));
    assert_eq!(
        place.connections(),
        0,
        "the environment is what it was, and so is the store"
    );
}

#[test]
fn the_seventeenth_replaces_the_least_recently_used() {
    let place = Place::new();
    let use_one = |number: usize| require_flag(&place.shared(json!({"max_attempts": 10 + number})));
    for number in 0..16 {
        use_one(number);
    }
    assert_eq!((place.connections(), place.open_connections()), (16, 16));
    use_one(0);
    assert_eq!(place.connections(), 0);
    use_one(16);
    assert_eq!(place.connections(), 1);
    use_one(0);
    assert_eq!(place.connections(), 0, "the first was used after the second");
    use_one(1);
    assert_eq!(place.connections(), 1, "the second made room");
    wait_for(
        || place.open_connections() == 16,
        "what made room has closed its connections",
    );
}

#[test]
fn a_store_in_use_keeps_what_it_shares_however_many_come_after_it() {
    let place = Place::new();
    let held = place.shared(json!({}));
    require_flag(&held);
    for number in 0..40 {
        require_flag(&place.shared(json!({"max_attempts": 10 + number})));
    }
    place.connections();
    require_flag(&held);
    require_flag(&place.shared(json!({})));
    held.available().expect("an answer");
    assert_eq!(place.connections(), 0);
}

#[test]
fn eight_threads_make_and_end_stores_at_once() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let place = &place;
            scope.spawn(move || {
                for round in 0..50 {
                    require_flag(&place.shared(json!({"max_attempts": 10 + (thread + round) % 20})));
                }
            });
        }
    });
    wait_for(|| place.open_connections() <= 16, "at most sixteen are kept");
}

#[test]
fn a_child_shares_among_its_own() {
    let place = Place::new();
    let inherited = place.shared(json!({}));
    require_flag(&inherited);
    let generation = stats(&inherited)["generation"].clone();
    place.connections();
    in_a_child(|| {
        let second = place.shared(json!({}));
        require_flag(&inherited);
        require_flag(&second);
        assert_eq!(stats(&inherited), stats(&second));
        assert_ne!(stats(&second)["generation"], generation);
        assert_eq!(
            (&stats(&second)["misses"], &stats(&second)["hits"]),
            (&json!(1), &json!(1))
        );
        drop(second);
        require_flag(&place.shared(json!({})));
        let (child_of_both, again) = (place.shared(json!({})), stats(&inherited)["generation"].clone());
        in_a_child(|| {
            require_flag(&inherited);
            require_flag(&child_of_both);
            assert_ne!(stats(&inherited)["generation"], again);
            drop(child_of_both);
        });
        require_flag(&inherited);
    });
    // One for the child and one for its child.
    assert_eq!(place.connections(), 2);
    assert_eq!(stats(&inherited)["generation"], generation);
    require_flag(&inherited);
    require_flag(&place.shared(json!({})));
    inherited.available().expect("an answer on the parent's own connection");
    assert_eq!(place.connections(), 0);
    drop(inherited);
    require_flag(&place.shared(json!({})));
    assert_eq!(place.connections(), 0);
}

fn wait_for(condition: impl Fn() -> bool, what: &str) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not so");
}

/// Runs `work` in a forked process and fails where that panics or hangs.
fn in_a_child(work: impl FnOnce()) {
    require_good_end(fork(30, work));
}
