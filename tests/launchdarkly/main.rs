//! LaunchDarkly's Rust SDK on our data store: its client, on every kind of runtime, and the calls that it makes, one by one.

#[path = "../support/mod.rs"]
mod support;

mod client;
mod data_store;
mod shared_cases;

use ld_dynamo_store::launchdarkly::{DynamoDbDataStore, DynamoDbDataStoreFactory};
use ld_dynamo_store::Config;
use support::Engine;

fn config(engine: &Engine, table: &str) -> Config {
    // A cache of ours beside the SDK's would answer what others have changed.
    let mut configuration = engine.configuration(table);
    configuration["cache_ttl_ms"] = 60_000.into();
    Config::from_json(&configuration.to_string()).expect("a configuration")
}

fn data_store(engine: &Engine, table: &str) -> DynamoDbDataStore {
    DynamoDbDataStore::new(config(engine, table)).expect("a data store")
}

fn factory(engine: &Engine, table: &str) -> DynamoDbDataStoreFactory {
    DynamoDbDataStoreFactory::new(config(engine, table))
}
