//! Condition, filter and key condition expressions: the part of the service's grammar that stores of flags use.
use std::borrow::Cow;
use std::cmp::Ordering;

use crate::attributes::{AttributeValue, Attributes, Map};
use crate::expression;
use crate::failure::Failure;

/// ExpressionAttributeNames and ExpressionAttributeValues.
#[derive(Default)]
pub struct Substitutes<'a> {
    pub names: Option<&'a Map<'a, Cow<'a, str>>>,
    pub values: Option<&'a Map<'a, AttributeValue<'a>>>,
}

impl Substitutes<'_> {
    /// Refuses what the service refuses in them: a bad value, and one that no expression uses.
    pub fn check(&self, expressions: &[Option<&str>]) -> Result<(), Failure> {
        let values = self.values.map_or(&[][..], |values| &values.0);
        for (name, value) in values {
            if let Some(refusal) = value.refusal() {
                return Err(Failure::validation(format!(
                    "ExpressionAttributeValues contains invalid value: {refusal} for key {name}"
                )));
            }
        }
        let names = self.names.map_or(&[][..], |names| &names.0);
        let names = names.iter().map(|(name, _)| ("ExpressionAttributeNames", name));
        let values = values.iter().map(|(name, _)| ("ExpressionAttributeValues", name));
        for (field, name) in names.chain(values) {
            let used = |text: &&str| expression::tokens(text).any(|token| token == name);
            if !expressions.iter().flatten().any(used) {
                return Err(Failure::validation(format!(
                    "Value provided in {field} unused in expressions: keys: {{{name}}}"
                )));
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
pub enum Condition<'a> {
    Or(Box<Condition<'a>>, Box<Condition<'a>>),
    And(Box<Condition<'a>>, Box<Condition<'a>>),
    Not(Box<Condition<'a>>),
    Exists(Cow<'a, str>),
    HasType(Operand<'a>, Operand<'a>),
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
        expression::parse(text, substitutes)
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
            Self::HasType(attribute, kind) => match (attribute.resolve(row), kind.resolve(row)) {
                (Some(value), Some(AttributeValue::S(kind))) => kind.text() == value.kind(),
                _ => false,
            },
            Self::BeginsWith(text, prefix) => match (text.resolve(row), prefix.resolve(row)) {
                (Some(AttributeValue::S(text)), Some(AttributeValue::S(prefix))) => {
                    text.text().starts_with(&*prefix.text())
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = r##"{"#namespace":"namespace","#key":"key","#version":"version"}"##;
    const VALUES: &str =
        r#"{":version":{"N":"5"},":namespace":{"S":"features"},":from":{"S":"b"},":to":{"S":"d"},":string":{"S":"S"}}"#;
    const ROW: &str = r#"{"namespace":{"S":"features"},"key":{"S":"c"},"version":{"N":"5"}}"#;

    fn check(text: &str, row: Option<&str>) -> Result<bool, Failure> {
        let names = serde_json::from_str(NAMES).unwrap();
        let values = serde_json::from_str(VALUES).unwrap();
        let row = row.map(|row| Attributes::parse(row).unwrap());
        let substitutes = Substitutes {
            names: Some(&names),
            values: Some(&values),
        };
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
        assert_eq!(
            check(
                "attribute_not_exists(#version) or :version > #version",
                Some(versionless)
            ),
            Ok(true)
        );
        assert_eq!(
            check("attribute_not_exists(#key) or :version > #version", Some(versionless)),
            Ok(false)
        );
    }

    #[test]
    fn the_rest_of_the_grammar() {
        for (text, expected) in [
            ("key between :from and :to and version >= :version", true),
            ("not (key = :from) AND NOT attribute_exists(item)", true),
            ("begins_with(#namespace,:namespace)", true),
            ("begins_with(#namespace, :from)", false),
            ("attribute_type(key, :string)", true),
            ("attribute_type(version, :string)", false),
            ("attribute_type(item, :string)", false),
            ("version <> :version or key < :from", false),
            ("key <= :from", false),
            ("key > :version", false),
        ] {
            assert_eq!(check(text, Some(ROW)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_expression_is_refused() {
        for text in [
            "",
            "version",
            "version >",
            "version ! :version",
            "a = b c",
            "attribute_exists(:version)",
            "(a = b",
            "size(a) = b",
        ] {
            let code = check(text, None).unwrap_err().code;
            assert_eq!(code, "ValidationException", "{text}");
        }
        assert!(check("#other = :version", None).unwrap_err().message.contains("#other"));
        assert!(check("version = :other", None).unwrap_err().message.contains(":other"));
    }

    #[test]
    fn substitutes_are_checked() {
        let names = serde_json::from_str(r##"{"#a":"a"}"##).unwrap();
        let check = |values: &str, expressions: &[Option<&str>]| {
            let values = serde_json::from_str(values).unwrap();
            let substitutes = Substitutes {
                names: Some(&names),
                values: Some(&values),
            };
            substitutes.check(expressions).map_err(|failure| failure.message)
        };
        let value = r#"{":b":{"S":"b"}}"#;
        assert_eq!(check(value, &[Some("#a = :b")]), Ok(()));
        assert_eq!(check(value, &[Some("ADD #a :c"), None, Some("c<:b")]), Ok(()));
        assert!(check(value, &[Some("#a = :bc")])
            .unwrap_err()
            .contains("AttributeValues unused in expressions: keys: {:b}"));
        assert!(check(value, &[Some(":b = a")])
            .unwrap_err()
            .contains("AttributeNames unused in expressions: keys: {#a}"));
        assert!(check(value, &[]).is_err());
        let empty = check(r#"{":b":{"SS":[]}}"#, &[Some("#a = :b")]).unwrap_err();
        assert!(empty.contains("may not be empty for key :b"), "{empty}");
    }

    #[test]
    fn the_partition_is_found_in_a_key_condition() {
        let names = serde_json::from_str(NAMES).unwrap();
        let values = serde_json::from_str(VALUES).unwrap();
        let substitutes = Substitutes {
            names: Some(&names),
            values: Some(&values),
        };
        let required = |text| {
            let condition = Condition::parse(text, &substitutes).unwrap();
            condition
                .required("namespace")
                .map(|value| value.scalar().unwrap().text().into_owned())
        };
        assert_eq!(required("#namespace = :namespace").as_deref(), Some("features"));
        assert_eq!(
            required("key between :from and :to and :namespace = namespace").as_deref(),
            Some("features")
        );
        assert_eq!(required("#key = :namespace"), None);
        assert_eq!(required("#namespace > :namespace"), None);
    }
}
