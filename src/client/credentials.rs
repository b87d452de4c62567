//! Credentials of the AWS chain: one load at a time serves all who wait, and the last good ones are used until they expire.

#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

#[cfg(feature = "cli")]
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{future, ProvideCredentials, SharedCredentialsProvider};
use aws_credential_types::Credentials;
use futures_util::future::{BoxFuture, FutureExt, Shared};

use super::failure;
use crate::config;
use crate::error::{Error, ErrorKind, Result};

/// New credentials are asked for so long before the old ones expire.
const RENEWED_BEFORE_EXPIRY: Duration = Duration::from_secs(10);
/// What carries no date of expiry is asked for again after this time.
const USED_WITHOUT_EXPIRY: Duration = Duration::from_secs(15 * 60);
/// While the old credentials are good, nobody tries to renew them more often, nor waits longer for that.
const PAUSE_BETWEEN_RENEWALS: Duration = Duration::from_secs(1);
const LONGEST_WAIT_FOR_RENEWAL: Duration = Duration::from_millis(250);
/// A load goes on only while somebody waits for it. One that was left alone for longer is begun anew: its time-outs have run on.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// One that began before that is begun anew in any case, as its answer may be as old.
const LONGEST_LOAD: Duration = Duration::from_secs(30);

/// Stands between the AWS SDK and the chain, in the place of the SDK's own cache, where those who wait try one after the other.
pub(super) struct LastCredentials {
    chain: SharedCredentialsProvider,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<Last>,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    load: Load,
    began: Instant,
    waiters: usize,
    /// When the last of those who waited left.
    left: Instant,
}

impl UnderWay {
    fn can_be_joined(&self) -> bool {
        let is_alive = self.waiters > 0 || self.left.elapsed() < LONGEST_PAUSE;
        is_alive && self.began.elapsed() < LONGEST_LOAD
    }
}

/// Somebody who waits for a load.
struct Waiter<'a> {
    last: &'a LastCredentials,
    load: Load,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut state = self.last.state();
        if let Some(under_way) = state.under_way.as_mut().filter(|one| one.load.ptr_eq(&self.load)) {
            under_way.waiters -= 1;
            under_way.left = Instant::now();
        }
    }
}

struct Last {
    credentials: Credentials,
    renewal: SystemTime,
}

type Load = Shared<BoxFuture<'static, Result<Credentials>>>;

impl LastCredentials {
    pub(super) fn of(chain: SharedCredentialsProvider) -> Self {
        LastCredentials {
            chain,
            state: Mutex::default(),
        }
    }

    /// Whether requests cannot go on because a load has not ended.
    pub(super) fn are_awaited(&self) -> bool {
        let state = self.state();
        state.under_way.is_some() && state.good(SystemTime::now()).is_none()
    }

    /// The last ones, where they need not be renewed yet.
    pub(super) fn fresh(&self) -> Option<Credentials> {
        let state = self.state();
        let last = state.last.as_ref()?;
        let now = SystemTime::now();
        state.good(now).filter(|_| now < last.renewal)
    }

    /// Where the credentials come from, in words.
    #[cfg(feature = "cli")]
    pub(super) async fn origin(&self) -> Result<&'static str> {
        Ok(origin(&self.credentials().await?))
    }

    async fn credentials(&self) -> Result<Credentials> {
        let now = SystemTime::now();
        let (load, good) = {
            let mut state = self.state();
            let good = state.good(now);
            if let (Some(last), Some(good)) = (&mut state.last, &good) {
                if now < last.renewal {
                    return Ok(good.clone());
                }
                last.renewal = now + PAUSE_BETWEEN_RENEWALS;
            }
            (self.load(&mut state), good)
        };
        let _waiter = Waiter {
            last: self,
            load: load.clone(),
        };
        let outcome = match good {
            None => load.clone().await,
            Some(good) => match tokio::time::timeout(LONGEST_WAIT_FOR_RENEWAL, load.clone()).await {
                Ok(outcome) => outcome,
                Err(_) => return Ok(good),
            },
        };
        self.ended(&load, outcome)
    }

    /// The load that is under way, begun where there is none.
    fn load(&self, state: &mut State) -> Load {
        if let Some(under_way) = state.under_way.as_mut().filter(|one| one.can_be_joined()) {
            under_way.waiters += 1;
            return under_way.load.clone();
        }
        let chain = self.chain.clone();
        let load = async move {
            let asked = AssertUnwindSafe(async { chain.provide_credentials().await });
            match asked.catch_unwind().await {
                Ok(found) => found
                    .map_err(|error| failure::no_credentials(&error))
                    .and_then(sendable),
                // One that panicked would panic again for everybody who waits.
                Err(_) => Err(Error::new(
                    ErrorKind::InvalidConfiguration,
                    "the AWS SDK panicked over what the environment or the AWS files say about credentials",
                )),
            }
        };
        let load = load.boxed().shared();
        let now = Instant::now();
        state.under_way = Some(UnderWay {
            load: load.clone(),
            began: now,
            waiters: 1,
            left: now,
        });
        load
    }

    /// Takes up what a load came to, unless another who waited for it did.
    fn ended(&self, load: &Load, outcome: Result<Credentials>) -> Result<Credentials> {
        let now = SystemTime::now();
        let mut state = self.state();
        if state
            .under_way
            .as_ref()
            .is_some_and(|under_way| under_way.load.ptr_eq(load))
        {
            state.under_way = None;
            if let Ok(credentials) = &outcome {
                let renewal = match credentials.expiry() {
                    Some(expiry) => (expiry - RENEWED_BEFORE_EXPIRY).max(now + PAUSE_BETWEEN_RENEWALS),
                    None => now + USED_WITHOUT_EXPIRY,
                };
                state.last = Some(Last {
                    credentials: credentials.clone(),
                    renewal,
                });
            }
        }
        match (outcome, state.good(now)) {
            (Err(error), Some(good)) => {
                tracing::warn!("the AWS credentials were not renewed, and those that are known are used: {error}");
                Ok(good)
            }
            // Where there were some before, having none is no matter of configuration.
            (Err(error), None) if state.last.is_some() && error.kind() == ErrorKind::NoCredentials => {
                Err(failure::no_credentials_for_now(ErrorKind::Unreachable, error.message()))
            }
            (outcome, _) => outcome,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses what no request can carry.
fn sendable(credentials: Credentials) -> Result<Credentials> {
    let token = credentials.session_token().unwrap_or_default();
    match config::is_one_word(credentials.access_key_id()) && config::is_one_word(token) {
        true => Ok(credentials),
        false => Err(failure::no_credentials_for_now(
            ErrorKind::InvalidResponse,
            "what was handed out is no key id or token: it has spaces, line breaks or other characters",
        )),
    }
}

/// The AWS SDK notes how credentials were found, the last step at the end.
#[cfg(feature = "cli")]
fn origin(credentials: &Credentials) -> &'static str {
    let steps = credentials.get_property::<Vec<AwsCredentialFeature>>();
    let words = |step: &AwsCredentialFeature| {
        Some(match step {
            AwsCredentialFeature::CredentialsStsAssumeRole => "a role that was assumed",
            AwsCredentialFeature::CredentialsEnvVars => "the environment",
            AwsCredentialFeature::CredentialsProfile => "a profile of the AWS files",
            AwsCredentialFeature::CredentialsHttp => "a container's endpoint",
            AwsCredentialFeature::CredentialsImds => "the instance's metadata",
            AwsCredentialFeature::CredentialsProfileStsWebIdToken
            | AwsCredentialFeature::CredentialsEnvVarsStsWebIdToken
            | AwsCredentialFeature::CredentialsStsAssumeRoleWebId => "web identity",
            _ => return None,
        })
    };
    steps
        .and_then(|steps| steps.iter().rev().find_map(words))
        .unwrap_or("the AWS chain")
}

impl State {
    fn good(&self, now: SystemTime) -> Option<Credentials> {
        let last = &self.last.as_ref()?.credentials;
        let is_good = last.expiry().is_none_or(|expiry| now < expiry);
        is_good.then(|| last.clone())
    }
}

/// The last credentials as the AWS SDK takes them.
#[derive(Clone)]
pub(super) struct Provider(pub(super) Arc<LastCredentials>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let credentials = self.0.credentials();
        future::ProvideCredentials::new(credentials.map(|found| found.map_err(CredentialsError::provider_error)))
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastCredentials(..)")
    }
}
