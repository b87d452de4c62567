//! Patches of Big Segments against an endpoint that throttles, conflicts, fails and cuts connections, and writers that die or work side
//! by side: no membership is lost, and none is said to be stored that is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::support::rerun;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;
use fastrand::Rng;
use ld_dynamo_store::{BigSegmentsPatch, Config, ErrorKind, Store};
use serde_json::{json, Value};

const METADATA: &str = "big_segments_metadata";

/// What a table should hold: the sets of each context, and the cursor.
#[derive(Debug, Default, Clone, PartialEq)]
struct Model {
    sets: BTreeMap<String, [BTreeSet<String>; 2]>,
    cursor: Option<String>,
}

impl Model {
    fn apply(&mut self, patch: &Value) {
        let reference = patch["segmentId"].as_str().expect("a reference");
        for (place, set) in ["included", "excluded"].into_iter().enumerate() {
            for list in ["add", "remove"] {
                for hash in patch["changes"][set][list].as_array().expect("a list") {
                    let sets = self.sets.entry(hash.as_str().expect("a hash").to_owned()).or_default();
                    if list == "add" {
                        sets[place].insert(reference.to_owned());
                    } else {
                        sets[place].remove(reference);
                    }
                }
            }
        }
        self.cursor = patch["version"].as_str().map(str::to_owned);
    }

    fn of(engine: &Engine, table: &str) -> Self {
        let mut model = Model::default();
        for row in engine.stored(table).values() {
            let text = |name: &str| row[name]["S"].as_str().map(str::to_owned);
            if text("namespace").as_deref() == Some(METADATA) {
                model.cursor = text("lastVersion");
                continue;
            }
            let set = |name: &str| -> BTreeSet<String> {
                let members = row[name]["SS"].as_array().map_or(&[][..], Vec::as_slice);
                members
                    .iter()
                    .map(|member| member.as_str().expect("a text").to_owned())
                    .collect()
            };
            let sets = [set("included"), set("excluded")];
            model.sets.insert(text("key").expect("a key"), sets);
        }
        model
    }

    /// Without contexts that are in no set, whose row may be there or not.
    fn without_empty(mut self) -> Self {
        self.sets.retain(|_, sets| sets.iter().any(|set| !set.is_empty()));
        self
    }
}

/// Patch `number` of a line of them, which touches some of so many contexts.
fn patch(rng: &mut Rng, number: usize, contexts: usize, most: usize) -> Value {
    let mut lists: [Vec<String>; 4] = Default::default();
    for list in &mut lists {
        let count = rng.usize(0..=most);
        list.extend((0..count).map(|_| format!("context-{}", rng.usize(0..contexts))));
    }
    let [add, remove, exclude, admit] = lists;
    patch_of(
        number,
        &json!({"included": {"add": add, "remove": remove}, "excluded": {"add": exclude, "remove": admit}}),
    )
}

fn patch_of(number: usize, changes: &Value) -> Value {
    let previous = if number == 0 {
        String::new()
    } else {
        format!("v{number}")
    };
    let segment = format!("segment-{}.g1", number % 3);
    json!({"environmentId": "env", "segmentId": segment, "version": format!("v{}", number + 1), "previousVersion": previous, "changes": changes})
}

fn adding(number: usize, contexts: usize) -> Value {
    let hashes: Vec<_> = (0..contexts).map(|context| format!("context-{context:04}")).collect();
    patch_of(
        number,
        &json!({"included": {"add": hashes, "remove": []}, "excluded": {"add": [], "remove": []}}),
    )
}

fn apply(store: &Store, patch: &Value) -> ld_dynamo_store::Result<BigSegmentsPatch> {
    store.big_segments_apply_patch(&patch.to_string())
}

fn transactions(engine: &Engine) -> usize {
    engine.log().count("TransactWriteItems")
}

/// What happens to the first transaction, the second, …
fn on_transactions_in_turn(actions: impl IntoIterator<Item = Value>) -> Value {
    let rule = |action| json!({"match": {"operation": "TransactWriteItems"}, "times": 1, "action": action});
    Value::Array(actions.into_iter().map(rule).collect())
}

fn on_transactions(times: u32, action: Value) -> Value {
    json!([{"match": {"operation": "TransactWriteItems"}, "times": times, "action": action}])
}

#[test]
fn no_patch_is_lost_or_half_done_under_any_mix_of_faults() {
    let rounds = rerun::rounds(24, 600);
    let _watchdog = Watchdog::new(rerun::patience(rounds));
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let mut faults = 0;
    for seed in 0..rounds {
        let rng = &mut Rng::with_seed(seed);
        engine.empty();
        let actions = [
            json!({"cut": "before"}),
            json!({"cut": "after"}),
            json!({"server_error": true}),
            json!({"garbage": true}),
            json!({"truncate": 10}),
            json!({"throttle": true}),
            json!({"cancel": "TransactionConflict"}),
            json!({"cancel": "ThrottlingError"}),
            json!({"cancel": "ProvisionedThroughputExceeded"}),
            json!({"error": {"status": 400, "code": "TransactionInProgressException"}}),
        ];
        let rules = actions.into_iter().map(|action| {
            json!({"match": {"operation": "TransactWriteItems"}, "probability": rng.f64() * 0.1, "seed": rng.u32(..), "action": action})
        });
        engine.script(rules.collect());
        let store = engine.store_with(&table, json!({"max_attempts": rng.u8(1..4)}));
        let mut model = Model::default();
        for number in 0..6 {
            let patch = patch(rng, number, 300, 60);
            let outcome = apply(&store, &patch).unwrap_or_else(|error| panic!("seed {seed}, patch {number}: {error}"));
            assert_eq!(outcome, BigSegmentsPatch::Applied, "seed {seed}, patch {number}");
            model.apply(&patch);
            assert_eq!(
                Model::of(&engine, &table).without_empty(),
                model.clone().without_empty(),
                "seed {seed}, patch {number}"
            );
        }
        let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
        faults += stats["retries"].as_u64().expect("a number") + stats["throttles"].as_u64().expect("a number");
    }
    assert!(faults > 2 * rounds, "only {faults} faults: the script does not bite");
}

#[test]
fn a_transaction_whose_answer_is_lost_is_done_once() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    for (number, max_attempts) in [(0, 1), (1, 3)] {
        let store = engine.store_with(&table, json!({"max_attempts": max_attempts}));
        engine.script(on_transactions(1, json!({"cut": "after"})));
        assert_eq!(
            apply(&store, &adding(number, 3)).expect("a patch"),
            BigSegmentsPatch::Applied
        );
        let log = engine.log();
        assert_eq!(log.count("TransactWriteItems"), 2);
        assert_eq!(
            log.count("GetItem"),
            0,
            "the second has the token of the first and is answered as that"
        );
    }
}

#[test]
fn an_engine_without_tokens_is_asked_for_its_cursor_when_an_answer_is_lost() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let refusal = json!({"cancel": ["None", "ConditionalCheckFailed"]});
    // What happens after the loss, before the refusal, makes nothing of it undone.
    let throttled = json!({"throttle": true});
    for (max_attempts, between) in [(1, None), (3, None), (1, Some(&throttled)), (3, Some(&throttled))] {
        engine.empty();
        let store = engine.store_with(&table, json!({"max_attempts": max_attempts}));
        let actions = [Some(&json!({"cut": "after"})), between, Some(&refusal)];
        engine.script(on_transactions_in_turn(actions.into_iter().flatten().cloned()));
        assert_eq!(
            apply(&store, &adding(0, 1)).expect("a patch"),
            BigSegmentsPatch::Applied
        );
        assert_eq!(engine.log().count("GetItem"), 1);
        // The same refusal without anything lost is what it says; so is one where nothing had been done.
        engine.script(on_transactions(1, refusal.clone()));
        assert_eq!(
            apply(&store, &adding(1, 1)).expect("a patch"),
            BigSegmentsPatch::OutOfOrder
        );
        engine.script(on_transactions_in_turn([json!({"cut": "before"}), refusal.clone()]));
        assert_eq!(
            apply(&store, &adding(1, 1)).expect("a patch"),
            BigSegmentsPatch::OutOfOrder
        );
        assert_eq!(Model::of(&engine, &table).cursor.as_deref(), Some("v1"));
    }
}

#[test]
fn a_conflict_before_a_refusal_makes_no_success_of_it() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let theirs = adding(0, 1);
    assert_eq!(
        apply(&engine.store(&table), &theirs).expect("a patch"),
        BigSegmentsPatch::Applied
    );
    for passing in [
        json!({"cancel": "TransactionConflict"}),
        json!({"cancel": "ThrottlingError"}),
        json!({"throttle": true}),
    ] {
        let store = engine.store_with(&table, json!({"max_attempts": 1}));
        engine.script(on_transactions(1, passing.clone()));
        let outcome = apply(&store, &adding(0, 2)).expect("an outcome");
        assert_eq!(outcome, BigSegmentsPatch::OutOfOrder, "{passing}");
        let log = engine.log();
        assert_eq!(
            (log.count("TransactWriteItems"), log.count("GetItem")),
            (2, 0),
            "{passing}"
        );
    }
    let mut model = Model::default();
    model.apply(&theirs);
    assert_eq!(Model::of(&engine, &table), model);
}

#[test]
fn what_cannot_pass_ends_a_patch_at_once() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let error = |code: &str| json!({"error": {"status": 400, "code": code, "message": "no ".repeat(200)}});
    let reason = |code: &str| json!({"code": code, "message": "Type mismatch for attribute to update ".repeat(20)});
    for (action, kind, words) in [
        (
            json!({"error": {"status": 400, "code": "AccessDeniedException", "message": "no"}}),
            ErrorKind::AccessDenied,
            "dynamodb:UpdateItem and dynamodb:ConditionCheckItem",
        ),
        (
            error("IdempotentParameterMismatchException"),
            ErrorKind::Service,
            "IdempotentParameterMismatchException",
        ),
        (
            json!({"error": {"status": 400, "code": "UnknownOperationException", "message": ""}}),
            ErrorKind::Service,
            "does not have the operation TransactWriteItems",
        ),
        (
            json!({"cancel": ["None", reason("ValidationError")]}),
            ErrorKind::Service,
            "ValidationError of context \"context-0001\": Type mismatch",
        ),
        (
            json!({"cancel": ["TransactionConflict", "ItemCollectionSizeLimitExceeded"]}),
            ErrorKind::Service,
            "ItemCollectionSizeLimitExceeded of context \"context-0001\"",
        ),
    ] {
        engine.script(on_transactions(1, action.clone()));
        let error = apply(&store, &adding(0, 3)).expect_err("a refusal");
        assert_eq!((error.kind(), error.is_retriable()), (kind, false), "{action}: {error}");
        assert!(error.message().contains(words), "{action}: {error}");
        assert!(error.message().contains("0 of its 3 context(s)"), "{error}");
        assert!(!error.message().contains("again"), "{error}");
        assert_eq!(transactions(&engine), 1, "{action}");
        assert_eq!(Model::of(&engine, &table), Model::default());
    }
}

#[test]
fn messages_are_short_whatever_they_tell() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store_with(&table, json!({"init_timeout_ms": 200}));
    let long = "x\u{1b}\n".repeat(400);
    let mut patch = adding(0, 99);
    patch["segmentId"] = json!(&long[..1000]);
    patch["version"] = json!(&long[..1000]);
    patch["changes"]["included"]["add"][0] = json!(&long[..1000]);
    let reason = json!({"code": "ValidationError", "message": long});
    for action in [
        json!({"cancel": "TransactionConflict"}),
        json!({"cancel": [reason]}),
        json!({"throttle": true}),
    ] {
        engine.script(json!([{"action": action.clone()}]));
        let error = apply(&store, &patch).expect_err("a failure");
        let length = error.message().chars().count();
        assert!(
            length <= 500 && !error.message().contains(char::is_control),
            "{length}: {error}"
        );
    }
}

#[test]
fn rows_too_large_for_one_transaction_go_in_several() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    // 60 rows of 80 KB are more than the 4 MB of a transaction.
    let filler: Vec<String> = (0..80).map(|number| format!("{number:01000}")).collect();
    let rows = (0..60).map(|context| {
        json!({"namespace": {"S": "big_segments_user"}, "key": {"S": format!("context-{context:04}")}, "excluded": {"SS": filler}})
    });
    engine.seed(&table, &rows.collect::<Vec<_>>());
    engine.script(json!([]));
    let patch = adding(0, 60);
    let mut model = Model::of(&engine, &table);
    engine.log();
    assert_eq!(apply(&store, &patch).expect("a patch"), BigSegmentsPatch::Applied);
    assert_eq!(transactions(&engine), 3, "60 are refused, 30 and 30 are not");
    model.apply(&patch);
    assert_eq!(Model::of(&engine, &table), model);

    let too_large = json!({"error": {"status": 400, "code": "ValidationException", "message": "larger than 4 MB"}});
    engine.script(json!([{"match": {"operation": "TransactWriteItems"}, "action": too_large}]));
    engine.log();
    let error = apply(&store, &adding(0, 5)).expect_err("one context alone is too large, too");
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
    assert_eq!(transactions(&engine), 4, "of 5, 3, 2 and 1");
    assert_eq!(Model::of(&engine, &table), model);
}

#[test]
fn a_row_that_is_full_is_named_and_nothing_is_changed() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let filler: Vec<String> = (0..409).map(|number| format!("{number:01000}")).collect();
    let full =
        json!({"namespace": {"S": "big_segments_user"}, "key": {"S": "context-0007"}, "excluded": {"SS": filler}});
    engine.seed(&table, &[full]);
    let before = Model::of(&engine, &table);
    let mut patch = adding(0, 50);
    patch["segmentId"] = json!("s".repeat(1000));
    engine.log();
    let error = apply(&store, &patch).expect_err("400 KB are the limit");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::Service, false),
        "{error}"
    );
    assert!(
        error.message().contains("of context \"context-0007\": Item size"),
        "{error}"
    );
    assert_eq!(transactions(&engine), 1);
    assert_eq!(Model::of(&engine, &table), before);
}

#[test]
fn a_patch_that_is_not_done_in_its_time_says_how_far_it_came_and_can_be_applied_again() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store_with(&table, json!({"init_timeout_ms": 600}));
    engine.script(json!([
        {"match": {"operation": "TransactWriteItems", "nth": 1}, "action": {"delay_ms": 0}},
        {"match": {"operation": "TransactWriteItems"}, "action": {"cancel": "TransactionConflict"}},
    ]));
    let began = Instant::now();
    let error = apply(&store, &adding(0, 150)).expect_err("conflicts without end");
    assert!(
        (Duration::from_millis(550)..Duration::from_secs(3)).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::TimedOut, true),
        "{error}"
    );
    for words in [
        "99 of its 150 context(s)",
        "600 ms",
        "TransactionConflict",
        "apply it again",
    ] {
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(error.service_code(), Some("TransactionCanceledException"));
    let stored = Model::of(&engine, &table);
    assert_eq!((stored.sets.len(), stored.cursor), (99, None));

    engine.script(json!([]));
    assert_eq!(
        apply(&store, &adding(0, 150)).expect("a patch"),
        BigSegmentsPatch::Applied
    );
    let stored = Model::of(&engine, &table);
    assert_eq!((stored.sets.len(), stored.cursor.as_deref()), (150, Some("v1")));
}

#[test]
fn a_cursor_that_moves_in_the_middle_of_a_patch_ends_it() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    let refusal = json!({"cancel": ["None", "ConditionalCheckFailed"]});
    engine.script(json!([{"match": {"operation": "TransactWriteItems", "nth": 2}, "action": refusal}]));
    assert_eq!(
        apply(&store, &adding(0, 250)).expect("an outcome"),
        BigSegmentsPatch::OutOfOrder
    );
    assert_eq!(transactions(&engine), 2);
    assert_eq!(Model::of(&engine, &table).cursor, None);
}

#[test]
fn writers_of_the_same_patches_side_by_side_lose_nothing() {
    let rounds = rerun::rounds(4, 60);
    let _watchdog = Watchdog::new(rerun::patience(rounds));
    let engine = Engine::fake(&["--latency-ms", "1"]);
    let table = engine.create_table();
    for seed in 0..rounds {
        engine.empty();
        let rng = &mut Rng::with_seed(seed);
        let patches: Vec<Value> = (0..8).map(|number| patch(rng, number, 400, 80)).collect();
        let mut model = Model::default();
        patches.iter().for_each(|patch| model.apply(patch));
        let write = || {
            let store = engine.store(&table);
            let mut applied = 0;
            for patch in &patches {
                // Whoever comes late finds that the other has done it.
                if apply(&store, patch).expect("an outcome") == BigSegmentsPatch::Applied {
                    applied += 1;
                }
            }
            applied
        };
        let applied: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
            writers.into_iter().map(|writer| writer.join().expect("no panic")).sum()
        });
        // The last patch is in order for whoever sees the one before, so each is applied by somebody; those of one version once.
        assert_eq!(applied, patches.len(), "seed {seed}");
        assert_eq!(
            Model::of(&engine, &table).without_empty(),
            model.without_empty(),
            "seed {seed}"
        );
    }
}

#[test]
#[ignore = "the process that the other test starts and kills"]
fn writer() {
    let Some(task) = rerun::task() else { return };
    let config = Config::from_json(&task["configuration"].to_string()).expect("a configuration");
    let outcome = apply(&Store::new(config).expect("a store"), &task["patch"]);
    assert_eq!(outcome.expect("a patch"), BigSegmentsPatch::Applied);
}

#[test]
fn a_writer_killed_between_transactions_leaves_a_patch_that_can_be_applied_again() {
    let rounds = rerun::rounds(8, 80);
    let _watchdog = Watchdog::new(rerun::patience(rounds));
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let patch = adding(0, 600);
    let mut whole = Model::default();
    whole.apply(&patch);
    let task = json!({"configuration": engine.configuration(&table), "patch": patch});
    let mut unfinished = 0;
    for round in 0..rounds {
        engine.empty();
        engine.latency(5.0);
        let mut writer = rerun::command("big_segments::writer", &task).spawn().expect("a writer");
        while engine.requests() < 1 + round % 7 && writer.try_wait().expect("a process").is_none() {
            std::thread::sleep(Duration::from_micros(300));
        }
        writer.kill().expect("a process");
        writer.wait().expect("a process");
        while engine.control("GET", "counters", &Value::Null)["open_connections"] != 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let stored = Model::of(&engine, &table);
        if stored.cursor.is_some() {
            assert_eq!(stored, whole, "the cursor claims what is not there");
        } else {
            unfinished += usize::from(!stored.sets.is_empty());
            assert_eq!(stored.sets.len() % 99, 0, "a transaction is done whole or not at all");
        }
        let outcome = apply(&engine.store(&table), &patch).expect("the next attempt");
        let expected = match stored.cursor {
            None => BigSegmentsPatch::Applied,
            Some(_) => BigSegmentsPatch::OutOfOrder,
        };
        assert_eq!(outcome, expected);
        assert_eq!(Model::of(&engine, &table), whole);
    }
    assert!(
        unfinished >= 3,
        "only {unfinished} of the kills came between transactions"
    );
}

#[test]
fn the_time_of_synchronization_is_noted_whatever_fails_for_a_while() {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let store = engine.store(&table);
    for (time, action) in [
        json!({"cut": "before"}),
        json!({"cut": "after"}),
        json!({"server_error": true}),
        json!({"throttle": true}),
    ]
    .into_iter()
    .enumerate()
    {
        engine.script(json!([{"match": {"operation": "UpdateItem"}, "times": 2, "action": action}]));
        store
            .big_segments_set_synchronized(time as i64)
            .expect("the third attempt");
        let found = store.big_segments_metadata().expect("an answer").expect("metadata");
        assert_eq!(found, json!({"synchronizedOn": time}).to_string());
    }
    engine.script(json!([{"match": {"operation": "UpdateItem"}, "action": {"throttle": true}}]));
    let error = store
        .big_segments_set_synchronized(9)
        .expect_err("throttling without end");
    assert_eq!(
        (error.kind(), error.is_retriable()),
        (ErrorKind::Throttled, true),
        "{error}"
    );
}
