//! Whose certificates are trusted, and what is said of one that is not.

use ld_dynamo_store::{Config, ErrorKind};

use crate::support::certificates::{text, Certificates};
use crate::support::Engine;
use crate::surroundings::{read, require_configuration_error, with_all_given, Surroundings};

fn on(engine: &Engine, table: &str) -> Config {
    with_all_given(&engine.endpoint, table)
}

#[test]
fn a_bundle_may_be_named_by_the_profile() {
    let surroundings = Surroundings::new();
    let certificates = Certificates::make();
    let engine = Engine::fake(&[
        "--tls",
        text(&certificates.chain),
        text(&certificates.key),
        "--create-table",
        "flags",
    ]);
    let config = on(&engine, "flags");
    let error = read(&config).expect_err("nobody trusts it");
    require_configuration_error(&error, &["certificate", "ca_bundle", "AWS_CA_BUNDLE"]);
    let bundle = text(&certificates.authority);
    surroundings.config(format!(
        "[default]\nca_bundle = {bundle}\n[profile other]\nca_bundle = /nonexistent\n"
    ));
    read(&config).expect("the profile's bundle");
    let mut shared = config.clone();
    shared.share = true;
    read(&shared).expect("the profile's bundle");
    surroundings.set("SSL_CERT_FILE", "");
    read(&config).expect("an empty variable is none");
    surroundings.set("AWS_CA_BUNDLE", "/nonexistent/roots.pem");
    let error = read(&config).expect_err("the variable goes before the profile");
    require_configuration_error(&error, &["AWS_CA_BUNDLE", "/nonexistent/roots.pem"]);
    surroundings.set("AWS_CA_BUNDLE", bundle);
    read(&config).expect("the variable's bundle");
    let mut config = config;
    config.endpoint = Some(engine.endpoint.replace("localhost", "[::ffff:127.0.0.1]"));
    let error = read(&config).expect_err("the certificate is for other names");
    require_configuration_error(&error, &["another name", "endpoint"]);
}

#[test]
fn a_certificate_of_a_ca_is_no_server_s() {
    let surroundings = Surroundings::new();
    let certificates = Certificates::make();
    let key = certificates.authority.with_extension("key");
    let engine = Engine::fake(&[
        "--tls",
        text(&certificates.authority),
        text(&key),
        "--create-table",
        "flags",
    ]);
    surroundings.set("AWS_CA_BUNDLE", &certificates.authority);
    let error = read(&on(&engine, "flags")).expect_err("a CA's own");
    require_configuration_error(&error, &["CA's certificate", "the CA signed"]);
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
}
