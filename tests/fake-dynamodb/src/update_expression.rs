//! Update expressions: `SET name = :value`, `ADD name :set-or-number`, `DELETE name :set` and `REMOVE name`, on top-level attributes.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::attributes::{AttributeValue, Attributes, Map, RawText};
use crate::condition::{Operand, Substitutes};
use crate::expression::Parser;
use crate::failure::Failure;

const CLAUSES: [&str; 4] = ["SET", "ADD", "DELETE", "REMOVE"];

#[derive(Debug, Default)]
pub struct UpdateExpression<'a> {
    actions: Vec<(Cow<'a, str>, Action<'a>)>,
}

#[derive(Debug)]
enum Action<'a> {
    Set(&'a AttributeValue<'a>),
    Add(&'a AttributeValue<'a>),
    Delete(&'a AttributeValue<'a>),
    Remove,
}

impl<'a> UpdateExpression<'a> {
    pub fn parse(text: &'a str, substitutes: &Substitutes<'a>) -> Result<UpdateExpression<'a>, Failure> {
        let mut parser = Parser::new(text, substitutes);
        let mut update = UpdateExpression::default();
        let mut seen = Vec::new();
        let mut token = parser.next().map_err(of_update)?;
        if token.is_none() {
            return Err(invalid("The expression can not be empty;".to_owned()));
        }
        while let Some(word) = token {
            let clause = clause(word).ok_or_else(|| syntax(word))?;
            if seen.contains(&clause) {
                return Err(invalid(format!(
                    "The \"{clause}\" section can only be used once in an update expression;"
                )));
            }
            seen.push(clause);
            loop {
                let (name, action) = action(clause, &mut parser).map_err(of_update)?;
                if update.actions.iter().any(|(other, _)| *other == name) {
                    return Err(invalid(format!(
                        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [{name}], path two: [{name}]"
                    )));
                }
                update.actions.push((name, action));
                if !parser.take(",").map_err(of_update)? {
                    break;
                }
            }
            token = parser.next().map_err(of_update)?;
        }
        Ok(update)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().map(|(name, _)| &**name)
    }

    /// The JSON text of an item after the update.
    pub fn apply(&self, stored: &Attributes) -> Result<String, Failure> {
        let raw: Map<&RawValue> = serde_json::from_str(stored.raw).expect("it was parsed before");
        let mut text = "{".to_owned();
        for ((name, raw), (_, old)) in raw.0.iter().zip(&stored.values.0) {
            match self.actions.iter().find(|(changed, _)| changed == name) {
                None => push(&mut text, name, raw.get()),
                Some((_, action)) => {
                    if let Some(value) = action.apply(Some(old))? {
                        push(&mut text, name, &value);
                    }
                }
            }
        }
        for (name, action) in &self.actions {
            if stored.values.find(name).is_none() {
                if let Some(value) = action.apply(None)? {
                    push(&mut text, name, &value);
                }
            }
        }
        text.push('}');
        Ok(text)
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(&format!("{}:{value}", serde_json::Value::from(name)));
}

fn invalid(reason: String) -> Failure {
    Failure::validation(format!("Invalid UpdateExpression: {reason}"))
}

fn syntax(token: &str) -> Failure {
    invalid(format!("Syntax error; token: \"{token}\""))
}

/// A refusal of the grammar that all expressions share, as the service says it of this one.
fn of_update(failure: Failure) -> Failure {
    let message = failure
        .message
        .replacen("Invalid expression:", "Invalid UpdateExpression:", 1);
    Failure { message, ..failure }
}

fn clause(token: &str) -> Option<&'static str> {
    CLAUSES.into_iter().find(|clause| clause.eq_ignore_ascii_case(token))
}

fn action<'a>(clause: &str, parser: &mut Parser<'a, '_>) -> Result<(Cow<'a, str>, Action<'a>), Failure> {
    let token = parser.required()?;
    let name = match parser.resolve(token)? {
        Operand::Attribute(name) if self::clause(token).is_none() => name,
        _ => return Err(syntax(token)),
    };
    if clause == "REMOVE" {
        return Ok((name, Action::Remove));
    }
    if clause == "SET" {
        parser.expect("=")?;
    }
    let token = parser.required()?;
    let Operand::Value(value) = parser.resolve(token)? else {
        return Err(invalid(format!(
            "this endpoint takes values only, no names and functions; token: \"{token}\""
        )));
    };
    let is_set = members(value).is_some();
    let action = match clause {
        "SET" => Action::Set(value),
        "ADD" if is_set || matches!(value, AttributeValue::N(_)) => Action::Add(value),
        "DELETE" if is_set => Action::Delete(value),
        _ => {
            return Err(invalid(format!(
                "Incorrect operand type for operator or function; operator: {clause}, operand type: {}, typeSet: ALLOWED_FOR_{clause}_OPERAND",
                type_name(value)
            )))
        }
    };
    Ok((name, action))
}

fn type_name(value: &AttributeValue) -> &'static str {
    match value.kind() {
        "S" => "STRING",
        "N" => "NUMBER",
        "B" => "BINARY",
        "BOOL" => "BOOLEAN",
        "M" => "MAP",
        "L" => "LIST",
        other => other,
    }
}

fn members<'v, 'a>(value: &'v AttributeValue<'a>) -> Option<&'v [RawText<'a>]> {
    match value {
        AttributeValue::SS(set) | AttributeValue::NS(set) | AttributeValue::BS(set) => Some(set),
        _ => None,
    }
}

impl Action<'_> {
    /// The JSON text of the attribute's new value; None where there is none.
    fn apply(&self, old: Option<&AttributeValue>) -> Result<Option<String>, Failure> {
        let wrong_type = || Failure::validation("An operand in the update expression has an incorrect data type");
        match (self, old) {
            (Action::Remove, _) | (Action::Delete(_), None) => Ok(None),
            (Action::Set(value), _) | (Action::Add(value), None) => Ok(Some(value.json())),
            (Action::Add(AttributeValue::N(value)), Some(AttributeValue::N(old))) => sum(old, value).map(Some),
            (Action::Add(value) | Action::Delete(value), Some(old)) => {
                let (Some(old_members), Some(others)) = (members(old), members(value)) else {
                    return Err(wrong_type());
                };
                if old.kind() != value.kind() {
                    return Err(wrong_type());
                }
                let kind = old.kind();
                let joined = matches!(self, Action::Add(_));
                Ok(if joined {
                    set(kind, old_members.iter().chain(without(kind, others, old_members)))
                } else {
                    set(kind, without(kind, old_members, others))
                })
            }
        }
    }
}

/// The members of one set that are not in the other.
fn without<'v, 'a>(
    kind: &'static str,
    of: &'v [RawText<'a>],
    others: &[RawText],
) -> impl Iterator<Item = &'v RawText<'a>> {
    let others: HashSet<String> = others.iter().map(|member| member.identity(kind).into_owned()).collect();
    of.iter()
        .filter(move |member| !others.contains(&*member.identity(kind)))
}

/// A set as JSON; one without members does not exist.
fn set<'v, 'a: 'v>(kind: &str, members: impl Iterator<Item = &'v RawText<'a>>) -> Option<String> {
    let members: Vec<&str> = members.map(RawText::json).collect();
    (!members.is_empty()).then(|| format!(r#"{{"{kind}":[{}]}}"#, members.join(",")))
}

fn sum(left: &RawText, right: &RawText) -> Result<String, Failure> {
    let integer = |number: &RawText| {
        let text = number.text();
        text.parse::<i128>()
            .map_err(|_| Failure::validation(format!("this endpoint adds integers up to 128 bits only, not {text}")))
    };
    let sum = integer(left)?.checked_add(integer(right)?);
    let sum = sum.ok_or_else(|| {
        Failure::validation("Number overflow. Attempting to store a number with magnitude larger than supported range")
    })?;
    Ok(format!(r#"{{"N":"{sum}"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: &str = r#"{":ab":{"SS":["a","\u0062"]},":a":{"SS":["a"]},":bc":{"SS":["b","c"]},":n":{"N":"2"},":half":{"N":"0.5"},":ns":{"NS":["1.0","3"]},":s":{"S":"x\n"},":m":{"M":{"k":{"L":[{"BOOL":true},{"NULL":true}]}}}}"#;
    const ROW: &str = r#"{"key":{"S":"k"},"tags":{"SS":["a","b"]},"version":{"N":"5"},"numbers":{"NS":["1","2"]}}"#;

    fn update(text: &str, row: &str) -> Result<String, Failure> {
        let names = serde_json::from_str(r##"{"#s":"tags","#new":"a\"b"}"##).unwrap();
        let values = serde_json::from_str(VALUES).unwrap();
        let substitutes = Substitutes {
            names: Some(&names),
            values: Some(&values),
        };
        UpdateExpression::parse(text, &substitutes)?.apply(&Attributes::parse(row).unwrap())
    }

    #[test]
    fn actions_change_what_they_name_and_nothing_else() {
        let rest = r#""version":{"N":"5"},"numbers":{"NS":["1","2"]}}"#;
        for (text, set) in [
            ("ADD #s :bc", r#"["a","b","c"]"#),
            ("add tags :ab", r#"["a","b"]"#),
            ("DELETE tags :bc", r#"["a"]"#),
            ("SET #s = :a", r#"["a"]"#),
        ] {
            let expected = format!(r#"{{"key":{{"S":"k"}},"tags":{{"SS":{set}}},{rest}"#);
            assert_eq!(update(text, ROW).as_deref(), Ok(&*expected), "{text}");
        }
        for text in ["DELETE tags :ab", "REMOVE tags", "REMOVE other, #s"] {
            assert_eq!(
                update(text, ROW).unwrap(),
                format!(r#"{{"key":{{"S":"k"}},{rest}"#),
                "{text}"
            );
        }
    }

    #[test]
    fn clauses_come_in_any_order_with_several_actions() {
        let text = "REMOVE version ADD tags :bc, numbers :ns SET #new=:s, m = :m DELETE other :a";
        assert_eq!(
            update(text, ROW).unwrap(),
            r#"{"key":{"S":"k"},"tags":{"SS":["a","b","c"]},"numbers":{"NS":["1","2","3"]},"a\"b":{"S":"x\n"},"m":{"M":{"k":{"L":[{"BOOL":true},{"NULL":true}]}}}}"#
        );
    }

    #[test]
    fn what_is_absent_is_made_by_adding() {
        let key = r#"{"key":{"S":"k"}}"#;
        assert_eq!(
            update("ADD tags :a, version :n", key).unwrap(),
            r#"{"key":{"S":"k"},"tags":{"SS":["a"]},"version":{"N":"2"}}"#
        );
        assert_eq!(update("DELETE tags :a REMOVE version", key).unwrap(), key);
        assert!(update("ADD version :n", ROW)
            .unwrap()
            .contains(r#""version":{"N":"7"}"#));
    }

    #[test]
    fn other_types_are_refused() {
        let wrong = "An operand in the update expression has an incorrect data type";
        for text in [
            "ADD version :a",
            "ADD tags :n",
            "DELETE version :a",
            "ADD numbers :a",
            "DELETE key :a",
        ] {
            assert_eq!(update(text, ROW).unwrap_err(), Failure::validation(wrong), "{text}");
        }
        for (text, expected) in [
            ("ADD tags :s", "operator: ADD, operand type: STRING"),
            ("DELETE tags :n", "operator: DELETE, operand type: NUMBER"),
            ("ADD version :half", "integers up to 128 bits only, not 0.5"),
        ] {
            assert!(update(text, ROW).unwrap_err().message.contains(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_update_is_refused() {
        for (text, expected) in [
            ("", "can not be empty"),
            ("set", "<EOF>"),
            ("PUT set :a", "PUT"),
            ("ADD tags :a,", "<EOF>"),
            ("ADD tags :a set", "<EOF>"),
            ("ADD tags :a other", "other"),
            ("ADD tags = :a", "\"=\""),
            ("SET tags :a", ":a"),
            ("SET tags = if_not_exists(tags, :a)", "values only"),
            ("SET version = version + :n", "values only"),
            ("SET version = :n + :n", "\"+\""),
            ("SET m.k = :n", "\".\""),
            ("SET :a = :n", ":a"),
            ("SET add = :n", "add"),
            ("SET tags = :a, tags = :a", "overlap"),
            ("SET tags = :a REMOVE #s", "overlap"),
            (
                "SET tags = :a SET version = :n",
                "\"SET\" section can only be used once",
            ),
            ("SET tags = :other", ":other"),
            ("REMOVE #other", "#other"),
        ] {
            let failure = update(text, ROW).unwrap_err();
            assert_eq!(failure.code, "ValidationException", "{text}");
            assert!(
                failure.message.starts_with("Invalid UpdateExpression: ") && failure.message.contains(expected),
                "{text}: {}",
                failure.message
            );
        }
    }
}
