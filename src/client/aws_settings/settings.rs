//! A setting: where it may stand, which of its places counts, and what is said of a value that is wrong.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use super::environment::Environment;
use super::form::Form;
use super::profiles::{Place, Profiles};
use crate::client::complaint::Complaints;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};

/// No message about a setting is longer.
pub(in crate::client) const LONGEST_MESSAGE: usize = 300;
const LONGEST_SHOWN_VALUE: usize = 60;
pub(super) const LONGEST_SHOWN_PATH: usize = 100;

/// A setting, where it may stand, and what it must look like.
#[derive(Debug)]
pub(in crate::client) struct Setting {
    /// The first that has a value counts.
    pub(in crate::client) variables: &'static [&'static str],
    pub(in crate::client) key: Option<&'static str>,
    pub(in crate::client) form: Form,
}

const fn setting(variables: &'static [&'static str], key: Option<&'static str>, form: Form) -> Setting {
    Setting { variables, key, form }
}

pub(in crate::client) const REGION: Setting =
    setting(&["AWS_REGION", "AWS_DEFAULT_REGION"], Some("region"), Form::Region);
pub(in crate::client) const CA_BUNDLE: Setting = setting(&["AWS_CA_BUNDLE"], Some("ca_bundle"), Form::Text);
const USE_FIPS: Setting = setting(&["AWS_USE_FIPS_ENDPOINT"], Some("use_fips_endpoint"), Form::Boolean);
const USE_DUALSTACK: Setting = setting(
    &["AWS_USE_DUALSTACK_ENDPOINT"],
    Some("use_dualstack_endpoint"),
    Form::Boolean,
);
const ACCOUNT_ID_MODE: Setting = setting(
    &["AWS_ACCOUNT_ID_ENDPOINT_MODE"],
    Some("account_id_endpoint_mode"),
    Form::OneOf(&["preferred", "required", "disabled"]),
);
const ACCOUNT_ID: Setting = setting(&["AWS_ACCOUNT_ID"], Some("aws_account_id"), Form::AccountId);
const IGNORE_ENDPOINTS: Setting = setting(
    &["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"],
    Some("ignore_configured_endpoint_urls"),
    Form::Boolean,
);
const ENDPOINT_OF_DYNAMODB: Setting = setting(&["AWS_ENDPOINT_URL_DYNAMODB"], None, Form::Url);
const ENDPOINT: Setting = setting(&["AWS_ENDPOINT_URL"], Some("endpoint_url"), Form::Url);
const ENDPOINT_OF_STS: Setting = setting(&["AWS_ENDPOINT_URL_STS"], None, Form::Url);
const METADATA_ENDPOINT: Setting = setting(
    &["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
    Some("ec2_metadata_service_endpoint"),
    Form::Url,
);
const METADATA_MODE: Setting = setting(
    &["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"],
    Some("ec2_metadata_service_endpoint_mode"),
    Form::OneOf(&["IPv4", "IPv6"]),
);
const METADATA_DISABLED: Setting = setting(&["AWS_EC2_METADATA_DISABLED"], None, Form::Boolean);
const METADATA_V1_DISABLED: Setting = setting(
    &["AWS_EC2_METADATA_V1_DISABLED"],
    Some("ec2_metadata_v1_disabled"),
    Form::Boolean,
);

/// Which endpoint of a region is asked.
const OF_ENDPOINTS: [&Setting; 4] = [&USE_FIPS, &USE_DUALSTACK, &ACCOUNT_ID_MODE, &ACCOUNT_ID];
/// How an instance's metadata is asked, for the region or for credentials.
const OF_METADATA: [&Setting; 4] = [
    &METADATA_ENDPOINT,
    &METADATA_MODE,
    &METADATA_DISABLED,
    &METADATA_V1_DISABLED,
];

pub(in crate::client) struct AwsSettings {
    pub(super) environment: Environment,
    pub(super) profiles: Profiles,
    /// Whether the configuration names the profile, which then goes before the environment.
    pub(super) has_own_profile: bool,
    /// What said which profile is used, for an error that names it.
    profile_named_by: &'static str,
}

/// The value of a setting and where it stands.
pub(in crate::client) struct Found<'s> {
    pub(in crate::client) text: &'s str,
    pub(super) origin: Origin<'s>,
}

pub(super) enum Origin<'s> {
    Variable(&'static str),
    Property { profile: &'s str, place: Place<'s> },
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Variable(name) => f.write_str(name),
            Origin::Property { profile, place } => write!(
                f,
                "{} of profile {:?} ({})",
                place.property.key,
                beginning(profile, LONGEST_SHOWN_VALUE),
                file_and_line(place.file, place.property.line)
            ),
        }
    }
}

fn file_and_line(file: &Path, line: usize) -> String {
    let path = file.to_string_lossy();
    let shown = match path.char_indices().rev().nth(LONGEST_SHOWN_PATH - 1) {
        Some((begin, _)) if begin > 0 => Cow::Owned(format!("…{}", &path[begin..])),
        _ => path,
    };
    format!("{shown}, line {line}")
}

/// An error about a setting, on one line of a length that can be read.
pub(in crate::client) fn wrong(message: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidConfiguration,
        shortened(&message.to_string(), LONGEST_MESSAGE),
    )
}

/// One line of at most so many characters.
pub(in crate::client) fn shortened(text: &str, longest: usize) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest - 1) {
        Some((end, _)) if line[end..].chars().nth(1).is_some() => format!("{}…", &line[..end]),
        _ => line,
    }
}

/// At most so many characters of a value, white space and all.
fn beginning(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(end, _)| &text[..end])
}

impl AwsSettings {
    /// The environment and the AWS files as they are now. What is wrong in them is said only by whoever needs it.
    pub(in crate::client) fn read(config: &Config) -> Self {
        Self::in_environment(Environment::now(), config.profile.as_deref())
    }

    /// The environment as it is now, and no file.
    pub(in crate::client) fn of_the_environment_alone() -> Self {
        AwsSettings {
            environment: Environment::now(),
            profiles: Profiles::default(),
            has_own_profile: false,
            profile_named_by: "AWS_PROFILE",
        }
    }

    pub(in crate::client) fn in_environment(mut environment: Environment, own_profile: Option<&str>) -> Self {
        // Older names, which boto3 and the AWS CLI still accept.
        for (name, older) in [
            ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
            ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
            ("AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"),
        ] {
            let value = environment.text(older).ok().flatten().map(str::to_owned);
            if let (Some(value), false) = (value, environment.has(name)) {
                environment.set(name, value);
            }
        }
        let named = own_profile.or_else(|| environment.text("AWS_PROFILE").ok().flatten());
        let profiles = Profiles::read(&environment, named);
        AwsSettings {
            has_own_profile: own_profile.is_some(),
            profile_named_by: if own_profile.is_some() {
                "\"profile\""
            } else {
                "AWS_PROFILE"
            },
            environment,
            profiles,
        }
    }

    /// The first source that has a value, which must be of the setting's form.
    pub(in crate::client) fn find(&self, setting: &Setting) -> Result<Option<Found<'_>>> {
        for variable in setting.variables {
            if let Some(found) = self.variable(variable, setting.form)? {
                return Ok(Some(found));
            }
        }
        match setting.key {
            Some(key) => self.property(&self.profiles.selected, key, setting.form),
            None => Ok(None),
        }
    }

    pub(super) fn variable(&self, name: &'static str, form: Form) -> Result<Option<Found<'_>>> {
        let text = match self.environment.text(name) {
            Ok(None) => return Ok(None),
            Ok(Some(text)) => text,
            Err(_) => return Err(wrong(format_args!("{name} must be {form}; it is no UTF-8"))),
        };
        checked(text, Origin::Variable(name), form).map(Some)
    }

    pub(super) fn property<'s>(&'s self, profile: &'s str, key: &str, form: Form) -> Result<Option<Found<'s>>> {
        let Some(place) = self.profiles.property(profile, key) else {
            return Ok(None);
        };
        checked(&place.property.value, Origin::Property { profile, place }, form).map(Some)
    }

    /// The endpoint that is set for DynamoDB; none where the region decides.
    pub(in crate::client) fn endpoint(&self) -> Result<Option<String>> {
        self.endpoint_of("dynamodb", &ENDPOINT_OF_DYNAMODB)
    }

    /// The endpoint at which STS is asked for a role; none where the region decides.
    pub(in crate::client) fn sts_endpoint(&self) -> Result<Option<String>> {
        self.endpoint_of("sts", &ENDPOINT_OF_STS)
    }

    fn endpoint_of(&self, service: &str, own: &Setting) -> Result<Option<String>> {
        if self.find(&IGNORE_ENDPOINTS)?.is_some_and(|found| found.is_true()) {
            return Ok(None);
        }
        let of_profile = || {
            if let Some((place, line)) = self.profiles.broken_services() {
                let profile = &self.profiles.selected;
                let origin = Origin::Property { profile, place };
                return Err(match line {
                    None => wrong(format_args!("{origin} names a section [services …] that is not there")),
                    Some(line) => wrong(format_args!(
                        "{origin} names a section that cannot be read: line {line} is not of the form KEY = VALUE"
                    )),
                });
            }
            let Some(place) = self.profiles.service_property(service, "endpoint_url") else {
                return self.find(&ENDPOINT);
            };
            let profile = &self.profiles.selected;
            checked(&place.property.value, Origin::Property { profile, place }, Form::Url).map(Some)
        };
        let found = match self.find(own)? {
            Some(found) => Some(found),
            None if self.environment.has("AWS_ENDPOINT_URL") => self.find(&ENDPOINT)?,
            None => of_profile()?,
        };
        let Some(found) = found else { return Ok(None) };
        if found.text.contains(['@', '?', '#']) {
            return Err(wrong(format_args!(
                "{} must not hold a user name, a password or a query",
                found.origin
            )));
        }
        Ok(Some(found.text.to_owned()))
    }

    /// Refuses what is wrong for every request, whoever signs it: `has_endpoint` where the region's is not asked, `has_region` where
    /// no metadata is asked for one.
    pub(in crate::client) fn check_connections(
        &self,
        has_endpoint: bool,
        has_region: bool,
        complaints: &Complaints,
    ) -> Result<()> {
        if !self.has_own_profile {
            self.variable("AWS_PROFILE", Form::Text)?;
        }
        self.check_profile(&self.profiles.selected, None)?;
        for reason in self.profiles.unreadable() {
            complaints.warn(&reason);
        }
        if !has_endpoint {
            self.check_all(&OF_ENDPOINTS)?;
        }
        if !has_region {
            self.check_metadata()?;
        }
        Ok(())
    }

    pub(super) fn check_metadata(&self) -> Result<()> {
        self.check_all(&OF_METADATA)
    }

    fn check_all(&self, settings: &[&Setting]) -> Result<()> {
        settings.iter().try_for_each(|setting| self.find(setting).map(drop))
    }

    /// Whether the environment's keys sign, so that nobody is asked for others.
    pub(in crate::client) fn has_keys(&self) -> bool {
        !self.has_own_profile && self.environment.has("AWS_ACCESS_KEY_ID")
    }

    /// Whether a profile is there and can be read; `named_by` says what asks for it, where that is another profile.
    pub(super) fn check_profile(&self, profile: &str, named_by: Option<&Origin<'_>>) -> Result<()> {
        if let Some((line, file)) = self.profiles.broken_line(profile) {
            return Err(wrong(format_args!(
                "profile {:?} cannot be read: {} is not of the form KEY = VALUE",
                beginning(profile, LONGEST_SHOWN_VALUE),
                file_and_line(file, line)
            )));
        }
        // A missing default is an empty one.
        if self.profiles.exists(profile) || (profile == "default" && named_by.is_none()) {
            return Ok(());
        }
        let named_by = named_by.map_or(self.profile_named_by.to_owned(), Origin::to_string);
        Err(wrong(format_args!(
            "{named_by} names the profile {:?}, which is not in {}",
            beginning(profile, LONGEST_SHOWN_VALUE),
            self.profiles.files()
        )))
    }

    /// Where a region was looked for.
    pub(in crate::client) fn looked_at(&self) -> String {
        format!("in profile {:?} of {}", self.profiles.selected, self.profiles.files())
    }
}

impl Found<'_> {
    /// Where it stands, in words.
    pub(in crate::client) fn origin(&self) -> String {
        self.origin.to_string()
    }

    pub(in crate::client) fn is_true(&self) -> bool {
        self.text.eq_ignore_ascii_case("true")
    }
}

pub(super) fn checked<'s>(text: &'s str, origin: Origin<'s>, form: Form) -> Result<Found<'s>> {
    if form.accepts(text) {
        return Ok(Found { text, origin });
    }
    let shown = match form.may_show(text) {
        true => format!(", not {:?}", beginning(text, LONGEST_SHOWN_VALUE)),
        false => String::new(),
    };
    Err(wrong(format_args!("{origin} must be {form}{shown}")))
}

#[cfg(test)]
mod tests;
