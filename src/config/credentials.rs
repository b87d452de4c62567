//! What credentials must be, and the JSON in which the host hands them in.

use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;

use super::forms::{is_one_line, is_one_word};
use super::members::{refusal, Members};
use super::values::Credentials;
use crate::error::{Error, ErrorKind, Result};

impl Credentials {
    /// That there is an id and a key, and that a request's headers can carry what goes there: the AWS SDK panics otherwise.
    pub(crate) fn validate(&self) -> Result<()> {
        if self.access_key_id.is_empty() || self.secret_access_key.is_empty() {
            return Err(refusal(
                "\"credentials\" needs both \"access_key_id\" and \"secret_access_key\"",
            ));
        }
        let token = self.session_token.as_deref().unwrap_or_default();
        for (name, part) in [("access_key_id", self.access_key_id.as_str()), ("session_token", token)] {
            if !is_one_word(part) {
                return Err(refusal(format!(
                    "{name:?} of the credentials must be one word of printable ASCII; look for a line break at its end"
                )));
            }
        }
        if !is_one_line(&self.secret_access_key) {
            return Err(refusal(
                "\"secret_access_key\" of the credentials must be on one line; look for a line break at its end",
            ));
        }
        Ok(())
    }
}

/// Credentials and when they expire, as the C ABI is handed them.
pub(crate) struct ExpiringCredentials {
    pub(crate) credentials: Credentials,
    /// `None` is never.
    pub(crate) expires: Option<SystemTime>,
}

/// The end of the year 9999, beyond which no date is written.
const LATEST_MILLISECONDS: i64 = 253_402_300_799_999;

impl ExpiringCredentials {
    /// Reads `{"access_key_id", "secret_access_key", "session_token", "expires_ms"}`; docs/configuration.md says more.
    pub(crate) fn from_json(json: &str) -> Result<Self> {
        let value: &RawValue = serde_json::from_str(json)
            .map_err(|error| Error::new(ErrorKind::InvalidJson, format!("credentials are not JSON: {error}")))?;
        let object = serde_json::from_str(value.get());
        let object = object.map_err(|_| refusal("credentials must be a JSON object"))?;
        let mut members = Members::new("credentials key \"", object)?;
        let expires = members.integer("expires_ms", 0, LATEST_MILLISECONDS)?;
        Ok(ExpiringCredentials {
            credentials: members.all_of_credentials()?,
            expires: expires.map(|milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds as u64)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_needed_and_go_into_a_request() {
        let refused = |id: &str, key: &str, token: Option<&str>| {
            let credentials = Credentials {
                access_key_id: id.to_owned(),
                secret_access_key: key.to_owned(),
                session_token: token.map(str::to_owned),
            };
            credentials.validate().err().map(|error| error.message().to_owned())
        };
        assert_eq!(refused("a", "b", None), None);
        assert_eq!(refused("a", "b c", Some("t")), None);
        for (id, key, token, named) in [
            ("", "b", None, "access_key_id"),
            ("a", "", None, "secret_access_key"),
            ("a b", "b", None, "access_key_id"),
            ("a", "b\n", None, "secret_access_key"),
            ("a", "b", Some("t\n"), "session_token"),
            ("a", "b", Some("\u{e9}"), "session_token"),
        ] {
            let message = refused(id, key, token).expect(named);
            assert!(message.contains(&format!("\"{named}\"")), "{message}");
        }
    }

    #[test]
    fn what_is_pushed_is_refused_by_name_and_never_shown() {
        let cases = [
            (r#"{"access_key_id":"SECRET""#, ErrorKind::InvalidJson, "JSON"),
            (r#"["SECRET"]"#, ErrorKind::InvalidConfiguration, "object"),
            (
                r#"{"secret_key":"SECRET"}"#,
                ErrorKind::InvalidConfiguration,
                "\"secret_key\"",
            ),
            (
                r#"{"access_key_id":["SECRET"]}"#,
                ErrorKind::InvalidConfiguration,
                "\"access_key_id\"",
            ),
            (
                r#"{"session_token":"SECRET\u0000"}"#,
                ErrorKind::InvalidConfiguration,
                "\"session_token\"",
            ),
            (
                r#"{"expires_ms":"SECRET"}"#,
                ErrorKind::InvalidConfiguration,
                "\"expires_ms\"",
            ),
            (
                r#"{"expires_ms":-1}"#,
                ErrorKind::InvalidConfiguration,
                "\"expires_ms\"",
            ),
            (
                r#"{"expires_ms":1.5}"#,
                ErrorKind::InvalidConfiguration,
                "\"expires_ms\"",
            ),
            (
                r#"{"secret_access_key":"SECRET","secret_access_key":"SECRET"}"#,
                ErrorKind::InvalidConfiguration,
                "\"secret_access_key\" is given twice",
            ),
        ];
        for (json, kind, name) in cases {
            let error = ExpiringCredentials::from_json(json).err().expect(json);
            assert_eq!(error.kind(), kind, "{json}");
            assert!(error.message().contains(name), "{error}");
            assert!(!error.message().contains("SECRET"), "{error}");
        }
        let json = r#"{"access_key_id":"a","secret_access_key":"b","session_token":"","expires_ms":1500}"#;
        let given = ExpiringCredentials::from_json(json).unwrap();
        assert_eq!(given.credentials.session_token, None);
        assert_eq!(
            given.expires,
            Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500))
        );
    }
}
