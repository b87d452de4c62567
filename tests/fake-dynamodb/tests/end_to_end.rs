//! The process as its users meet it: over HTTP, with its script.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{handshake, SendRequest};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{json, Value};
use tokio::net::TcpStream;

/// No single step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

struct Endpoint {
    process: Child,
    address: String,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Endpoint {
    fn start(options: &[&str]) -> Endpoint {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fake-dynamodb"))
            .args(["--create-table", "t"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("http://")
            .expect("an address")
            .to_owned();
        Endpoint { process, address }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Client { sender }
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let mut client = self.connect().await;
        let request = Request::builder()
            .method(method)
            .uri(format!("/_control/{path}"));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = client
            .send(request.body(body.into()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            answer.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        serde_json::from_slice(&answer.body).unwrap()
    }

    async fn rule(&self, rule: Value) {
        self.control("POST", "reset", Value::Null).await;
        self.control("POST", "rules", rule).await;
    }

    async fn answered(&self) -> Vec<String> {
        let log = self.control("GET", "log", Value::Null).await;
        log.as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["answered"].as_str().unwrap_or("pending").to_owned())
            .collect()
    }
}

struct Client {
    sender: SendRequest<Full<Bytes>>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn checksum_fits(&self) -> bool {
        self.headers["x-amz-crc32"].to_str().unwrap().parse() == Ok(crc32fast::hash(&self.body))
    }
}

impl Client {
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
        let whole = async {
            self.sender.ready().await?;
            let (parts, body) = self.sender.send_request(request).await?.into_parts();
            Ok(Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.collect().await?.to_bytes(),
            })
        };
        tokio::time::timeout(PATIENCE, whole)
            .await
            .expect("an answer in time")
    }

    async fn call(&mut self, operation: &str, body: Value) -> Result<Answer, hyper::Error> {
        let request = Request::post("/")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("user-agent", "tests");
        self.send(request.body(body.to_string().into()).unwrap())
            .await
    }

    async fn put(&mut self, key: &str) -> Result<Answer, hyper::Error> {
        self.call("PutItem", json!({"TableName": "t", "Item": item(key)}))
            .await
    }

    async fn get(&mut self, key: &str) -> Result<Answer, hyper::Error> {
        self.call(
            "GetItem",
            json!({"TableName": "t", "Key": {"namespace": {"S": "n"}, "key": {"S": key}}}),
        )
        .await
    }
}

fn item(key: &str) -> Value {
    json!({"namespace": {"S": "n"}, "key": {"S": key}, "version": {"N": "1"}})
}

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
    let unknown = client.call("TransactWriteItems", json!({})).await.unwrap();
    assert!(unknown.json()["__type"]
        .as_str()
        .unwrap()
        .ends_with("#UnknownOperationException"));
}

#[tokio::test]
async fn refusals_do_nothing() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    for (action, status, code) in [
        (
            json!({"throttle": true}),
            400,
            "ProvisionedThroughputExceededException",
        ),
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
        assert!(
            answer.json()["__type"]
                .as_str()
                .unwrap()
                .ends_with(&format!("#{code}"))
                && answer.checksum_fits()
        );
        assert_eq!(endpoint.answered().await, [format!("error:{code}")]);
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
        assert_eq!(endpoint.answered().await, [format!("cut_{cut}")]);
        assert_eq!(
            endpoint.connect().await.get("k").await.unwrap().json(),
            expected
        );
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
    endpoint
        .rule(json!({"action": {"garbage": true}, "times": 1}))
        .await;
    let garbage = client.get("k").await.unwrap();
    assert!(
        garbage.status == 200
            && garbage.checksum_fits()
            && serde_json::from_slice::<Value>(&garbage.body).is_err()
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
        assert_eq!(endpoint.answered().await, ["wrong_checksum"]);
    }
    endpoint
        .rule(json!({"action": {"truncate": 5}, "times": 1}))
        .await;
    assert!(client.get("k").await.is_err());
    assert_eq!(
        endpoint.connect().await.get("k").await.unwrap().body,
        original
    );
}

#[tokio::test]
async fn a_truncated_answer_announces_its_whole_length() {
    let endpoint = Endpoint::start(&[]);
    endpoint.connect().await.put("k").await.unwrap();
    endpoint.rule(json!({"action": {"truncate": 5}})).await;
    let mut stream = std::net::TcpStream::connect(&endpoint.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = r#"{"TableName":"t","Key":{"namespace":{"S":"n"},"key":{"S":"k"}}}"#;
    let request = format!("POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.GetItem\r\ncontent-length: {}\r\n\r\n{body}", body.len());
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
        (
            &counters["rows_written"],
            &counters["requests"]["BatchWriteItem"]
        ),
        (&json!(2), &json!(1))
    );
    client
        .call(
            "BatchWriteItem",
            json!({"RequestItems": answer["UnprocessedItems"]}),
        )
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
    assert_eq!(endpoint.answered().await, ["pending"]);
    assert!(!call.is_finished());
    endpoint
        .control("POST", "reset?tables=true", Value::Null)
        .await;
    assert!(tokio::time::timeout(PATIENCE, call)
        .await
        .unwrap()
        .unwrap()
        .is_err());
    assert_eq!(
        endpoint.connect().await.get("k").await.unwrap().json(),
        json!({})
    );
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_noted() {
    let endpoint = Endpoint::start(&[]);
    endpoint
        .rule(json!({"action": {"delay_ms": 5000}, "times": 1}))
        .await;
    let mut client = endpoint.connect().await;
    assert!(
        tokio::time::timeout(Duration::from_millis(50), client.put("k"))
            .await
            .is_err()
    );
    drop(client);
    let began = Instant::now();
    while endpoint.answered().await != ["abandoned"] {
        assert!(began.elapsed() < Duration::from_secs(3));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        endpoint.connect().await.get("k").await.unwrap().json(),
        json!({"Item": item("k")})
    );
}

#[tokio::test]
async fn latency_passes_for_all_connections_at_once() {
    let endpoint = Endpoint::start(&["--latency-ms", "100"]);
    let began = Instant::now();
    let calls: Vec<_> = (0..20).map(|_| endpoint.connect()).collect();
    let mut running = Vec::new();
    for call in calls {
        let mut client = call.await;
        running.push(tokio::spawn(async move {
            client.get("k").await.unwrap().status
        }));
    }
    for call in running {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert!(
        (100..900).contains(&(began.elapsed().as_millis() as u64)),
        "{:?}",
        began.elapsed()
    );
    endpoint.control("POST", "latency", json!({"ms": 0})).await;
    let began = Instant::now();
    endpoint.connect().await.get("k").await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(90));
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
        endpoint
            .control("POST", "connections/close", Value::Null)
            .await,
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
    endpoint
        .control("POST", "logging", json!({"enabled": false}))
        .await;
    assert_eq!(
        endpoint.connect().await.get("a").await.unwrap().json(),
        json!({"Item": item("a")})
    );
    assert_eq!(endpoint.control("GET", "log", Value::Null).await, json!([]));
    let headers = endpoint.control("GET", "headers/last", Value::Null).await;
    assert_eq!(headers["user-agent"], "tests");
    assert!(headers["names"]
        .as_array()
        .unwrap()
        .contains(&json!("x-amz-target")));
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
