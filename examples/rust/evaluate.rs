//! Evaluates a flag with LaunchDarkly's Rust SDK, which reads it from a DynamoDB table.
//!
//!     ENDPOINT=http://127.0.0.1:8000 TABLE=my-table cargo run --release --features launchdarkly --example evaluate -- KEY
//!
//! The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table.
//! Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.

use std::error::Error;

use launchdarkly_server_sdk::{Client, ConfigBuilder, ContextBuilder, FlagValue, NullEventProcessorBuilder};
use ld_dynamo_store::launchdarkly::DynamoDbDataStoreFactory;
use ld_dynamo_store::{Config, Credentials};

const USAGE: &str = "usage: TABLE=my-table evaluate KEY";

/// The table that the environment names. A service in daemon mode only reads.
fn configuration() -> Result<Config, Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).ok();
    let config = Config::new(variable("TABLE").ok_or(USAGE)?)
        .prefix(variable("PREFIX").unwrap_or_default())
        .read_only(true);
    Ok(match variable("ENDPOINT") {
        None => config,
        Some(endpoint) if variable("AWS_ACCESS_KEY_ID").is_some() => config.endpoint(endpoint),
        // A local engine takes any credentials and any region.
        Some(endpoint) => config
            .endpoint(endpoint)
            .region("us-east-1")
            .credentials(Credentials::new("local", "local")),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let key = std::env::args().nth(1).ok_or(USAGE)?;
    let data_store = DynamoDbDataStoreFactory::new(configuration()?).into_builder();
    let config = ConfigBuilder::new("no-sdk-key")
        .data_store(&data_store)
        .daemon_mode(true)
        .event_processor(&NullEventProcessorBuilder::new())
        .build()?;
    let client = Client::build(config)?;
    let context = ContextBuilder::new("user-5150")
        .name("a visitor from Greece")
        .set_value("country", "GR".into())
        .build()?;
    let detail = client.variation_detail(&context, &key, FlagValue::Str("the default".to_owned()));
    let value = detail.value.as_ref().map(serde_json::to_string).transpose()?;
    println!(
        "{key}: {} ({})",
        value.unwrap_or_default(),
        serde_json::to_string(&detail.reason)?
    );
    client.close();
    Ok(())
}
