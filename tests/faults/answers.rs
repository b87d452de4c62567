//! Whatever a server says, a call ends with what that means: in time, in little memory, and never with an item that nobody stored.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::watchdog::Watchdog;
use crate::support::{goes_out_directly, transport};
use ld_dynamo_store::{Config, Error, ErrorKind, Store};
use serde_json::json;

/// What a busy machine may add to a time-out.
const SLACK: Duration = Duration::from_millis(1500);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);

/// A server that reads each request and has `answer` answer it; what `answer` returns with is the end of its connection.
struct Server {
    address: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::<AtomicUsize>::default();
        let (counter, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (counter, answer) = (Arc::clone(&counter), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut request = [0; 8192];
                    if let Ok(length @ 1..) = stream.read(&mut request) {
                        counter.fetch_add(1, Ordering::SeqCst);
                        answer(&mut stream, &String::from_utf8_lossy(&request[..length]));
                    }
                });
            }
        });
        Server { address, requests }
    }

    fn says(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Server::start(move |stream, _| {
            let _ = stream.write_all(&text);
        })
    }

    fn store(&self) -> Store {
        let configuration = json!({
            "table": "flags",
            "endpoint": self.address,
            "region": "us-east-1",
            "credentials": {"access_key_id": "local", "secret_access_key": "local"},
            "cache_ttl_ms": 0,
            "attempt_timeout_ms": 800,
            "operation_timeout_ms": OPERATION_TIMEOUT.as_millis() as u64,
            "transport": transport(),
        });
        Store::new(Config::from_json(&configuration.to_string()).expect("a configuration")).expect("a store")
    }

    /// The failure of each call that reads, which is the same.
    fn failure(&self) -> Error {
        let _watchdog = Watchdog::new(Duration::from_secs(60));
        let store = self.store();
        let began = Instant::now();
        let error = store.get("features", "flag").expect_err("no answer");
        assert!(began.elapsed() < OPERATION_TIMEOUT + SLACK, "{:?}", began.elapsed());
        let all = store.all("features").expect_err("no answer");
        assert_eq!(
            (all.kind(), all.is_retriable()),
            (error.kind(), error.is_retriable()),
            "{all}"
        );
        for (error, operation) in [(&error, "GetItem"), (&all, "Query")] {
            let words = error.message();
            assert!(words.contains(operation) && words.contains("\"flags\""), "{words}");
            assert!(words.len() < 400 && !words.contains('\n'), "{words}");
        }
        error
    }
}

fn with_length(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn an_empty_answer_is_not_an_absent_item() {
    let error = Server::says(with_length("200 OK", "")).failure();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert!(error.message().contains("the answer is empty"), "{error}");
}

#[test]
fn a_web_page_is_no_dynamodb() {
    let page = "<!DOCTYPE html>\n<title>Log in</title>";
    for (status, kind) in [
        ("200 OK", ErrorKind::InvalidResponse),
        ("302 Found", ErrorKind::Service),
        ("404 Not Found", ErrorKind::Service),
    ] {
        let error = Server::says(with_length(status, page)).failure();
        assert_eq!(
            (error.kind(), error.is_retriable()),
            (kind, kind == ErrorKind::InvalidResponse),
            "{error}"
        );
        let expected = "this is no DynamoDB, its answer begins with \"<!DOCTYPE html> <title>Log in</title>\"";
        assert!(error.message().contains(expected), "{error}");
    }
}

/// Says that a body has so many bytes and sends them as long as somebody reads; with no number, in chunks and without an end.
fn sends(bytes: Option<usize>) -> Server {
    Server::start(move |stream, _| {
        let framing = match bytes {
            Some(bytes) => format!("content-length: {bytes}"),
            None => "transfer-encoding: chunked".to_owned(),
        };
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes());
        let mut part = vec![b' '; 1 << 20];
        if bytes.is_none() {
            part.splice(0..0, *b"100000\r\n");
            part.extend_from_slice(b"\r\n");
        }
        let mut left = bytes.unwrap_or(usize::MAX);
        while left > 0 && stream.write_all(&part).is_ok() {
            left = left.saturating_sub(part.len());
        }
    })
}

/// This process's highest resident memory, in bytes, since it was last asked for.
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    let kilobytes: usize = line
        .split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number");
    std::fs::write("/proc/self/clear_refs", "5").expect("it is ours");
    kilobytes << 10
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn an_answer_of_a_gigabyte_is_given_up_early() {
    for bytes in [Some(1 << 30), None] {
        peak_bytes();
        let server = sends(bytes);
        let before = peak_bytes();
        let error = server.failure();
        assert!(
            matches!(error.kind(), ErrorKind::InvalidResponse | ErrorKind::TimedOut),
            "{error}"
        );
        let grown = peak_bytes().saturating_sub(before);
        assert!(grown < 256 << 20, "{} MB", grown >> 20);
    }
}

#[test]
fn a_byte_now_and_then_is_no_answer_in_time() {
    let server = Server::start(|stream, _| {
        for byte in with_length("200 OK", "{}").bytes() {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let error = server.failure();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

#[test]
fn broken_http_is_an_answer_that_means_nothing() {
    let long_head = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 2\r\n\r\n{{}}",
        "x".repeat(1 << 20)
    );
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}".to_owned(),
        with_length("200 OK", "{\"Item\":"),
        with_length("200 OK", "[]"),
        long_head,
    ] {
        let error = Server::says(answer.clone()).failure();
        assert!(
            matches!(error.kind(), ErrorKind::InvalidResponse | ErrorKind::Unreachable),
            "{:?} {error} of {:?}",
            error.kind(),
            &answer[..answer.len().min(60)]
        );
    }
}

/// Those that the AWS SDK reads although the direct way does not, and those that both read.
#[test]
fn other_forms_of_http_are_read() {
    let row = r#"{"Item":{"namespace":{"S":"features"},"key":{"S":"flag"},"version":{"N":"1"},"item":{"S":"{\"key\":\"flag\",\"version\":1}"}}}"#;
    let length = row.len();
    for answer in [
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{row}\r\n0\r\n\r\n"),
        format!("HTTP/1.0 200 OK\r\ncontent-length: {length}\r\n\r\n{row}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{row}"),
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{row}"),
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{row}"),
    ] {
        let _watchdog = Watchdog::new(Duration::from_secs(60));
        let server = Server::says(answer.clone());
        let store = server.store();
        for _ in 0..12 {
            let item = store
                .get("features", "flag")
                .unwrap_or_else(|error| panic!("{error}: {answer}"));
            assert_eq!(&*item.expect("an item"), r#"{"key":"flag","version":1}"#);
        }
        let requests = server.requests.load(Ordering::SeqCst);
        // What only the AWS SDK reads is asked of it alone, once that is known.
        let more = if answer.contains("100 Continue") { 6 } else { 1 };
        assert!(requests <= 12 + more, "{requests} requests: {answer}");
    }
}

/// A server, or something in between, that answers each request again a moment later.
#[test]
fn an_answer_to_another_request_is_not_taken_for_this_one_s() {
    // hyper reads whatever comes.
    if !goes_out_directly() {
        return;
    }
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let server = Server::start(|stream, first| {
        let mut buffer = [0; 8192];
        let mut request = first.to_owned();
        loop {
            let mut keys = ["a", "b", "c"].into_iter();
            let key = keys.find(|key| request.contains(&format!(r#"{{"S":"{key}"}}"#)));
            let key = key.expect("one of these");
            let item = format!(r#"{{\"key\":\"{key}\",\"version\":1}}"#);
            let body = format!(
                r#"{{"Item":{{"namespace":{{"S":"features"}},"key":{{"S":"{key}"}},"version":{{"N":"1"}},"item":{{"S":"{item}"}}}}}}"#
            );
            let answer = with_length("200 OK", &body);
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
            let _ = stream.write_all(answer.as_bytes());
            let Ok(length @ 1..) = stream.read(&mut buffer) else {
                return;
            };
            request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        }
    });
    let store = server.store();
    for key in ["a", "b", "c", "b", "c"] {
        let item = store.get("features", key).expect("an answer").expect("an item");
        assert!(item.contains(&format!(r#""key":"{key}""#)), "{item} for {key}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_rows_of_half_a_page_are_read_once() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let page =
        r#"{"Items":[{"namespace":{"S":"features"},"key":{"S":"a"},"version":{"N":"1"},"item":{"S":"{}"}}],"Count":1"#;
    let requests = AtomicUsize::new(0);
    let server = Server::start(move |stream, _| {
        let end = if requests.fetch_add(1, Ordering::SeqCst) == 0 {
            ""
        } else {
            "}"
        };
        let _ = stream.write_all(with_length("200 OK", &format!("{page}{end}")).as_bytes());
    });
    let store = server.store();
    match store.all("features") {
        Ok(items) => assert_eq!(*items, r#"{"a":{}}"#),
        // The AWS SDK believes that nothing else would come.
        Err(error) => assert_eq!((error.kind(), &*transport()), (ErrorKind::InvalidResponse, "sdk")),
    }
}

/// A page of something in between says nothing of the engine.
#[test]
fn an_outage_in_another_http_leaves_the_direct_way_as_it_was() {
    if !goes_out_directly() {
        return;
    }
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    for outage in [
        "HTTP/1.1 503 Away\r\ntransfer-encoding: chunked\r\n\r\n4\r\naway\r\n0\r\n\r\n",
        "HTTP/1.0 502 Away\r\n\r\naway",
        "HTTP/1.1 503 Away\r\nconnection: close\r\n\r\naway",
    ] {
        let requests = AtomicUsize::new(0);
        let server = Server::start(move |stream, _| {
            let answer = match requests.fetch_add(1, Ordering::SeqCst) {
                0 => outage.to_owned(),
                _ => with_length("200 OK", "{}"),
            };
            let _ = stream.write_all(answer.as_bytes());
        });
        let store = server.store();
        for _ in 0..4 {
            assert_eq!(store.get("features", "flag").expect("an answer"), None);
            // Each connection has one answer.
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(store.stats().contains("\"direct_requests\":4"), "{}", store.stats());
    }
}
