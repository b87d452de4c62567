//! A DynamoDB in memory for an application's own tests: the program `local-dynamodb` with a table and a data set in it.

mod engine;

use std::time::Duration;

use serde_json::{json, Value};

use super::arguments::{ServeLocal, TableOptions};
use super::connection;
use super::interrupt::Interruption;
use super::outcome::{Failure, Outcome, Result};
use super::output::{Output, BOLD, DIM};
use crate::config::Credentials;
use crate::store::Store;
use crate::table::data_set::DataSet;
use engine::Engine;

const TABLE: &str = "launchdarkly";
const REGION: &str = "us-east-1";
/// Any are accepted, so these are no secret.
const KEY: &str = "local";

/// How often it is looked whether the engine still runs.
const GLANCE: Duration = Duration::from_millis(250);

pub(super) fn serve(table: &TableOptions, options: &ServeLocal, output: &Output) -> Result {
    if table.endpoint.is_some() || table.profile.is_some() {
        return Err(Failure::Usage(
            "serve-local makes an endpoint of its own, and takes neither --endpoint nor --profile".to_owned(),
        ));
    }
    let data_set = options.file.as_deref().map(connection::text).transpose()?;
    let prefix = table.prefix.as_deref().unwrap_or_default();
    let items = data_set.as_deref().map(|text| items(text, prefix)).transpose()?;
    let table = TableOptions {
        table: Some(
            table
                .table
                .clone()
                .filter(|name| !name.is_empty())
                .unwrap_or(TABLE.to_owned()),
        ),
        region: Some(table.region.clone().unwrap_or(REGION.to_owned())),
        ..table.clone()
    };
    forget_environment();
    // What is refused without an engine is refused before there is one.
    connection::store(&table)?;
    let mut interruption = Interruption::new()?;
    let mut engine = Engine::start(options.port, table.table.as_deref().unwrap_or(TABLE))?;
    let table = TableOptions {
        endpoint: Some(engine.address().to_owned()),
        ..table
    };
    let config = connection::config(&table)?.credentials(Credentials::new(KEY, KEY));
    let store = Store::new(config)?;
    let filled = data_set.as_deref().map(|text| store.init(text)).transpose();
    output.cost(&store);
    filled?;
    tell(&table, items.as_deref(), output)?;
    while !interruption.wait(GLANCE) {
        engine.require_running()?;
    }
    Ok(Outcome::Fine)
}

/// Kinds and numbers of items of a data set in which every item can be stored.
fn items(text: &str, prefix: &str) -> Result<Vec<(String, usize)>> {
    let data_set = DataSet::parse(text)?;
    let namespaces = data_set.namespaces(prefix)?;
    let runs = data_set.runs(usize::MAX).into_iter();
    let rows = runs.map(|run| data_set.rows(&run, &namespaces).map(|rows| (run, rows)));
    let kinds = data_set.kinds(rows.collect::<std::result::Result<Vec<_>, _>>()?)?;
    let counted = kinds.iter().map(|kind| (kind.kind.name().to_owned(), kind.rows.len()));
    Ok(counted.collect())
}

/// Settings of AWS and proxies are meant for another DynamoDB than this one.
fn forget_environment() {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"AWS_") {
            std::env::remove_var(name);
        }
    }
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        std::env::set_var(name, "/dev/null");
    }
    for name in ["no_proxy", "NO_PROXY"] {
        std::env::set_var(name, "*");
    }
}

fn tell(table: &TableOptions, items: Option<&[(String, usize)]>, output: &Output) -> std::io::Result<()> {
    let (endpoint, region) = (text(&table.endpoint), text(&table.region));
    let (name, prefix) = (text(&table.table), text(&table.prefix));
    let mut settings = vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", KEY),
        ("LD_DYNAMO_STORE_TABLE", name),
    ];
    if !prefix.is_empty() {
        settings.push(("LD_DYNAMO_STORE_PREFIX", prefix));
    }
    if output.is_json {
        let counts = items.map(|kinds| kinds.iter().map(|(kind, count)| (kind.clone(), json!(count))));
        let environment = settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        return output.json(&json!({
            "endpoint": endpoint,
            "region": region,
            "table": name,
            "prefix": prefix,
            "initialized": items.is_some(),
            "items": counts.map_or_else(|| json!({}), |counts| Value::Object(counts.collect())),
            "environment": Value::Object(environment.collect()),
        }));
    }
    let with_prefix = match prefix {
        "" => "without a prefix".to_owned(),
        prefix => format!("with the prefix {BOLD}{prefix}{BOLD:#}"),
    };
    let held = match items {
        None => "it is empty, and an SDK waits until something writes into it".to_owned(),
        Some([]) => "it is initialized, and holds no items".to_owned(),
        Some(kinds) => {
            let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
            format!("it is initialized with {}", kinds.collect::<Vec<_>>().join(" and "))
        }
    };
    output.note(format_args!(
        "The table {BOLD}{name}{BOLD:#} {with_prefix} is at {BOLD}{endpoint}{BOLD:#}: {held}."
    ));
    output.note(format_args!(
        "To use it, from this command too, paste this; any region and any credentials will do:\n"
    ));
    for (name, value) in settings {
        output.line(format_args!("export {name}={}", quoted(value)))?;
    }
    output.note(format_args!(
        "\n{DIM}Ctrl-C ends it, and forgets all that is in it.{DIM:#}"
    ));
    Ok(())
}

fn text(option: &Option<String>) -> &str {
    option.as_deref().unwrap_or_default()
}

/// A word as every shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.:/".contains(character);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
