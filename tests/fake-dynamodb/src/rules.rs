//! The script: which requests are not answered as usual, and how.

use std::time::Duration;

use fastrand::Rng;
use memchr::memmem;
use serde::Deserialize;

use crate::action::{ActionText, Effect};
use crate::operations::Operation;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    operation: Option<String>,
    contains: Option<String>,
    nth: Option<u64>,
    every: Option<u64>,
}

/// A rule as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    #[serde(default, rename = "match")]
    matching: Match,
    times: Option<u64>,
    probability: Option<f64>,
    #[serde(default)]
    seed: u64,
    action: ActionText,
}

/// What a rule wants for one request.
#[derive(Debug)]
pub struct Decision {
    pub delay: Duration,
    pub effect: Effect,
    pub rng: Rng,
}

impl Decision {
    pub fn usual() -> Decision {
        Decision {
            delay: Duration::ZERO,
            effect: Effect::None,
            rng: Rng::with_seed(0),
        }
    }
}

#[derive(Debug)]
struct Rule {
    operation: Option<Operation>,
    contains: Option<String>,
    nth: Option<u64>,
    every: Option<u64>,
    probability: f64,
    left: Option<u64>,
    delay: Duration,
    effect: Effect,
    /// Requests of this kind that reached the rule.
    reached: u64,
    rng: Rng,
}

impl TryFrom<RuleText> for Rule {
    type Error = String;

    fn try_from(text: RuleText) -> Result<Rule, String> {
        let operation = match text
            .matching
            .operation
            .as_deref()
            .map(|name| (name, Operation::named(name)))
        {
            Some((name, Operation::Unknown)) if name != Operation::Unknown.name() => {
                return Err(format!("unknown operation {name}"))
            }
            named => named.map(|(_, operation)| operation),
        };
        if text.matching.nth == Some(0) || text.matching.every == Some(0) {
            return Err("nth and every count from 1".to_owned());
        }
        let (delay, effect) = text.action.effect()?;
        let (only, mistake) = match effect {
            Effect::Unprocessed(_) => (
                Some(Operation::BatchWriteItem),
                "only BatchWriteItem leaves rows unprocessed",
            ),
            Effect::Cancel(_) => (
                Some(Operation::TransactWriteItems),
                "only TransactWriteItems can be cancelled",
            ),
            _ => (None, ""),
        };
        if only.is_some() && operation.is_some_and(|operation| Some(operation) != only) {
            return Err(mistake.to_owned());
        }
        Ok(Rule {
            operation: only.or(operation),
            contains: text.matching.contains,
            nth: text.matching.nth,
            every: text.matching.every,
            probability: text.probability.unwrap_or(1.0),
            left: text.times,
            delay,
            effect,
            reached: 0,
            rng: Rng::with_seed(text.seed),
        })
    }
}

impl Rule {
    fn fires(&mut self, operation: Operation, body: &[u8]) -> bool {
        let of_kind = self.operation.is_none_or(|wanted| wanted == operation)
            && self
                .contains
                .as_ref()
                .is_none_or(|text| memmem::find(body, text.as_bytes()).is_some());
        if !of_kind || self.left == Some(0) {
            return false;
        }
        self.reached += 1;
        let fires = self.nth.is_none_or(|nth| self.reached == nth)
            && self.every.is_none_or(|every| self.reached.is_multiple_of(every))
            && (self.probability >= 1.0 || self.rng.f64() < self.probability);
        if let (true, Some(left)) = (fires, self.left.as_mut()) {
            *left -= 1;
        }
        fires
    }
}

#[derive(Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Adds one rule or a list of them, given as JSON; all or none.
    pub fn add(&mut self, body: &[u8]) -> Result<usize, String> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct List(Vec<RuleText>);
        let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let texts = if is_list {
            serde_json::from_slice::<List>(body).map(|list| list.0)
        } else {
            serde_json::from_slice(body).map(|rule| vec![rule])
        };
        let rules = texts
            .map_err(|error| error.to_string())?
            .into_iter()
            .map(Rule::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        let added = rules.len();
        self.0.extend(rules);
        Ok(added)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first rule that fires decides; rules behind it do not see the request.
    pub fn decide(&mut self, operation: Operation, body: &[u8]) -> Decision {
        match self
            .0
            .iter_mut()
            .find_map(|rule| rule.fires(operation, body).then_some(rule))
        {
            Some(rule) => Decision {
                delay: rule.delay,
                effect: rule.effect.clone(),
                rng: rule.rng.fork(),
            },
            None => Decision::usual(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Cut;

    fn rules(text: &str) -> Rules {
        let mut rules = Rules::default();
        rules.add(text.as_bytes()).unwrap();
        rules
    }

    fn fired(rules: &mut Rules, requests: usize) -> String {
        (0..requests)
            .map(|_| {
                if rules.decide(Operation::GetItem, b"{}").effect == Effect::None {
                    '.'
                } else {
                    'x'
                }
            })
            .collect()
    }

    #[test]
    fn nth_every_and_times() {
        assert_eq!(
            fired(&mut rules(r#"{"match":{"nth":3},"action":{"throttle":true}}"#), 5),
            "..x.."
        );
        assert_eq!(
            fired(&mut rules(r#"{"match":{"every":2},"action":{"throttle":true}}"#), 5),
            ".x.x."
        );
        assert_eq!(
            fired(
                &mut rules(r#"{"match":{"every":2},"times":1,"action":{"throttle":true}}"#),
                5
            ),
            ".x..."
        );
        assert_eq!(
            fired(&mut rules(r#"[{"times":2,"action":{"garbage":true}}]"#), 4),
            "xx.."
        );
    }

    #[test]
    fn probability_is_seeded() {
        let text = r#"{"probability":0.5,"seed":7,"action":{"throttle":true}}"#;
        let first = fired(&mut rules(text), 100);
        assert_eq!(first, fired(&mut rules(text), 100));
        assert_ne!(first, fired(&mut rules(&text.replace('7', "8")), 100));
        assert!((30..70).contains(&first.matches('x').count()));
    }

    #[test]
    fn the_first_rule_that_fires_wins() {
        let mut rules = rules(
            r#"[{"match":{"operation":"PutItem"},"action":{"cut":"before"}},
                {"match":{"contains":"flag-1"},"times":1,"action":{"cut":"after"}},
                {"action":{"truncate":3}}]"#,
        );
        assert_eq!(
            rules.decide(Operation::PutItem, b"flag-1").effect,
            Effect::Cut(Cut::Before)
        );
        assert_eq!(rules.decide(Operation::GetItem, b"flag-2").effect, Effect::Truncate(3));
        assert_eq!(
            rules.decide(Operation::GetItem, b"a flag-1").effect,
            Effect::Cut(Cut::After)
        );
        assert_eq!(
            rules.decide(Operation::GetItem, b"a flag-1").effect,
            Effect::Truncate(3)
        );
    }

    #[test]
    fn mistakes_are_refused_and_add_nothing() {
        for text in [
            r#"{"action":{}}"#,
            r#"{"action":{"throttle":true,"garbage":true}}"#,
            r#"{"action":{"explode":true}}"#,
            r#"{"match":{"operation":"FetchItem"},"action":{"throttle":true}}"#,
            r#"{"match":{"nth":0},"action":{"throttle":true}}"#,
            r#"{"match":{"operation":"GetItem"},"action":{"unprocessed":{"count":1}}}"#,
            r#"{"match":{"operation":"BatchWriteItem"},"action":{"cancel":"TransactionConflict"}}"#,
            r#"{"action":{"delay_ms":-1}}"#,
            r#"[{"action":{"throttle":true}},{}]"#,
            "",
        ] {
            let mut rules = Rules::default();
            assert!(rules.add(text.as_bytes()).is_err(), "{text}");
            assert!(rules.0.is_empty());
        }
    }
}
