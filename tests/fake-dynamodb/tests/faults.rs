//! Each fault of the script, as a client meets it.

mod endpoint;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use endpoint::{item, Endpoint, PATIENCE};
use serde_json::{json, Value};

/// How each logged request was answered.
async fn answered(endpoint: &Endpoint) -> Vec<String> {
    let log = endpoint.control("GET", "log", Value::Null).await;
    let text = |entry: &Value| entry["answered"].as_str().unwrap_or("pending").to_owned();
    log.as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn refusals_do_nothing() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    for (action, status, code) in [
        (json!({"throttle": true}), 400, "ProvisionedThroughputExceededException"),
        (json!({"server_error": true}), 500, "InternalServerError"),
        (
            json!({"error": {"status": 403, "code": "AccessDeniedException", "message": "no"}}),
            403,
            "AccessDeniedException",
        ),
    ] {
        endpoint.rule(json!({"action": action, "times": 1})).await;
        let answer = client.put("k").await.unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.json()["__type"].as_str().unwrap().ends_with(&format!("#{code}")) && answer.checksum_fits());
        assert_eq!(answered(&endpoint).await, [format!("error:{code}")]);
        assert_eq!(client.get("k").await.unwrap().json(), json!({}));
    }
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_work() {
    let endpoint = Endpoint::start(&[]);
    for (cut, expected) in [("before", json!({})), ("after", json!({"Item": item("k")}))] {
        endpoint
            .rule(json!({"match": {"operation": "PutItem"}, "action": {"cut": cut}}))
            .await;
        let error = endpoint.connect().await.put("k").await.unwrap_err();
        assert!(error.is_incomplete_message(), "{error}");
        assert_eq!(answered(&endpoint).await, [format!("cut_{cut}")]);
        assert_eq!(endpoint.connect().await.get("k").await.unwrap().json(), expected);
    }
}

#[tokio::test]
async fn answers_are_spoiled() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    let original = {
        client.put("k").await.unwrap();
        client.get("k").await.unwrap().body
    };
    endpoint.rule(json!({"action": {"garbage": true}, "times": 1})).await;
    let garbage = client.get("k").await.unwrap();
    assert!(
        garbage.status == 200 && garbage.checksum_fits() && serde_json::from_slice::<Value>(&garbage.body).is_err()
    );
    for part in [json!(true), json!("body"), json!("header")] {
        endpoint
            .rule(json!({"action": {"wrong_checksum": part}, "times": 1}))
            .await;
        let spoiled = client.get("k").await.unwrap();
        assert!(!spoiled.checksum_fits());
        assert_eq!(
            (spoiled.body == original, spoiled.body.len()),
            (part == "header", original.len())
        );
        assert_eq!(answered(&endpoint).await, ["wrong_checksum"]);
    }
    endpoint.rule(json!({"action": {"truncate": 5}, "times": 1})).await;
    assert!(client.get("k").await.is_err());
    assert_eq!(endpoint.connect().await.get("k").await.unwrap().body, original);
}

#[tokio::test]
async fn a_truncated_answer_announces_its_whole_length() {
    let endpoint = Endpoint::start(&[]);
    endpoint.connect().await.put("k").await.unwrap();
    endpoint.rule(json!({"action": {"truncate": 5}})).await;
    let mut stream = std::net::TcpStream::connect(&endpoint.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = r#"{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"k"}}}"#;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.GetItem\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, part) = answer.split_once("\r\n\r\n").unwrap();
    let whole = json!({"Item": item("k")}).to_string().len();
    assert!(head.contains(&format!("content-length: {whole}")), "{head}");
    assert_eq!(part, r#"{"Ite"#);
}

#[tokio::test]
async fn unprocessed_rows_come_back() {
    let endpoint = Endpoint::start(&[]);
    endpoint
        .rule(json!({"action": {"unprocessed": {"keys": ["b"]}}, "times": 1}))
        .await;
    let puts: Vec<_> = ["a", "b", "c"]
        .map(|key| json!({"PutRequest": {"Item": item(key)}}))
        .into();
    let mut client = endpoint.connect().await;
    let answer = client
        .call("BatchWriteItem", json!({"RequestItems": {"t": puts}}))
        .await
        .unwrap()
        .json();
    assert_eq!(
        answer,
        json!({"UnprocessedItems": {"t": [{"PutRequest": {"Item": item("b")}}]}})
    );
    let log = endpoint.control("GET", "log", Value::Null).await;
    assert_eq!(
        (&log[0]["answered"], &log[0]["unprocessed"]),
        (&json!("unprocessed:1"), &json!([["put", "n", "b"]]))
    );
    assert_eq!(
        log[0]["rows"],
        json!([["put", "n", "a"], ["put", "n", "b"], ["put", "n", "c"]])
    );
    assert_eq!(
        endpoint.control("GET", "rows?table=t", Value::Null).await,
        json!([item("a"), item("c")])
    );
    let counters = endpoint.control("GET", "counters", Value::Null).await;
    assert_eq!(
        (&counters["rows_written"], &counters["requests"]["BatchWriteItem"]),
        (&json!(2), &json!(1))
    );
    client
        .call("BatchWriteItem", json!({"RequestItems": answer["UnprocessedItems"]}))
        .await
        .unwrap();
    assert_eq!(
        endpoint
            .control("GET", "rows?table=t", Value::Null)
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_black_hole_lasts_until_reset() {
    let endpoint = Endpoint::start(&[]);
    endpoint.rule(json!({"action": {"black_hole": true}})).await;
    let mut client = endpoint.connect().await;
    let call = tokio::spawn(async move { client.put("k").await.map(|_| ()) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(answered(&endpoint).await, ["pending"]);
    assert!(!call.is_finished());
    endpoint.control("POST", "reset?tables=true", Value::Null).await;
    assert!(tokio::time::timeout(PATIENCE, call).await.unwrap().unwrap().is_err());
    assert_eq!(endpoint.connect().await.get("k").await.unwrap().json(), json!({}));
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_noted() {
    let endpoint = Endpoint::start(&[]);
    endpoint.rule(json!({"action": {"delay_ms": 5000}, "times": 1})).await;
    let mut client = endpoint.connect().await;
    assert!(tokio::time::timeout(Duration::from_millis(50), client.put("k"))
        .await
        .is_err());
    drop(client);
    let began = Instant::now();
    while answered(&endpoint).await != ["abandoned"] {
        assert!(began.elapsed() < Duration::from_secs(3));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        endpoint.connect().await.get("k").await.unwrap().json(),
        json!({"Item": item("k")})
    );
}

#[tokio::test]
async fn a_table_is_described_in_another_status() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    endpoint
        .rule(json!({"match": {"operation": "DescribeTable"}, "action": {"table_status": "CREATING"}, "times": 1}))
        .await;
    for status in ["CREATING", "ACTIVE"] {
        let answer = client.call("DescribeTable", json!({"TableName": "t"})).await.unwrap();
        assert_eq!(answer.json()["Table"]["TableStatus"], status);
        assert!(answer.checksum_fits());
    }
    assert_eq!(answered(&endpoint).await, ["ok", "ok"]);
}
