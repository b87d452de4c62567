//! Which endpoint and region are used, and what is said where there is none.

use ld_dynamo_store::{ErrorKind, Store};

use crate::listener::Listener;
use crate::said::warnings_of;
use crate::support;
use crate::surroundings::{read, require_configuration_error, require_readable, uncached, Surroundings};

#[test]
fn an_endpoint_without_a_scheme_is_refused_without_the_request() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    surroundings.set("AWS_REGION", "eu-west-1");
    surroundings.set("AWS_ENDPOINT_URL", "localhost:4566");
    let item = format!(r#"{{"key":"flag","version":1,"text":"{}"}}"#, "CONTENT".repeat(15_000));
    let store = Store::new(uncached("flags")).expect("a store");
    let error = store.upsert("features", "flag", &item).expect_err("no URL");
    require_configuration_error(&error, &["AWS_ENDPOINT_URL", "localhost:4566", "http://"]);
    assert!(!error.message().contains("CONTENT"), "{error}");
    let mut config = uncached("flags");
    config.endpoint = Some("localhost:4566".to_owned());
    require_configuration_error(&read(&config).expect_err("no URL"), &["endpoint"]);
    surroundings.set("AWS_ENDPOINT_URL", "http://user:hidden@127.0.0.1:1");
    let error = read(&uncached("flags")).expect_err("a password");
    require_configuration_error(&error, &["AWS_ENDPOINT_URL", "password"]);
    assert!(!error.message().contains("hidden"), "{error}");
}

#[test]
fn the_nearest_endpoint_counts_and_is_used_as_it_is() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    surroundings.set("AWS_REGION", "eu-west-1");
    // boto3 uses an endpoint that is named, whatever these say.
    surroundings.set("AWS_USE_FIPS_ENDPOINT", "true");
    surroundings.set("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let places = [
        Listener::empty_table(),
        Listener::empty_table(),
        Listener::empty_table(),
        Listener::empty_table(),
        Listener::empty_table(),
    ];
    let require_asked = |expected: usize, config: &ld_dynamo_store::Config| {
        read(config).expect("an answer");
        let asked: Vec<_> = places.iter().map(Listener::requests).collect();
        let all: Vec<_> = (0..places.len()).map(|place| usize::from(place == expected)).collect();
        assert_eq!(asked, all);
    };
    let mut config = uncached("flags");
    let plain = format!("endpoint_url = {}\n", places[0].address());
    surroundings.config(format!("[default]\n{plain}"));
    require_asked(0, &config);
    surroundings.config(format!(
        "[default]\n{plain}services = local\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:1\ndynamodb =\n  endpoint_url = {}\n",
        places[1].address()
    ));
    require_asked(1, &config);
    surroundings.set("AWS_ENDPOINT_URL", places[2].address());
    require_asked(2, &config);
    surroundings.set("AWS_ENDPOINT_URL_DYNAMODB", places[3].address());
    require_asked(3, &config);
    config.endpoint = Some(places[4].address().to_owned());
    require_asked(4, &config);
}

#[test]
fn endpoints_may_be_ignored() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    surroundings.set("AWS_REGION", "eu-west-1");
    let table = Listener::empty_table();
    surroundings.set("AWS_ENDPOINT_URL", table.address());
    surroundings.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    let mut config = uncached("flags");
    config.max_attempts = 1;
    config.operation_timeout = Some(std::time::Duration::from_millis(500));
    let error = read(&config).expect_err("Amazon is not reached from here");
    assert!(
        error.is_retriable() && !error.message().contains(table.address()),
        "{error}"
    );
    assert_eq!(table.requests(), 0);
}

#[test]
fn a_missing_region_has_a_status_of_its_own_and_is_said_once() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    let nobody = format!("http://127.0.0.1:{}", support::free_port());
    for disabled in ["true", "false"] {
        surroundings.set("AWS_EC2_METADATA_DISABLED", disabled);
        surroundings.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &nobody);
        let store = Store::new(uncached("flags")).expect("a store");
        let warnings = warnings_of(|| {
            for _ in 0..10 {
                let error = store.get("features", "flag").expect_err("no region");
                assert_eq!(error.kind(), ErrorKind::NoRegion, "{error}");
                require_readable(&error, &["\"region\"", "AWS_REGION", "\"default\"", ".aws/config"]);
            }
        });
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("no AWS region was found"), "{warnings:?}");
    }
}

#[test]
fn the_first_region_that_has_a_value_counts() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    let table = Listener::empty_table();
    surroundings.set("AWS_ENDPOINT_URL", table.address());
    let region = || {
        read(&uncached("flags")).expect("an answer");
        let asked = table.asked();
        let scope = asked[0]
            .split("Credential=")
            .nth(1)
            .and_then(|scope| scope.split('/').nth(2));
        scope.expect("a region").to_owned()
    };
    surroundings.config("[default]\nregion = of-the-profile\n");
    surroundings.set("AWS_REGION", "");
    surroundings.set("AWS_DEFAULT_REGION", "");
    assert_eq!(region(), "of-the-profile");
    surroundings.set("AWS_DEFAULT_REGION", "eu-west-2");
    assert_eq!(region(), "eu-west-2");
    surroundings.set("AWS_REGION", "eu-west-3");
    assert_eq!(region(), "eu-west-3");
}

#[test]
fn a_section_of_services_that_cannot_be_read_is_named() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    surroundings.set("AWS_REGION", "eu-west-1");
    surroundings.config("[default]\nservices = gone\n");
    let error = read(&uncached("flags")).expect_err("no such section");
    require_configuration_error(&error, &["services of profile \"default\"", "line 2"]);
    surroundings
        .config("[default]\nservices = local\n[services local]\ndynamodb\n  endpoint_url = http://127.0.0.1:1\n");
    let error = read(&uncached("flags")).expect_err("a broken line");
    require_configuration_error(&error, &["services of profile \"default\"", "line 4"]);
}
