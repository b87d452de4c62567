//! Control requests, under `/_control/`: JSON in, JSON out.

use std::time::Duration;

use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::{Method, Response, StatusCode};
use serde_json::{json, Value};

use crate::answer::{whole, AnswerBody};
use crate::attributes::Attributes;
use crate::endpoint::Endpoint;
use crate::table::Row;

/// How long closing idle connections may take.
const CLOSING: Duration = Duration::from_secs(1);

type Reply = Result<String, (StatusCode, String)>;

pub async fn handle(
    endpoint: &Endpoint,
    method: &Method,
    command: &str,
    query: &str,
    body: &[u8],
) -> Response<AnswerBody> {
    let reply = match (method.as_str(), command) {
        ("POST", "connections/close") => close_idle(endpoint).await,
        (method, command) => answer(endpoint, method, command, query, body),
    };
    let (status, text) = reply.map_or_else(
        |(status, message)| (status, json!({ "error": message }).to_string()),
        |text| (StatusCode::OK, text),
    );
    let mut response = Response::new(whole(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn answer(endpoint: &Endpoint, method: &str, command: &str, query: &str, body: &[u8]) -> Reply {
    match (method, command) {
        ("POST", "rules") => endpoint
            .rules()
            .add(body)
            .map(|added| json!({ "added": added }).to_string())
            .map_err(bad),
        ("POST", "reset") => Ok(reset(endpoint, parameter(query, "tables").as_deref() == Some("true"))),
        ("GET", "log") => Ok(endpoint.journal().log().to_string()),
        ("GET", "counters") => Ok(counters(endpoint)),
        ("POST", "latency") => {
            let latency = setting(body, "ms")?.as_f64().ok_or_else(|| bad("ms is not a number"))?;
            endpoint
                .set_latency(Duration::try_from_secs_f64(latency / 1000.0).map_err(|error| bad(error.to_string()))?);
            Ok("{}".to_owned())
        }
        ("POST", "logging") => {
            endpoint.journal().logging = setting(body, "enabled")?
                .as_bool()
                .ok_or_else(|| bad("enabled is not a boolean"))?;
            Ok("{}".to_owned())
        }
        ("GET", "rows") => rows(endpoint, &table_name(query)?),
        ("POST", "put") => put(endpoint, &table_name(query)?, body),
        ("GET", "headers/last") => Ok(last_headers(endpoint)),
        _ => Err((
            StatusCode::NOT_FOUND,
            format!("no such control request: {method} {command}"),
        )),
    }
}

fn bad(message: impl Into<String>) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, message.into())
}

fn setting(body: &[u8], name: &str) -> Result<Value, (StatusCode, String)> {
    let value: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    value
        .get(name)
        .cloned()
        .ok_or_else(|| bad(format!("{name} is missing")))
}

/// Table names need no escapes in a query.
fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned)
}

fn table_name(query: &str) -> Result<String, (StatusCode, String)> {
    parameter(query, "table").ok_or_else(|| bad("?table= is missing"))
}

fn no_table(name: &str) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("no table {name}"))
}

fn reset(endpoint: &Endpoint, tables: bool) -> String {
    endpoint.rules().clear();
    endpoint.journal().reset();
    endpoint.connections.lock().unwrap().reset();
    if tables {
        endpoint
            .tables
            .write()
            .unwrap()
            .values_mut()
            .for_each(|table| table.clear());
        endpoint.tokens.lock().unwrap().clear();
    }
    endpoint.resets.send_modify(|resets| *resets += 1);
    "{}".to_owned()
}

fn counters(endpoint: &Endpoint) -> String {
    let mut counters = endpoint.journal().counters();
    let connections = endpoint.connections.lock().unwrap();
    counters["connections"] = connections.opened().into();
    counters["open_connections"] = connections.open_clients().into();
    counters.to_string()
}

fn rows(endpoint: &Endpoint, name: &str) -> Reply {
    let tables = endpoint.tables.read().unwrap();
    let table = tables.get(name).ok_or_else(|| no_table(name))?;
    let rows: Vec<_> = table.all_rows(None).map(|at| &*at.row.attributes).collect();
    Ok(format!("[{}]", rows.join(",")))
}

fn put(endpoint: &Endpoint, name: &str, body: &[u8]) -> Reply {
    let items: Vec<Attributes> = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let mut tables = endpoint.tables.write().unwrap();
    let table = tables.get_mut(name).ok_or_else(|| no_table(name))?;
    let keys = items
        .iter()
        .map(|item| table.key_of_item(item))
        .collect::<Result<Vec<_>, _>>();
    for (key, item) in keys.map_err(|failure| bad(failure.message))?.iter().zip(&items) {
        table.put(
            key,
            Row {
                attributes: item.raw.into(),
                size: item.size(),
            },
        );
    }
    Ok(json!({ "put": items.len() }).to_string())
}

/// Of the authorization no more than whose it is: the rest is nobody's business.
fn last_headers(endpoint: &Endpoint) -> String {
    let headers = endpoint.last_headers.lock().unwrap();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
    let signed_by = text("authorization").and_then(|text| text.split_once("Credential=")?.1.split('/').next());
    json!({"names": names, "access_key_id": signed_by, "user-agent": text("user-agent"), "x-amz-user-agent": text("x-amz-user-agent")}).to_string()
}

async fn close_idle(endpoint: &Endpoint) -> Reply {
    let ids = endpoint.connections.lock().unwrap().close_idle();
    let closed = async {
        while endpoint.connections.lock().unwrap().any_open(&ids) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    match tokio::time::timeout(CLOSING, closed).await {
        Ok(()) => Ok(json!({ "closed": ids.len() }).to_string()),
        Err(_) => Err((
            StatusCode::INTERNAL_SERVER_ERROR,
            "connections did not close in time".to_owned(),
        )),
    }
}
