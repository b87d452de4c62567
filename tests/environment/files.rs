//! The AWS files as people write them: a wrong line spoils its own profile, and nothing but that.

use crate::listener::Listener;
use crate::said::warnings_of;
use crate::surroundings::{read, require_configuration_error, uncached, Surroundings};

const SOUND: &str = "[default]\nregion = eu-west-1\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = hidden\n";

/// Who signs a read, of the files as they are.
fn signer(surroundings: &Surroundings) -> String {
    let table = Listener::empty_table();
    surroundings.set("AWS_ENDPOINT_URL", table.address());
    read(&uncached("flags")).expect("an answer");
    table.signer()
}

#[test]
fn a_wrong_line_in_another_profile_does_no_harm() {
    let surroundings = Surroundings::new();
    for other in [
        "[profile other]\n  region = us-east-1\n",
        "[profile other]\nno equals sign\n",
        "[profile other\nregion = us-east-1\n",
        "[profile other]\na line\nof nobody\n",
        "[profile other]\n= nothing\n",
        "[]\n[profile my other]\n",
        "[profile team#1]\nregion = x\n",
        "[profile x # team]\nregion = x\n",
        "[sso-session x;y]\n",
    ] {
        for text in [
            format!("{other}{SOUND}"),
            format!("{SOUND}{other}"),
            format!("above all profiles\n{SOUND}"),
        ] {
            surroundings.config(&text);
            assert_eq!(signer(&surroundings), "AKIDDEFAULT", "{text}");
        }
    }
}

#[test]
fn a_profile_is_read_as_the_aws_cli_reads_it() {
    let surroundings = Surroundings::new();
    let indented = SOUND.replace('\n', "\n    ");
    let windows = SOUND.replace('\n', "\r\n");
    for text in [
        indented,
        windows,
        format!("\u{feff}{SOUND}"),
        SOUND.replace("[default]", "[ profile \"default\" ]"),
        SOUND.replace(" = ", ": "),
        SOUND.replace("region", "REGION").replace(" = ", "="),
        format!("{SOUND}s3 =\n  max_concurrent_requests = 20\n  no equals sign here? = yes\n"),
        format!("# comment\n; another\n{SOUND}# the end"),
    ] {
        surroundings.config(&text);
        assert_eq!(signer(&surroundings), "AKIDDEFAULT", "{text}");
    }
    surroundings.credentials("[default]\naws_access_key_id = AKIDOTHERFILE\naws_secret_access_key = hidden\n");
    assert_eq!(
        signer(&surroundings),
        "AKIDOTHERFILE",
        "the credentials file counts more"
    );
}

#[test]
fn a_wrong_line_in_the_profile_that_is_used_is_named() {
    let surroundings = Surroundings::new();
    surroundings.config(format!("{SOUND}no equals sign"));
    let error = read(&uncached("flags")).expect_err("a wrong line");
    require_configuration_error(&error, &["\"default\"", ".aws/config, line 5", "KEY = VALUE"]);
    let name = "x".repeat(200);
    let long = surroundings.file(&name, "[default]\nregion = a b");
    surroundings.set("AWS_CONFIG_FILE", &long);
    let error = read(&uncached("flags")).expect_err("no region");
    require_configuration_error(&error, &["region of profile \"default\"", "line 2", "…xxx"]);
}

#[test]
fn an_empty_session_token_is_none() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    surroundings.set("AWS_ENDPOINT_URL", table.address());
    surroundings.set("AWS_REGION", "eu-west-1");
    for (text, is_sent) in [
        ("aws_session_token =\n", false),
        ("aws_session_token = \t\n", false),
        ("aws_session_token = token\n", true),
        ("aws_security_token = token\n", true),
    ] {
        surroundings.credentials(SOUND.to_owned() + text);
        read(&uncached("flags")).expect("an answer");
        let asked = table.asked();
        assert_eq!(asked[0].contains("x-amz-security-token: token"), is_sent, "{text}");
        assert_eq!(asked[0].contains("x-amz-security-token"), is_sent, "{text}");
    }
}

#[test]
fn a_profile_may_have_any_name() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    surroundings.set("AWS_ENDPOINT_URL", table.address());
    for name in ["my team", "mü", "a(b)", "a,b", "team#1"] {
        surroundings.config(SOUND.replace("[default]", &format!("[profile \"{name}\"]")));
        let mut config = uncached("flags");
        config.profile = Some(name.to_owned());
        read(&config).expect(name);
        assert_eq!(table.signer(), "AKIDDEFAULT", "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_of() {
    let surroundings = Surroundings::new();
    surroundings.set("AWS_REGION", "eu-west-1");
    surroundings.set(
        "AWS_SHARED_CREDENTIALS_FILE",
        surroundings.file("x", "").parent().expect("a folder"),
    );
    let warnings = warnings_of(|| drop(read(&uncached("flags")).expect_err("no credentials")));
    assert!(
        warnings.iter().any(|warning| warning.contains("could not be read")),
        "{warnings:?}"
    );
}
