//! What a client of LaunchDarkly's Rust SDK in daemon mode makes of each flag for each context. It reads
//! `{"configuration": …, "keys": […], "contexts": […]}` from standard input, and writes `{key: [[value, variation, reason], …], …}`.

use std::error::Error;

use launchdarkly_server_sdk::{Client, ConfigBuilder, Context, FlagValue, NullEventProcessorBuilder};
use ld_dynamo_store::launchdarkly::DynamoDbDataStoreFactory;
use ld_dynamo_store::Config;
use serde_json::{json, Map, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let request: Value = serde_json::from_reader(std::io::stdin())?;
    let contexts: Vec<Context> = serde_json::from_value(request["contexts"].clone())?;
    let keys: Vec<String> = serde_json::from_value(request["keys"].clone())?;
    let store = Config::from_json(&request["configuration"].to_string())?;
    let mut data_store = DynamoDbDataStoreFactory::new(store).into_builder();
    data_store.cache_forever();
    let config = ConfigBuilder::new("no-sdk-key")
        .data_store(&data_store)
        .daemon_mode(true)
        .event_processor(&NullEventProcessorBuilder::new())
        .build()?;
    let client = Client::build(config)?;
    let mut details = Map::new();
    for key in keys {
        let of_key: Result<Vec<Value>, serde_json::Error> = contexts
            .iter()
            .map(|context| {
                let detail = client.variation_detail(context, &key, FlagValue::Json(Value::Null));
                let reason = serde_json::to_value(&detail.reason)?;
                Ok(json!([detail.value, detail.variation_index, reason]))
            })
            .collect();
        details.insert(key, Value::Array(of_key?));
    }
    client.close();
    println!("{}", Value::Object(details));
    Ok(())
}
