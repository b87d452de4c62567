//! What the AWS SDK gets to see of environment and files.

use aws_config::ConfigLoader;
use aws_types::os_shim_internal::Env;

use super::role::Role;
use super::settings::AwsSettings;

/// What the AWS SDK may see of the environment. Whatever it reads beyond has no effect here, or panics where it is wrong.
const PASSED_ON: [&str; 26] = [
    "HOME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
];

/// What is left out where a profile of the configuration goes before the environment.
const OF_CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_PROFILE",
];

impl AwsSettings {
    /// The AWS SDK's own loader, which sees what was read here and nothing else.
    pub(in crate::client) fn passed_on(&self, loader: ConfigLoader, role: Option<&Role>) -> ConfigLoader {
        let is_left_out = |name: &str| self.has_own_profile && OF_CREDENTIALS.contains(&name);
        let variables = self
            .environment
            .texts(|name| PASSED_ON.contains(&name) && !is_left_out(name));
        let files = self
            .profiles
            .for_sdk(&self.environment, role.and_then(Role::taken_from));
        let profile = role.map_or(self.profiles.selected.as_str(), Role::source);
        loader
            .env(Env::from_slice(&variables))
            .profile_files(files)
            .profile_name(profile)
    }
}
