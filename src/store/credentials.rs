//! Credentials that the host hands in.

use std::time::SystemTime;

use super::Store;
use crate::config::Credentials;
use crate::error::{Error, ErrorKind, Result};

impl Store {
    /// Signs requests with these credentials from now on, until they expire; `None` is never. For a store with
    /// [`pushed_credentials`](crate::Config#structfield.pushed_credentials).
    ///
    /// At any time and from any thread: a call under way uses them for its next request. A forked child has those that were there at the
    /// fork. Until the first ones, and where the last ones have expired, what has to ask the table fails with `NoCredentials` and sends
    /// nothing; of expired ones that is retriable.
    pub fn set_credentials(&self, credentials: Credentials, expires: Option<SystemTime>) -> Result<()> {
        let Some(pushed) = &self.pushed else {
            return Err(Error::new(
                ErrorKind::InvalidConfiguration,
                "this store takes no credentials: configure it with \"credentials\": \"pushed\"",
            ));
        };
        credentials.validate()?;
        pushed.push(credentials, expires);
        Ok(())
    }
}
