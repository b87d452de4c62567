//! The members of a configuration's JSON object, each of its type or refused by name.

use std::time::Duration;

use serde_json::{Map, Value};

use super::values::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// A hundred years: long enough for anyone, short enough for every clock.
pub(super) const MAXIMUM_MILLISECONDS: i64 = 100 * 365 * 24 * 3600 * 1000;

pub(super) fn refusal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfiguration, message)
}

/// Takes members out of an object one by one, so that what is left is unknown. Messages never show a value, which may be a secret.
pub(super) struct Members<'p> {
    pub(super) path: &'p str,
    pub(super) members: Map<String, Value>,
}

impl Members<'_> {
    fn mistyped(&self, name: &str, expected: &str) -> Error {
        refusal(format!("configuration key \"{}{name}\" must be {expected}", self.path))
    }

    /// A `null` counts as absent: it is what most languages write for an option that was not given.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn string(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text)),
            Some(_) => Err(self.mistyped(name, "a string without NUL")),
        }
    }

    pub(super) fn boolean(&mut self, name: &str, target: &mut bool) -> Result<()> {
        match self.take(name) {
            None => Ok(()),
            Some(Value::Bool(value)) => {
                *target = value;
                Ok(())
            }
            Some(_) => Err(self.mistyped(name, "true or false")),
        }
    }

    pub(super) fn integer(&mut self, name: &str, least: i64, most: i64) -> Result<Option<i64>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(self.mistyped(name, &format!("an integer in {least} … {most}"))),
        }
    }

    pub(super) fn timeout(&mut self, name: &str, target: &mut Option<Duration>) -> Result<()> {
        if let Some(milliseconds) = self.integer(name, 0, MAXIMUM_MILLISECONDS)? {
            *target = (milliseconds > 0).then(|| Duration::from_millis(milliseconds as u64));
        }
        Ok(())
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], target: &mut T) -> Result<()> {
        let Some(value) = self.take(name) else {
            return Ok(());
        };
        match choices.iter().find(|(text, _)| value.as_str() == Some(*text)) {
            Some((_, choice)) => {
                *target = *choice;
                Ok(())
            }
            None => {
                let texts: Vec<&str> = choices.iter().map(|(text, _)| *text).collect();
                Err(self.mistyped(name, &format!("one of {}", texts.join(", "))))
            }
        }
    }

    pub(super) fn credentials(&mut self, name: &str) -> Result<Option<Credentials>> {
        let members = match self.take(name) {
            None => return Ok(None),
            Some(Value::Object(members)) => members,
            Some(_) => {
                return Err(self.mistyped(
                    name,
                    "an object with access_key_id, secret_access_key and optionally session_token",
                ))
            }
        };
        let mut members = Members {
            path: "credentials.",
            members,
        };
        let credentials = Credentials {
            access_key_id: members.string("access_key_id")?.unwrap_or_default(),
            secret_access_key: members.string("secret_access_key")?.unwrap_or_default(),
            session_token: members.string("session_token")?.filter(|token| !token.is_empty()),
        };
        members.require_empty()?;
        Ok(Some(credentials))
    }

    pub(super) fn require_empty(&self) -> Result<()> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(refusal(format!("unknown configuration key \"{}{name}\"", self.path))),
        }
    }
}
