//! What a rule does to a request.

use std::borrow::Cow;
use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;

use crate::cancellation::Reason;
use crate::failure::Failure;
use crate::operations::RowName;

/// An action as it is sent: one effect, a delay, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActionText {
    delay_ms: Option<f64>,
    throttle: bool,
    error: Option<ErrorText>,
    server_error: bool,
    unprocessed: Option<Selection>,
    cancel: Option<CancelText>,
    cut: Option<Cut>,
    garbage: bool,
    truncate: Option<usize>,
    wrong_checksum: Option<WrongChecksum>,
    black_hole: bool,
    table_status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorText {
    #[serde(default = "bad_request")]
    status: u16,
    code: String,
    #[serde(default)]
    message: String,
}

fn bad_request() -> u16 {
    400
}

/// One reason for each of the first actions, or that of the first one alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CancelText {
    // A list is tried first, as a reason could be read from a list of two texts.
    Each(Vec<ReasonText>),
    First(ReasonText),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ReasonText {
    /// One of the service's codes, with its message.
    Named(String),
    Free(FreeReason),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeReason {
    code: String,
    message: Option<String>,
}

impl CancelText {
    fn reasons(self) -> Result<Vec<Reason>, String> {
        let texts = match self {
            CancelText::First(text) => vec![text],
            CancelText::Each(texts) => texts,
        };
        let reasons = texts
            .into_iter()
            .map(|text| match text {
                ReasonText::Named(code) => Reason::named(&code).ok_or_else(|| format!("cancel: no code {code}")),
                ReasonText::Free(reason) => Ok(Reason::new(reason.code, reason.message)),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if reasons.iter().all(Reason::is_none) {
            return Err("cancel: no reason but None".to_owned());
        }
        Ok(reasons)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrongChecksum {
    Body(bool),
    Part(Spoiled),
}

/// Which of the two no longer fits the other.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spoiled {
    Body,
    Header,
}

/// Whether the connection is closed before or after the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    Before,
    After,
}

/// The rows of a batch that are left undone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// So many, chosen at random.
    Count(usize),
    /// This part of them, rounded up, chosen at random.
    Fraction(f64),
    /// Those with these sort keys.
    Keys(Vec<String>),
}

impl Selection {
    /// Says of each row whether it is left undone.
    pub fn choose(&self, rows: &[RowName], rng: &mut Rng) -> Vec<bool> {
        let count = match self {
            Selection::Keys(keys) => {
                return rows
                    .iter()
                    .map(|row| keys.iter().any(|key| **key == *row.sort))
                    .collect()
            }
            Selection::Count(count) => *count,
            Selection::Fraction(fraction) => (fraction * rows.len() as f64).ceil() as usize,
        };
        let mut chosen: Vec<bool> = (0..rows.len()).map(|index| index < count).collect();
        rng.shuffle(&mut chosen);
        chosen
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Answered as usual.
    None,
    /// Refused, nothing done.
    Refuse(Failure),
    Unprocessed(Selection),
    /// A transaction, for these reasons; nothing done.
    Cancel(Vec<Reason>),
    Cut(Cut),
    Garbage,
    /// So many bytes of the body, then the end of the connection.
    Truncate(usize),
    WrongChecksum(Spoiled),
    BlackHole,
    /// The table is described in this status.
    TableStatus(String),
}
impl ActionText {
    /// The delay and the effect, or what is wrong with the action.
    pub fn effect(self) -> Result<(Duration, Effect), String> {
        let effects = [
            self.throttle.then(|| Effect::Refuse(Failure::throttled())),
            self.server_error.then(|| Effect::Refuse(Failure::internal())),
            self.error
                .map(|error| Effect::Refuse(Failure::new(error.status, Cow::Owned(error.code), error.message))),
            self.unprocessed.map(Effect::Unprocessed),
            self.cancel.map(CancelText::reasons).transpose()?.map(Effect::Cancel),
            self.cut.map(Effect::Cut),
            self.garbage.then_some(Effect::Garbage),
            self.truncate.map(Effect::Truncate),
            match self.wrong_checksum {
                Some(WrongChecksum::Body(true)) => Some(Effect::WrongChecksum(Spoiled::Body)),
                Some(WrongChecksum::Part(part)) => Some(Effect::WrongChecksum(part)),
                _ => None,
            },
            self.black_hole.then_some(Effect::BlackHole),
            self.table_status.map(Effect::TableStatus),
        ];
        let delay = Duration::try_from_secs_f64(self.delay_ms.unwrap_or(0.0) / 1000.0)
            .map_err(|error| format!("delay_ms: {error}"))?;
        let mut effects = effects.into_iter().flatten();
        match (effects.next(), effects.next()) {
            (Some(effect), None) => Ok((delay, effect)),
            (None, None) if self.delay_ms.is_some() => Ok((delay, Effect::None)),
            (None, None) => Err("the action says nothing".to_owned()),
            _ => Err("the action says two things".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(action: &str) -> Result<(Duration, Effect), String> {
        serde_json::from_str::<ActionText>(action).unwrap().effect()
    }

    #[test]
    fn actions() {
        let plain = |action| effect(action).unwrap().1;
        assert_eq!(
            plain(r#"{"wrong_checksum":true}"#),
            Effect::WrongChecksum(Spoiled::Body)
        );
        assert_eq!(
            plain(r#"{"wrong_checksum":"header"}"#),
            Effect::WrongChecksum(Spoiled::Header)
        );
        assert_eq!(plain(r#"{"server_error":true}"#), Effect::Refuse(Failure::internal()));
        assert_eq!(
            plain(r#"{"error":{"code":"X"}}"#),
            Effect::Refuse(Failure::new(400, "X", ""))
        );
        assert_eq!(
            plain(r#"{"unprocessed":{"keys":["a"]}}"#),
            Effect::Unprocessed(Selection::Keys(vec!["a".to_owned()]))
        );
        assert_eq!(
            effect(r#"{"delay_ms":2.5,"black_hole":true}"#),
            Ok((Duration::from_micros(2500), Effect::BlackHole))
        );
        assert_eq!(
            plain(r#"{"table_status":"CREATING"}"#),
            Effect::TableStatus("CREATING".to_owned())
        );
        assert_eq!(
            effect(r#"{"delay_ms":1}"#),
            Ok((Duration::from_millis(1), Effect::None))
        );
        let conflict = Reason::named("TransactionConflict").unwrap();
        assert_eq!(
            plain(r#"{"cancel":"TransactionConflict"}"#),
            Effect::Cancel(vec![conflict.clone()])
        );
        assert_eq!(
            plain(r#"{"cancel":["None","TransactionConflict"]}"#),
            Effect::Cancel(vec![Reason::none(), conflict.clone()])
        );
        let own = Reason::new("ValidationError", Some("too large".to_owned()));
        assert_eq!(
            plain(r#"{"cancel":["None","TransactionConflict",{"code":"ValidationError","message":"too large"}]}"#),
            Effect::Cancel(vec![Reason::none(), conflict, own])
        );
        for nothing in [
            "{}",
            r#"{"cancel":"conflict"}"#,
            r#"{"cancel":["None"]}"#,
            r#"{"cancel":[]}"#,
            r#"{"throttle":false}"#,
            r#"{"wrong_checksum":false}"#,
            r#"{"cut":"after","garbage":true}"#,
        ] {
            assert!(effect(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn unprocessed_rows_are_chosen() {
        let rows: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|key| RowName {
                method: "put",
                partition: "n".into(),
                sort: key.into(),
            })
            .into();
        let count = |selection: Selection, seed| {
            selection
                .choose(&rows, &mut Rng::with_seed(seed))
                .iter()
                .filter(|left| **left)
                .count()
        };
        for seed in 0..20 {
            assert_eq!(count(Selection::Count(2), seed), 2);
            assert_eq!(count(Selection::Count(9), seed), 5);
            assert_eq!(count(Selection::Fraction(0.5), seed), 3);
            assert_eq!(count(Selection::Fraction(0.0), seed), 0);
        }
        let keys = Selection::Keys(vec!["b".to_owned(), "z".to_owned()]);
        assert_eq!(
            keys.choose(&rows, &mut Rng::with_seed(0)),
            [false, true, false, false, false]
        );
        let subsets: std::collections::BTreeSet<_> = (0..20)
            .map(|seed| Selection::Count(2).choose(&rows, &mut Rng::with_seed(seed)))
            .collect();
        assert!(subsets.len() > 3);
    }
}
