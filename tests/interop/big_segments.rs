//! Big Segments as the Relay Proxy writes them and as ours does, read by every reader.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::stores::{engine, participants, Handle, GO_1, GO_4, NOT_FOUND, OK};
use crate::support::driver::Answer;

/// A context, and what each reference is to it.
const MEMBERS: [(&str, &[(&str, bool)]); 3] = [
    ("included", &[("newsletter.g4", true), ("beta.g1", true)]),
    ("excluded", &[("newsletter.g4", false)]),
    ("both", &[("newsletter.g4", true), ("beta.g1", false)]),
];
const REFERENCES: [&str; 3] = ["newsletter.g4", "beta.g1", "newsletter.g3"];
const SYNCHRONIZED: &str = "1764201600123";
const PREFIXES: [&str; 2] = ["", "production:eu"];

fn hash(context: &str) -> String {
    ld_dynamo_store::context_hash(context)
}

fn namespace(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}:{name}"),
    }
}

/// The rows of the Relay Proxy: what is both included and excluded is so, too, after patches of two generations of Relay's.
fn relay_rows(prefix: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = MEMBERS
        .iter()
        .map(|(context, members)| {
            let mut row =
                json!({"namespace": {"S": namespace(prefix, "big_segments_user")}, "key": {"S": hash(context)}});
            for (name, is_included) in [("included", true), ("excluded", false)] {
                let set: Vec<&str> = members
                    .iter()
                    .filter(|(reference, is_member)| {
                        *is_member == is_included || (*context == "both" && *reference == "newsletter.g4")
                    })
                    .map(|(reference, _)| *reference)
                    .collect();
                // DynamoDB has no empty sets.
                if !set.is_empty() {
                    row[name] = json!({"SS": set});
                }
            }
            row
        })
        .collect();
    let metadata = namespace(prefix, "big_segments_metadata");
    rows.push(json!({
        "namespace": {"S": metadata}, "key": {"S": metadata}, "synchronizedOn": {"N": SYNCHRONIZED}, "lastVersion": {"S": "cursor-2"}
    }));
    rows
}

/// The same, through a store of ours.
fn write(store: &Handle) -> Result<(), String> {
    let patch = |segment: &str, previous: &str, version: &str, included: &[&str], excluded: &[&str]| {
        let hashes = |contexts: &[&str]| contexts.iter().map(|context| hash(context)).collect::<Vec<_>>();
        let changes = json!({"included": {"add": hashes(included)}, "excluded": {"add": hashes(excluded)}});
        json!({"segmentId": segment, "previousVersion": previous, "version": version, "changes": changes}).to_string()
    };
    let first = patch(
        "newsletter.g4",
        "",
        "cursor-1",
        &["included", "both"],
        &["excluded", "both"],
    );
    let second = patch("beta.g1", "cursor-1", "cursor-2", &["included"], &["both"]);
    for patch in [first, second] {
        let answer = store.succeeded("big_segments_apply_patch", &[&patch])?;
        if answer.status != OK {
            return Err(format!("the patch has status {}", answer.status));
        }
    }
    store
        .succeeded("big_segments_set_synchronized", &[SYNCHRONIZED])
        .map(drop)
}

fn membership(store: &Handle, context: &str) -> Result<Answer, String> {
    let hash = hash(context);
    // The Go stores say of a reference what it is, and do not list them.
    let references = if [GO_4, GO_1].contains(&store.participant.name.text) {
        &REFERENCES[..]
    } else {
        &[]
    };
    let arguments: Vec<&str> = [hash.as_str()].into_iter().chain(references.iter().copied()).collect();
    store.succeeded("big_segments_membership", &arguments)
}

/// Whatever a reader gets wrong.
fn read(store: &Handle) -> Result<(), String> {
    let parsed = |answer: &Answer| {
        answer
            .result
            .as_deref()
            .map(|text| serde_json::from_str::<Value>(text).expect("JSON"))
    };
    let metadata = store.succeeded("big_segments_metadata", &[])?;
    let synchronized: u64 = SYNCHRONIZED.parse().expect("a number");
    if parsed(&metadata) != Some(json!({"synchronizedOn": synchronized})) {
        return Err(format!("the metadata is {metadata:?}"));
    }
    for (context, members) in MEMBERS {
        let expected: BTreeMap<&str, bool> = members.iter().copied().collect();
        let answer = membership(store, context)?;
        if parsed(&answer) != Some(json!(expected)) {
            return Err(format!("the membership of {context} is {answer:?}"));
        }
    }
    let answer = membership(store, "absent")?;
    let is_empty = answer.status == NOT_FOUND || parsed(&answer) == Some(json!({}));
    is_empty.then_some(()).ok_or(format!("who has no row has {answer:?}"))
}

fn unordered(rows: Vec<Value>) -> BTreeMap<String, Value> {
    rows.into_iter()
        .map(|mut row| {
            for name in ["included", "excluded"] {
                if let Some(set) = row[name]["SS"].as_array_mut() {
                    set.sort_by_key(Value::to_string);
                }
            }
            row.as_object_mut().expect("a row").retain(|_, value| !value.is_null());
            (format!("{} {}", row["namespace"]["S"], row["key"]["S"]), row)
        })
        .collect()
}

#[test]
fn every_reader_reads_big_segments_of_every_writer() {
    let relay = engine().create_table();
    let rows: Vec<Value> = PREFIXES.into_iter().flat_map(relay_rows).collect();
    for row in &rows {
        engine().put(&relay, row);
    }
    let expected = unordered(rows);
    let mut tables = vec![("Relay Proxy", relay)];
    for writer in participants().iter().filter(|participant| participant.name.is_ours) {
        let table = engine().create_table();
        for prefix in PREFIXES {
            write(&writer.open(&table, prefix)).unwrap_or_else(|reason| panic!("{}: {reason}", writer.name.text));
        }
        assert_eq!(
            unordered(engine().rows(&table)),
            expected,
            "the rows of {}",
            writer.name.text
        );
        tables.push((writer.name.text, table));
    }
    let mut failures = Vec::new();
    for (writer, table) in &tables {
        for (reader, prefix) in participants()
            .iter()
            .flat_map(|reader| PREFIXES.map(|prefix| (reader, prefix)))
        {
            if let Err(reason) = read(&reader.open(table, prefix)) {
                failures.push(format!("{writer} -> {}, {prefix:?}: {reason}", reader.name.text));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn where_nobody_has_written_big_segments_there_is_no_time() {
    let table = engine().create_table();
    for participant in participants() {
        let metadata = participant.open(&table, "").call("big_segments_metadata", &[]);
        // Version 1 of Go's answers with an error, where the others know of no time.
        let expected = if participant.name.text == GO_1 { -1 } else { NOT_FOUND };
        assert_eq!(metadata.status, expected, "{}: {metadata:?}", participant.name.text);
    }
}
