//! Every reader reads what every writer wrote, with and without a prefix, and the rows are those of the official stores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{json, Value};

use super::data_set::{
    contents, data_set, expected, form_of, full_tombstone, in_form_of, item, leave_out, place, tombstone,
    with_escapes_lost, Contents, Expected,
};
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

/// What is found where one reads another's rows.
#[derive(Debug, Default)]
pub struct Cell {
    /// What nobody has named.
    pub failures: Vec<String>,
    /// Keys of findings.
    pub met: BTreeSet<&'static str>,
}

/// By writer and reader.
pub type Results = BTreeMap<(&'static str, bool, &'static str, bool), Cell>;

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
                for (reader, cell) in readers {
                    let place = (writer.name.text, writer.name.is_ours, reader.text, reader.is_ours);
                    results.insert(place, cell);
                }
            }
            results
        })
    })
}

/// A row of another namespace, such as the Relay Proxy's own.
fn foreign_row() -> Value {
    json!({"namespace": {"S": "somebody-else"}, "key": {"S": "row"}, "item": {"B": "AAEC"}})
}

/// Writes with one writer, and reads with all.
fn written_by(writer: &'static Participant) -> Vec<(Name, Cell)> {
    let table = engine().create_table();
    engine().put(&table, &foreign_row());
    let mut cells: BTreeMap<&str, Cell> = BTreeMap::new();
    let mut note =
        |reader: &Participant, reason: String| cells.entry(reader.name.text).or_default().failures.push(reason);
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
        let texts = texts(&table, prefix);
        for reader in readers {
            let cell = cells.entry(reader.participant.name.text).or_default();
            let (expected, met) = as_read_by(reader.participant.name.text, contents, &texts);
            cell.met.extend(met);
            cell.met
                .extend(form_of(writer.name.text).map_or(&[][..], |form| form.written));
            let failures = read(reader, &expected);
            cell.failures
                .extend(failures.into_iter().map(|reason| format!("{prefix:?}: {reason}")));
        }
    }
    let names = participants().iter().map(|participant| participant.name);
    names
        .map(|name| (name, cells.remove(name.text).unwrap_or_default()))
        .collect()
}

/// A namespace under a prefix.
pub fn namespace(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}:{name}"),
    }
}

/// The texts of a table's items.
pub fn texts(table: &str, prefix: &str) -> BTreeMap<(String, String), String> {
    let mut texts = BTreeMap::new();
    for row in engine().rows(table) {
        let text = |name: &str| row[name]["S"].as_str().map(str::to_owned);
        let kind = KINDS
            .iter()
            .find(|kind| row["namespace"]["S"] == namespace(prefix, kind));
        if let (Some(kind), Some(key), Some(item)) = (kind, text("key"), text("item")) {
            texts.insert(place(kind, &key), item);
        }
    }
    texts
}

/// What a reader's SDK makes of these contents, and the findings that this meets.
pub fn as_read_by(
    reader: &str,
    contents: &Contents,
    texts: &BTreeMap<(String, String), String>,
) -> (Contents, BTreeSet<&'static str>) {
    let Some(form) = form_of(reader) else {
        return (contents.clone(), BTreeSet::new());
    };
    let mut met = BTreeSet::new();
    let mut read = contents.clone();
    for (place, expected) in &mut read {
        let lost = texts.get(place).and_then(|text| with_escapes_lost(text));
        if let (Expected::Item(item), Some(lost)) = (expected, lost) {
            *item = lost;
            met.insert("surrogates");
        }
    }
    let formed = in_form_of(reader, read.clone());
    if formed != read {
        met.extend(form.read);
    }
    (formed, met)
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
    if rows.remove(&place("somebody-else", "row")) != Some(foreign_row()) {
        failures.push("the row of another namespace is not as it was".to_owned());
    }
    for (prefix, contents) in held {
        let marker = namespace(prefix, "$inited");
        let expected = json!({"namespace": {"S": marker}, "key": {"S": marker}});
        if rows.remove(&(marker.clone(), marker)) != Some(expected) {
            failures.push(format!("{prefix:?}: the marker is not as it should be"));
        }
        for ((kind, key), expected) in contents {
            let Some(row) = rows.remove(&(namespace(prefix, kind), key.clone())) else {
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
    let mut expected = match tombstone_of(writer) {
        // What comes in the whole schema is stored so by all.
        Tombstone::Minimal if key != "deleted-in-full" => tombstone(key, version),
        Tombstone::Minimal | Tombstone::Full => full_tombstone(kind, key, version),
        Tombstone::FullWithoutKey => full_tombstone(kind, "$deleted", version),
    };
    leave_out(form_of(writer.text).map_or(&[], |form| form.left_out), &mut expected);
    (*stored == expected)
        .then_some(())
        .ok_or(format!("it should hold {expected}"))
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
        let (expected, _) = as_read_by(reader.name.text, &contents(&whole), &texts(&table, ""));
        let failures = read(&reader.open(&table, ""), &expected).join("\n");
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
        .flat_map(|((writer, _, reader, _), cell)| {
            cell.failures
                .iter()
                .map(move |reason| format!("{writer} -> {reader}: {reason}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(results().len(), participants().len() * participants().len());
}
