//! What the value of a setting must look like, so that a broken one is named before anything is made of it.

use std::fmt;

use http::uri::PathAndQuery;

use crate::config;

#[derive(Debug, Clone, Copy)]
pub(in crate::client) enum Form {
    /// Anything on one line.
    Text,
    Boolean,
    Integer {
        least: u32,
        most: u32,
    },
    OneOf(&'static [&'static str]),
    Region,
    Url,
    /// A path within a container's endpoint.
    UrlPath,
    RoleArn,
    RoleSessionName,
    AccountId,
    /// A part of credentials that goes into a request's head: it is never shown.
    Secret,
    /// One that does not.
    SecretKey,
}

impl Form {
    pub(super) fn accepts(self, value: &str) -> bool {
        match self {
            Form::Text => !value.chars().any(char::is_control),
            Form::Boolean => ["true", "false"].iter().any(|known| value.eq_ignore_ascii_case(known)),
            Form::Integer { least, most } => value.parse().is_ok_and(|number| (least..=most).contains(&number)),
            Form::OneOf(known) => known.iter().any(|known| value.eq_ignore_ascii_case(known)),
            Form::Region => config::is_region(value),
            Form::Url => config::is_http_url(value),
            Form::UrlPath => value.starts_with('/') && value.parse::<PathAndQuery>().is_ok(),
            Form::RoleArn => is_role_arn(value),
            Form::RoleSessionName => {
                (2..=64).contains(&value.len())
                    && value
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
            }
            Form::AccountId => value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit()),
            Form::Secret => config::is_one_word(value),
            Form::SecretKey => config::is_one_line(value),
        }
    }

    /// Whether an error may show the value.
    pub(super) fn may_show(self, value: &str) -> bool {
        match self {
            Form::Secret | Form::SecretKey => false,
            // It may hold a password or a token.
            Form::Url | Form::UrlPath => !value.contains(['@', '?']),
            _ => true,
        }
    }
}

impl fmt::Display for Form {
    /// After "must be".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Text => f.write_str("text without line breaks"),
            Form::Boolean => f.write_str("true or false"),
            Form::Integer { least, most } => write!(f, "an integer in {least} … {most}"),
            Form::OneOf(known) => write!(f, "one of {}", known.join(", ")),
            Form::Region => f.write_str("the name of a region, such as eu-west-1"),
            Form::Url => f.write_str("an http:// or https:// URL with a host"),
            Form::UrlPath => f.write_str("a path that begins with /"),
            Form::RoleArn => f.write_str("the ARN of a role, such as arn:aws:iam::111122223333:role/reader"),
            Form::RoleSessionName => f.write_str("2 to 64 letters, digits and _+=,.@-"),
            Form::AccountId => f.write_str("an account number of 12 digits"),
            Form::Secret => f.write_str("one word of printable ASCII, without spaces or line breaks"),
            Form::SecretKey => f.write_str("on one line"),
        }
    }
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    parts.len() == 6 && parts[0] == "arn" && !parts[1].is_empty() && !parts[5].is_empty() && Form::Secret.accepts(text)
}
