//! What the AWS SDK gets to see of environment and files.

use std::fmt::Write as _;

use aws_config::ConfigLoader;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::Env;

use super::form::Form;
use super::role::{Role, Source};
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

/// What the AWS SDK is told of a profile. The rest is ours, refused, or without effect here.
const KEYS: [&str; 6] = [
    "region",
    "aws_access_key_id",
    "aws_secret_access_key",
    "external_id",
    "role_session_name",
    "web_identity_token_file",
];
/// Of the selected profile alone, for all that it leads to.
const KEYS_OF_CONNECTIONS: [&str; 8] = [
    "endpoint_url",
    "ignore_configured_endpoint_urls",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "account_id_endpoint_mode",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
];
/// The name under which the AWS SDK knows the keys of the environment, which it would look for before any profile otherwise.
const ENVIRONMENT: &str = "environment";
const SERVICES: &str = "services-of-the-profile";

impl AwsSettings {
    /// The AWS SDK's own loader, which sees what was read here and nothing else.
    pub(in crate::client) fn passed_on(&self, loader: ConfigLoader, role: Option<&Role>) -> ConfigLoader {
        let is_left_out = |name: &str| self.has_own_profile && OF_CREDENTIALS.contains(&name);
        let variables = self
            .environment
            .texts(|name| PASSED_ON.contains(&name) && !is_left_out(name));
        let profile = match role.map(Role::source) {
            None => alias(0),
            Some(Source::Environment) => ENVIRONMENT.to_owned(),
            Some(Source::Profile(name)) => self.alias_of(name),
        };
        let files = EnvConfigFiles::builder()
            .with_contents(
                EnvConfigFileKind::Config,
                self.profiles_for_sdk(role.and_then(Role::taken_from)),
            )
            .build();
        loader
            .env(Env::from_slice(&variables))
            .profile_files(files)
            .profile_name(profile)
    }

    /// The profiles that are used, under names that the AWS SDK can read, one property a line.
    fn profiles_for_sdk(&self, without_role: Option<&str>) -> String {
        let mut text = String::new();
        for (number, profile) in self.used_profiles().into_iter().enumerate() {
            let _ = writeln!(text, "[profile {}]", alias(number));
            let value = |key: &str| Some(self.profiles.property(profile, key)?.property.value.as_str());
            let mut write = |key: &str, value: &str| {
                // Without a space, which would make a comment of a value that begins with `#`.
                let _ = writeln!(text, "{key} ={value}");
            };
            for key in KEYS {
                if let Some(value) = value(key) {
                    write(key, value);
                }
            }
            if let Some(token) = self.profiles.session_token(profile) {
                write("aws_session_token", &token.property.value);
            }
            if let Some(account) = self.profiles.beside_keys(profile, "aws_account_id") {
                write("aws_account_id", &account.property.value);
            }
            let role = value("role_arn").filter(|_| without_role != Some(profile));
            if let Some(role) = role {
                write("role_arn", role);
            }
            let source = value("credential_source").filter(|_| value("role_arn").is_some());
            match source {
                Some(source) if source.eq_ignore_ascii_case(ENVIRONMENT) => write("source_profile", ENVIRONMENT),
                Some(source) => write("credential_source", source),
                None => {
                    if let (Some(source), Some(_)) = (value("source_profile"), role) {
                        write("source_profile", &self.alias_of(source));
                    }
                }
            }
            self.write_connections(&mut text);
        }
        self.write_environment(&mut text);
        self.write_services(&mut text);
        text
    }

    fn write_environment(&self, text: &mut String) {
        let keys = [
            ("aws_access_key_id", "AWS_ACCESS_KEY_ID", Form::Secret),
            ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", Form::SecretKey),
            ("aws_session_token", "AWS_SESSION_TOKEN", Form::Secret),
            ("aws_account_id", "AWS_ACCOUNT_ID", Form::AccountId),
        ];
        let _ = writeln!(text, "[profile {ENVIRONMENT}]");
        for (key, variable, form) in keys {
            // Wrong ones are refused where they are used.
            if let Some(found) = self.variable(variable, form).ok().flatten() {
                let _ = writeln!(text, "{key} ={}", found.text);
            }
        }
        self.write_connections(text);
    }

    fn write_connections(&self, text: &mut String) {
        let _ = writeln!(text, "services ={SERVICES}");
        for key in KEYS_OF_CONNECTIONS {
            if let Some(place) = self.profiles.property(&self.profiles.selected, key) {
                let _ = writeln!(text, "{key} ={}", place.property.value);
            }
        }
    }

    fn write_services(&self, text: &mut String) {
        let _ = writeln!(text, "[services {SERVICES}]");
        for service in ["dynamodb", "sts"] {
            if let Some(place) = self.profiles.service_property(service, "endpoint_url") {
                let _ = writeln!(text, "{service} =\n  endpoint_url ={}", place.property.value);
            }
        }
    }

    /// The selected profile and those that it leads to.
    fn used_profiles(&self) -> Vec<&str> {
        let mut used = vec![self.profiles.selected.as_str()];
        while let Some(place) = self.profiles.property(used[used.len() - 1], "source_profile") {
            let source = place.property.value.as_str();
            if used.contains(&source) {
                break;
            }
            used.push(source);
        }
        used
    }

    fn alias_of(&self, profile: &str) -> String {
        let used = self.used_profiles();
        alias(used.iter().position(|used| *used == profile).unwrap_or(used.len()))
    }
}

/// People's names for profiles may hold what the AWS SDK does not take for a name.
fn alias(number: usize) -> String {
    format!("profile-{number}")
}
