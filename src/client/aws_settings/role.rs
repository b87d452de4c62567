//! Whose credentials are looked for, checked along the way that the AWS SDK takes: environment, profile, web identity, container.

use std::path::Path;
use std::time::Duration;

use super::form::Form;
use super::profile_file::is_pipe;
use super::settings::{checked, shortened, wrong, AwsSettings, Found, Origin, LONGEST_MESSAGE, LONGEST_SHOWN_PATH};
use crate::client::this_machine::stays_on_this_machine;
use crate::error::{Error, ErrorKind, Result};

/// What a profile may name as the source of its credentials.
const CREDENTIAL_SOURCES: Form = Form::OneOf(&["Environment", "Ec2InstanceMetadata", "EcsContainer"]);
/// What STS allows for `duration_seconds`.
const DURATION: Form = Form::Integer {
    least: 900,
    most: 43_200,
};
/// Keys of a profile whose credentials this library does not fetch.
const NOT_RUN: [&str; 5] = [
    "sso_session",
    "sso_start_url",
    "sso_account_id",
    "login_session",
    "credential_process",
];

/// A role that is asked for here, because the AWS SDK would ask for it without a duration.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Role {
    pub(in crate::client) arn: String,
    pub(in crate::client) session_name: Option<String>,
    pub(in crate::client) external_id: Option<String>,
    pub(in crate::client) duration: Duration,
    profile: String,
    source: Source,
}

/// Whose credentials may take a role.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    Profile(String),
}

impl Role {
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The profile that is its own source, once its role is taken away.
    pub(super) fn taken_from(&self) -> Option<&str> {
        match &self.source {
            Source::Profile(source) if *source == self.profile => Some(source),
            _ => None,
        }
    }
}

/// What stands at the end of a chain of profiles.
#[derive(Clone, Copy)]
enum Has {
    Credentials,
    /// A container's endpoint has them.
    Container,
    /// There are none, and others may be asked.
    Nothing,
}

/// Where a profile sends on whoever asks it for credentials.
enum Next<'s> {
    Ends(Has),
    Profile(Found<'s>),
}

impl AwsSettings {
    /// Refuses what would go wrong, tells `warn` what has no effect, and finds the role that is to be asked for here.
    pub(in crate::client) fn check_credentials(&mut self, warn: &mut dyn FnMut(String)) -> Result<Option<Role>> {
        if self.has_keys() {
            self.check_keys_of_environment()?;
            return Ok(None);
        }
        let is_web_identity = !self.has_own_profile && self.environment.has("AWS_WEB_IDENTITY_TOKEN_FILE");
        let (found, role) = match self.check_profiles(warn) {
            // Somebody else is there to ask.
            Err(error) if is_web_identity && error.kind() == ErrorKind::UnsupportedCredentials => (Has::Nothing, None),
            outcome => outcome?,
        };
        match found {
            Has::Credentials => {}
            Has::Nothing if is_web_identity => self.check_web_identity()?,
            Has::Container | Has::Nothing => self.check_container()?,
        }
        Ok(role)
    }

    fn check_keys_of_environment(&self) -> Result<()> {
        self.variable("AWS_ACCESS_KEY_ID", Form::Secret)?;
        if self.variable("AWS_SECRET_ACCESS_KEY", Form::SecretKey)?.is_none() {
            return Err(wrong("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"));
        }
        self.variable("AWS_SESSION_TOKEN", Form::Secret)?;
        Ok(())
    }

    fn check_web_identity(&self) -> Result<()> {
        if self.variable("AWS_ROLE_ARN", Form::RoleArn)?.is_none() {
            return Err(wrong("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not"));
        }
        self.variable("AWS_ROLE_SESSION_NAME", Form::RoleSessionName)?;
        self.sts_endpoint()?;
        match self.variable("AWS_WEB_IDENTITY_TOKEN_FILE", Form::Text)? {
            Some(file) => read_token(&file).map(drop),
            None => Ok(()),
        }
    }

    fn check_container(&mut self) -> Result<()> {
        let relative = self.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Form::UrlPath)?;
        if relative.is_none() {
            let Some(full) = self.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", Form::Url)? else {
                return self.check_metadata();
            };
            if full.text.contains('@') {
                return Err(wrong(format_args!(
                    "{} must not hold a user name or password",
                    full.origin
                )));
            }
            let uri: Option<http::Uri> = full.text.parse().ok();
            let is_plain = uri.as_ref().is_some_and(|uri| uri.scheme_str() == Some("http"));
            if is_plain && !uri.is_some_and(|uri| stays_on_this_machine(&uri)) {
                return Err(wrong(format_args!(
                    "{} must be an https:// URL, or one of this machine or the container's agent",
                    full.origin
                )));
            }
        }
        let token = match self.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Form::Text)? {
            Some(file) => Some(read_token(&file)?),
            None => None,
        };
        if let Some(token) = token {
            if !Form::Text.accepts(&token) {
                return Err(wrong(
                    "the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names must hold one line of text",
                ));
            }
            // The AWS SDK takes a line break at the end of the file for a part of the token.
            self.environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", token);
        }
        // It is a secret, but may have two words.
        match self.environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            Ok(token) if token.is_none_or(|token| Form::Text.accepts(token)) => Ok(()),
            _ => Err(wrong("AWS_CONTAINER_AUTHORIZATION_TOKEN must be text on one line")),
        }
    }

    /// Goes from profile to profile as far as these name each other.
    fn check_profiles(&self, warn: &mut dyn FnMut(String)) -> Result<(Has, Option<Role>)> {
        let mut profile = self.profiles.selected.as_str();
        let mut visited = vec![profile];
        let mut role = None;
        self.check_profile(profile, None)?;
        loop {
            let is_source = visited.len() > 1;
            if !is_source {
                role = self.role_with_duration(profile, warn)?;
            }
            match self.next(profile, is_source, warn)? {
                Next::Ends(Has::Nothing) if is_source => {
                    return Err(wrong(format_args!(
                        "profile {:?} takes its credentials from profile {profile:?}, which has none",
                        visited[visited.len() - 2]
                    )))
                }
                Next::Ends(Has::Nothing) => return Ok((Has::Nothing, None)),
                Next::Ends(found) => return Ok((found, role)),
                Next::Profile(found) if visited.contains(&found.text) => {
                    return Err(wrong(format_args!(
                        "{} leads back to the profile {:?}",
                        found.origin, found.text
                    )))
                }
                Next::Profile(found) => {
                    self.check_profile(found.text, Some(&found.origin))?;
                    profile = found.text;
                    visited.push(profile);
                }
            }
        }
    }

    fn next<'s>(&'s self, profile: &'s str, is_source: bool, warn: &mut dyn FnMut(String)) -> Result<Next<'s>> {
        let has = |key: &str| self.profiles.property(profile, key).is_some();
        let text = |key| self.property(profile, key, Form::Text);
        if is_source && has("aws_access_key_id") && has("aws_secret_access_key") {
            return self.check_keys(profile);
        }
        let role = self.property(profile, "role_arn", Form::RoleArn)?;
        self.property(profile, "role_session_name", Form::RoleSessionName)?;
        if let Some(token) = text("web_identity_token_file")? {
            if role.is_none() {
                return Err(wrong(format_args!("{} needs a role_arn beside it", token.origin)));
            }
            read_token(&token)?;
            self.sts_endpoint()?;
            return Ok(Next::Ends(Has::Credentials));
        }
        let Some(role) = role else {
            return self.check_keys(profile);
        };
        self.sts_endpoint()?;
        text("external_id")?;
        if let Some(device) = text("mfa_serial")? {
            warn(format!(
                "{} has no effect: this library asks nobody for a code, and the role is requested without one",
                device.origin
            ));
        }
        if let (true, Some(duration)) = (is_source, self.property(profile, "duration_seconds", DURATION)?) {
            warn(format!(
                "{} has no effect: it is sent for the last role only",
                duration.origin
            ));
        }
        match (text("source_profile")?, text("credential_source")?) {
            (Some(_), Some(source)) => Err(wrong(format_args!(
                "{} excludes the source_profile beside it",
                source.origin
            ))),
            (None, None) => Err(wrong(format_args!(
                "{} needs source_profile or credential_source beside it",
                role.origin
            ))),
            (Some(source), None) if source.text == profile => self.check_keys(profile),
            (Some(source), None) => Ok(Next::Profile(source)),
            (None, Some(_)) => self.check_source(profile),
        }
    }

    fn check_source<'s>(&'s self, profile: &'s str) -> Result<Next<'s>> {
        let source = self.property(profile, "credential_source", CREDENTIAL_SOURCES)?;
        if source
            .as_ref()
            .is_some_and(|source| source.text.eq_ignore_ascii_case("EcsContainer"))
        {
            return Ok(Next::Ends(Has::Container));
        }
        if source.as_ref().is_some_and(|source| !is_environment(source)) {
            self.check_metadata()?;
        }
        if let Some(source) = source.filter(is_environment) {
            if !self.environment.has("AWS_ACCESS_KEY_ID") {
                return Err(wrong(format_args!(
                    "{} needs AWS_ACCESS_KEY_ID, which is not set",
                    source.origin
                )));
            }
            self.check_keys_of_environment()?;
        }
        Ok(Next::Ends(Has::Credentials))
    }

    /// The keys that stand in the profile itself.
    fn check_keys<'s>(&'s self, profile: &'s str) -> Result<Next<'s>> {
        let id = self.property(profile, "aws_access_key_id", Form::Secret)?;
        let key = self.property(profile, "aws_secret_access_key", Form::SecretKey)?;
        let refused = NOT_RUN
            .iter()
            // Keys go before a program, as with boto3; who signs in is somebody else than the keys.
            .filter(|name| **name != "credential_process" || id.is_none())
            .find_map(|name| Some((name, self.profiles.property(profile, name)?)));
        if let Some((_, place)) = refused {
            return Err(not_run(&Origin::Property { profile, place }));
        }
        match (&id, &key) {
            (None, None) => return Ok(Next::Ends(Has::Nothing)),
            (Some(_), Some(_)) => {}
            (Some(found), None) => {
                return Err(wrong(format_args!(
                    "{} needs aws_secret_access_key beside it",
                    found.origin
                )))
            }
            (None, Some(found)) => {
                return Err(wrong(format_args!(
                    "{} needs aws_access_key_id beside it",
                    found.origin
                )))
            }
        }
        if let Some(place) = self.profiles.session_token(profile) {
            checked(&place.property.value, Origin::Property { profile, place }, Form::Secret)?;
        }
        Ok(Next::Ends(Has::Credentials))
    }

    /// The role of the selected profile, where it says for how long.
    fn role_with_duration(&self, profile: &str, warn: &mut dyn FnMut(String)) -> Result<Option<Role>> {
        let Some(place) = self.profiles.property(profile, "duration_seconds") else {
            return Ok(None);
        };
        let text = |key| self.property(profile, key, Form::Text);
        let arn = self.property(profile, "role_arn", Form::RoleArn)?;
        let (Some(arn), None) = (arn, text("web_identity_token_file")?) else {
            warn(format!(
                "{} has no effect: it is sent with a role_arn and its source only",
                Origin::Property { profile, place }
            ));
            return Ok(None);
        };
        let Some(duration) = self.property(profile, "duration_seconds", DURATION)? else {
            return Ok(None);
        };
        let owned = |found: Option<Found<'_>>| found.map(|found| found.text.to_owned());
        let source = match (text("source_profile")?, text("credential_source")?) {
            (None, Some(source)) if is_environment(&source) => Source::Environment,
            (Some(source), _) => Source::Profile(source.text.to_owned()),
            (None, _) => Source::Profile(profile.to_owned()),
        };
        Ok(Some(Role {
            arn: arn.text.to_owned(),
            session_name: owned(self.property(profile, "role_session_name", Form::RoleSessionName)?),
            external_id: owned(text("external_id")?),
            duration: Duration::from_secs(duration.text.parse().unwrap_or_default()),
            profile: profile.to_owned(),
            source,
        }))
    }
}

fn is_environment(source: &Found<'_>) -> bool {
    source.text.eq_ignore_ascii_case("environment")
}

fn not_run(origin: &Origin<'_>) -> Error {
    let message = format!(
        "{origin} is not run by this library: export the credentials to the environment with `aws configure \
         export-credentials --format env`, or hand them in with \"credentials\": \"pushed\""
    );
    Error::new(ErrorKind::UnsupportedCredentials, shortened(&message, LONGEST_MESSAGE))
}

/// What a file with a token holds, without the line break at its end.
fn read_token(file: &Found<'_>) -> Result<String> {
    if is_pipe(Path::new(file.text)) {
        return Err(wrong(format_args!(
            "{} names a pipe, which cannot be read again and again",
            file.origin
        )));
    }
    match std::fs::read_to_string(Path::new(file.text)) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned()),
        Ok(_) => Err(wrong(format_args!(
            "{} names the file {:?}, which is empty",
            file.origin, file.text
        ))),
        Err(error) => Err(wrong(format_args!(
            "{} names the file {:?}, which cannot be read: {error}",
            file.origin,
            shortened(file.text, LONGEST_SHOWN_PATH)
        ))),
    }
}
