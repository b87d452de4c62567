//! What the credentials may do, found out by asking, and what a use of the table needs of that.

use serde_json::{json, Value};

use super::finding::Finding;
use super::finding::Severity::Wrong;
use super::text::{listed, Lines};
use crate::command::arguments::Use;
use crate::command::output::{BAD, GOOD, ODD};
use crate::error::{Error, ErrorKind};
use crate::store::administration::Action;
use crate::store::Store;

#[derive(Debug)]
pub(super) enum Outcome {
    Allowed,
    /// With DynamoDB's words.
    Refused(String),
    /// With the reason.
    NotLookedAt(String),
}

/// Each action that a use needs, with what came of trying it.
pub(super) struct Permissions {
    expected: Use,
    outcomes: Vec<(Action, Outcome)>,
}

fn needed(expected: Use) -> &'static [Action] {
    match expected {
        Use::Reader => &[Action::GetItem, Action::Query],
        Use::Writer => &[Action::GetItem, Action::Query, Action::PutItem, Action::BatchWriteItem],
        Use::BigSegmentsWriter => &[Action::GetItem, Action::UpdateItem, Action::ConditionCheckItem],
    }
}

fn named(expected: Use) -> &'static str {
    match expected {
        Use::Reader => "a reader",
        Use::Writer => "a writer",
        Use::BigSegmentsWriter => "a writer of Big Segments",
    }
}

/// What does not work without an action.
fn purpose(action: Action) -> &'static str {
    match action {
        Action::GetItem => "no flag is found and no SDK is initialized",
        Action::Query => "all flags are never read at once, and no full data set is written",
        Action::PutItem => "no update of a flag is written",
        Action::BatchWriteItem => "no full data set is written",
        Action::UpdateItem => "no Big Segment is written",
        Action::ConditionCheckItem => "no patch of a Big Segment is kept in order",
    }
}

impl Permissions {
    /// Tries each action. After one that nobody answers, the others are left. The error is the last one that was no refusal.
    pub(super) fn of(store: &Store, expected: Use) -> (Self, Option<Error>) {
        let mut failure: Option<Error> = None;
        let mut outcomes = Vec::new();
        for &action in needed(expected) {
            let ends = failure.as_ref().filter(|error| !goes_on_after(error));
            let outcome = match ends {
                Some(error) => Outcome::NotLookedAt(error.to_string()),
                None => match store.try_action(action) {
                    Ok(None) => Outcome::Allowed,
                    Ok(Some(refusal)) => Outcome::Refused(words(refusal.message())),
                    Err(error) => Outcome::NotLookedAt(failure.insert(error).to_string()),
                },
            };
            outcomes.push((action, outcome));
        }
        (Permissions { expected, outcomes }, failure)
    }

    /// Where nobody was asked.
    pub(super) fn not_looked_at(expected: Use, why: &str) -> Self {
        let outcomes = needed(expected)
            .iter()
            .map(|&action| (action, Outcome::NotLookedAt(why.to_owned())));
        Permissions {
            expected,
            outcomes: outcomes.collect(),
        }
    }

    /// Whether anything was asked.
    pub(super) fn are_known(&self) -> bool {
        let mut outcomes = self.outcomes.iter();
        outcomes.any(|(_, outcome)| !matches!(outcome, Outcome::NotLookedAt(_)))
    }

    /// What is refused and needed, with the statement that allows it on `resource`.
    pub(super) fn finding(&self, resource: &str) -> Option<Finding> {
        let refused = self.outcomes.iter().filter_map(|(action, outcome)| match outcome {
            Outcome::Refused(words) => Some((*action, words.as_str())),
            _ => None,
        });
        let refused: Vec<(Action, &str)> = refused.collect();
        if refused.is_empty() {
            return None;
        }
        let names: Vec<&str> = refused.iter().map(|(action, _)| action.name()).collect();
        let purposes = refused
            .iter()
            .map(|(action, _)| format!("Without {}, {}.", action.name(), purpose(*action)));
        let what = format!(
            "{} {} not allowed to these credentials, and {} needs {}",
            listed(&names),
            if names.len() == 1 { "is" } else { "are" },
            named(self.expected),
            if names.len() == 1 { "it" } else { "them" },
        );
        let finding = Finding::new(Wrong, what, purposes.collect::<Vec<_>>().join(" "));
        let says = |part: &str| refused.iter().any(|(_, words)| words.contains(part));
        if says("kms:") {
            return Some(finding.advice(
                "DynamoDB may not use the table's KMS key for these credentials: allow kms:Decrypt on the key that the refusal names, \
                 in its policy and in theirs.",
            ));
        }
        if says("explicit deny") {
            return Some(
                finding.advice("A policy denies it explicitly, and no statement helps until that denial is gone."),
            );
        }
        let actions: Vec<String> = names.iter().map(|name| format!("dynamodb:{name}")).collect();
        let mut finding = finding.advice("Allow it in a policy of the role or user:");
        finding.statement = Some(json!({"Effect": "Allow", "Action": actions, "Resource": resource}));
        Some(finding)
    }

    pub(super) fn json(&self) -> Value {
        let outcomes = self.outcomes.iter().map(|(action, outcome)| {
            let (outcome, reason) = match outcome {
                Outcome::Allowed => ("allowed", None),
                Outcome::Refused(words) => ("refused", Some(words)),
                Outcome::NotLookedAt(why) => ("not looked at", Some(why)),
            };
            json!({"action": action.name(), "outcome": outcome, "reason": reason})
        });
        let expected = match self.expected {
            Use::Reader => "reader",
            Use::Writer => "writer",
            Use::BigSegmentsWriter => "big-segments-writer",
        };
        json!({"for": expected, "actions": outcomes.collect::<Value>()})
    }

    pub(super) fn show(&self, lines: &mut Lines) {
        lines.heading(format_args!("Permissions of {}", named(self.expected)));
        for (action, outcome) in &self.outcomes {
            let name = action.name();
            let (style, outcome) = match outcome {
                Outcome::Allowed => (GOOD, "ok".to_owned()),
                Outcome::Refused(words) => (BAD, format!("refused: {words}")),
                Outcome::NotLookedAt(why) => (ODD, format!("not looked at: {why}")),
            };
            lines.wrapped(&format!("  {name:<18}  "), &" ".repeat(22), &outcome, style);
        }
    }
}

/// Whether other requests may be answered: an engine may not have an operation, and reads and writes are throttled apart.
pub(super) fn goes_on_after(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Service | ErrorKind::Throttled)
}

/// What DynamoDB says of a refusal, without what this library says before and after it.
fn words(message: &str) -> String {
    let said = message.split_once("): ").map_or(message, |(_, said)| said);
    let said = said.split_once(" (allow dynamodb:").map_or(said, |(said, _)| said);
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(expected: Use, actions: &[(Action, &str)]) -> Permissions {
        let outcomes = actions
            .iter()
            .map(|(action, words)| (*action, Outcome::Refused((*words).to_owned())));
        Permissions {
            expected,
            outcomes: outcomes.collect(),
        }
    }

    #[test]
    fn the_words_are_dynamodb_s() {
        let message = "PutItem on table \"t\" in region \"r\": AccessDeniedException (HTTP 400): User: u is not authorized to perform: \
                       dynamodb:PutItem on resource: a because no identity-based policy allows the dynamodb:PutItem action \
                       (allow dynamodb:PutItem on this table, and the use of its KMS key where it has one)";
        assert_eq!(
            words(message),
            "User: u is not authorized to perform: dynamodb:PutItem on resource: a because no identity-based policy allows the \
             dynamodb:PutItem action"
        );
        assert_eq!(words("something else"), "something else");
    }

    #[test]
    fn one_statement_allows_all_that_is_missing() {
        let permissions = refused(Use::Writer, &[(Action::PutItem, "no"), (Action::BatchWriteItem, "no")]);
        let finding = permissions.finding("arn").expect("a finding");
        assert_eq!(
            finding.what,
            "PutItem and BatchWriteItem are not allowed to these credentials, and a writer needs them"
        );
        assert_eq!(
            finding.statement,
            Some(
                json!({"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:BatchWriteItem"], "Resource": "arn"})
            )
        );
        assert!(refused(Use::Reader, &[]).finding("arn").is_none());
    }

    #[test]
    fn no_statement_is_told_where_none_would_help() {
        for (words, advice) in [
            ("not authorized to perform: kms:Decrypt on resource: key", "kms:Decrypt"),
            ("with an explicit deny in a service control policy", "denial"),
        ] {
            let finding = refused(Use::Reader, &[(Action::GetItem, words)]).finding("arn");
            let finding = finding.expect("a finding");
            assert!(
                finding.statement.is_none() && finding.advice.contains(advice),
                "{finding:?}"
            );
        }
    }
}
