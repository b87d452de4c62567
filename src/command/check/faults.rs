//! What can be wrong with rows, with the reason why that matters, and what mends each.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::{Commands, FULL_DATA_SET, WRITTEN_ANEW};
use super::finding::Severity::{Odd, Wrong};
use super::finding::{Finding, Rows, Severity};
use super::prefixes::name;
use crate::table::schema::{self, Kind};

/// What is wrong with a row, in the order in which findings are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Corrupt,
    TooLarge,
    NullTombstone,
    NoVersion,
    NoVersionInItem,
    MissingPrerequisite,
    MissingSegment,
    MisspeltKind,
    OtherVersion,
    OtherKey,
    MinimalTombstone,
    OtherAttributes,
    NearLimit,
}

/// What mends a fault.
enum Mending {
    /// The environment's full data set, from LaunchDarkly.
    FullDataSet,
    /// The same, or the item where there is only one.
    OneItem,
    /// The same, after something was made smaller.
    SmallerItem,
    /// The table's own data set, written anew.
    WrittenAnew,
    /// The full data set, and then the other namespaces are emptied.
    OtherNamespace,
}

const SMALLER: &str = "Make it smaller, with a segment instead of many targets of a flag, or a Big Segment instead of a segment; then write \
     the full data set:";
const OTHER_NAMESPACE: &str = "Write the full data set under \"features\" and \"segments\"; then these rows can go:";
/// While one of these is there, the table's own data set is no full one.
const LOSSES: [Fault; 5] = [
    Fault::Corrupt,
    Fault::TooLarge,
    Fault::NoVersionInItem,
    Fault::MissingPrerequisite,
    Fault::MissingSegment,
];

impl Fault {
    fn text(self) -> (Severity, &'static str, &'static str, Mending) {
        match self {
            Fault::Corrupt => (
                Wrong,
                "items that are no JSON object",
                "One such row, and Go, Python, Ruby and the Relay Proxy fail to read all flags or segments at once; other SDKs serve default values for it.",
                Mending::OneItem,
            ),
            Fault::TooLarge => (
                Wrong,
                "rows over the size limit of 400,000 bytes",
                "Stores drop updates of such an item, so SDKs go on with an old one; an init removes it, and SDKs serve default values.",
                Mending::SmallerItem,
            ),
            Fault::NullTombstone => (
                Wrong,
                "deletions that are stored as null or as nothing",
                "Java and .NET SDKs write them so. One such row, and Go, the Relay Proxy, Python, Ruby and PHP fail to read all flags or \
                 segments at once.",
                Mending::WrittenAnew,
            ),
            Fault::NoVersion => (
                Wrong,
                "rows whose version is missing or no integer",
                "Java and .NET SDKs fail to read all flags or segments at once, and most SDKs can never update such a row again.",
                Mending::WrittenAnew,
            ),
            Fault::NoVersionInItem => (
                Wrong,
                "items whose version is missing or no integer",
                "Python, Ruby, PHP and C++ SDKs go by the version in the item, and init and upsert refuse an item without one.",
                Mending::FullDataSet,
            ),
            Fault::MissingPrerequisite => (
                Wrong,
                "flags whose prerequisite is not in the table",
                "Such a flag serves its off variation to everybody. A data set that was half written looks like this.",
                Mending::FullDataSet,
            ),
            Fault::MissingSegment => (
                Wrong,
                "rules on a segment that is not in the table",
                "Such a rule matches nobody. A data set that was half written looks like this.",
                Mending::FullDataSet,
            ),
            Fault::MisspeltKind => (
                Wrong,
                "rows in a misspelt namespace, which no SDK reads",
                "SDKs read the namespaces \"features\" and \"segments\", behind the prefix, in lower case. What is in another one is in no SDK.",
                Mending::OtherNamespace,
            ),
            Fault::OtherVersion => (
                Odd,
                "rows whose version is another than their item's",
                "Updates are compared with the row's version, and SDKs evaluate and report the item's: an update may be refused that is \
                 newer, or an older one taken.",
                Mending::WrittenAnew,
            ),
            Fault::OtherKey => (
                Odd,
                "items whose key is another than their row's",
                "Python and Ruby SDKs list a flag under the item's key, other SDKs under the row's: they disagree about which flag it is.",
                Mending::FullDataSet,
            ),
            Fault::MinimalTombstone => (
                Odd,
                "deletions without the fields of a flag or segment",
                "Node, Python and Ruby SDKs write them so. Older PHP SDKs fail to read all flags at once because of one, and the Rust SDK \
                 finds none.",
                Mending::WrittenAnew,
            ),
            Fault::OtherAttributes => (
                Odd,
                "rows with attributes that are not the store's",
                "No SDK writes them, and each read pays for them; Node SDKs leave out a row whose attribute \"deleted\" is true.",
                Mending::WrittenAnew,
            ),
            Fault::NearLimit => (
                Odd,
                "rows over 90 % of the size limit of 400,000 bytes",
                "When it grows over the limit, stores drop its updates, and SDKs go on with an old one.",
                Mending::SmallerItem,
            ),
        }
    }
}

/// The rows with each fault.
pub(super) struct Faults {
    most: usize,
    rows: BTreeMap<Fault, (Rows, BTreeSet<String>)>,
}

impl Faults {
    /// At most so many rows are named for each fault.
    pub(super) fn new(most: usize) -> Self {
        Faults {
            most,
            rows: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, fault: Fault, kind: &str, namespace: &str, key: &str, detail: impl Into<String>) {
        let (rows, kinds) = self.of(fault);
        rows.add(namespace, key, detail.into());
        if !kinds.contains(kind) {
            kinds.insert(kind.to_owned());
        }
    }

    pub(super) fn absorb(&mut self, fault: Fault, rows: Rows) {
        self.of(fault).0.absorb(rows);
    }

    fn of(&mut self, fault: Fault) -> &mut (Rows, BTreeSet<String>) {
        let most = self.most;
        self.rows
            .entry(fault)
            .or_insert_with(|| (Rows::new(most), BTreeSet::new()))
    }

    /// Whether what the table holds is all that it should: what is lost only the full data set can bring back.
    pub(super) fn leave_all(&self) -> bool {
        !LOSSES.iter().any(|fault| self.rows.contains_key(fault))
    }

    /// `is_full` says whether the table's own data set can be written anew without losing anything.
    pub(super) fn findings(self, commands: &Commands<'_>, is_full: bool) -> Vec<Finding> {
        let faults = self.rows.into_iter();
        faults
            .map(|(fault, (rows, kinds))| finding(fault, rows, &kinds, commands, is_full))
            .collect()
    }
}

fn finding(fault: Fault, rows: Rows, kinds: &BTreeSet<String>, commands: &Commands<'_>, is_full: bool) -> Finding {
    let (severity, what, why, mending) = fault.text();
    let finding = Finding::new(severity, what, why);
    let finding = match mending {
        Mending::WrittenAnew if is_full => {
            let is_usual = kinds
                .iter()
                .all(|kind| kind == schema::FEATURES || kind == schema::SEGMENTS);
            let kinds = kinds.iter().map(String::as_str).filter(|_| !is_usual);
            finding.advice(WRITTEN_ANEW).commands(commands.write_anew(kinds))
        }
        Mending::OneItem if rows.count == 1 => {
            let one = rows.first.first().zip(kinds.first());
            finding
                .advice("Write the full data set, or this item alone:")
                .commands(commands.init())
                .commands(one.map(|(row, kind)| commands.upsert(kind, &row.key)))
        }
        Mending::FullDataSet | Mending::WrittenAnew | Mending::OneItem => {
            finding.advice(FULL_DATA_SET).commands(commands.init())
        }
        Mending::SmallerItem => finding.advice(SMALLER).commands(commands.init()),
        Mending::OtherNamespace => {
            let emptied = kinds.iter().filter(|kind| is_reached(kind));
            let emptied = emptied.map(|kind| commands.empty_kind(kind));
            let others = rows.first.iter().filter(|row| !is_reached(name(&row.namespace)));
            let deleted = others.map(|row| commands.aws_on_row("delete-item", &row.namespace, &row.key, &[]));
            finding
                .advice(OTHER_NAMESPACE)
                .commands(commands.init())
                .commands(emptied)
                .commands(deleted)
        }
    };
    finding.rows(rows)
}

/// Whether a command of ours takes this for the name of a kind: "flags" is another name of "features" to each.
fn is_reached(kind: &str) -> bool {
    Kind::parse(kind).is_ok_and(|parsed| parsed.name() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments::TableOptions;

    #[test]
    fn commands_name_the_kinds_concerned() {
        let options = TableOptions {
            table: Some("t".to_owned()),
            ..TableOptions::default()
        };
        let commands = Commands(&options);
        let mut faults = Faults::new(10);
        faults.add(Fault::NoVersion, "features", "features", "a", "");
        faults.add(Fault::NoVersion, "things", "things", "b", "");
        faults.add(Fault::OtherAttributes, "segments", "segments", "c", "");
        let findings = faults.findings(&commands, true);
        let lines: Vec<_> = findings.iter().flat_map(|finding| &finding.commands).collect();
        assert_eq!(
            lines,
            [
                "ld-dynamo-store export --output data-set.json --kind features --kind things --table t",
                "ld-dynamo-store init data-set.json --table t",
                "ld-dynamo-store export --output data-set.json --table t",
                "ld-dynamo-store init data-set.json --table t",
            ]
        );
    }
}
