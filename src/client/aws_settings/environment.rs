//! The environment as it is at one moment, of which an empty value is no value.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// A copy, so that everything that is made of it at once fits together.
pub(in crate::client) struct Environment(HashMap<String, Value>);

enum Value {
    Text(String),
    NoText(OsString),
}

/// A variable whose value is no UTF-8.
#[derive(Debug)]
pub(super) struct NoText;

impl Environment {
    pub(super) fn now() -> Self {
        Self::of(std::env::vars_os())
    }

    pub(in crate::client) fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = variables.into_iter().filter_map(|(name, value)| {
            let value = value.into_string().map_or_else(Value::NoText, Value::Text);
            let is_empty = matches!(&value, Value::Text(text) if text.trim().is_empty());
            // What is not UTF-8 is no name that anybody looks for.
            let name = name.into_string().ok().filter(|_| !is_empty)?;
            Some((name, value))
        });
        Environment(named.collect())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, NoText> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::NoText(_)) => Err(NoText),
        }
    }

    /// A path may be anything but empty.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).map(|value| match value {
            Value::Text(text) => PathBuf::from(text),
            Value::NoText(path) => PathBuf::from(path),
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), Value::Text(value));
    }

    /// The variables for which `is_wanted`, as far as they are text.
    pub(super) fn texts(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
        let texts = self.0.iter().filter_map(|(name, value)| match value {
            Value::Text(text) if is_wanted(name) => Some((name.as_str(), text.as_str())),
            _ => None,
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn an_empty_value_is_no_value() {
        let variable = |name: &str, value: &[u8]| (OsString::from(name), OsString::from_vec(value.to_vec()));
        let environment = Environment::of([
            variable("EMPTY", b""),
            variable("BLANK", b" \n"),
            variable("FULL", b"x"),
            variable("ODD", b"\xff"),
        ]);
        assert!(!environment.has("EMPTY") && !environment.has("BLANK"));
        assert_eq!(environment.text("FULL").expect("text"), Some("x"));
        environment.text("ODD").expect_err("no text");
    }
}
