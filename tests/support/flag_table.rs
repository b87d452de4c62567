//! The table that programs in C which fork and thread read.

use serde_json::{json, Value};

use super::certificates::{text, Certificates};
use super::Engine;

/// An endpoint with a table that holds the flags of tests/c/calls.h.
pub struct FlagTable {
    pub engine: Engine,
    pub configuration: Value,
    /// What `configuration` names.
    certificates: Option<Certificates>,
}

impl FlagTable {
    pub fn plain(options: &[&str]) -> Self {
        Self::new(&[&["--create-table", "flags"], options].concat(), json!({}))
    }

    /// Over TLS, with a certificate of an authority that only `ca_bundle` knows.
    pub fn encrypted() -> Self {
        let certificates = Certificates::make();
        let options = [
            "--create-table",
            "flags",
            "--tls",
            text(&certificates.chain),
            text(&certificates.key),
        ];
        let mut table = Self::new(&options, json!({"ca_bundle": text(&certificates.authority)}));
        table.certificates = Some(certificates);
        table
    }

    fn new(options: &[&str], overrides: Value) -> Self {
        let engine = Engine::fake(options);
        let mut configuration = engine.configuration("flags");
        // Many processes on few processors take their time.
        configuration["connect_timeout_ms"] = json!(20_000);
        configuration["attempt_timeout_ms"] = json!(20_000);
        configuration["operation_timeout_ms"] = json!(25_000);
        let table = FlagTable {
            engine,
            configuration,
            certificates: None,
        };
        let table = table.with(overrides);
        let config = ld_dynamo_store::Config::from_json(&table.configuration.to_string()).expect("a configuration");
        let store = ld_dynamo_store::Store::new(config).expect("a store");
        for number in 0..8 {
            let key = format!("flag-{number}");
            let _ = store
                .upsert("features", &key, &format!(r#"{{"key":"{key}","version":1}}"#))
                .expect("a flag");
        }
        table
    }

    pub fn with(mut self, overrides: Value) -> Self {
        for (key, value) in overrides.as_object().expect("an object") {
            self.configuration[key] = value.clone();
        }
        self
    }

    /// The endpoint by name, so that each connection begins with a look-up.
    pub fn by_name(self) -> Self {
        let endpoint = self.engine.endpoint.replace("127.0.0.1", "localhost");
        self.with(json!({"endpoint": endpoint}))
    }

    /// Region and credentials from files, which the first call reads.
    pub fn with_credentials_in_files(mut self) -> Self {
        let configuration = self.configuration.as_object_mut().expect("an object");
        configuration.remove("region");
        configuration.remove("credentials");
        self.with(json!({"profile": "forking"}))
    }

    pub fn cached(&self, milliseconds: u32) -> String {
        let mut configuration = self.configuration.clone();
        configuration["cache_ttl_ms"] = json!(milliseconds);
        configuration.to_string()
    }

    pub fn uncached(&self) -> String {
        self.cached(0)
    }
}
