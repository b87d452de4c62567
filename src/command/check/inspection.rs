//! What is read of the table, row by row, and what that shows at the end.

use std::time::{SystemTime, UNIX_EPOCH};

use super::big_segments::BigSegments;
use super::commands::Commands;
use super::faults::{Fault, Faults};
use super::finding::Finding;
use super::prefixes::{self, Contents, Foreign, Others, Prefixes, Role};
use super::references::References;
use super::{mark, rows};
use crate::store::administration::WholeRow;
use crate::table::data_set;
use crate::table::schema::Kind;

/// What was seen so far.
pub(super) struct Inspection<'a> {
    prefix: &'a str,
    faults: Faults,
    references: References,
    prefixes: Prefixes,
    big_segments: BigSegments,
    /// What the mark has beside its keys.
    added_to_mark: Vec<String>,
}

/// What rows came to.
pub(super) struct Inspected {
    pub(super) prefixes: Prefixes,
    pub(super) contents: Contents,
    pub(super) foreign: Foreign,
    pub(super) findings: Vec<Finding>,
    pub(super) is_complete: bool,
    pub(super) others: Others,
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl<'a> Inspection<'a> {
    /// At most so many rows are named for each finding.
    pub(super) fn new(prefix: &'a str, most: usize) -> Self {
        Inspection {
            prefix,
            faults: Faults::new(most),
            references: References::new(most),
            prefixes: Prefixes::default(),
            big_segments: BigSegments::new(most),
            added_to_mark: Vec::new(),
        }
    }

    pub(super) fn see(&mut self, whole: &WholeRow) {
        self.prefixes.add(whole);
        let (prefix, role) = prefixes::split(&whole.namespace);
        if prefix != self.prefix {
            return;
        }
        match role {
            Role::Mark if whole.row.key == whole.namespace => self.added_to_mark = mark::additions(whole),
            Role::Mark => {}
            Role::Metadata | Role::Membership => self.big_segments.see(whole, role, now_ms()),
            Role::Features | Role::Segments | Role::Other(_) => self.see_item(whole, role),
        }
    }

    fn see_item(&mut self, whole: &WholeRow, role: Role<'_>) {
        let name = prefixes::name(&whole.namespace);
        if let Role::Other(_) = role {
            let (namespace, key) = (&whole.namespace, &whole.row.key);
            if !prefixes::is_as_stores_write(whole) {
                return;
            }
            if let Some(meant) = data_set::meant(name.trim_start_matches(':')) {
                let detail = match name.starts_with(':') {
                    true => "written by a Ruby SDK whose prefix is \"\": leave the prefix out".to_owned(),
                    false => format!("probably meant: {meant:?}"),
                };
                return self.faults.add(Fault::MisspeltKind, name, namespace, key, detail);
            }
        }
        if let Ok(kind) = Kind::parse(name) {
            rows::judge(kind, whole, &mut self.faults, &mut self.references);
        }
    }

    /// `is_complete` says whether all rows of the prefix were seen, without which nothing is missing.
    pub(super) fn end(mut self, commands: &Commands<'_>, is_complete: bool, others: Others) -> Inspected {
        let foreign = self.prefixes.end(self.prefix);
        let contents = self.prefixes.of(self.prefix);
        let mut findings = Vec::new();
        if is_complete {
            findings.extend(mark::missing(&contents, &self.prefixes, self.prefix, others, commands));
            self.references.end(&mut self.faults);
        }
        let is_full = is_complete && contents.is_initialized && contents.features > 0 && self.faults.leave_all();
        if !self.added_to_mark.is_empty() {
            findings.push(mark::with_additions(&self.added_to_mark, commands, is_full));
        }
        findings.extend(self.faults.findings(commands, is_full));
        findings.extend(self.big_segments.findings(commands, is_complete));
        Inspected {
            prefixes: self.prefixes,
            contents,
            foreign,
            findings,
            is_complete,
            others,
        }
    }
}

/// A row as tests have it.
#[cfg(test)]
pub(super) fn row(namespace: &str, key: &str, item: &str) -> WholeRow {
    use crate::table::big_segments::BigSegmentsRow;
    use crate::table::item::{StoredItem, StoredRow};
    WholeRow {
        namespace: namespace.to_owned(),
        row: StoredRow {
            key: key.to_owned(),
            version: Some(1),
            item: StoredItem::Text(item.to_owned()),
            only_our_attributes: true,
        },
        bytes: 200,
        other_attributes: Vec::new(),
        big_segments: BigSegmentsRow {
            synchronized_on: None,
            last_version: None,
            included: Ok(Vec::new()),
            excluded: Ok(Vec::new()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments::TableOptions;
    use crate::store::administration::Identity;

    fn inspected(prefix: &str, is_complete: bool, rows: &[WholeRow]) -> Inspected {
        let options = TableOptions {
            table: Some("t".to_owned()),
            ..TableOptions::default()
        };
        let mut inspection = Inspection::new(prefix, 10);
        rows.iter().for_each(|row| inspection.see(row));
        inspection.end(&Commands(&options, &Identity::default()), is_complete, Others::Seen)
    }

    /// Nothing that is told of them may make somebody remove them.
    #[test]
    fn rows_of_other_applications_are_no_finding() {
        let mut orders = row("orders", "1", "paid");
        orders.other_attributes.push("total".to_owned());
        let mut counters = row("counters", "visits", "");
        counters.row.item = crate::table::item::StoredItem::Missing;
        let mut flags = row("flags", "country", "{}");
        flags.row.version = None;
        let flag = row("features", "b", r#"{"key":"b","version":1}"#);
        let inspected = inspected("", true, &[mark(), flag, orders, counters, flags]);
        assert!(inspected.findings.is_empty(), "{:?}", inspected.findings);
        assert_eq!(inspected.foreign.rows, 3);
    }

    fn mark() -> WholeRow {
        let mut mark = row("$inited", "$inited", "");
        mark.row.version = None;
        mark.row.item = crate::table::item::StoredItem::Missing;
        mark
    }

    fn flag() -> WholeRow {
        row(
            "features",
            "a",
            r#"{"key":"a","version":1,"prerequisites":[{"key":"b"}]}"#,
        )
    }

    #[test]
    fn nothing_is_missing_before_all_rows_were_seen() {
        let whats = |is_complete| {
            let findings = inspected("", is_complete, &[flag()]).findings.into_iter();
            findings.map(|finding| finding.what).collect::<Vec<_>>()
        };
        assert_eq!(whats(false), Vec::<String>::new());
        assert_eq!(
            whats(true),
            [
                "no mark of a full data set ($inited) beside 1 row",
                "flags whose prerequisite is not in the table or is deleted"
            ]
        );
    }

    #[test]
    fn a_colon_that_a_ruby_sdk_writes_is_found() {
        let rows = [
            mark(),
            row("features", "b", r#"{"key":"b","version":1}"#),
            row(":features", "a", "{}"),
        ];
        let [finding] = &inspected("", true, &rows).findings[..] else {
            panic!("one finding")
        };
        let rows = finding.rows.as_ref().expect("rows");
        assert!(
            rows.first.first().is_some_and(|row| row.detail.contains("Ruby")),
            "{finding:?}"
        );
        let delete = finding.commands.last().expect("a command");
        assert!(
            delete.starts_with("aws dynamodb delete-item --table-name t"),
            "{delete}"
        );
        // With a prefix it is nobody's.
        assert!(inspected("p", false, &[row(":features", "a", "{}")])
            .findings
            .is_empty());
    }

    #[test]
    fn rows_of_other_prefixes_are_their_owners_business() {
        let of_others = [row("q:features", "a", "null"), row("features", "a", "{")];
        let inspected = inspected("p", false, &of_others);
        assert!(inspected.findings.is_empty());
        assert_eq!(inspected.prefixes.others("p"), ["", "q"]);
    }
}
