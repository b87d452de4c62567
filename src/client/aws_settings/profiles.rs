//! The profiles of both AWS files, and which of them is used.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::profile_file::{ProfileFile, Property, Section};

const DEFAULT: &str = "default";

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

    /// A property that belongs to the profile's keys, and so counts only from the file that these are in.
    pub(super) fn beside_keys(&self, profile: &str, key: &str) -> Option<Place<'_>> {
        let place = self.property(profile, key)?;
        match self.property(profile, "aws_access_key_id") {
            Some(id) if id.file != place.file => None,
            _ => Some(place),
        }
    }

    pub(super) fn session_token(&self, profile: &str) -> Option<Place<'_>> {
        let token = self.beside_keys(profile, "aws_session_token");
        token.or_else(|| self.beside_keys(profile, "aws_security_token"))
    }

    /// What is wrong with the section of services that the selected profile names: nothing, that it is missing, or its line.
    pub(super) fn broken_services(&self) -> Option<(Place<'_>, Option<usize>)> {
        let services = self.property(&self.selected, "services")?;
        let name = format!("services {}", services.property.value);
        let mut sections = self
            .config
            .sections
            .iter()
            .filter(|section| section.name == name)
            .peekable();
        if sections.peek().is_none() {
            return Some((services, None));
        }
        let line = sections.find_map(|section| section.broken.first().copied())?;
        Some((services, Some(line)))
    }

    /// A setting for one service, in the section of services that the selected profile names.
    pub(super) fn service_property(&self, service: &str, key: &str) -> Option<Place<'_>> {
        let services = self.property(&self.selected, "services")?;
        let name = format!("services {}", services.property.value);
        let file = self.config.path.as_deref().unwrap_or(Path::new(""));
        let sections = self.config.sections.iter().rev().filter(|section| section.name == name);
        let services = sections.flat_map(|section| section.properties.iter().rev());
        services
            .filter(|known| known.key == service)
            .flat_map(|known| known.nested.iter().rev())
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
        let told = [&self.config, &self.credentials].into_iter().filter_map(|file| {
            let path = file.path.as_deref()?.display();
            Some(match &file.unreadable {
                Some(reason) => format!("{path} (unreadable: {reason})"),
                None => path.to_string(),
            })
        });
        let told: Vec<String> = told.collect();
        match told.is_empty() {
            true => "the AWS files, which are not looked for without HOME".to_owned(),
            false => told.join(" and "),
        }
    }

    /// Why files that are there could not be read.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = String> + '_ {
        [&self.config, &self.credentials].into_iter().filter_map(|file| {
            let path = file.path.as_deref().unwrap_or(Path::new("")).display();
            let reason = file.unreadable.as_ref()?;
            Some(format!("the AWS file {path} could not be read: {reason}"))
        })
    }
}
