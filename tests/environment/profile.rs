//! Which profile is used, whose credentials it leads to, and what is said of one that cannot be used.

use ld_dynamo_store::{Config, ErrorKind, Store};

use crate::listener::{signer, Listener};
use crate::said::warnings_of;
use crate::surroundings::{read, require_configuration_error, require_readable, uncached, Surroundings};

const KEYS: &str = "aws_access_key_id = AKIDPROFILE\naws_secret_access_key = hidden\n";
const ROLE: &str = "role_arn = arn:aws:iam::111122223333:role/reader\n";

fn on(table: &Listener, profile: Option<&str>) -> Config {
    let mut config = uncached("flags");
    config.endpoint = Some(table.address().to_owned());
    config.region = Some("eu-west-1".to_owned());
    config.profile = profile.map(str::to_owned);
    config
}

/// What STS says to a role that it gives.
fn assumed() -> String {
    "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>a:b</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/reader/x</Arn></AssumedRoleUser>\
     <Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey><SessionToken>token</SessionToken>\
     <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        .to_owned()
}

#[test]
fn a_profile_of_the_configuration_goes_before_the_environment() {
    let surroundings = Surroundings::new();
    surroundings.config(format!("[profile own]\n{KEYS}[profile empty]\noutput = json\n"));
    surroundings.keys();
    surroundings.set("AWS_SESSION_TOKEN", "of-the-environment");
    let table = Listener::empty_table();
    surroundings.set("AWS_PROFILE", "own");
    read(&on(&table, None)).expect("an answer");
    assert_eq!(table.signer(), "AKIDENVIRONMENT", "AWS_PROFILE does not");
    surroundings.set("AWS_PROFILE", "missing");
    read(&on(&table, Some("own"))).expect("an answer");
    let asked = table.asked();
    assert_eq!(signer(&asked[0]), Some("AKIDPROFILE"));
    assert!(!asked[0].contains("of-the-environment"), "{}", asked[0]);
    let error = read(&on(&table, Some("empty"))).expect_err("no credentials");
    assert_eq!(error.kind(), ErrorKind::NoCredentials, "{error}");
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let surroundings = Surroundings::new();
    surroundings.config("[profile one]\n[two]\n");
    surroundings.keys();
    let table = Listener::empty_table();
    for (own, of_environment, name, named_by) in [
        (Some("three"), "", "\"three\"", "\"profile\""),
        // Without its prefix it is no profile of this file.
        (Some("two"), "", "\"two\"", "\"profile\""),
        (None, "four", "\"four\"", "AWS_PROFILE"),
    ] {
        surroundings.set("AWS_PROFILE", of_environment);
        let error = read(&on(&table, own)).expect_err("no such profile");
        require_configuration_error(&error, &[name, named_by, ".aws/config", ".aws/credentials"]);
    }
    surroundings.set("AWS_PROFILE", "");
    read(&on(&table, None)).expect("an empty AWS_PROFILE is none");
    assert_eq!(table.requests(), 1);
}

#[test]
fn a_role_is_asked_for_with_what_the_profile_says() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    let sts = Listener::new();
    sts.says(200, assumed());
    surroundings.set("AWS_ENDPOINT_URL_STS", sts.address());
    let base = format!("[profile base]\n{KEYS}");
    for (profile, duration, taker) in [
        (format!("{base}[profile role]\n{ROLE}source_profile = base\n"), None, "AKIDPROFILE"),
        (format!("{base}[profile role]\n{ROLE}source_profile = base\nduration_seconds = 1800\n"), Some("1800"), "AKIDPROFILE"),
        (format!("[profile role]\n{ROLE}{KEYS}source_profile = role\nduration_seconds = 900\n"), Some("900"), "AKIDPROFILE"),
        (format!("[profile role]\n{ROLE}credential_source = Environment\n"), None, "AKIDENVIRONMENT"),
        (format!("[profile role]\n{ROLE}credential_source = environment\nduration_seconds = 43200\n"), Some("43200"), "AKIDENVIRONMENT"),
        (format!("[profile via]\n{ROLE}credential_source = Environment\n[profile role]\n{ROLE}source_profile = via\nduration_seconds = 900\n"), Some("900"), "AKIDROLE"),
    ] {
        surroundings.config(format!("{profile}external_id = outside\nrole_session_name = flags@host\n"));
        // A profile of the configuration's own, so the environment's keys are those of its `credential_source` only.
        surroundings.keys();
        read(&on(&table, Some("role"))).expect("an answer");
        let asked = sts.asked();
        let last = asked.last().expect("a role");
        assert_eq!(signer(last), Some(taker), "{profile}");
        // Of a large request the listener hears the head alone, but these are small.
        for said in ["ExternalId=outside", "RoleSessionName=flags%40host"] {
            assert!(last.contains(said), "{said}: {last}");
        }
        match duration {
            Some(duration) => assert!(last.contains(&format!("DurationSeconds={duration}")), "{last}"),
            None => assert!(!last.contains("DurationSeconds"), "{last}"),
        }
        assert_eq!(table.signer(), "AKIDROLE", "{profile}");
    }
}

#[test]
fn what_leads_nowhere_is_named_with_its_line() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    for (profile, names) in [
        (
            ROLE.to_owned(),
            &["role_arn", "line 2", "source_profile", "credential_source"][..],
        ),
        (
            format!("{ROLE}source_profile = gone\n"),
            &["source_profile", "line 3", "\"gone\""],
        ),
        (format!("{ROLE}source_profile = used\n"), &["\"used\"", "none"]),
        (
            format!("{ROLE}source_profile = back\n[profile back]\n{ROLE}source_profile = test\n"),
            &["line 6", "leads back"],
        ),
        (
            format!("{ROLE}source_profile = x\ncredential_source = Environment\n"),
            &["credential_source", "line 4"],
        ),
        (
            format!("{ROLE}credential_source = Elsewhere\n"),
            &["credential_source", "line 3", "Ec2InstanceMetadata"],
        ),
        (
            format!("{ROLE}credential_source = Environment\n"),
            &["credential_source", "AWS_ACCESS_KEY_ID"],
        ),
        (
            "web_identity_token_file = /nonexistent/token\n".to_owned(),
            &["line 2", "role_arn"],
        ),
        (
            format!("{ROLE}web_identity_token_file = /nonexistent/token\n"),
            &["line 3", "/nonexistent/token"],
        ),
        (
            "aws_access_key_id = AKID\n".to_owned(),
            &["line 2", "aws_secret_access_key"],
        ),
        (
            "aws_secret_access_key = hidden\n".to_owned(),
            &["line 2", "aws_access_key_id"],
        ),
    ] {
        surroundings.config(format!("[profile test]\n{profile}[profile used]\noutput = json\n"));
        let error = read(&on(&table, Some("test"))).expect_err(&profile);
        require_configuration_error(&error, names);
        assert!(!error.message().contains("hidden"), "{error}");
    }
    assert_eq!(table.requests(), 0);
}

#[test]
fn what_this_library_does_not_run_is_named() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    for line in [
        "login_session = arn:aws:iam::111122223333:user/admin",
        "credential_process = /bin/false",
        "sso_session = work",
        "sso_start_url = https://example.com",
    ] {
        for text in [
            format!("[profile test]\n{line}\n"),
            format!("[profile test]\n{ROLE}source_profile = base\n[profile base]\n{line}\n"),
        ] {
            surroundings.config(text);
            let error = read(&on(&table, Some("test"))).expect_err(line);
            assert_eq!(error.kind(), ErrorKind::UnsupportedCredentials, "{error}");
            let key = line.split(' ').next().expect("a key");
            require_readable(&error, &[key, "export-credentials", "pushed", "line "]);
        }
    }
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    let sts = Listener::new();
    sts.says(200, assumed());
    surroundings.set("AWS_ENDPOINT_URL_STS", sts.address());
    let device = "mfa_serial = arn:aws:iam::111122223333:mfa/user";
    surroundings.config(format!(
        "[profile base]\n{KEYS}[profile via]\n{ROLE}source_profile = base\nduration_seconds = 900\n\
         [profile test]\n{ROLE}source_profile = via\n{device}\n"
    ));
    let store = Store::new(on(&table, Some("test"))).expect("a store");
    let warnings = warnings_of(|| drop(store.get("features", "flag").expect("an answer")));
    let [mfa, duration] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    assert!(
        mfa.contains("mfa_serial of profile \"test\"") && mfa.contains("line 11"),
        "{mfa}"
    );
    assert!(duration.contains("duration_seconds of profile \"via\""), "{duration}");
}

#[test]
fn sts_is_asked_where_the_profile_says() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    let sts = Listener::new();
    sts.says(200, assumed());
    // boto3 uses an endpoint that is named, whatever these say.
    surroundings.set("AWS_USE_FIPS_ENDPOINT", "true");
    surroundings.set("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let address = sts.address();
    let services = format!("services = local\n[services local]\nsts =\n  endpoint_url = {address}\n");
    let plain = format!("endpoint_url = {address}\n");
    for end in [&services, &plain] {
        for duration in ["", "duration_seconds = 900\n"] {
            surroundings.config(format!(
                "[profile base]\n{KEYS}[profile role]\n{ROLE}source_profile = base\n{duration}{end}"
            ));
            read(&on(&table, Some("role"))).expect("an answer");
            assert_eq!(sts.requests(), 1, "{end}{duration}");
        }
    }
    // Each role of a chain is asked for at the endpoint of the profile that is used.
    surroundings.config(format!(
        "[profile base]\n{KEYS}[profile via]\n{ROLE}source_profile = base\n[profile role]\n{ROLE}source_profile = via\nduration_seconds = 900\n{services}"
    ));
    read(&on(&table, Some("role"))).expect("an answer");
    assert_eq!(sts.requests(), 2);
    let broken = services.replace("http://", "");
    surroundings.config(format!(
        "[profile base]\n{KEYS}[profile role]\n{ROLE}source_profile = base\n{broken}"
    ));
    let error = read(&on(&table, Some("role"))).expect_err("no URL");
    require_configuration_error(&error, &["endpoint_url of profile \"role\"", "line 10"]);
}

#[test]
fn a_container_s_token_is_read_from_its_file() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    let container = Listener::new();
    container.says(
        200,
        r#"{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"hidden","Token":"token","Expiration":"2099-01-01T00:00:00Z"}"#
            .to_owned(),
    );
    let sts = Listener::new();
    sts.says(200, assumed());
    surroundings.set("AWS_ENDPOINT_URL_STS", sts.address());
    surroundings.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url);
    surroundings.set(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        surroundings.file("token", "Bearer word\n"),
    );
    read(&on(&table, None)).expect("an answer");
    surroundings.config(format!("[profile role]\n{ROLE}credential_source = EcsContainer\n"));
    read(&on(&table, Some("role"))).expect("an answer");
    let asked = container.asked();
    assert_eq!(asked.len(), 2);
    assert!(
        asked
            .iter()
            .all(|request| request.to_lowercase().contains("authorization: bearer word")),
        "{asked:?}"
    );
    container.says(
        200,
        r#"{"AccessKeyId":"AKID\n","SecretAccessKey":"hidden","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#
            .to_owned(),
    );
    let error = read(&on(&table, None)).expect_err("no key id");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    for elsewhere in [
        "http://user:hidden@10.0.0.1/",
        "http://10.0.0.1/?token=hidden",
        "http://example.invalid/hidden",
    ] {
        surroundings.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", elsewhere);
        let error = read(&on(&table, None)).expect_err(elsewhere);
        require_configuration_error(&error, &["AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
        assert!(!error.message().contains("hidden"), "{error}");
    }
}

#[test]
fn what_is_not_asked_may_be_wrong() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    surroundings.keys();
    surroundings.set("AWS_ENDPOINT_URL", "localhost:4566");
    surroundings.set("AWS_ENDPOINT_URL_STS", "localhost:4566");
    surroundings.config("[default]\nduration_seconds = 12\n");
    read(&on(&table, None)).expect("an answer");
    surroundings.config(format!("[profile own]\n{KEYS}duration_seconds = 12\n"));
    read(&on(&table, Some("own"))).expect("an answer");
}

#[test]
fn a_token_belongs_to_the_keys_of_its_file() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    surroundings
        .config("[default]\naws_access_key_id = AKIDOLD\naws_secret_access_key = hidden\naws_session_token = old\n");
    surroundings.credentials("[default]\naws_access_key_id = AKIDNEW\naws_secret_access_key = hidden\n");
    read(&on(&table, None)).expect("an answer");
    let asked = table.asked();
    assert_eq!(signer(&asked[0]), Some("AKIDNEW"));
    assert!(!asked[0].contains("x-amz-security-token"), "{}", asked[0]);
}

#[test]
fn a_profile_without_a_role_is_who_its_keys_say() {
    let surroundings = Surroundings::new();
    let table = Listener::empty_table();
    surroundings.config(format!(
        "[profile own]\n{KEYS}credential_source = Ec2InstanceMetadata\n"
    ));
    // What nobody uses may be wrong.
    surroundings.keys();
    surroundings.set("AWS_SESSION_TOKEN", "two\nlines");
    read(&on(&table, Some("own"))).expect("an answer");
    assert_eq!(table.signer(), "AKIDPROFILE");
}
