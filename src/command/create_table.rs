//! `create-table`: a table with the keys that every LaunchDarkly store needs; one that exists is never touched.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde_json::{json, Value};

use super::arguments::{CreateTable, TableOptions};
use super::outcome::{Failure, Outcome, Result};
use super::output::{Output, BAD, BOLD, GOOD, ODD};
use super::{connection, interrupt, question};
use crate::error::ErrorKind;
use crate::store::administration::{Capacity, Identity, NewTable, TableDescription};
use crate::store::Store;

const ACTIVE: &str = "ACTIVE";
/// From one look to the next, twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How soon Ctrl-C is noticed.
const STEP: Duration = Duration::from_millis(50);

pub(super) fn run(table: &TableOptions, options: &CreateTable, output: &Output) -> Result {
    let store = connection::store(table)?;
    let outcome = create(&store, table, options, output);
    output.cost(&store);
    outcome
}

fn create(store: &Store, table: &TableOptions, options: &CreateTable, output: &Output) -> Result {
    let name = &*store.config().table;
    match store.describe_table() {
        Ok(found) => return exists(name, &found, output),
        Err(error) if error.kind() == ErrorKind::TableNotFound => {}
        Err(error) => return Err(error.into()),
    }
    let wanted = wanted(options);
    let identity = store.aws_identity()?;
    if options.caution.dry_run {
        show_plan(name, &wanted, &identity, output)?;
        return Ok(Outcome::Fine);
    }
    let asked = format!(
        "Make the table {name:?}, {}, in {}, with credentials from {}?",
        capacity_in_words(wanted.capacity),
        place(&identity),
        identity.credentials
    );
    if !question::is_agreed(options.caution, &asked)? {
        match output.is_json {
            true => output.json(&json!({"table": name, "status": null, "created": false, "declined": true}))?,
            false => output.line("nothing was done")?,
        }
        return Ok(Outcome::Findings);
    }
    let interrupted = interrupt::flag();
    if !store.create_table(&wanted)? {
        // Somebody else was faster.
        return exists(name, &store.describe_table()?, output);
    }
    let status = wait(store, table, options.wait, &interrupted, output)?;
    match output.is_json {
        true => output.json(&json!({"table": name, "status": status, "created": true}))?,
        false if status == ACTIVE => output.line(format_args!(
            "{GOOD}made{GOOD:#} the table {BOLD}{name}{BOLD:#} in {}: it is {ACTIVE}",
            place(&identity)
        ))?,
        false => output.line(format_args!(
            "{GOOD}made{GOOD:#} the table {BOLD}{name}{BOLD:#} in {}: it is {status}; {}",
            place(&identity),
            how_to_see_it(name, table)
        ))?,
    }
    Ok(Outcome::Fine)
}

fn wanted(options: &CreateTable) -> NewTable {
    NewTable {
        capacity: match (options.read_units, options.write_units) {
            (Some(read_units), Some(write_units)) => Capacity::Provisioned {
                read_units,
                write_units,
            },
            _ => Capacity::OnDemand,
        },
        has_deletion_protection: options.deletion_protection,
    }
}

/// There is a table already, which stays as it is.
fn exists(name: &str, found: &TableDescription, output: &Output) -> Result {
    let wrong = wrong_keys(found);
    if output.is_json {
        let keys = found.keys.iter();
        let keys = keys.map(|key| json!({"name": key.name, "type": key.attribute_type}));
        output.json(&json!({
            "table": name,
            "status": found.status,
            "created": false,
            "keys": keys.collect::<Vec<_>>(),
            "has_right_keys": wrong.is_none(),
        }))?;
        return Ok(Outcome::Findings);
    }
    let status = &found.status;
    match wrong {
        None => output.line(format_args!(
            "{ODD}nothing was done{ODD:#}: the table {BOLD}{name}{BOLD:#} exists and has the right keys; it is {status}"
        ))?,
        Some(keys) => output.line(format_args!(
            "{BAD}nothing was done{BAD:#}: the table {BOLD}{name}{BOLD:#} exists and has the wrong keys: {keys}\n\
             LaunchDarkly's stores need the partition key \"namespace\" and the sort key \"key\", both strings (S). A table's keys\n\
             cannot be changed: make a table of another name, or delete this one first if nobody needs it"
        ))?,
    }
    Ok(Outcome::Findings)
}

/// The keys in words, where they are not the store's.
fn wrong_keys(found: &TableDescription) -> Option<String> {
    let keys = found.keys.iter();
    let keys: Vec<_> = keys.map(|key| (&*key.name, &*key.attribute_type)).collect();
    if keys == [("namespace", "S"), ("key", "S")] {
        return None;
    }
    let names = ["the partition key", "the sort key"];
    let words: Vec<String> = (0..names.len())
        .map(|index| match keys.get(index) {
            Some((name, attribute_type)) => format!("{} is {name:?} ({attribute_type})", names[index]),
            None => format!("it has no {}", names[index].trim_start_matches("the ")),
        })
        .collect();
    Some(words.join(", "))
}

fn show_plan(name: &str, wanted: &NewTable, identity: &Identity, output: &Output) -> Result<()> {
    if output.is_json {
        return Ok(output.json(&request(name, wanted))?);
    }
    let protection = match wanted.has_deletion_protection {
        true => "on",
        false => "off",
    };
    Ok(output.line(format_args!(
        "would make the table {BOLD}{name}{BOLD:#} in {}, with credentials from {}\n\
         \x20 partition key        namespace (S)\n\
         \x20 sort key             key (S)\n\
         \x20 capacity             {}\n\
         \x20 deletion protection  {protection}",
        place(identity),
        identity.credentials,
        capacity_in_words(wanted.capacity)
    ))?)
}

/// As CreateTable takes it, and `aws dynamodb create-table --cli-input-json`.
fn request(name: &str, wanted: &NewTable) -> Value {
    let mut request = json!({
        "TableName": name,
        "AttributeDefinitions": [
            {"AttributeName": "namespace", "AttributeType": "S"},
            {"AttributeName": "key", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "namespace", "KeyType": "HASH"},
            {"AttributeName": "key", "KeyType": "RANGE"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    if let Capacity::Provisioned {
        read_units,
        write_units,
    } = wanted.capacity
    {
        request["BillingMode"] = "PROVISIONED".into();
        request["ProvisionedThroughput"] = json!({"ReadCapacityUnits": read_units, "WriteCapacityUnits": write_units});
    }
    if wanted.has_deletion_protection {
        request["DeletionProtectionEnabled"] = true.into();
    }
    request
}

fn capacity_in_words(capacity: Capacity) -> String {
    match capacity {
        Capacity::OnDemand => "on demand".to_owned(),
        Capacity::Provisioned {
            read_units,
            write_units,
        } => format!("provisioned with {read_units} read units and {write_units} write units"),
    }
}

fn place(identity: &Identity) -> String {
    let endpoint = identity.endpoint.iter().map(|endpoint| format!(" at {endpoint}"));
    format!("region {}{}", identity.region, endpoint.collect::<String>())
}

/// The table's status once it is active, or right away where nobody wants to wait.
fn wait(
    store: &Store,
    table: &TableOptions,
    seconds: u64,
    interrupted: &AtomicBool,
    output: &Output,
) -> Result<String> {
    let name = &*store.config().table;
    let began = Instant::now();
    let limit = Duration::from_secs(seconds);
    // It draws nothing where standard error is no terminal.
    let spinner = match output.is_json || seconds == 0 {
        true => ProgressBar::hidden(),
        false => ProgressBar::new_spinner(),
    };
    let (mut pause, mut status) = (FIRST_PAUSE, "CREATING".to_owned());
    loop {
        match store.describe_table() {
            Ok(found) => status = found.status,
            // DynamoDB may not know yet what it has begun to make, and what is unreachable now may be reached before the time is over.
            Err(error) if error.kind() == ErrorKind::TableNotFound || error.is_retriable() => {}
            Err(error) => return Err(error.into()),
        }
        if status == ACTIVE || seconds == 0 {
            spinner.finish_and_clear();
            return Ok(status);
        }
        spinner.set_message(format!("waiting until the table {name} is {ACTIVE}; it is {status}"));
        let until = Instant::now() + pause;
        while Instant::now() < until {
            let is_over = began.elapsed() >= limit;
            if is_over || interrupted.load(Ordering::Relaxed) {
                spinner.finish_and_clear();
                let why = match is_over {
                    true => format!("after {seconds} s"),
                    false => "when this command was stopped".to_owned(),
                };
                return Err(Failure::Stopped(format!(
                    "the table {name} was {status} {why}, and DynamoDB goes on making it; {}",
                    how_to_see_it(name, table)
                )));
            }
            spinner.tick();
            std::thread::sleep(STEP);
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

fn how_to_see_it(name: &str, table: &TableOptions) -> String {
    let options = [
        ("endpoint", &table.endpoint),
        ("region", &table.region),
        ("profile", &table.profile),
    ];
    let given = options.iter().filter_map(|(option, value)| {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        Some(format!(" --{option} {value}"))
    });
    format!(
        "to see it: ld-dynamo-store check --table {name}{}",
        given.collect::<String>()
    )
}
