//! What the writers that cannot be had leave of one data set (absent_writers.json, from their sources), read by every reader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{json, Value};

use super::data_set::{expected, place, Contents, Expected, NEW_MEMBER};
use super::fixtures::{fixtures, results as fixture_results};
use super::matrix::{as_read_by, namespace, read, texts};
use super::readers::{readers, Outcome};
use super::stores::{engine, participants};
use crate::support;

const PREFIXES: [&str; 2] = ["", "production:eu"];

#[derive(Deserialize)]
struct Writers {
    /// What each was to write.
    flag: Value,
    segment: Value,
    writers: Vec<Writer>,
}

/// What one has made of it: texts of items.
#[derive(Deserialize)]
struct Writer {
    writer: String,
    flag: String,
    segment: String,
    deletion: String,
    /// The findings that this meets whoever reads.
    met: BTreeSet<String>,
}

fn written() -> &'static Writers {
    static WRITTEN: OnceLock<Writers> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let file = support::repository().join("tests/interop/absent_writers.json");
        let written: Writers = serde_json::from_str(&std::fs::read_to_string(file).expect("writers")).expect("writers");
        assert!(!written.writers.is_empty(), "no writer");
        written
    })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn row(prefix: &str, kind: &str, key: &str, version: u64, item: &str) -> Value {
    json!({
        "namespace": {"S": namespace(prefix, kind)}, "key": {"S": key}, "version": {"N": version.to_string()}, "item": {"S": item}
    })
}

impl Writer {
    /// All rows but that of the deletion.
    fn rows(&self, prefix: &str) -> [Value; 3] {
        let mark = namespace(prefix, "$inited");
        [
            row(prefix, "features", "greeting", 7, &self.flag),
            row(prefix, "segments", "team", 3, &self.segment),
            json!({"namespace": {"S": mark}, "key": {"S": mark}}),
        ]
    }

    fn contents(&self) -> Contents {
        let items = [
            ("features", "greeting", &self.flag),
            ("segments", "team", &self.segment),
        ];
        let items = items.map(|(kind, key, text)| (place(kind, key), expected(&parsed(text))));
        items.into_iter().collect()
    }

    /// Whether a reader reads this one's deletions, by the fixture of their form.
    fn is_deletion_read_by(&self, reader: &str) -> bool {
        let form = fixtures().iter().find(|fixture| fixture.is_deletion_of(&self.writer));
        let form = form.unwrap_or_else(|| panic!("no fixture is a deletion of {}", self.writer));
        fixture_results()[&(form.name.as_str(), reader.to_owned())][..2] == [Outcome::Right; 2]
    }
}

/// The findings of a writer that cannot be had, where one reads what it wrote.
pub fn met(writer: &str, reader: &str) -> BTreeSet<String> {
    let Some(writer) = written().writers.iter().find(|one| one.writer == writer) else {
        return BTreeSet::new();
    };
    let texts: BTreeMap<_, _> = [(place("features", "greeting"), writer.flag.clone())].into();
    let (_, of_reader) = as_read_by(reader, &writer.contents(), &texts);
    writer
        .met
        .iter()
        .cloned()
        .chain(of_reader.into_iter().map(str::to_owned))
        .collect()
}

#[test]
fn what_each_leaves_out_is_what_the_page_says() {
    for writer in &written().writers {
        let (flag, segment) = (parsed(&writer.flag), parsed(&writer.segment));
        let mut met = BTreeSet::new();
        if flag.get(NEW_MEMBER).is_none() {
            met.insert("dropped-members".to_owned());
        }
        if flag["variations"] != written().flag["variations"] {
            met.insert("dropped-nulls".to_owned());
        }
        assert_eq!(met, writer.met, "{}", writer.writer);
        // All else is there, or null.
        for (given, stored) in [(&written().flag, &flag), (&written().segment, &segment)] {
            for (name, value) in given.as_object().expect("an item") {
                let is_named = name == NEW_MEMBER || (name == "variations" && met.contains("dropped-nulls"));
                assert!(
                    is_named || stored[name] == *value,
                    "{}: {name} is {}",
                    writer.writer,
                    stored[name]
                );
            }
        }
    }
}

#[test]
fn every_reader_reads_what_the_absent_ones_wrote() {
    let mut failures = Vec::new();
    for writer in &written().writers {
        let table = engine().create_table();
        for prefix in PREFIXES {
            for row in writer.rows(prefix) {
                engine().put(&table, &row);
            }
            let texts = texts(&table, prefix);
            let deletion = row(prefix, "features", "gone", 9, &writer.deletion);
            let mut contents = writer.contents();
            for is_deleted in [false, true] {
                if is_deleted {
                    engine().put(&table, &deletion);
                    contents.insert(place("features", "gone"), Expected::Deleted(9));
                }
                for reader in participants() {
                    let name = reader.name.text;
                    let (expected, _) = as_read_by(name, &contents, &texts);
                    let found = read(&reader.open(&table, prefix), &expected);
                    if found.is_empty() != (!is_deleted || writer.is_deletion_read_by(name)) {
                        failures.push(format!(
                            "{} -> {name}, {prefix:?}, deletion {is_deleted}: {found:?}",
                            writer.writer
                        ));
                    }
                }
            }
        }
        for reader in readers() {
            for row in &writer.rows("")[..2] {
                let outcomes = reader.outcomes(row);
                if outcomes != [Outcome::Right; 2] {
                    failures.push(format!("{} -> {}: {outcomes:?}", writer.writer, reader.name));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
