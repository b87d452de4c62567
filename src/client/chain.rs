//! The AWS chain of credentials, each time it is asked: environment and files are read anew, checked, and handed to the AWS SDK.

use std::fmt;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, future, ProvideCredentials};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use super::aws_settings::{AwsSettings, Role};
use super::complaint::Complaints;
use super::http::Connectors;
use crate::config::Config;

/// What stays the same from one look to the next.
pub(super) struct Chain {
    pub(super) config: Config,
    pub(super) region: Option<Region>,
    pub(super) http: Connectors,
    pub(super) timeouts: TimeoutConfig,
    pub(super) complaints: Complaints,
}

/// The AWS SDK's loader with all that is not left to environment and files.
pub(super) fn loader(http: Connectors, timeouts: TimeoutConfig, region: Option<Region>) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        // What environment and profile say of retries is for the AWS CLI; some of its values make the AWS SDK panic.
        .retry_config(RetryConfig::standard());
    match region {
        Some(region) => loader.region(region),
        None => loader,
    }
}

impl Chain {
    async fn credentials(&self) -> provider::Result {
        let mut aws = AwsSettings::read(&self.config);
        let mut warn = |message: String| self.complaints.warn(&message);
        let role = aws
            .check_credentials(&mut warn)
            .map_err(CredentialsError::provider_error)?;
        // An endpoint that is named is used as it is.
        let is_named = matches!(aws.sts_endpoint(), Ok(Some(_)));
        let loader = || {
            let loader = loader(self.http.clone(), self.timeouts.clone(), self.region.clone());
            match is_named {
                true => loader.use_fips(false).use_dual_stack(false),
                false => loader,
            }
        };
        let found = aws.passed_on(loader(), role.as_ref()).load().await;
        let Some(chain) = found.credentials_provider() else {
            return Err(CredentialsError::not_loaded("there is no chain of credentials"));
        };
        let credentials = chain.provide_credentials().await?;
        match role {
            None => Ok(credentials),
            Some(role) => {
                // STS is asked as the profile with the role says, whoever may take it.
                let own = aws.passed_on(loader().no_credentials(), None).load().await;
                assume(role, &own, credentials).await
            }
        }
    }
}

async fn assume(role: Role, found: &SdkConfig, source: impl ProvideCredentials + 'static) -> provider::Result {
    let mut assumed = AssumeRoleProvider::builder(role.arn)
        .session_length(role.duration)
        .configure(found);
    if let Some(name) = role.session_name {
        assumed = assumed.session_name(name);
    }
    if let Some(id) = role.external_id {
        assumed = assumed.external_id(id);
    }
    assumed.build_from_provider(source).await.provide_credentials().await
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain(..)")
    }
}
