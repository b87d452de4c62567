//! The process as its users meet it: answers, latency, connections, control requests.

mod endpoint;

use std::time::{Duration, Instant};

use endpoint::{item, Endpoint, PATIENCE};
use http_body_util::Full;
use hyper::Request;
use serde_json::{json, Value};

#[tokio::test]
async fn answers_bear_the_services_headers() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    assert_eq!(client.put("k").await.unwrap().json(), json!({}));
    let found = client.get("k").await.unwrap();
    assert_eq!(found.json(), json!({"Item": item("k")}));
    assert!(found.checksum_fits());
    assert_eq!(found.headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(found.headers["x-amzn-requestid"].len(), 52);
    let refused = client
        .call("GetItem", json!({"TableName": "u", "Key": {}}))
        .await
        .unwrap();
    assert_eq!((refused.status, refused.checksum_fits()), (400, true));
    assert!(refused.json()["__type"]
        .as_str()
        .unwrap()
        .ends_with("#ResourceNotFoundException"));
    let unknown = client.call("BatchGetItem", json!({})).await.unwrap();
    assert!(unknown.json()["__type"]
        .as_str()
        .unwrap()
        .ends_with("#UnknownOperationException"));
}

#[tokio::test]
async fn latency_passes_for_all_connections_at_once() {
    let endpoint = Endpoint::start(&["--latency-ms", "300"]);
    let began = Instant::now();
    let calls: Vec<_> = (0..20).map(|_| endpoint.connect()).collect();
    let mut running = Vec::new();
    for call in calls {
        let mut client = call.await;
        running.push(tokio::spawn(async move { client.get("k").await.unwrap().status }));
    }
    for call in running {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert!(
        (300..4000).contains(&(began.elapsed().as_millis() as u64)),
        "{:?}",
        began.elapsed()
    );
    endpoint.control("POST", "latency", json!({"ms": 0})).await;
    let began = Instant::now();
    endpoint.connect().await.get("k").await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(280));
}

#[tokio::test]
async fn connections_are_counted_and_closed() {
    let endpoint = Endpoint::start(&[]);
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = endpoint.connect().await;
        client.get("k").await.unwrap();
        client.get("k").await.unwrap();
        clients.push(client);
    }
    let counters = endpoint.control("GET", "counters", Value::Null).await;
    assert_eq!(
        (&counters["connections"], &counters["open_connections"]),
        (&json!(5), &json!(5))
    );
    endpoint.rule(json!({"action": {"delay_ms": 300}})).await;
    let mut busy = endpoint.connect().await;
    let busy = tokio::spawn(async move { busy.get("k").await.map(|answer| answer.status) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        endpoint.control("POST", "connections/close", Value::Null).await,
        json!({"closed": 5})
    );
    let counters = endpoint.control("GET", "counters", Value::Null).await;
    assert_eq!(
        (&counters["connections"], &counters["open_connections"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(busy.await.unwrap().unwrap(), 200);
    for client in &mut clients {
        assert!(client.get("k").await.is_err());
    }
}

#[tokio::test]
async fn control_requests_put_rows_and_name_headers() {
    let endpoint = Endpoint::start(&[]);
    assert_eq!(
        endpoint
            .control("POST", "put?table=t", json!([item("a"), item("b")]))
            .await,
        json!({"put": 2})
    );
    assert_eq!(endpoint.control("GET", "log", Value::Null).await, json!([]));
    endpoint.control("POST", "logging", json!({"enabled": false})).await;
    assert_eq!(
        endpoint.connect().await.get("a").await.unwrap().json(),
        json!({"Item": item("a")})
    );
    assert_eq!(endpoint.control("GET", "log", Value::Null).await, json!([]));
    let headers = endpoint.control("GET", "headers/last", Value::Null).await;
    assert_eq!(headers["user-agent"], "tests");
    assert_eq!(headers["access_key_id"], Value::Null);
    assert!(headers["names"].as_array().unwrap().contains(&json!("x-amz-target")));
    let mut client = endpoint.connect().await;
    for (path, status) in [
        ("/_control/nothing", 404),
        ("/_control/rows?table=u", 404),
        ("/_control/rows", 400),
    ] {
        let answer = client
            .send(Request::get(path).body(Full::default()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
}

#[test]
fn it_ends_with_its_standard_input() {
    let mut endpoint = Endpoint::start(&["--exit-with-stdin"]);
    assert!(endpoint.process.try_wait().unwrap().is_none());
    drop(endpoint.process.stdin.take());
    let began = Instant::now();
    while endpoint.process.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
}
