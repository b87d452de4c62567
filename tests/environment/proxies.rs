//! What goes through a proxy, and what never does.

use ld_dynamo_store::{Config, ErrorKind, ProxyUrl};

use crate::listener::Listener;
use crate::support::Engine;
use crate::surroundings::{read, uncached, Surroundings};

fn handing_out_credentials() -> Listener {
    let endpoint = Listener::new();
    endpoint.says(
        200,
        r#"{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"hidden","Token":"token","Expiration":"2099-01-01T00:00:00Z"}"#
            .to_owned(),
    );
    endpoint
}

fn on(engine: &Engine, table: &str) -> Config {
    let mut config = uncached(table);
    config.endpoint = Some(engine.endpoint.clone());
    config.region = Some("us-east-1".to_owned());
    config.max_attempts = 1;
    config
}

#[test]
fn the_endpoint_of_a_container_is_asked_past_the_proxy() {
    let surroundings = Surroundings::new();
    let engine = Engine::embedded();
    let table = engine.create_table();
    let container = handing_out_credentials();
    surroundings.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url);
    let proxy = Listener::new();
    let of_configuration = {
        let mut config = on(&engine, &table);
        config.proxy = Some(ProxyUrl(proxy.address().to_owned()));
        config
    };
    for config in [of_configuration, on(&engine, &table)] {
        let error = read(&config).expect_err("the proxy answers 503");
        assert_eq!(error.kind(), ErrorKind::Service, "{error}");
        assert_eq!(container.requests(), 1, "for credentials");
        let asked = proxy.asked();
        assert_eq!(asked.len(), 1, "for the row: {asked:?}");
        assert!(
            asked[0].contains("GetItem") && asked[0].contains("AKIDCONTAINER"),
            "{asked:?}"
        );
        // The second configuration finds the proxy here.
        surroundings.set("HTTP_PROXY", proxy.address());
    }
}

#[test]
fn no_proxy_holds_for_a_proxy_of_the_configuration() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    let engine = Engine::embedded();
    let table = engine.create_table();
    let proxy = Listener::new();
    let mut config = on(&engine, &table);
    config.proxy = Some(ProxyUrl(proxy.address().to_owned()));
    let port = engine.endpoint.rsplit(':').next().expect("a port");
    let with_port = format!("127.0.0.1:{port}");
    for (name, value) in [
        ("NO_PROXY", "example.com, 127.0.0.0/8"),
        ("no_proxy", "127.0.0.1"),
        ("NO_PROXY", "*"),
        ("NO_PROXY", &with_port),
    ] {
        surroundings.set("ALL_PROXY", "socks5://127.0.0.1:1");
        let error = read(&config).expect_err("the proxy answers 503");
        assert!(error.message().contains("\"proxy\""), "{error}");
        assert_eq!(proxy.requests(), 1);
        surroundings.set(name, value);
        read(&config).expect("the engine answers");
        assert_eq!(proxy.requests(), 0, "{name}={value}");
        surroundings.unset(name);
    }
}

#[test]
fn an_empty_variable_hides_none_and_white_space_is_no_part_of_a_url() {
    let surroundings = Surroundings::new();
    surroundings.keys();
    let engine = Engine::embedded();
    let table = engine.create_table();
    let proxy = Listener::new();
    let config = on(&engine, &table);
    surroundings.set("HTTP_PROXY", "");
    surroundings.set("http_proxy", format!(" {}\n", proxy.address()));
    read(&config).expect_err("the proxy answers 503");
    assert_eq!(proxy.requests(), 1);
    surroundings.set("NO_PROXY", "");
    surroundings.set("no_proxy", "127.0.0.1");
    read(&config).expect("the engine answers");
    assert_eq!(proxy.requests(), 0);
}

#[test]
fn a_role_is_asked_for_through_the_proxy() {
    let surroundings = Surroundings::new();
    let engine = Engine::embedded();
    let table = engine.create_table();
    surroundings.config(
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/reader\nsource_profile = base\n\
         [profile base]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = hidden\n",
    );
    surroundings.set("AWS_ENDPOINT_URL_STS", "http://sts.invalid");
    let proxy = Listener::new();
    let mut config = on(&engine, &table);
    config.proxy = Some(ProxyUrl(proxy.address().to_owned()));
    read(&config).expect_err("the proxy answers 503");
    let asked = proxy.asked();
    let is_for_the_role = |request: &String| request.contains("sts.invalid");
    assert!(!asked.is_empty() && asked.iter().all(is_for_the_role), "{asked:?}");
}
