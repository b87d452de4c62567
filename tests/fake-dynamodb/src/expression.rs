//! The grammar of expressions: `or`, `and`, `not`, parentheses, `= <> < <= > >=`, `between … and …`, `attribute_exists`,
//! `attribute_not_exists`, `attribute_type`, `begins_with`; top-level attributes only.

use std::borrow::Cow;

use crate::attributes::Map;
use crate::condition::{Comparison, Condition, Operand, Substitutes};
use crate::failure::Failure;

pub fn parse<'a>(text: &'a str, substitutes: &Substitutes<'a>) -> Result<Condition<'a>, Failure> {
    let mut parser = Parser::new(text, substitutes);
    let condition = parser.alternatives()?;
    match parser.next()? {
        None => Ok(condition),
        Some(token) => Err(syntax(token)),
    }
}

/// The tokens of an expression; update expressions are read from them, too.
pub struct Parser<'a, 's> {
    rest: &'a str,
    substitutes: &'s Substitutes<'a>,
}

fn syntax(token: &str) -> Failure {
    Failure::validation(format!("Invalid expression: Syntax error; token: \"{token}\""))
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_#:-".contains(character)
}

/// The names, values and words of an expression, whether or not it is one.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_name(character))
}

impl<'a, 's> Parser<'a, 's> {
    pub fn new(text: &'a str, substitutes: &'s Substitutes<'a>) -> Parser<'a, 's> {
        Parser {
            rest: text,
            substitutes,
        }
    }

    pub fn next(&mut self) -> Result<Option<&'a str>, Failure> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        let length = match first {
            '(' | ')' | ',' | '=' => 1,
            '<' | '>' => 1 + usize::from(matches!(self.rest.as_bytes().get(1), Some(b'=' | b'>'))),
            _ if is_name(first) => self
                .rest
                .find(|character| !is_name(character))
                .unwrap_or(self.rest.len()),
            _ => return Err(syntax(&self.rest[..first.len_utf8()])),
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(Some(token))
    }

    pub fn required(&mut self) -> Result<&'a str, Failure> {
        self.next()?.ok_or_else(|| syntax("<EOF>"))
    }

    pub fn expect(&mut self, wanted: &str) -> Result<(), Failure> {
        let token = self.required()?;
        if token.eq_ignore_ascii_case(wanted) {
            Ok(())
        } else {
            Err(syntax(token))
        }
    }

    /// Takes the next token where it is the wanted one.
    pub fn take(&mut self, wanted: &str) -> Result<bool, Failure> {
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
            "attribute_type" => {
                self.expect("(")?;
                let attribute = self.operand()?;
                self.expect(",")?;
                let kind = self.operand()?;
                self.expect(")")?;
                Ok(Condition::HasType(attribute, kind))
            }
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
        let Operand::Attribute(name) = self.resolve(token)? else {
            return Err(syntax(token));
        };
        self.expect(")")?;
        Ok(name)
    }

    fn operand(&mut self) -> Result<Operand<'a>, Failure> {
        let token = self.required()?;
        self.resolve(token)
    }

    pub fn resolve(&self, token: &'a str) -> Result<Operand<'a>, Failure> {
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
