//! The SDK's client: it reads in daemon mode what is in the table, and writes what its source of data hands it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use launchdarkly_server_sdk::{
    Client, Config, ConfigBuilder, Context, ContextBuilder, FlagBuilder, FlagDetailConfig, NullEventProcessorBuilder,
    TestData,
};
use ld_dynamo_store::launchdarkly::DynamoDbDataStoreFactory;
use ld_dynamo_store::{Config as StoreConfig, Store, Upsert};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::factory;
use crate::support::watchdog::Watchdog;
use crate::support::Engine;

const FLAG: &str = r#"{"key":"flag","version":1,"on":true,"targets":[],"rules":[],"prerequisites":[],"fallthrough":{"variation":1},
    "offVariation":0,"variations":[false,true],"salt":"salt","clientSideAvailability":{"usingEnvironmentId":false,"usingMobileKey":true}}"#;

fn visitor() -> Context {
    ContextBuilder::new("visitor").build().expect("a context")
}

fn runtimes() -> [Runtime; 3] {
    let current_thread = Builder::new_current_thread().enable_all().build();
    let threads = |count| Builder::new_multi_thread().worker_threads(count).enable_all().build();
    [current_thread, threads(1), threads(4)].map(|runtime| runtime.expect("a runtime"))
}

/// Runs it as a task of each kind of runtime, where blocking is not foreseen.
fn in_each_runtime<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F) {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    for runtime in runtimes() {
        runtime.block_on(async { tokio::spawn(work()).await.expect("no panic") });
    }
}

fn uncached(engine: &Engine, table: &str) -> ConfigBuilder {
    let mut data_store = factory(engine, table).into_builder();
    data_store.no_caching();
    ConfigBuilder::new("no-sdk-key")
        .data_store(&data_store)
        .event_processor(&NullEventProcessorBuilder::new())
}

fn daemon(engine: &Engine, table: &str) -> Config {
    uncached(engine, table).daemon_mode(true).build().expect("a config")
}

fn version(store: &Store, key: &str) -> Option<u64> {
    let item = store.get("features", key).expect("an answer")?;
    serde_json::from_str::<Value>(&item).expect("JSON")["version"].as_u64()
}

#[test]
fn a_client_in_daemon_mode_evaluates_what_the_table_holds() {
    let engine = Arc::new(Engine::embedded());
    in_each_runtime(|| {
        let engine = Arc::clone(&engine);
        async move {
            let table = engine.create_table();
            let store = engine.store(&table);
            let client = Client::build(daemon(&engine, &table)).expect("a client");
            client.start_with_default_executor();
            assert_eq!(client.wait_for_initialization(Duration::from_secs(5)).await, Some(true));
            assert!(!client.bool_variation(&visitor(), "flag", false));
            let report = store
                .init(&format!(r#"{{"features":{{"flag":{FLAG}}}}}"#))
                .expect("init");
            assert_eq!(report.written, 1);
            assert!(client.bool_variation(&visitor(), "flag", false));
            let all = client.all_flags_detail(&visitor(), FlagDetailConfig::new());
            let all = serde_json::to_value(&all).expect("JSON");
            assert_eq!(all["flag"], true, "{all}");
            let deleted = r#"{"key":"flag","version":2,"deleted":true}"#;
            let outcome = store.upsert("features", "flag", deleted).expect("upsert");
            assert_eq!(outcome, Upsert::Stored);
            assert!(!client.bool_variation(&visitor(), "flag", false));
            client.close();
        }
    });
}

#[test]
fn one_flag_that_the_sdk_cannot_read_does_not_take_the_others_with_it() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let data =
        format!(r#"{{"features":{{"flag":{FLAG},"odd":{{"version":3}},"gone":{{"version":4,"deleted":true}}}}}}"#);
    assert_eq!(engine.store(&table).init(&data).expect("init").written, 3);
    let corrupt = serde_json::json!({"namespace": {"S": "features"}, "key": {"S": "corrupt"}, "version": {"N": "1"}, "item": {"S": "["}});
    engine.put(&table, &corrupt);
    let client = Client::build(daemon(&engine, &table)).expect("a client");
    let all = client.all_flags_detail(&visitor(), FlagDetailConfig::new());
    let all = serde_json::to_value(&all).expect("JSON");
    assert_eq!(all["flag"], true, "{all}");
    for absent in ["odd", "gone", "corrupt"] {
        assert_eq!(all.get(absent), None, "{all}");
        assert!(!client.bool_variation(&visitor(), absent, false));
    }
}

#[test]
fn a_client_writes_what_it_is_told() {
    let engine = Arc::new(Engine::embedded());
    in_each_runtime(|| {
        let engine = Arc::clone(&engine);
        async move {
            let table = engine.create_table();
            let store = engine.store(&table);
            let source = TestData::new();
            source.update(FlagBuilder::new("flag").variation_for_all(false));
            let config = uncached(&engine, &table)
                .data_source(&source)
                .build()
                .expect("a config");
            let client = Client::build(config).expect("a client");
            client.start_with_default_executor();
            assert_eq!(
                client.wait_for_initialization(Duration::from_secs(10)).await,
                Some(true)
            );
            assert!(store.initialized().expect("an answer"));
            assert_eq!(version(&store, "flag"), Some(1));
            source.update(FlagBuilder::new("flag").variation_for_all(true));
            assert_eq!(version(&store, "flag"), Some(2));
            assert!(client.bool_variation(&visitor(), "flag", false));
            // Another client of this table sees it, and nothing has to be told to it.
            let other = Client::build(daemon(&engine, &table)).expect("a client");
            assert!(other.bool_variation(&visitor(), "flag", false));
            client.close();
        }
    });
}

#[test]
fn many_evaluations_side_by_side_end() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let engine = Engine::embedded();
    let table = engine.create_table();
    let data = format!(r#"{{"features":{{"flag":{FLAG}}}}}"#);
    assert_eq!(engine.store(&table).init(&data).expect("init").written, 1);
    for runtime in runtimes() {
        let client = Arc::new(Client::build(daemon(&engine, &table)).expect("a client"));
        runtime.block_on(async {
            let ask = |client: Arc<Client>| async move { client.bool_variation(&visitor(), "flag", false) };
            let tasks: Vec<_> = (0..64).map(|_| tokio::spawn(ask(Arc::clone(&client)))).collect();
            for task in tasks {
                assert!(task.await.expect("no panic"));
            }
        });
    }
}

#[test]
fn a_table_that_cannot_be_asked_ends_in_defaults() {
    let engine = Arc::new(Engine::running("http://127.0.0.1:1"));
    in_each_runtime(|| {
        let engine = Arc::clone(&engine);
        async move {
            let client = Client::build(daemon(&engine, "flags")).expect("a client");
            assert!(client.bool_variation(&visitor(), "flag", true));
        }
    });
}

#[test]
fn a_configuration_that_is_wrong_is_an_error_of_the_client() {
    let pushed = StoreConfig::new("flags").pushed_credentials(true);
    for (config, reason) in [
        (StoreConfig::new(""), "\"table\" is required"),
        (
            pushed,
            "LaunchDarkly's SDK hands in no credentials: give a client factory with a provider of credentials in place of \
             \"credentials\": \"pushed\"",
        ),
    ] {
        let config = ConfigBuilder::new("no-sdk-key")
            .data_store(&DynamoDbDataStoreFactory::new(config).into_builder())
            .daemon_mode(true)
            .event_processor(&NullEventProcessorBuilder::new());
        let client = Client::build(config.build().expect("a config"));
        let error = client.err().expect("an error");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
