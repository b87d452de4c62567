//! Credentials that the host hands in: the last ones, until they expire.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{future, ProvideCredentials};
use aws_credential_types::Credentials;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::DateTime;

use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Replaceable;

/// Part of a store, not of its live state, so that a forked child has them, too. Clones are one and the same.
#[derive(Clone)]
pub(crate) struct PushedCredentials(Arc<Replaceable<Credentials>>);

impl PushedCredentials {
    pub(crate) fn none_yet() -> Self {
        PushedCredentials(Arc::new(Replaceable::new()))
    }

    /// Takes the place of what was there, for the next request.
    pub(crate) fn push(&self, given: config::Credentials, expires: Option<SystemTime>) {
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            given.session_token,
            expires,
            "pushed",
        );
        drop(self.0.replace(Some(Arc::new(credentials))));
    }

    /// Those that may be sent now.
    pub(super) fn now(&self) -> Option<Credentials> {
        self.at(SystemTime::now()).ok()
    }

    /// Those that may be sent at this time.
    fn at(&self, now: SystemTime) -> Result<Credentials> {
        let Some(last) = self.0.get() else {
            return Err(Error::new(
                ErrorKind::NoCredentials,
                "no AWS credentials have been pushed yet: the configuration says \"credentials\": \"pushed\", so set them before the first call",
            ));
        };
        match last.expiry() {
            Some(expiry) if expiry <= now => Err(Error::new(
                ErrorKind::NoCredentials,
                format!(
                    "the AWS credentials that were pushed expired at {}: push new ones",
                    written(expiry)
                ),
            )
            // Where there were some, having none is an outage of whoever hands them out to the host.
            .with_retriable(true)),
            _ => Ok(Credentials::clone(&last)),
        }
    }
}

fn written(time: SystemTime) -> String {
    let text = DateTime::from(time).fmt(Format::DateTime);
    text.unwrap_or_else(|_| "a time out of range".to_owned())
}

impl ProvideCredentials for PushedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(self.at(SystemTime::now()).map_err(CredentialsError::provider_error))
    }
}

impl fmt::Debug for PushedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushedCredentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn named(id: &str) -> config::Credentials {
        config::Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: "the-key".to_owned(),
            session_token: Some("the-token".to_owned()),
        }
    }

    #[test]
    fn the_last_ones_stand_until_they_expire() {
        let pushed = PushedCredentials::none_yet();
        let second = |number| SystemTime::UNIX_EPOCH + Duration::from_secs(number);
        let id_at = |number| pushed.at(second(number)).map(|found| found.access_key_id().to_owned());
        let error = id_at(0).expect_err("nothing was pushed");
        assert_eq!((error.kind(), error.is_retriable()), (ErrorKind::NoCredentials, false));
        pushed.push(named("one"), None);
        assert_eq!(id_at(1_000_000_000_000).expect("no expiry"), "one");
        pushed.push(named("two"), Some(second(86_400)));
        assert_eq!(id_at(86_399).expect("not yet"), "two");
        let error = id_at(86_400).expect_err("expired");
        assert_eq!((error.kind(), error.is_retriable()), (ErrorKind::NoCredentials, true));
        assert!(error.message().contains("expired at 1970-01-02T00:00:00Z"), "{error}");
        pushed.push(named("three"), Some(second(100_000)));
        assert_eq!(id_at(86_400).expect("new ones"), "three");
    }

    #[test]
    fn nothing_of_them_is_shown() {
        let pushed = PushedCredentials::none_yet();
        pushed.push(named("the-id"), Some(SystemTime::UNIX_EPOCH));
        let error = pushed.at(SystemTime::now()).expect_err("expired");
        let shown = format!("{pushed:?} {error:?}");
        assert!(!shown.contains("the-"), "{shown}");
    }
}
