//! Rows exactly as the official stores write them (fixtures.json), read by every reader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{json, Value};

use super::data_set::{expected, in_form_of, item, place, Contents, Expected};
use super::readers::Outcome::{Fails, Right};
use super::readers::{readers, Outcome};
use super::stores::{engine, participants, Handle, GO_1, GO_4, PYTHON};
use crate::support;

/// One row of somebody's.
#[derive(Debug, Deserialize)]
pub struct Fixture {
    pub name: String,
    /// The defect of stores that do not read it, in document.rs.
    pub defect: Option<String>,
    pub writers: Vec<String>,
    pub row: Value,
    holds: Holds,
}

/// What a right answer is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Holds {
    Item,
    /// In this version.
    Deleted(u64),
    /// A failure of get, or nothing; all the others in all.
    Damage,
    /// It is none of a flag's.
    Nothing,
}

/// What a reader made of get, of all, and of an upsert that is older.
pub type Outcomes = [Outcome; 3];

/// By fixture and reader, where an official store that can be had does not do what is right.
const DEFECTS: [(&str, &str, Outcomes); 9] = [
    (NULL, PYTHON, [Right, Fails, Fails]),
    (NULL, GO_4, [Fails, Fails, Right]),
    (NULL, GO_1, [Fails, Fails, Right]),
    (NO_ITEM, PYTHON, [Right, Fails, Fails]),
    (NO_ITEM, GO_4, [Fails, Fails, Right]),
    (NO_ITEM, GO_1, [Fails, Right, Right]),
    (DAMAGED, PYTHON, [Right, Fails, Right]),
    (DAMAGED, GO_4, [Right, Fails, Right]),
    (DAMAGED, GO_1, [Right, Fails, Right]),
];
const NULL: &str = "a deletion that is the text null";
const NO_ITEM: &str = "a row without an item";
const DAMAGED: &str = "an item that is no JSON";

pub fn fixtures() -> &'static [Fixture] {
    static FIXTURES: OnceLock<Vec<Fixture>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let file = support::repository().join("tests/interop/fixtures.json");
        serde_json::from_str(&std::fs::read_to_string(file).expect("fixtures")).expect("fixtures")
    })
}

fn bystander() -> Value {
    item("features", "bystander", 1, "is read whatever lies beside it")
}

impl Fixture {
    pub fn is_deletion_of(&self, writer: &str) -> bool {
        matches!(self.holds, Holds::Deleted(_)) && self.writers.iter().any(|by| by == writer)
    }

    fn is_of_a_flag(&self) -> bool {
        self.row["namespace"]["S"] == "features"
    }

    fn outcomes(&self, store: &Handle, table: &str) -> Outcomes {
        let right_if = |is_right| if is_right { Outcome::Right } else { Outcome::Wrong };
        let stored = || {
            self.row["item"]["S"]
                .as_str()
                .and_then(|text| serde_json::from_str::<Value>(text).ok())
        };
        let held = if matches!(self.holds, Holds::Item) {
            stored()
        } else {
            None
        };
        let bystander = (place("features", "bystander"), expected(&bystander()));
        let held = held.map(|item| (place("features", "flag"), expected(&item)));
        let contents: Contents = held.into_iter().chain([bystander]).collect();
        let items: BTreeMap<String, Value> = in_form_of(store.participant.name.text, contents)
            .into_iter()
            .filter_map(|((_, key), expected)| match expected {
                Expected::Item(item) => Some((key, item)),
                Expected::Deleted(_) => None,
            })
            .collect();
        let get = match store.get("features", "flag") {
            Ok(found) => right_if(found.as_ref() == items.get("flag")),
            Err(_) if matches!(self.holds, Holds::Damage) => Outcome::Right,
            Err(_) => Outcome::Fails,
        };
        let all = match store.all("features") {
            Ok(found) => right_if(found.into_iter().collect::<BTreeMap<_, _>>() == items),
            Err(_) => Outcome::Fails,
        };
        let upsert = match self.holds {
            Holds::Damage | Holds::Nothing => Outcome::Right,
            Holds::Item | Holds::Deleted(_) => {
                let older = item("features", "flag", 6, "older");
                match store.upsert("features", "flag", &older) {
                    Ok(stored) => right_if(stored != Some(true) && engine().rows(table).contains(&self.row)),
                    Err(_) => Outcome::Fails,
                }
            }
        };
        [get, all, upsert]
    }
}

/// Of every fixture and reader; those that cannot be had by their rules.
pub fn results() -> &'static BTreeMap<(&'static str, String), Outcomes> {
    static RESULTS: OnceLock<BTreeMap<(&'static str, String), Outcomes>> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let mut results = BTreeMap::new();
        for fixture in fixtures() {
            let table = engine().create_table();
            participants()[0]
                .open(&table, "")
                .init(&json!({"features": {"bystander": bystander()}}))
                .expect("init");
            engine().put(&table, &fixture.row);
            for reader in participants() {
                let outcomes = fixture.outcomes(&reader.open(&table, ""), &table);
                results.insert((fixture.name.as_str(), reader.name.text.to_owned()), outcomes);
            }
            for reader in readers() {
                let [get, all] = match fixture.is_of_a_flag() {
                    true => reader.outcomes(&fixture.row),
                    false => [Outcome::Right; 2],
                };
                results.insert((fixture.name.as_str(), reader.name), [get, all, Outcome::Right]);
            }
        }
        results
    })
}

#[test]
fn rows_of_every_store_are_read_by_ours_and_the_defects_of_the_others_are_these() {
    let known: BTreeMap<(&str, &str), Outcomes> = DEFECTS
        .iter()
        .map(|&(fixture, reader, outcomes)| ((fixture, reader), outcomes))
        .collect();
    let mut met = BTreeSet::new();
    let mut failures = Vec::new();
    for reader in participants() {
        for fixture in fixtures() {
            let outcomes = results()[&(fixture.name.as_str(), reader.name.text.to_owned())];
            let place = (fixture.name.as_str(), reader.name.text);
            let expected = known
                .get(&place)
                .filter(|_| !reader.name.is_ours)
                .copied()
                .unwrap_or([Outcome::Right; 3]);
            met.insert(place);
            if outcomes != expected {
                failures.push(format!("{place:?}: {outcomes:?}, and not {expected:?}"));
            }
            if expected != [Outcome::Right; 3] {
                assert!(
                    fixture.defect.is_some(),
                    "{place:?} meets a defect that nobody has named"
                );
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        known.keys().all(|place| met.contains(place)),
        "a defect of a fixture that is not there"
    );
}

#[test]
fn ours_tells_a_tombstone_in_the_full_schema_whoever_wrote_it() {
    let mut count = 0;
    for fixture in fixtures() {
        let Holds::Deleted(version) = fixture.holds else {
            continue;
        };
        let table = engine().create_table();
        engine().put(&table, &fixture.row);
        for reader in participants().iter().filter(|reader| reader.name.is_ours) {
            count += 1;
            let answer = reader.open(&table, "").call("get", &["features", "flag"]);
            let text = answer.result.unwrap_or_default();
            let told: Value = serde_json::from_str(&text).unwrap_or_default();
            let is_tombstone = told["deleted"] == true && told["version"] == version;
            assert!(is_tombstone, "{} of {}: {text}", reader.name.text, fixture.name);
        }
    }
    assert!(count > 0, "no tombstone was read");
}
