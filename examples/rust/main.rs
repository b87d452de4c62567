//! Reads and changes a data set in a DynamoDB table.
//!
//!     ENDPOINT=http://127.0.0.1:8000 TABLE=my-table cargo run --release --example flags -- load examples/flags.json
//!     … cargo run --release --example flags -- show KEY
//!     … cargo run --release --example flags -- switch KEY
//!
//! Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.

use std::error::Error;

use ld_dynamo_store::{Config, Credentials, Store, Upsert};
use serde_json::{json, Value};

const USAGE: &str = "usage: TABLE=my-table flags load FILE | show KEY | switch KEY";

/// The table that the environment names.
fn configuration() -> Result<Config, Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).ok();
    let mut config = Config::new(variable("TABLE").ok_or(USAGE)?).prefix(variable("PREFIX").unwrap_or_default());
    if let Some(endpoint) = variable("ENDPOINT") {
        config = config.endpoint(endpoint);
        if variable("AWS_ACCESS_KEY_ID").is_none() {
            // A local engine takes any credentials and any region.
            config = config
                .region("us-east-1")
                .credentials(Credentials::new("local", "local"));
        }
    }
    Ok(config)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, argument] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let store = Store::new(configuration()?)?;
    match command.as_str() {
        "load" => {
            let report = store.init(&std::fs::read_to_string(argument)?)?;
            println!("{} rows written, {} unchanged", report.written, report.unchanged);
        }
        "show" => match store.get("features", argument)? {
            Some(flag) => println!("{flag}"),
            None => println!("there is no flag {argument:?}"),
        },
        "switch" => switch(&store, argument)?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// Writes the next version of a flag, unless somebody else did so meanwhile.
fn switch(store: &Store, key: &str) -> Result<(), Box<dyn Error>> {
    let flag = store
        .get("features", key)?
        .ok_or_else(|| format!("there is no flag {key:?}"))?;
    let mut flag: Value = serde_json::from_str(&flag)?;
    let is_on = flag["on"] == true;
    let version = flag["version"].as_u64().unwrap_or_default();
    flag["on"] = json!(!is_on);
    flag["version"] = json!(version + 1);
    match store.upsert("features", key, &flag.to_string())? {
        Upsert::Stored => println!("{key} is {} now", if is_on { "off" } else { "on" }),
        Upsert::NotNewer(stored) => println!("somebody else changed {key}: {stored}"),
        other => println!("{key} was not stored: {other:?}"),
    }
    Ok(())
}
