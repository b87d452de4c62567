//! One action of a transaction: a condition alone, a put, an update or a delete.

use std::borrow::Cow;

use serde::de::{self, Deserializer};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::update::{self, updated};
use super::super::write::{check, ReturnValues};
use super::super::{find, substitutes, Names, Values};
use crate::attributes::Attributes;
use crate::condition::Condition;
use crate::failure::Failure;
use crate::table::{Key, Row, Table, Tables};
use crate::update_expression::UpdateExpression;

/// The actions, and their JSON text as it was written.
pub struct Actions<'a> {
    pub raw: &'a str,
    pub list: Vec<Action<'a>>,
}

/// One action: exactly one of the four.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action<'a> {
    #[serde(borrow)]
    ConditionCheck(Fields<'a>),
    #[serde(borrow)]
    Put(Fields<'a>),
    #[serde(borrow)]
    Update(Fields<'a>),
    #[serde(borrow)]
    Delete(Fields<'a>),
}

/// The fields of all four; `Action::mistake` knows which belong to which.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Fields<'a> {
    #[serde(borrow)]
    pub table_name: Cow<'a, str>,
    #[serde(borrow)]
    key: Option<Attributes<'a>>,
    #[serde(borrow)]
    item: Option<Attributes<'a>>,
    #[serde(borrow)]
    update_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    condition_expression: Option<Cow<'a, str>>,
    #[serde(borrow)]
    expression_attribute_names: Names<'a>,
    #[serde(borrow)]
    expression_attribute_values: Values<'a>,
    #[serde(default)]
    return_values_on_condition_check_failure: ReturnValues,
}

impl<'de: 'a, 'a> Deserialize<'de> for Actions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let list: Vec<Action> = serde_json::from_str(raw).map_err(de::Error::custom)?;
        match list.iter().find_map(Action::mistake) {
            None => Ok(Actions { raw, list }),
            Some(mistake) => Err(de::Error::custom(mistake)),
        }
    }
}

/// What is to be done to a row.
pub enum Change {
    Nothing,
    Put(Row),
    Delete,
}

/// An action that can be done: the change, the bytes of the item it leaves, and those it is billed by.
pub struct Judged<'k> {
    pub key: Key<'k>,
    pub change: Change,
    pub size: usize,
    pub billed: usize,
}

/// An action whose expressions are well-formed.
pub struct Prepared<'r> {
    pub action: &'r Action<'r>,
    condition: Option<Condition<'r>>,
    changes: UpdateExpression<'r>,
    pub key: Result<Key<'r>, Failure>,
}

impl Action<'_> {
    pub fn fields(&self) -> &Fields<'_> {
        match self {
            Action::ConditionCheck(fields) | Action::Put(fields) | Action::Update(fields) | Action::Delete(fields) => {
                fields
            }
        }
    }

    /// A field that is missing or does not belong to the action.
    fn mistake(&self) -> Option<String> {
        let fields = self.fields();
        let (is_put, is_update) = (matches!(self, Action::Put(_)), matches!(self, Action::Update(_)));
        let is_check = matches!(self, Action::ConditionCheck(_));
        let condition = fields.condition_expression.is_some();
        let presence = [
            ("Item", fields.item.is_some(), is_put),
            ("Key", fields.key.is_some(), !is_put),
            ("UpdateExpression", fields.update_expression.is_some(), is_update),
            ("ConditionExpression", condition, is_check || condition),
        ];
        let (name, is_there, _) = presence.into_iter().find(|(_, is_there, wanted)| is_there != wanted)?;
        let mistake = if is_there { "unknown" } else { "missing" };
        Some(format!("{mistake} field `{name}` in {}", self.method()))
    }

    pub fn method(&self) -> &'static str {
        match self {
            Action::ConditionCheck(_) => "check",
            Action::Put(_) => "put",
            Action::Update(_) => "update",
            Action::Delete(_) => "delete",
        }
    }

    /// The item of a Put, the key of the others.
    pub fn attributes(&self) -> &Attributes<'_> {
        let fields = self.fields();
        let attributes = fields.item.as_ref().or(fields.key.as_ref());
        attributes.expect("one of them was there when it was parsed")
    }

    pub fn prepare(&self, tables: &Tables) -> Result<Prepared<'_>, Failure> {
        let fields = self.fields();
        let table = find(tables, &fields.table_name)?;
        let substitutes = substitutes(&fields.expression_attribute_names, &fields.expression_attribute_values);
        let update = fields.update_expression.as_deref();
        let changes = update::parse(update, &substitutes)?;
        let text = fields.condition_expression.as_deref();
        let condition = text.map(|text| Condition::parse(text, &substitutes)).transpose()?;
        substitutes.check(&[update, text])?;
        let key = match &fields.item {
            Some(item) => {
                Table::check_item(item)?;
                table.key_of_item(item)
            }
            None => update::key(table, self.attributes(), &changes),
        };
        Ok(Prepared {
            action: self,
            condition,
            changes,
            key,
        })
    }
}

impl<'r> Prepared<'r> {
    pub fn judge(self, tables: &Tables) -> Result<Judged<'r>, Failure> {
        let fields = self.action.fields();
        let table = find(tables, &fields.table_name)?;
        let key = self.key?;
        let stored = table.get(&key);
        check(self.condition, stored, fields.return_values_on_condition_check_failure)?;
        let old_size = stored.map_or(0, |row| row.size);
        let attributes = self.action.attributes();
        let change = match self.action {
            Action::ConditionCheck(_) => Change::Nothing,
            Action::Delete(_) => Change::Delete,
            Action::Put(_) => Change::Put(Row {
                attributes: attributes.raw.into(),
                size: attributes.size(),
            }),
            Action::Update(_) => Change::Put(updated(stored, attributes, &self.changes)?),
        };
        let size = match &change {
            Change::Put(row) => row.size,
            Change::Nothing | Change::Delete => old_size,
        };
        Ok(Judged {
            key,
            change,
            size,
            billed: size.max(old_size),
        })
    }
}
