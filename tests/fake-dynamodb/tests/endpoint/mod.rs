//! The process under test, and a client for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{handshake, SendRequest};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{json, Value};
use tokio::net::TcpStream;

/// No single step of a test takes longer.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Endpoint {
    pub process: Child,
    pub address: String,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Endpoint {
    pub fn start(options: &[&str]) -> Endpoint {
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
        let address = line.trim().strip_prefix("http://").expect("an address").to_owned();
        Endpoint { process, address }
    }

    pub async fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Client { sender }
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let mut client = self.connect().await;
        let request = Request::builder().method(method).uri(format!("/_control/{path}"));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = client.send(request.body(body.into()).unwrap()).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub async fn rule(&self, rule: Value) {
        self.control("POST", "reset", Value::Null).await;
        self.control("POST", "rules", rule).await;
    }
}

pub struct Client {
    sender: SendRequest<Full<Bytes>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn checksum_fits(&self) -> bool {
        self.headers["x-amz-crc32"].to_str().unwrap().parse() == Ok(crc32fast::hash(&self.body))
    }
}

impl Client {
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
        let whole = async {
            self.sender.ready().await?;
            let (parts, body) = self.sender.send_request(request).await?.into_parts();
            Ok(Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.collect().await?.to_bytes(),
            })
        };
        tokio::time::timeout(PATIENCE, whole).await.expect("an answer in time")
    }

    pub async fn call(&mut self, operation: &str, body: Value) -> Result<Answer, hyper::Error> {
        let request = Request::post("/")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("user-agent", "tests");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub async fn put(&mut self, key: &str) -> Result<Answer, hyper::Error> {
        self.call("PutItem", json!({"TableName": "t", "Item": item(key)})).await
    }

    pub async fn get(&mut self, key: &str) -> Result<Answer, hyper::Error> {
        self.call(
            "GetItem",
            json!({"TableName": "t", "Key": {"namespace": {"S": "n"}, "key": {"S": key}}}),
        )
        .await
    }
}

pub fn item(key: &str) -> Value {
    json!({"namespace": {"S": "n"}, "key": {"S": key}, "version": {"N": "1"}})
}
