//! The behaviour in tests/cases: a runner for whoever can be asked through a driver.

use std::collections::BTreeSet;

use serde_json::{json, Value};

use super::driver::{status_number, Driver};
use super::json_text::Json;
use super::Engine;

/// The cases of all files, in the order of the files' names.
fn cases() -> Vec<Json> {
    let folder = super::repository().join("tests/cases");
    let entries = std::fs::read_dir(&folder).expect("tests/cases");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).expect("a case file");
        let parsed: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        parsed.member("cases").expect("cases").array().to_vec()
    };
    files.iter().flat_map(read).collect()
}

/// Runs every case, and fails with the list of those that went wrong.
pub fn run_all(engine: &Engine, driver: &mut dyn Driver) {
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    for case in &cases {
        let name = case.member("name").expect("a name").text();
        let mut made = BTreeSet::new();
        if let Err(reason) = run(engine, driver, case, &mut made) {
            failures.push(format!("{name}: {reason}"));
        }
        for store in made {
            driver.call("free", &store, &[]);
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
    println!("{} cases passed", cases.len());
}

/// What may stand in a case and in each kind of step: a misspelt "rows" would look at none.
const OF_A_CASE: [&str; 7] = ["name", "about", "table", "stores", "seed", "steps", "rows"];
const OF_A_CALL: [&str; 4] = ["store", "call", "arguments", "expect"];

fn require_known(object: &Json, known: &[&str]) {
    let Json::Object(members) = object else {
        panic!("no object: {object:?}");
    };
    let unknown = members.iter().find(|(name, _)| !known.contains(&name.as_str()));
    assert!(unknown.is_none(), "{unknown:?} is none of {known:?}");
}

/// Notes the stores that it makes.
fn run(engine: &Engine, driver: &mut dyn Driver, case: &Json, made: &mut BTreeSet<String>) -> Result<(), String> {
    require_known(case, &OF_A_CASE);
    let table = match case.member("table").map(Json::text) {
        None | Some("standard") => engine.create_table(),
        Some("missing") => "no-such-table".to_owned(),
        Some("other_keys") => engine.create_table_with_keys(&["id", "sort"]),
        Some("hash_only") => engine.create_table_with_keys(&["namespace"]),
        Some(other) => panic!("table {other:?}"),
    };
    let only_store = Json::Object(vec![("store".to_owned(), Json::Object(vec![]))]);
    let Json::Object(stores) = case.member("stores").unwrap_or(&only_store) else {
        panic!("stores must be an object");
    };
    for (name, overrides) in stores {
        let mut configuration = engine.configuration(&table);
        let overrides: Value = serde_json::from_str(&overrides.compact()).expect("configuration");
        for (key, value) in overrides.as_object().expect("an object") {
            configuration[key] = value.clone();
        }
        let answer = driver.call("new", name, &[configuration.to_string()]);
        if answer.status != 0 {
            return Err(format!("store {name:?} could not be made: {answer:?}"));
        }
        made.insert(name.clone());
    }
    for row in case.member("seed").map_or(&[][..], Json::array) {
        engine.put(&table, &expand_row(row));
    }
    for (number, step) in case.member("steps").expect("steps").array().iter().enumerate() {
        run_step(engine, driver, &table, stores, made, step)
            .map_err(|reason| format!("step {}: {reason}", number + 1))?;
    }
    match case.member("rows") {
        Some(rows) => compare_rows(engine, &table, rows),
        None => Ok(()),
    }
}

fn run_step(
    engine: &Engine,
    driver: &mut dyn Driver,
    table: &str,
    stores: &[(String, Json)],
    made: &mut BTreeSet<String>,
    step: &Json,
) -> Result<(), String> {
    if let Some(rows) = step.member("rows_put") {
        require_known(step, &["rows_put"]);
        for row in rows.array() {
            engine.put(table, &expand_row(row));
        }
        return Ok(());
    }
    if let Some(rows) = step.member("rows") {
        require_known(step, &["rows"]);
        return compare_rows(engine, table, rows);
    }
    require_known(step, &OF_A_CALL);
    let store = match step.member("store") {
        Some(store) => store.text(),
        None => stores.first().map_or("store", |(name, _)| name),
    };
    let arguments = step.member("arguments").map_or(&[][..], Json::array);
    let arguments: Vec<String> = arguments.iter().map(Json::expand).collect();
    let call = step.member("call").expect("a call").text();
    let expect = step.member("expect").expect("an expectation");
    let before = expect
        .member("units")
        .filter(|_| engine.tells_units && driver.counts())
        .map(|_| units(driver, store));
    let answer = driver.call(call, store, &arguments);
    match call {
        "new" if answer.status == 0 => made.insert(store.to_owned()),
        "new" | "free" => made.remove(store),
        _ => false,
    };
    let spent = before.map(|before| units(driver, store).difference(before));
    let Json::Object(expectations) = expect else {
        panic!("expect must be an object");
    };
    assert!(expect.member("status").is_some(), "{call} without a status");
    for (what, expected) in expectations {
        let holds = match what.as_str() {
            "status" => answer.status == status_number(expected.text()),
            "text" => answer.result.as_deref() == Some(&expected.expand()),
            "json" => parsed(&answer.result) == Some(value(expected)),
            "json_text" => {
                let expected = parsed(&Some(expected.expand()));
                assert!(expected.is_some(), "json_text must be JSON");
                parsed(&answer.result) == expected
            }
            "null" => Json::Boolean(answer.result.is_none()) == *expected,
            "message_contains" => {
                let message = answer.message.as_deref().unwrap_or_default();
                expected.array().iter().all(|part| message.contains(part.text()))
            }
            "service_code" => answer.service_code.as_deref() == Some(expected.text()),
            "units" => spent.is_none_or(|spent| spent == Units::expected(expected)),
            "retriable" => answer.is_retriable.map(Json::Boolean).as_ref() == Some(expected),
            other => panic!("expectation {other:?}"),
        };
        if !holds {
            let spent = spent.map_or(String::new(), |spent| format!(", {spent:?}"));
            let shown: String = format!("{answer:?}{spent}").chars().take(600).collect();
            let expected: String = expected.compact().chars().take(300).collect();
            return Err(format!(
                "{call} {arguments:.60?}: expected {what} {expected}, got {shown}"
            ));
        }
    }
    Ok(())
}

/// Capacity that DynamoDB bills.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Units {
    read: f64,
    write: f64,
}

impl Units {
    fn expected(expected: &Json) -> Self {
        let number = |name: &str| value(expected)[name].as_f64().expect("a number of units");
        Self {
            read: number("read"),
            write: number("write"),
        }
    }

    fn difference(self, before: Self) -> Self {
        Self {
            read: self.read - before.read,
            write: self.write - before.write,
        }
    }
}

/// What a store has spent so far.
fn units(driver: &mut dyn Driver, store: &str) -> Units {
    let stats = parsed(&driver.call("stats", store, &[]).result).expect("stats");
    let number = |name: &str| stats[name].as_f64().expect("a number of units");
    Units {
        read: number("consumed_read_units"),
        write: number("consumed_write_units"),
    }
}

fn parsed(text: &Option<String>) -> Option<Value> {
    serde_json::from_str(text.as_deref()?).ok()
}

fn value(json: &Json) -> Value {
    serde_json::from_str(&json.compact()).expect("JSON")
}

/// A row with its texts written out.
fn expand_row(row: &Json) -> Value {
    let Json::Object(attributes) = row else {
        panic!("a row must be an object");
    };
    let attributes = attributes.iter().map(|(name, attribute)| {
        let expanded = match attribute.member("S") {
            Some(text) => json!({"S": text.expand()}),
            None => value(attribute),
        };
        (name.clone(), expanded)
    });
    Value::Object(attributes.collect())
}

fn compare_rows(engine: &Engine, table: &str, expected: &Json) -> Result<(), String> {
    let expected: Vec<Value> = expected
        .array()
        .iter()
        .map(|row| without_order(expand_row(row)))
        .collect();
    let stored: Vec<Value> = engine.rows(table).into_iter().map(without_order).collect();
    let describe = |row: &Value| row.to_string().chars().take(400).collect::<String>();
    if let Some(missing) = expected.iter().find(|row| !stored.contains(row)) {
        let keys = |row: &&Value| row["key"] == missing["key"] && row["namespace"] == missing["namespace"];
        let instead = stored.iter().find(keys).map(describe);
        return Err(format!(
            "row {} is not in the table; instead {instead:?}",
            describe(missing)
        ));
    }
    match stored.iter().find(|row| !expected.contains(row)) {
        Some(extra) => Err(format!("row {} should not be in the table", describe(extra))),
        None => Ok(()),
    }
}

/// Sets have no order.
fn without_order(mut row: Value) -> Value {
    for attribute in row.as_object_mut().expect("a row").values_mut() {
        for (_, set) in attribute
            .as_object_mut()
            .expect("an attribute")
            .iter_mut()
            .filter(|(kind, _)| *kind == "SS")
        {
            if let Some(values) = set.as_array_mut() {
                values.sort_by_key(Value::to_string);
            }
        }
    }
    row
}
