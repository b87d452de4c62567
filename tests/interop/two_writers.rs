//! Two writers of different kinds at once leave what both documents promise: docs/the-table.md, "Limits".

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{json, Map, Value};

use super::data_set::{item, tombstone};
use super::stores::{engine, participant, Handle, GO_1, GO_4, NODE, PYTHON};

const FLAGS: u64 = 60;
const ROUNDS: u64 = 3;

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

/// The data set that init writes in a round: all flags in a version of the round's.
fn data_set(round: u64) -> Value {
    let flags: Map<String, Value> = (0..FLAGS)
        .map(|number| (key(number), item("features", &key(number), 100 * round, "init")))
        .collect();
    json!({"features": flags, "segments": {"segment": item("segments", "segment", 100 * round, "init")}})
}

/// What the other writer does meanwhile: most are newer than the init of this round and older than the next, some delete, one in
/// five is of a flag that is in no data set.
fn changes(round: u64) -> Vec<(String, Value)> {
    (0..2 * FLAGS)
        .map(|number| {
            let key = if number % 5 == 4 {
                format!("extra-{number}")
            } else {
                key(number * 7 % FLAGS)
            };
            let version = 100 * round + 1 + number / 4;
            let change = if number % 9 == 8 {
                tombstone(&key, version)
            } else {
                item("features", &key, version, "upsert")
            };
            (key, change)
        })
        .collect()
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

fn init_beside_upserts(init: &Handle, upsert: &Handle, table: &str) {
    let pair = format!("{} beside {}", init.participant.name.text, upsert.participant.name.text);
    for round in 1..=ROUNDS {
        let before = rows(table);
        std::thread::scope(|scope| {
            let inits = scope.spawn(|| init.init(&data_set(round)).expect("init"));
            for (key, change) in changes(round) {
                upsert.upsert("features", &key, &change).expect("an upsert");
            }
            inits.join().expect("init");
        });
        let mut written: BTreeMap<String, BTreeSet<(u64, String)>> = BTreeMap::new();
        for number in 0..FLAGS {
            let writes = written.entry(key(number)).or_default();
            writes.insert((100 * round, "init".to_owned()));
        }
        for (key, change) in changes(round) {
            let origin = if change["deleted"] == true {
                "tombstone"
            } else {
                "upsert"
            };
            let version = change["version"].as_u64().expect("a version");
            written.entry(key).or_default().insert((version, origin.to_owned()));
        }
        let after = rows(table);
        for (key, row) in &after {
            let writes = written.get(key);
            assert!(
                writes.is_some_and(|writes| writes.contains(row)),
                "{pair}: {key} is {row:?}, which nobody wrote in this round"
            );
        }
        for number in 0..FLAGS {
            assert!(after.contains_key(&key(number)), "{pair}: {} is lost", key(number));
        }
        // What init deletes is what it saw before it wrote: of these, nothing but flags that are in no data set.
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            assert!(key.starts_with("extra-"), "{pair}: {key} is lost");
        }
    }
    assert_eq!(init.is_initialized(), Ok(true), "{pair}");
    assert_eq!(upsert.is_initialized(), Ok(true), "{pair}");
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
