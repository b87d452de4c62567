//! Big Segments: how old they are, and rows of theirs that nobody can read.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::commands::Commands;
use super::finding::Severity::{Odd, Wrong};
use super::finding::{Finding, Rows};
use super::prefixes::Role;
use crate::store::administration::WholeRow;
use crate::table::schema;

/// What SDKs take for stale, unless they are told otherwise.
const STALE: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RELAY_PROXY: &str =
    "See whether the Relay Proxy, or who else writes them, runs, and writes to this table, prefix and region.";

/// What was seen of Big Segments.
pub(super) struct BigSegments {
    memberships: usize,
    has_metadata: bool,
    /// Unix time in milliseconds.
    synchronized_on: Option<i64>,
    unreadable: Rows,
}

impl BigSegments {
    pub(super) fn new(most: usize) -> Self {
        BigSegments {
            memberships: 0,
            has_metadata: false,
            synchronized_on: None,
            unreadable: Rows::new(most),
        }
    }

    pub(super) fn see(&mut self, whole: &WholeRow, role: Role<'_>) {
        let row = &whole.big_segments;
        let unreadable = match role {
            Role::Membership => {
                self.memberships += 1;
                [
                    row.included.is_err().then_some(schema::INCLUDED),
                    row.excluded.is_err().then_some(schema::EXCLUDED),
                ]
            }
            _ if whole.row.key != whole.namespace => return,
            _ => {
                self.has_metadata = true;
                self.synchronized_on = row.synchronized_on.and_then(Result::ok);
                [
                    matches!(row.synchronized_on, Some(Err(()))).then_some(schema::SYNCHRONIZED_ON),
                    matches!(row.last_version, Some(Err(()))).then_some(schema::LAST_VERSION),
                ]
            }
        };
        for attribute in unreadable.into_iter().flatten() {
            self.unreadable
                .add(&whole.namespace, &whole.row.key, attribute.to_owned());
        }
    }

    pub(super) fn findings(self, commands: &Commands<'_>, is_complete: bool, now_ms: i64) -> Vec<Finding> {
        let mut findings = Vec::new();
        // Where there are none at all, nobody is waiting for any.
        if self.memberships > 0 || self.has_metadata {
            match self.synchronized_on {
                Some(time) => findings.extend(of_age(time, now_ms)),
                None if is_complete && self.unreadable.count == 0 => findings.push(
                    Finding::new(
                        Wrong,
                        "Big Segments without a time of synchronization",
                        "SDKs take them for stale: evaluations say STALE, and somebody may be in the wrong segment.",
                    )
                    .advice(RELAY_PROXY),
                ),
                None => {}
            }
        }
        if self.unreadable.count > 0 {
            findings.push(self.unreadable(commands));
        }
        findings
    }

    fn unreadable(self, commands: &Commands<'_>) -> Finding {
        let removals = self.unreadable.first.iter().map(|row| {
            let names = json!({"#attribute": row.detail}).to_string();
            let expression = [
                "--update-expression",
                "REMOVE #attribute",
                "--expression-attribute-names",
                &names,
            ];
            commands.aws_on_row("update-item", &row.namespace, &row.key, &expression)
        });
        let removals: Vec<String> = removals.collect();
        Finding::new(
            Wrong,
            "rows of Big Segments with an attribute of another type",
            "SDKs fail to read such a row, or take it for empty: its context is in no Big Segment. Patches that meet it fail.",
        )
        .advice("Remove the attribute; then have the Relay Proxy, or who else writes them, apply all patches anew:")
        .commands(removals)
        .rows(self.unreadable)
    }
}

fn of_age(time_ms: i64, now_ms: i64) -> Option<Finding> {
    let stale = i64::try_from(STALE.as_millis()).unwrap_or(i64::MAX);
    let age_ms = now_ms.saturating_sub(time_ms);
    if age_ms.unsigned_abs() <= stale.unsigned_abs() {
        return None;
    }
    let at = u64::try_from(time_ms)
        .ok()
        .and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
    // It writes no years beyond 9999.
    let at = at.filter(|_| time_ms < 253_402_300_800_000);
    let at = match at {
        Some(at) => humantime::format_rfc3339_seconds(at).to_string(),
        None => format!("{time_ms} ms"),
    };
    let age = Duration::from_millis(age_ms.unsigned_abs());
    if age_ms < 0 {
        let what = format!("Big Segments were synchronized in the future, at {at}");
        let why = "SDKs never take them for stale then, however old they are.";
        return Some(
            Finding::new(Odd, what, why)
                .advice("Check the clock of who writes them; the time is in milliseconds of Unix time."),
        );
    }
    // Of what is older the date alone tells something.
    let ago = match age < DAY {
        true => format!(
            ", {} ago",
            humantime::format_duration(Duration::from_secs(age.as_secs()))
        ),
        false => String::new(),
    };
    let what = format!("Big Segments were last synchronized at {at}{ago}");
    let why = "SDKs take them for stale after 120 s: evaluations say STALE, and somebody may be in the wrong segment.";
    Some(Finding::new(Wrong, what, why).advice(RELAY_PROXY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments::TableOptions;
    use crate::command::check::inspection::row;

    const NOW: i64 = 1_800_000_000_000;

    fn whats(seen: &[(&str, WholeRow)]) -> Vec<String> {
        let mut segments = BigSegments::new(10);
        for (_, whole) in seen {
            let (_, role) = crate::command::check::prefixes::split(&whole.namespace);
            segments.see(whole, role);
        }
        let options = TableOptions::default();
        let findings = segments.findings(&Commands(&options), true, NOW);
        findings.into_iter().map(|finding| finding.what).collect()
    }

    fn metadata(time: Option<std::result::Result<i64, ()>>) -> WholeRow {
        let mut whole = row("big_segments_metadata", "big_segments_metadata", "");
        whole.big_segments.synchronized_on = time;
        whole
    }

    #[test]
    fn an_age_is_a_finding_from_two_minutes_on() {
        assert!(whats(&[]).is_empty());
        for ms in [0, 120_000, -120_000] {
            assert!(whats(&[("", metadata(Some(Ok(NOW - ms))))]).is_empty(), "{ms}");
        }
        let old = whats(&[("", metadata(Some(Ok(NOW - 3_723_000))))]);
        assert_eq!(
            old,
            ["Big Segments were last synchronized at 2027-01-15T06:57:57Z, 1h 2m 3s ago"]
        );
        let older = whats(&[("", metadata(Some(Ok(1_000_000_000_000))))]);
        assert_eq!(older, ["Big Segments were last synchronized at 2001-09-09T01:46:40Z"]);
        let future = whats(&[("", metadata(Some(Ok(i64::MAX))))]);
        assert!(future[0].contains("in the future"), "{future:?}");
        let before = whats(&[("", metadata(Some(Ok(i64::MIN))))]);
        assert!(before[0].contains("last synchronized"), "{before:?}");
    }

    #[test]
    fn what_has_no_time_or_another_type() {
        assert_eq!(
            whats(&[("", metadata(None))]),
            ["Big Segments without a time of synchronization"]
        );
        let mut member = row("big_segments_user", "hash", "");
        member.big_segments.excluded = Err(());
        let found = whats(&[("", member), ("", metadata(Some(Err(()))))]);
        assert_eq!(found, ["rows of Big Segments with an attribute of another type"]);
    }
}
