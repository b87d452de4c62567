//! Which requests go out directly, and which only through the AWS SDK.

use std::time::Duration;

use ld_dynamo_store::{Config, Credentials, RetryMode, Store};
use serde_json::Value;

use crate::support::{goes_out_directly, Engine};
use crate::surroundings::{uncached, Surroundings};

/// How many of two gets went out directly, or the message of the failure.
fn direct_requests((engine, table): &(Engine, String), change: impl FnOnce(&mut Config)) -> Result<u64, String> {
    let mut config = uncached(table);
    config.endpoint = Some(engine.endpoint.clone());
    config.region = Some("eu-west-1".to_owned());
    config.credentials = Some(Credentials::new("local", "local"));
    config.connect_timeout = Some(Duration::from_millis(500));
    change(&mut config);
    let store = Store::new(config).map_err(|error| error.message().to_owned())?;
    for _ in 0..2 {
        store
            .get("features", "flag")
            .map_err(|error| error.message().to_owned())?;
    }
    let stats: Value = serde_json::from_str(&store.stats()).expect("JSON");
    assert_eq!(stats["requests"], 2);
    Ok(stats["direct_requests"].as_u64().expect("a number"))
}

#[test]
fn what_only_the_aws_sdk_can_do_is_left_to_it() {
    if !goes_out_directly() {
        return;
    }
    let surroundings = Surroundings::new();
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let engine = (engine, table);
    assert_eq!(direct_requests(&engine, |_| {}), Ok(2));
    assert_eq!(direct_requests(&engine, |config| config.max_attempts = 1), Ok(0));
    assert_eq!(
        direct_requests(&engine, |config| config.retry_mode = RetryMode::Adaptive),
        Ok(0)
    );
    // The path is sent by the AWS SDK.
    let with_path = format!("{}/a/path", engine.0.endpoint);
    assert_eq!(
        direct_requests(&engine, |config| config.endpoint = Some(with_path)),
        Ok(0)
    );
    // The first has to look for credentials.
    surroundings.keys();
    assert_eq!(direct_requests(&engine, |config| config.credentials = None), Ok(1));
    // Nobody listens there.
    surroundings.set("http_proxy", "http://127.0.0.1:9");
    let message = direct_requests(&engine, |_| {}).expect_err("the proxy is not there");
    assert!(message.contains("http_proxy"), "{message}");
    surroundings.set("no_proxy", "127.0.0.1");
    assert_eq!(direct_requests(&engine, |_| {}), Ok(2));
}
