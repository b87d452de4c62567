//! What flags and segments need of others: prerequisites, and segments in rules.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::faults::{Fault, Faults};
use super::finding::Rows;
use crate::table::schema::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needed {
    Flag,
    Segment,
}

/// Keys that are there and keys that are needed. Rows come in any order, so that only the end shows what is missing.
pub(super) struct References {
    most: usize,
    flags: HashSet<Box<str>>,
    segments: HashSet<Box<str>>,
    needed: BTreeMap<(Needed, String), Rows>,
}

#[derive(Deserialize)]
struct Prerequisite {
    key: String,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    clauses: Vec<Clause>,
}

#[derive(Deserialize)]
struct Clause {
    #[serde(default)]
    op: String,
    #[serde(default)]
    values: Vec<serde_json::Value>,
}

impl References {
    /// At most so many rows are named that need one key.
    pub(super) fn new(most: usize) -> Self {
        References {
            most,
            flags: HashSet::new(),
            segments: HashSet::new(),
            needed: BTreeMap::new(),
        }
    }

    pub(super) fn found(&mut self, kind: Kind<'_>, key: &str) {
        if kind.is_features() {
            self.flags.insert(key.into());
        } else if kind.is_segments() {
            self.segments.insert(key.into());
        }
    }

    /// Notes what the item in this row names. What is malformed is the SDK's business.
    pub(super) fn needs(
        &mut self,
        kind: Kind<'_>,
        namespace: &str,
        key: &str,
        prerequisites: Option<&str>,
        rules: Option<&str>,
    ) {
        if kind.is_features() {
            let prerequisites: Vec<Prerequisite> = read(prerequisites);
            for needed in prerequisites {
                self.need(Needed::Flag, needed.key, namespace, key);
            }
        }
        let rules: Vec<Rule> = read(rules);
        let clauses = rules.into_iter().flat_map(|rule| rule.clauses);
        let segments = clauses.filter(|clause| clause.op == "segmentMatch");
        for value in segments.flat_map(|clause| clause.values) {
            if let serde_json::Value::String(segment) = value {
                self.need(Needed::Segment, segment, namespace, key);
            }
        }
    }

    fn need(&mut self, what: Needed, needed: String, namespace: &str, key: &str) {
        let detail = match what {
            Needed::Flag => format!("needs the flag {needed:?}"),
            Needed::Segment => format!("needs the segment {needed:?}"),
        };
        let most = self.most;
        let rows = self.needed.entry((what, needed)).or_insert_with(|| Rows::new(most));
        rows.add(namespace, key, detail);
    }

    /// What is needed and was not found, when all rows have been seen.
    pub(super) fn end(self, faults: &mut Faults) {
        for ((what, needed), rows) in self.needed {
            let (found, fault) = match what {
                Needed::Flag => (&self.flags, Fault::MissingPrerequisite),
                Needed::Segment => (&self.segments, Fault::MissingSegment),
            };
            if !found.contains(needed.as_str()) {
                faults.absorb(fault, rows);
            }
        }
    }
}

fn read<'t, T: Deserialize<'t>>(text: Option<&'t str>) -> Vec<T> {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
