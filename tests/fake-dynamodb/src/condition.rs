//! Condition, filter and key condition expressions: the part of the service's grammar that stores of flags use.
//!
//! `or`, `and`, `not`, parentheses, `= <> < <= > >=`, `between … and …`, `attribute_exists`, `attribute_not_exists`, `begins_with`; top-level attributes only.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::attributes::{AttributeValue, Attributes, Map};
use crate::failure::Failure;

/// ExpressionAttributeNames and ExpressionAttributeValues.
#[derive(Default)]
pub struct Substitutes<'a> {
    pub names: Option<&'a Map<'a, Cow<'a, str>>>,
    pub values: Option<&'a Map<'a, AttributeValue<'a>>>,
}

#[derive(Debug)]
pub enum Condition<'a> {
    Or(Box<Condition<'a>>, Box<Condition<'a>>),
    And(Box<Condition<'a>>, Box<Condition<'a>>),
    Not(Box<Condition<'a>>),
    Exists(Cow<'a, str>),
    BeginsWith(Operand<'a>, Operand<'a>),
    Compare(Operand<'a>, Comparison, Operand<'a>),
}

#[derive(Debug)]
pub enum Operand<'a> {
    Attribute(Cow<'a, str>),
    Value(&'a AttributeValue<'a>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl<'a> Condition<'a> {
    pub fn parse(text: &'a str, substitutes: &Substitutes<'a>) -> Result<Condition<'a>, Failure> {
        let mut parser = Parser { rest: text, substitutes };
        let condition = parser.alternatives()?;
        match parser.next()? {
            None => Ok(condition),
            Some(token) => Err(syntax(token)),
        }
    }

    /// True where the condition holds for what the look-up finds.
    pub fn holds<'r>(&self, row: &dyn Fn(&str) -> Option<&'r AttributeValue<'r>>) -> bool
    where
        'a: 'r,
    {
        match self {
            Self::Or(left, right) => left.holds(row) || right.holds(row),
            Self::And(left, right) => left.holds(row) && right.holds(row),
            Self::Not(inner) => !inner.holds(row),
            Self::Exists(name) => row(name).is_some(),
            Self::BeginsWith(text, prefix) => match (text.resolve(row), prefix.resolve(row)) {
                (Some(AttributeValue::S(text)), Some(AttributeValue::S(prefix))) => text.text().starts_with(&*prefix.text()),
                _ => false,
            },
            Self::Compare(left, comparison, right) => match (left.resolve(row), right.resolve(row)) {
                (Some(left), Some(right)) => comparison.holds(left.compare(right)),
                _ => false,
            },
        }
    }

    /// Whether the condition holds for an item; without one every attribute is absent.
    pub fn holds_for(&self, item: Option<&Attributes>) -> bool {
        self.holds(&|name| item.and_then(|item| item.values.find(name)))
    }

    /// The value that an attribute must equal wherever the condition holds.
    pub fn required(&self, name: &str) -> Option<&'a AttributeValue<'a>> {
        match self {
            Self::And(left, right) => left.required(name).or_else(|| right.required(name)),
            Self::Compare(Operand::Attribute(attribute), Comparison::Equal, Operand::Value(value))
            | Self::Compare(Operand::Value(value), Comparison::Equal, Operand::Attribute(attribute))
                if attribute == name =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// True where it is nothing but one comparison, so that `required` says all of it.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Compare(..))
    }
}

impl<'a> Operand<'a> {
    fn resolve<'r>(&self, row: &dyn Fn(&str) -> Option<&'r AttributeValue<'r>>) -> Option<&'r AttributeValue<'r>>
    where
        'a: 'r,
    {
        match self {
            Self::Attribute(name) => row(name),
            Self::Value(value) => Some(value),
        }
    }
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

struct Parser<'a, 's> {
    rest: &'a str,
    substitutes: &'s Substitutes<'a>,
}

fn syntax(token: &str) -> Failure {
    Failure::validation(format!("Invalid expression: Syntax error; token: \"{token}\""))
}

impl<'a> Parser<'a, '_> {
    fn next(&mut self) -> Result<Option<&'a str>, Failure> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let is_name = |character: char| character.is_ascii_alphanumeric() || "_#:-".contains(character);
        let length = match first {
            '(' | ')' | ',' | '=' => 1,
            '<' | '>' => 1 + usize::from(matches!(self.rest.as_bytes().get(1), Some(b'=' | b'>'))),
            _ if is_name(first) => self.rest.find(|character| !is_name(character)).unwrap_or(self.rest.len()),
            _ => return Err(syntax(&self.rest[..first.len_utf8()])),
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(Some(token))
    }

    fn required(&mut self) -> Result<&'a str, Failure> {
        self.next()?.ok_or_else(|| syntax("<EOF>"))
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Failure> {
        let token = self.required()?;
        if token.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(syntax(token)) }
    }

    /// Takes the next token where it is the wanted one.
    fn take(&mut self, wanted: &str) -> Result<bool, Failure> {
        let before = self.rest;
        let found = self.next()?.is_some_and(|token| token.eq_ignore_ascii_case(wanted));
        if !found {
            self.rest = before;
        }
        Ok(found)
    }

    fn alternatives(&mut self) -> Result<Condition<'a>, Failure> {
        let mut left = self.conjunction()?;
        while self.take("or")? {
            left = Condition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition<'a>, Failure> {
        let mut left = self.single()?;
        while self.take("and")? {
            left = Condition::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Condition<'a>, Failure> {
        let token = self.required()?;
        match token.to_ascii_lowercase().as_str() {
            "not" => Ok(Condition::Not(Box::new(self.single()?))),
            "(" => {
                let inner = self.alternatives()?;
                self.expect(")")?;
                Ok(inner)
            }
            "attribute_exists" => Ok(Condition::Exists(self.path()?)),
            "attribute_not_exists" => Ok(Condition::Not(Box::new(Condition::Exists(self.path()?)))),
            "begins_with" => {
                self.expect("(")?;
                let text = self.operand()?;
                self.expect(",")?;
                let prefix = self.operand()?;
                self.expect(")")?;
                Ok(Condition::BeginsWith(text, prefix))
            }
            _ => self.comparison(token),
        }
    }

    fn comparison(&mut self, left: &'a str) -> Result<Condition<'a>, Failure> {
        let operator = self.required()?;
        let comparison = match operator {
            "=" => Comparison::Equal,
            "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ if operator.eq_ignore_ascii_case("between") => {
                let lower = Condition::Compare(self.resolve(left)?, Comparison::GreaterOrEqual, self.operand()?);
                self.expect("and")?;
                let upper = Condition::Compare(self.resolve(left)?, Comparison::LessOrEqual, self.operand()?);
                return Ok(Condition::And(Box::new(lower), Box::new(upper)));
            }
            _ => return Err(syntax(operator)),
        };
        Ok(Condition::Compare(self.resolve(left)?, comparison, self.operand()?))
    }

    fn path(&mut self) -> Result<Cow<'a, str>, Failure> {
        self.expect("(")?;
        let token = self.required()?;
        let Operand::Attribute(name) = self.resolve(token)? else { return Err(syntax(token)) };
        self.expect(")")?;
        Ok(name)
    }

    fn operand(&mut self) -> Result<Operand<'a>, Failure> {
        let token = self.required()?;
        self.resolve(token)
    }

    fn resolve(&self, token: &'a str) -> Result<Operand<'a>, Failure> {
        if token.starts_with(':') {
            let value = self.substitutes.values.and_then(|values| values.find(token));
            return value.map(Operand::Value).ok_or_else(|| {
                Failure::validation(format!(
                    "Invalid expression: An expression attribute value used in expression is not defined; attribute value: {token}"
                ))
            });
        }
        attribute_name(token, self.substitutes.names).map(Operand::Attribute)
    }
}

/// The attribute that a name or a `#placeholder` stands for.
pub fn attribute_name<'a>(token: &'a str, names: Option<&'a Map<'a, Cow<'a, str>>>) -> Result<Cow<'a, str>, Failure> {
    if token.starts_with('#') {
        let name = names.and_then(|names| names.find(token));
        return name.map(|name| Cow::Borrowed(&**name)).ok_or_else(|| {
            Failure::validation(format!(
                "Invalid expression: An expression attribute name used in the document path is not defined; attribute name: {token}"
            ))
        });
    }
    if token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return Ok(Cow::Borrowed(token));
    }
    Err(syntax(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = r##"{"#namespace":"namespace","#key":"key","#version":"version"}"##;
    const VALUES: &str = r#"{":version":{"N":"5"},":namespace":{"S":"features"},":from":{"S":"b"},":to":{"S":"d"}}"#;
    const ROW: &str = r#"{"namespace":{"S":"features"},"key":{"S":"c"},"version":{"N":"5"}}"#;

    fn check(text: &str, row: Option<&str>) -> Result<bool, Failure> {
        let names = serde_json::from_str(NAMES).unwrap();
        let values = serde_json::from_str(VALUES).unwrap();
        let row = row.map(|row| Attributes::parse(row).unwrap());
        let substitutes = Substitutes { names: Some(&names), values: Some(&values) };
        Condition::parse(text, &substitutes).map(|condition| condition.holds_for(row.as_ref()))
    }

    #[test]
    fn upserts_of_every_store() {
        let older = ROW.replace("\"5\"", "\"4\"");
        let newer = ROW.replace("\"5\"", "\"10\"");
        let versionless = r#"{"namespace":{"S":"features"},"key":{"S":"c"}}"#;
        for text in [
            "attribute_not_exists(#version) or :version > #version",
            "attribute_not_exists(#namespace) or attribute_not_exists(#key) or :version > #version",
            "attribute_not_exists(version) OR version < :version",
        ] {
            assert_eq!(check(text, None), Ok(true), "{text}");
            assert_eq!(check(text, Some(ROW)), Ok(false), "{text}");
            assert_eq!(check(text, Some(&older)), Ok(true), "{text}");
            assert_eq!(check(text, Some(&newer)), Ok(false), "{text}");
        }
        assert_eq!(check("attribute_not_exists(#version) or :version > #version", Some(versionless)), Ok(true));
        assert_eq!(check("attribute_not_exists(#key) or :version > #version", Some(versionless)), Ok(false));
    }

    #[test]
    fn the_rest_of_the_grammar() {
        for (text, expected) in [
            ("key between :from and :to and version >= :version", true),
            ("not (key = :from) AND NOT attribute_exists(item)", true),
            ("begins_with(#namespace,:namespace)", true),
            ("begins_with(#namespace, :from)", false),
            ("version <> :version or key < :from", false),
            ("key <= :from", false),
            ("key > :version", false),
        ] {
            assert_eq!(check(text, Some(ROW)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_expression_is_refused() {
        for text in ["", "version", "version >", "version ! :version", "a = b c", "attribute_exists(:version)", "(a = b", "size(a) = b"] {
            let code = check(text, None).unwrap_err().code;
            assert_eq!(code, "ValidationException", "{text}");
        }
        assert!(check("#other = :version", None).unwrap_err().message.contains("#other"));
        assert!(check("version = :other", None).unwrap_err().message.contains(":other"));
    }

    #[test]
    fn the_partition_is_found_in_a_key_condition() {
        let names = serde_json::from_str(NAMES).unwrap();
        let values = serde_json::from_str(VALUES).unwrap();
        let substitutes = Substitutes { names: Some(&names), values: Some(&values) };
        let required = |text| {
            let condition = Condition::parse(text, &substitutes).unwrap();
            condition.required("namespace").map(|value| value.scalar().unwrap().text().into_owned())
        };
        assert_eq!(required("#namespace = :namespace").as_deref(), Some("features"));
        assert_eq!(required("key between :from and :to and :namespace = namespace").as_deref(), Some("features"));
        assert_eq!(required("#key = :namespace"), None);
        assert_eq!(required("#namespace > :namespace"), None);
    }
}
