//! Every reader reads what every writer wrote, with and without a prefix, and the rows are those of the official stores.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{json, Value};

use super::data_set::{contents, data_set, expected, in_form_of, item, place, tombstone, Contents, Expected};
use super::stores::{engine, participant, participants, Handle, Name, Participant, GO_1, GO_4, NODE, PYTHON};

const PREFIXES: [&str; 2] = ["", "production:eu"];
const KINDS: [&str; 2] = ["features", "segments"];

/// What a writer makes of a deletion that comes without the rest of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tombstone {
    /// Key, version and `deleted`.
    Minimal,
    /// The whole schema, under the key.
    Full,
    /// The whole schema, with the key `$deleted`.
    FullWithoutKey,
}

/// The form of a writer's tombstones.
pub fn tombstone_of(writer: Name) -> Tombstone {
    match writer.text {
        _ if writer.is_ours => Tombstone::Full,
        PYTHON | NODE => Tombstone::Minimal,
        GO_4 | GO_1 => Tombstone::FullWithoutKey,
        other => panic!("nobody has said what {other} writes"),
    }
}

/// What went wrong, by writer and reader; nothing where all was read.
pub type Results = BTreeMap<(&'static str, bool, &'static str, bool), Vec<String>>;

/// The whole matrix, made once.
pub fn results() -> &'static Results {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    RESULTS.get_or_init(|| {
        std::thread::scope(|scope| {
            let writers: Vec<_> = participants()
                .iter()
                .map(|writer| scope.spawn(move || (writer, written_by(writer))))
                .collect();
            let mut results = Results::new();
            for writer in writers {
                let (writer, readers) = writer.join().expect("a writer's column");
                for (reader, failures) in readers {
                    let cell = (writer.name.text, writer.name.is_ours, reader.text, reader.is_ours);
                    results.insert(cell, failures);
                }
            }
            results
        })
    })
}

/// Writes with one writer, and reads with all.
fn written_by(writer: &'static Participant) -> Vec<(Name, Vec<String>)> {
    let table = engine().create_table();
    let foreign = json!({"namespace": {"S": "somebody-else"}, "key": {"S": "row"}, "item": {"B": "AAEC"}});
    engine().put(&table, &foreign);
    let mut failures: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut note = |reader: &Participant, reason: String| failures.entry(reader.name.text).or_default().push(reason);
    let mut held = Vec::new();
    let open_all = |prefix| {
        participants()
            .iter()
            .map(|reader| reader.open(&table, prefix))
            .collect()
    };
    let readers: [Vec<Handle>; 2] = PREFIXES.map(open_all);
    for (prefix, readers) in PREFIXES.into_iter().zip(&readers) {
        for reader in readers {
            match reader.is_initialized() {
                Ok(false) => {}
                other => note(
                    reader.participant,
                    format!("{prefix:?}: initialized before init: {other:?}"),
                ),
            }
        }
        let store = writer.open(&table, prefix);
        match write(&store, prefix) {
            Ok(contents) => held.push((prefix, in_form_of(writer.name.text, contents))),
            Err(reason) => note(writer, format!("{prefix:?}: {reason}")),
        }
    }
    for reason in compare_rows(writer.name, &table, &held) {
        note(writer, reason);
    }
    for ((prefix, contents), readers) in held.iter().zip(&readers) {
        for reader in readers {
            for reason in read(reader, contents) {
                note(reader.participant, format!("{prefix:?}: {reason}"));
            }
        }
    }
    let names = participants().iter().map(|participant| participant.name);
    names
        .map(|name| (name, failures.remove(name.text).unwrap_or_default()))
        .collect()
}

/// The rows that a writer leaves without a prefix.
pub fn written_rows(writer: &str) -> Vec<Value> {
    let table = engine().create_table();
    write(&participant(writer).open(&table, ""), "").unwrap_or_else(|reason| panic!("{writer}: {reason}"));
    engine().rows(&table)
}

/// Everything that an SDK has its store write; returns what the table should hold.
fn write(store: &Handle, prefix: &str) -> Result<Contents, String> {
    // What an earlier init left goes, by this one.
    let mut first = data_set();
    first["features"]["stale"] = item("features", "stale", 1, "goes");
    store.init(&first)?;
    let mut whole = data_set();
    // One table holds a data set for each prefix, and they differ.
    whole["features"]["of-this-prefix"] = item("features", "of-this-prefix", 5, prefix);
    store.init(&whole)?;
    let mut held = contents(&whole);
    let changes = [
        ("features", "checkout", item("features", "checkout", 13, "newer")),
        ("features", "added", item("features", "added", 1, "new")),
        (
            "features",
            "deleted-minimal",
            item("features", "deleted-minimal", 8, "is back"),
        ),
        ("features", "to-be-deleted", tombstone("to-be-deleted", 5)),
        ("features", "never-there", tombstone("never-there", 3)),
        ("segments", "employees", tombstone("employees", 15)),
        ("segments", "added", item("segments", "added", 2, "neu: ü")),
    ];
    for (kind, key, change) in changes {
        if store.upsert(kind, key, &change)? == Some(false) {
            return Err(format!("{key} is newer, and was refused"));
        }
        held.insert(place(kind, key), expected(&change));
    }
    Ok(held)
}

/// Whatever a reader gets wrong.
pub fn read(store: &Handle, contents: &Contents) -> Vec<String> {
    let mut failures = Vec::new();
    if store.is_initialized() != Ok(true) {
        failures.push("not initialized".to_owned());
    }
    for kind in KINDS {
        let of_kind = contents.iter().filter(|((of, _), _)| of == kind);
        let items: BTreeMap<&str, Option<&Value>> = of_kind
            .map(|((_, key), expected)| match expected {
                Expected::Item(item) => (key.as_str(), Some(item)),
                Expected::Deleted(_) => (key.as_str(), None),
            })
            .collect();
        match store.all(kind) {
            Ok(mut all) => {
                for (key, item) in &items {
                    let found = all.remove(*key);
                    if found.as_ref() != *item {
                        failures.push(format!("all of {kind}: {key} is {found:?}"));
                    }
                }
                failures.extend(all.keys().map(|key| format!("all of {kind}: {key} is there, too")));
            }
            Err(reason) => failures.push(reason),
        }
        let absent = ("stale", None);
        for (key, item) in items.into_iter().chain([absent]) {
            match store.get(kind, key) {
                Ok(found) if found.as_ref() == item => {}
                other => failures.push(format!("get of {key} gave {other:?}")),
            }
        }
    }
    failures
}

/// The rows are the official ones: these attributes and no others, and items that differ in whitespace and order alone.
fn compare_rows(writer: Name, table: &str, held: &[(&str, Contents)]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut rows: BTreeMap<(String, String), Value> = engine()
        .rows(table)
        .into_iter()
        .map(|row| {
            let text = |name: &str| row[name]["S"].as_str().expect("a key").to_owned();
            ((text("namespace"), text("key")), row)
        })
        .collect();
    if rows.remove(&place("somebody-else", "row")).is_none() {
        failures.push("the row of another namespace is gone".to_owned());
    }
    for (prefix, contents) in held {
        let namespace = |name: &str| match *prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}:{name}"),
        };
        let marker = namespace("$inited");
        let expected = json!({"namespace": {"S": marker}, "key": {"S": marker}});
        if rows.remove(&(marker.clone(), marker)) != Some(expected) {
            failures.push(format!("{prefix:?}: the marker is not as it should be"));
        }
        for ((kind, key), expected) in contents {
            let Some(row) = rows.remove(&(namespace(kind), key.clone())) else {
                failures.push(format!("{prefix:?}: {kind} {key} has no row"));
                continue;
            };
            if let Err(reason) = compare_row(writer, kind, key, expected, &row) {
                failures.push(format!("{prefix:?}: {kind} {key}: {reason}, it is {row}"));
            }
        }
    }
    failures.extend(rows.keys().map(|key| format!("there is a row {key:?}")));
    failures
}

fn compare_row(writer: Name, kind: &str, key: &str, expected: &Expected, row: &Value) -> Result<(), String> {
    let names: Vec<&String> = row.as_object().expect("a row").keys().collect();
    if names.len() != 4 {
        return Err(format!("its attributes are {names:?}"));
    }
    let text = row["item"]["S"].as_str().ok_or("its item is no string")?;
    let stored: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let version = match expected {
        Expected::Item(item) if *item != stored => return Err(format!("it should hold {item}")),
        Expected::Item(item) => item["version"].as_u64().expect("a version"),
        Expected::Deleted(version) => {
            check_tombstone(writer, kind, key, *version, &stored)?;
            *version
        }
    };
    if row["version"] != json!({"N": version.to_string()}) {
        return Err(format!("its version is not {version}"));
    }
    Ok(())
}

fn check_tombstone(writer: Name, kind: &str, key: &str, version: u64, stored: &Value) -> Result<(), String> {
    let form = tombstone_of(writer);
    // What comes in the whole schema is stored so by all.
    let is_full = form != Tombstone::Minimal || key == "deleted-in-full";
    let stored_key = if form == Tombstone::FullWithoutKey {
        "$deleted"
    } else {
        key
    };
    if stored["deleted"] != true || stored["version"] != version || stored["key"] != stored_key {
        return Err("it is no such tombstone".to_owned());
    }
    let last = if kind == "features" {
        "debugEventsUntilDate"
    } else {
        "generation"
    };
    if stored.get(last).is_some() != is_full {
        return Err(format!("it is no tombstone of the form {form:?}"));
    }
    Ok(())
}

#[test]
fn a_row_that_differs_is_seen_by_every_reader() {
    let table = engine().create_table();
    let whole = data_set();
    participants()[0].open(&table, "").init(&whole).expect("init");
    let mut row = engine()
        .rows(&table)
        .into_iter()
        .find(|row| row["key"]["S"] == "payments")
        .expect("a row");
    let changed = row["item"]["S"].as_str().expect("an item").replace("2.5", "2.6");
    row["item"] = json!({"S": changed});
    engine().put(&table, &row);
    let others = ["checkout", "employees", "größe-漢字-😀"];
    for reader in participants() {
        let failures = read(&reader.open(&table, ""), &contents(&whole)).join("\n");
        assert!(
            failures.contains("payments") && failures.contains("2.6"),
            "{}: {failures}",
            reader.name.text
        );
        for other in others {
            assert!(!failures.contains(other), "{}: {failures}", reader.name.text);
        }
    }
}

#[test]
fn every_reader_reads_what_every_writer_wrote() {
    let failures: Vec<String> = results()
        .iter()
        .flat_map(|((writer, _, reader, _), failures)| {
            failures
                .iter()
                .map(move |reason| format!("{writer} -> {reader}: {reason}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(results().len(), participants().len() * participants().len());
}
