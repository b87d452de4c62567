//! The profiles of both AWS files, and which of them is used.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use super::environment::Environment;
use super::profile_file::{ProfileFile, Property, Section};

const DEFAULT: &str = "default";
/// Stands for `credential_source = Environment` in what the AWS SDK reads, which would look into the environment before any profile.
pub(super) const OF_THE_ENVIRONMENT: &str = "environment-variables";

/// What the AWS SDK is told of a profile. The rest is ours, refused, or without effect here.
const PASSED_ON: [&str; 20] = [
    "region",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_account_id",
    "role_arn",
    "source_profile",
    "credential_source",
    "external_id",
    "role_session_name",
    "web_identity_token_file",
    "endpoint_url",
    "services",
    "ignore_configured_endpoint_urls",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "account_id_endpoint_mode",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
];

#[derive(Default)]
pub(in crate::client) struct Profiles {
    config: ProfileFile,
    credentials: ProfileFile,
    pub(super) selected: String,
}

/// A property and the file that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) property: &'p Property,
    pub(super) file: &'p Path,
}

/// Where a file is that is named by a variable or is at its usual place.
fn path_of(environment: &Environment, variable: &str, usual: &str) -> Option<PathBuf> {
    let path = environment.path(variable).unwrap_or_else(|| PathBuf::from(usual));
    match path.strip_prefix("~") {
        Ok(rest) => Some(environment.path("HOME")?.join(rest)),
        Err(_) => Some(path),
    }
}

impl Profiles {
    pub(super) fn read(environment: &Environment, selected: Option<&str>) -> Self {
        Profiles {
            config: ProfileFile::read(path_of(environment, "AWS_CONFIG_FILE", "~/.aws/config")),
            credentials: ProfileFile::read(path_of(
                environment,
                "AWS_SHARED_CREDENTIALS_FILE",
                "~/.aws/credentials",
            )),
            selected: selected.unwrap_or(DEFAULT).to_owned(),
        }
    }

    /// The sections of a profile, those that count more at the end: `[profile default]` before `[default]`, and the credentials file
    /// before the other.
    fn sections<'p>(&'p self, profile: &str) -> impl DoubleEndedIterator<Item = (&'p Section, &'p Path)> {
        let prefixed = format!("profile {profile}");
        let of_file = |file: &'p ProfileFile, name: String| {
            let path = file.path.as_deref().unwrap_or(Path::new(""));
            let sections = file.sections.iter().filter(move |section| section.name == name);
            sections.map(move |section| (section, path))
        };
        let has_prefixed = self.config.sections.iter().any(|section| section.name == prefixed);
        let plain = match profile == DEFAULT && !has_prefixed {
            true => DEFAULT.to_owned(),
            false => prefixed,
        };
        of_file(&self.config, plain).chain(of_file(&self.credentials, profile.to_owned()))
    }

    pub(super) fn exists(&self, profile: &str) -> bool {
        self.sections(profile).next().is_some()
    }

    /// The property that counts, where it has a value.
    pub(super) fn property(&self, profile: &str, key: &str) -> Option<Place<'_>> {
        let found = self.sections(profile).rev().flat_map(|(section, file)| {
            let properties = section.properties.iter().rev();
            properties.map(move |property| Place { property, file })
        });
        found
            .into_iter()
            .find(|place| place.property.key == key && !place.property.value.is_empty())
    }

    /// A setting for DynamoDB alone, in the section of services that the selected profile names.
    pub(super) fn service_property(&self, key: &str) -> Option<Place<'_>> {
        let services = self.property(&self.selected, "services")?;
        let name = format!("services {}", services.property.value);
        let file = self.config.path.as_deref().unwrap_or(Path::new(""));
        let sections = self.config.sections.iter().rev().filter(|section| section.name == name);
        let services = sections.flat_map(|section| section.properties.iter().rev());
        services
            .filter(|service| service.key == "dynamodb")
            .flat_map(|service| service.nested.iter().rev())
            .find(|property| property.key == key && !property.value.is_empty())
            .map(|property| Place { property, file })
    }

    /// The first line of a profile that is none of the format's.
    pub(super) fn broken_line(&self, profile: &str) -> Option<(usize, &Path)> {
        self.sections(profile)
            .find_map(|(section, file)| section.broken.first().map(|line| (*line, file)))
    }

    /// The files in words, for an error about what is not in them.
    pub(super) fn files(&self) -> String {
        let mut told = String::new();
        for file in [&self.config, &self.credentials] {
            let between = if told.is_empty() { "" } else { " and " };
            let path = file
                .path
                .as_deref()
                .map_or("none without HOME".into(), Path::to_string_lossy);
            let _ = write!(told, "{between}{path}");
            if let Some(reason) = &file.unreadable {
                let _ = write!(told, " (unreadable: {reason})");
            }
        }
        told
    }

    /// Both files as the AWS SDK can read them, and the keys of `environment` where a profile may ask for them.
    pub(super) fn for_sdk(&self, environment: &Environment, without_role: Option<&str>) -> EnvConfigFiles {
        let mut config = String::new();
        let mut credentials = String::new();
        for (file, text) in [(&self.config, &mut config), (&self.credentials, &mut credentials)] {
            for section in file.sections.iter().filter(|section| !section.name.is_empty()) {
                let profile = section.name.strip_prefix("profile ").unwrap_or(&section.name);
                write_section(text, section, without_role == Some(profile));
            }
        }
        let keys = [
            ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
            ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
            ("aws_session_token", "AWS_SESSION_TOKEN"),
            ("aws_account_id", "AWS_ACCOUNT_ID"),
        ];
        let _ = writeln!(credentials, "[{OF_THE_ENVIRONMENT}]");
        for (key, variable) in keys {
            if let Ok(Some(value)) = environment.text(variable) {
                let _ = writeln!(credentials, "{key} = {value}");
            }
        }
        EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, config)
            .with_contents(EnvConfigFileKind::Credentials, credentials)
            .build()
    }
}

fn write_section(text: &mut String, section: &Section, is_without_role: bool) {
    let _ = writeln!(text, "[{}]", section.name);
    let is_services = section.name.starts_with("services ");
    for property in &section.properties {
        let (key, value) = (property.key.as_str(), property.value.as_str());
        if is_services {
            let _ = writeln!(text, "{key} = {value}");
            for nested in property.nested.iter().filter(|nested| !nested.value.is_empty()) {
                let _ = writeln!(text, "  {} = {}", nested.key, nested.value);
            }
        } else if value.is_empty() || (is_without_role && key == "role_arn") {
            // An empty value is none.
        } else if key == "aws_security_token" {
            let _ = writeln!(text, "aws_session_token = {value}");
        } else if key == "credential_source" && value.eq_ignore_ascii_case("environment") {
            let _ = writeln!(text, "source_profile = {OF_THE_ENVIRONMENT}");
        } else if PASSED_ON.contains(&key) {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
}
