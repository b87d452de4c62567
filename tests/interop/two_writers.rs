//! Two writers of different kinds at once leave what both documents promise: docs/the-table.md, "Limits".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{json, Map, Value};

use super::data_set::{item, tombstone};
use super::stores::{engine, participant, Handle, GO_1, GO_4, NODE, PYTHON};

const FLAGS: u64 = 60;
/// Three are made, and more where a machine made no two things at once.
const ROUNDS: u64 = 30;
/// So many upserts come before init.
const BEFORE: u64 = 10;

/// Each with each of another kind that may meet it in a fleet; PHP and C stand for the bindings, which share their library's core.
const PAIRS: [(&str, &str); 10] = [
    ("Rust", PYTHON),
    (PYTHON, "Rust"),
    ("C", NODE),
    (NODE, "Python"),
    ("Rust", GO_4),
    (GO_4, "Ruby"),
    ("PHP", GO_1),
    (GO_1, "C++"),
    (NODE, GO_4),
    (GO_4, PYTHON),
];

fn key(number: u64) -> String {
    format!("flag-{number}")
}

/// The version of all that init writes in a round.
fn of_init(round: u64) -> u64 {
    10_000 * round
}

/// The data set that init writes in a round: all flags in a version of the round's.
fn data_set(round: u64) -> Value {
    let flags: Map<String, Value> = (0..FLAGS)
        .map(|number| (key(number), item("features", &key(number), of_init(round), "init")))
        .collect();
    json!({"features": flags, "segments": {"segment": item("segments", "segment", of_init(round), "init")}})
}

/// A flag whose upserts are all older than the init of their round, and newer than the one before.
fn is_late(number: u64) -> bool {
    number % 10 == 3
}

/// What the other writer does as its step of this number: some deletes, and one in five is of a flag that is in no data set.
fn change(round: u64, step: u64) -> (String, Value) {
    let number = step * 7 % FLAGS;
    let key = if number % 5 == 4 {
        format!("extra-{number}")
    } else {
        key(number)
    };
    let version = if is_late(number) {
        of_init(round) - 5_000 + step
    } else {
        of_init(round) + 1 + step
    };
    let change = if step % 9 == 8 {
        tombstone(&key, version)
    } else {
        item("features", &key, version, "upsert")
    };
    (key, change)
}

/// Version and origin of a change.
fn row_of(change: &Value) -> (u64, String) {
    let origin = if change["deleted"] == true {
        "tombstone"
    } else {
        "upsert"
    };
    (change["version"].as_u64().expect("a version"), origin.to_owned())
}

/// The rows of flags: version, and who wrote the item.
fn rows(table: &str) -> BTreeMap<String, (u64, String)> {
    let rows = engine()
        .rows(table)
        .into_iter()
        .filter(|row| row["namespace"]["S"] == "features");
    rows.map(|row| {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let stored: Value = serde_json::from_str(&text(&row["item"]["S"])).expect("an item");
        let version: u64 = text(&row["version"]["N"]).parse().expect("a number");
        assert_eq!(stored["version"], version, "one row holds parts of two: {row}");
        let origin = if stored["deleted"] == true {
            "tombstone".to_owned()
        } else {
            text(&stored["salt"])
        };
        (text(&row["key"]["S"]), (version, origin))
    })
    .collect()
}

/// One init beside upserts, until it has ended and each flag had one: the last of each, and how many were made meanwhile.
fn at_once(init: &Handle, upsert: &Handle, round: u64) -> (BTreeMap<String, Value>, u64) {
    let (has_begun, has_ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let (mut last, mut meanwhile) = (BTreeMap::new(), 0);
    std::thread::scope(|scope| {
        let inits = scope.spawn(|| {
            while !has_begun.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            let outcome = init.init(&data_set(round));
            has_ended.store(true, Ordering::Release);
            outcome.expect("init");
        });
        for step in 0.. {
            let is_over = has_ended.load(Ordering::Acquire);
            if is_over && step >= FLAGS {
                break;
            }
            let (key, change) = change(round, step);
            upsert.upsert("features", &key, &change).expect("an upsert");
            last.insert(key, change);
            meanwhile += u64::from(step > BEFORE && !has_ended.load(Ordering::Acquire));
            if step == BEFORE {
                has_begun.store(true, Ordering::Release);
            }
        }
        inits.join().expect("init");
    });
    (last, meanwhile)
}

fn init_beside_upserts(init: &Handle, upsert: &Handle, table: &str) {
    let pair = format!("{} beside {}", init.participant.name.text, upsert.participant.name.text);
    let (mut overlap, mut origins) = (0, BTreeSet::new());
    for round in 1.. {
        assert!(
            round <= ROUNDS,
            "{pair}: {overlap} upserts at once with an init, and {origins:?} stand"
        );
        let before = rows(table);
        let (last, meanwhile) = at_once(init, upsert, round);
        overlap += meanwhile;
        let of_init = (of_init(round), "init".to_owned());
        let mut after = rows(table);
        for number in 0..FLAGS {
            let key = key(number);
            let row = after.remove(&key).unwrap_or_else(|| panic!("{pair}: {key} is lost"));
            let upserted = last.get(&key).map(row_of).filter(|_| !is_late(number));
            let is_one = row == of_init || upserted.as_ref() == Some(&row);
            assert!(is_one, "{pair}: {key} is {row:?}, and not {of_init:?} or {upserted:?}");
            origins.extend(upserted.map(|_| row.1));
        }
        // What init deletes is what it saw before it wrote.
        for (key, row) in &after {
            assert_eq!(
                last.get(key).map(row_of).as_ref(),
                Some(row),
                "{pair}: {key}, once in {before:?}"
            );
        }
        check_after_init(upsert, table, round, &pair);
        if round >= 3 && overlap > 0 && origins.contains("init") && origins.contains("upsert") {
            break;
        }
    }
}

/// When init has ended, what is older is refused, and what is of no data set stays; the other rows are init's.
fn check_after_init(upsert: &Handle, table: &str, round: u64, pair: &str) {
    let late = key(3);
    let older = item("features", &late, of_init(round) - 1, "upsert");
    upsert.upsert("features", &late, &older).expect("an upsert");
    let extra = item("features", "extra-after", of_init(round) + 1, "upsert");
    upsert.upsert("features", "extra-after", &extra).expect("an upsert");
    let rows_of_flags = rows(table);
    assert_eq!(
        rows_of_flags.get(&late),
        Some(&(of_init(round), "init".to_owned())),
        "{pair}: {late}"
    );
    assert_eq!(rows_of_flags.get("extra-after"), Some(&row_of(&extra)), "{pair}");
    let others: Vec<Value> = engine()
        .rows(table)
        .into_iter()
        .filter(|row| row["namespace"]["S"] != "features")
        .collect();
    let mark = json!({"namespace": {"S": "$inited"}, "key": {"S": "$inited"}});
    let is_segment =
        |row: &&Value| row["key"]["S"] == "segment" && row["version"] == json!({"N": of_init(round).to_string()});
    assert!(others.contains(&mark), "{pair}: the mark is in {others:?}");
    assert_eq!(others.iter().filter(is_segment).count(), 1, "{pair}: {others:?}");
    assert_eq!(others.len(), 2, "{pair}: {others:?}");
}

fn upserts_beside_upserts(one: &Handle, other: &Handle, table: &str) {
    let versions = |store: &Handle, first: u64| {
        for step in 0..30_u64 {
            for number in 0..4 {
                let key = format!("both-{number}");
                // Up and down, so that some are refused whoever is faster.
                let version = first + 2 * (step * 11 % 30);
                store
                    .upsert("features", &key, &item("features", &key, version, "both"))
                    .expect("an upsert");
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| versions(one, 1));
        scope.spawn(|| versions(other, 2));
    });
    let highest = 2 + 2 * 29;
    let rows = rows(table);
    for number in 0..4 {
        let key = format!("both-{number}");
        assert_eq!(rows.get(&key), Some(&(highest, "both".to_owned())), "{key}");
    }
}

#[test]
fn two_writers_of_different_kinds_leave_what_both_promise() {
    std::thread::scope(|scope| {
        for (one, other) in PAIRS {
            scope.spawn(move || {
                let table = engine().create_table();
                let (one, other) = (participant(one).open(&table, ""), participant(other).open(&table, ""));
                init_beside_upserts(&one, &other, &table);
                upserts_beside_upserts(&one, &other, &table);
            });
        }
    });
}
