//! The members of a configuration's JSON object, each of its type or refused by name.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::values::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::table::object;

/// A hundred years: long enough for anyone, short enough for every clock.
pub(super) const MAXIMUM_MILLISECONDS: i64 = 100 * 365 * 24 * 3600 * 1000;

pub(super) fn refusal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfiguration, message)
}

/// Takes members out of an object one by one, so that what is left is unknown. Messages never show a value, which may be a secret.
pub(super) struct Members<'a> {
    place: &'static str,
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Members<'a> {
    /// Takes the object apart whose keys messages show after `place`, which ends with what goes before them; a key twice is an error.
    pub(super) fn new(place: &'static str, object: object::Members<'a, &'a RawValue>) -> Result<Self> {
        let object::Members(members) = object;
        let is_twice = |(index, (name, _)): &(usize, &(Cow<'_, str>, _))| {
            members[..*index].iter().any(|(earlier, _)| earlier == name)
        };
        if let Some((_, (name, _))) = members.iter().enumerate().find(is_twice) {
            return Err(refusal(format!("{place}{name}\" is given twice")));
        }
        Ok(Members { place, members })
    }

    fn mistyped(&self, name: &str, expected: &str) -> Error {
        refusal(format!("{}{name}\" must be {expected}", self.place))
    }

    /// The value of a key, `None` within where it is of another type. A `null` counts as absent: it is what most languages write for an
    /// option that was not given.
    fn take<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<T>> {
        let place = self.members.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.members.swap_remove(place);
        (value.get() != "null").then(|| serde_json::from_str(value.get()).ok())
    }

    pub(super) fn string(&mut self, name: &str) -> Result<Option<String>> {
        match self.take::<String>(name) {
            None => Ok(None),
            Some(Some(text)) if !text.contains('\0') => Ok(Some(text)),
            Some(_) => Err(self.mistyped(name, "a string without NUL")),
        }
    }

    pub(super) fn boolean(&mut self, name: &str, target: &mut bool) -> Result<()> {
        match self.take(name) {
            None => Ok(()),
            Some(Some(value)) => {
                *target = value;
                Ok(())
            }
            Some(None) => Err(self.mistyped(name, "true or false")),
        }
    }

    pub(super) fn integer(&mut self, name: &str, least: i64, most: i64) -> Result<Option<i64>> {
        let Some(number) = self.take(name) else {
            return Ok(None);
        };
        match number {
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
        let Some(chosen) = self.take::<String>(name) else {
            return Ok(());
        };
        match choices.iter().find(|(text, _)| chosen.as_deref() == Some(*text)) {
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

    /// Credentials that are given, or `pushed` raised where they come later.
    pub(super) fn credentials(&mut self, name: &str, pushed: &mut bool) -> Result<Option<Credentials>> {
        let Some(given) = self.take::<&RawValue>(name).flatten() else {
            return Ok(None);
        };
        if serde_json::from_str::<Cow<'_, str>>(given.get()).is_ok_and(|text| text == "pushed") {
            *pushed = true;
            return Ok(None);
        }
        let members = serde_json::from_str(given.get()).map_err(|_| {
            self.mistyped(
                name,
                "an object with access_key_id, secret_access_key and optionally session_token, or \"pushed\"",
            )
        })?;
        let credentials = Members::new("configuration key \"credentials.", members)?.all_of_credentials()?;
        Ok(Some(credentials))
    }

    /// What is left is the members of credentials and no others.
    pub(super) fn all_of_credentials(self) -> Result<Credentials> {
        let mut members = self;
        let credentials = Credentials {
            access_key_id: members.string("access_key_id")?.unwrap_or_default(),
            secret_access_key: members.string("secret_access_key")?.unwrap_or_default(),
            session_token: members.string("session_token")?.filter(|token| !token.is_empty()),
        };
        members.require_empty()?;
        Ok(credentials)
    }

    pub(super) fn require_empty(&self) -> Result<()> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => Err(refusal(format!("unknown {}{name}\"", self.place))),
        }
    }
}
