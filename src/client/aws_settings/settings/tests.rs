use super::*;
use std::ffi::OsString;

fn settings(variables: &[(&str, &str)]) -> AwsSettings {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    AwsSettings::in_environment(Environment::of(variables), None)
}

#[test]
fn the_first_variable_that_has_a_value_counts() {
    let found = |variables| {
        let settings = settings(variables);
        let found = settings.find(&REGION).expect("a region");
        found.map(|found| (found.text.to_owned(), found.origin()))
    };
    let both = [("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-west-2")];
    let expected = ("eu-west-2".to_owned(), "AWS_DEFAULT_REGION".to_owned());
    assert_eq!(found(&both), Some(expected));
    assert_eq!(found(&[("AWS_REGION", " ")]), None);
}

#[test]
fn an_older_name_counts_where_the_newer_has_no_value() {
    let settings = settings(&[
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_SECURITY_TOKEN", "older"),
        ("AWS_PROFILE", "newer"),
        ("AWS_DEFAULT_PROFILE", "older"),
    ]);
    assert_eq!(
        settings.environment.text("AWS_SESSION_TOKEN").expect("text"),
        Some("older")
    );
    assert_eq!(settings.profiles.selected, "newer");
}

#[test]
fn a_message_is_one_line_of_three_hundred_characters() {
    assert_eq!(shortened(" one\n  two ", 300), "one two");
    assert_eq!(shortened("abcd", 4), "abcd");
    assert_eq!(shortened("abcde", 4), "abc…");
    let long = wrong("ä".repeat(1000));
    assert_eq!(long.message().chars().count(), LONGEST_MESSAGE);
}

#[test]
fn a_value_that_is_wrong_is_shown_unless_it_is_a_secret() {
    let settings = settings(&[
        ("AWS_REGION", "eu west"),
        ("AWS_ENDPOINT_URL", "ftp://user:hidden@host"),
        ("AWS_ACCESS_KEY_ID", "hid den"),
    ]);
    let refused = |found: Result<Option<Found<'_>>>| match found {
        Err(error) => error.message().to_owned(),
        Ok(_) => panic!("accepted"),
    };
    assert!(refused(settings.find(&REGION)).contains("not \"eu west\""));
    assert!(!refused(settings.find(&ENDPOINT)).contains("hidden"));
    assert!(!refused(settings.variable("AWS_ACCESS_KEY_ID", Form::Secret)).contains("hid den"));
}
