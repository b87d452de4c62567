//! What is sent, and what each answer comes to: one that is told, or the AWS SDK's turn and what it has to know.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{channel, Receiver};

use super::*;
use crate::table::item::StoredItem;

const FEATURE: &str = r#"{"Item":{"namespace":{"S":"features"},"key":{"S":"a"},"version":{"N":"7"},"item":{"S":"{}"}},
    "ConsumedCapacity":{"TableName":"flags","CapacityUnits":0.5}}"#;
const WRITTEN: &str = r#"{"ConsumedCapacity":{"TableName":"flags","CapacityUnits":2}}"#;

/// What the server was sent: the number of the connection, the head, and the body.
type Request = (usize, Vec<String>, String);

struct Server {
    direct: Direct,
    requests: Receiver<Request>,
    stats: Arc<Stats>,
}

fn http(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Of its own\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Server {
    /// One that gives these answers, in this order; after an empty one it closes the connection.
    fn new(answers: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut answers: VecDeque<String> = answers.iter().cloned().collect();
        let (told, requests) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = BufReader::new(stream.expect("a connection"));
                while let Some(request) = read_request(&mut stream, number) {
                    let answer = answers.pop_front().unwrap_or_default();
                    // Whoever does not look any more has seen enough.
                    let _ = told.send(request);
                    if answer.is_empty() || stream.get_mut().write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            }
        });
        let stats = Arc::<Stats>::default();
        let credentials = Credentials::new("AKID", "secret", None, None, "test");
        let findings = Findings {
            region: "eu-west-1".to_owned(),
            identity: Arc::new(move || Some(credentials.clone())),
            roots: Arc::new(RootCertStore::empty()),
            clock: Clock::default(),
            look_up: Arc::new(|_, _| unreachable!("an address")),
        };
        let endpoint = format!("http://127.0.0.1:{port}");
        let config = Config::new("flags");
        let direct = Direct::new(&endpoint, &findings, &config, Arc::default(), Arc::clone(&stats));
        Server {
            direct: direct.expect("an endpoint"),
            requests,
            stats,
        }
    }

    fn get(&self) -> Outcome<Option<StoredRow>> {
        self.direct.get_row("features", "a", true)
    }

    fn put(&self, has_sent: &AtomicBool) -> Outcome<PutOutcome> {
        self.direct.put_if_newer(Duration::ZERO, &row(), has_sent)
    }

    fn stat(&self, name: &str) -> f64 {
        let stats: serde_json::Value = serde_json::from_str(&self.stats.to_json(0)).expect("JSON");
        stats[name].as_f64().expect("a number")
    }

    fn connection_of_next(&self) -> usize {
        self.requests.recv().expect("a request").0
    }
}

fn read_request(stream: &mut BufReader<std::net::TcpStream>, number: usize) -> Option<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some((number, head, String::from_utf8(body).ok()?))
}

fn row() -> NewRow<'static> {
    NewRow {
        namespace: "features",
        key: Cow::Borrowed("a"),
        version: 7,
        item: Cow::Borrowed("{}"),
        prerequisites: Vec::new(),
    }
}

#[track_caller]
fn answered<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Answered(value) => value,
        Outcome::HandedOver(before) => panic!("{before:?}"),
    }
}

/// Whether an attempt was made, and whether it may have been carried out.
#[track_caller]
fn handed_over<T>(outcome: Outcome<T>) -> (bool, bool) {
    match outcome {
        Outcome::Answered(_) => panic!("an answer"),
        Outcome::HandedOver(before) => (before.is_attempted, before.is_sent),
    }
}

#[test]
fn a_request_is_signed_and_as_long_as_it_says() {
    let server = Server::new(&[http(200, FEATURE)]);
    let found = answered(server.get()).expect("a row");
    assert_eq!(
        (found.version, found.item),
        (Some(7), StoredItem::Text("{}".to_owned()))
    );
    let (_, head, body) = server.requests.recv().expect("a request");
    assert_eq!(head[0], "POST / HTTP/1.1");
    assert!(head[1].starts_with("host: 127.0.0.1:"), "{head:?}");
    let value = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).expect(name);
    assert_eq!(value("x-amz-target: "), "DynamoDB_20120810.GetItem");
    assert_eq!(value("content-type: "), "application/x-amz-json-1.0");
    assert!(value("user-agent: ").starts_with("ld-dynamo-store/"));
    assert!(value("authorization: ").contains("Credential=AKID/"), "{head:?}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["TableName"], "flags");
    assert_eq!(
        (server.stat("direct_requests"), server.stat("consumed_read_units")),
        (1.0, 0.5)
    );
}

#[test]
fn what_answers_another_request_is_none_and_its_connection_is_not_used_again() {
    let others = FEATURE.replace("\"features\"", "\"segments\"");
    let page = r#"{"Items":[{"namespace":{"S":"NAMESPACE"},"key":{"S":"a"}}],"Count":1,"ScannedCount":1}"#;
    let own_page = page.replace("NAMESPACE", "features");
    let answers = [
        &others,
        &others,
        &page.to_owned(),
        &FEATURE.to_owned(),
        &FEATURE.to_owned(),
        &own_page,
    ];
    let server = Server::new(&answers.map(|body| http(200, body)));
    let direct = &server.direct;
    let (consistent, surplus) = (true, Duration::ZERO);
    let query = || {
        let mut keys = Vec::new();
        let visit = |row: StoredRow<Cow<'_, str>>| keys.push(row.key.into_owned());
        let outcome = direct.query(surplus, "features", KeyRange::default(), consistent, None, visit);
        (outcome, keys)
    };
    assert_eq!(handed_over(server.get()), (true, true));
    assert_eq!(
        handed_over(direct.get_big_segments_row("features", "a", consistent)),
        (true, true)
    );
    assert_eq!(handed_over(query().0), (true, true));
    assert_eq!(server.stat("consumed_read_units"), 0.0);
    assert!(answered(server.get()).is_some());
    assert!(answered(direct.get_big_segments_row("features", "a", consistent)).is_some());
    let (end, keys) = query();
    assert!(answered(end).is_none());
    assert_eq!(keys, ["a"]);
    let connections: Vec<_> = (0..6).map(|_| server.connection_of_next()).collect();
    assert_eq!(connections, [0, 1, 2, 3, 3, 3]);
    assert_eq!(server.stat("consumed_read_units"), 1.0);
}

#[test]
fn a_refused_condition_is_an_answer_and_costs_a_unit() {
    const FAILED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"failed",
        "Item":{"namespace":{"S":"features"},"key":{"S":"a"},"version":{"N":"8"},"item":{"S":"{}"}}}"#;
    let server = Server::new(&[
        http(200, WRITTEN),
        http(400, FAILED),
        http(500, FAILED),
        http(201, WRITTEN),
    ]);
    let has_sent = AtomicBool::default();
    assert!(matches!(answered(server.put(&has_sent)), PutOutcome::Stored));
    assert!(has_sent.load(Relaxed));
    assert_eq!(server.stat("consumed_write_units"), 2.0);
    match answered(server.put(&has_sent)) {
        PutOutcome::Refused { winner, is_repeated } => {
            assert_eq!(winner.expect("the row").version, Some(8));
            assert!(!is_repeated);
        }
        PutOutcome::Stored => panic!("stored"),
    }
    assert_eq!(server.stat("consumed_write_units"), 3.0);
    // Not DynamoDB's status for it.
    assert_eq!(handed_over(server.put(&has_sent)), (true, true));
    assert_eq!(handed_over(server.put(&has_sent)), (true, true));
    assert_eq!(server.stat("consumed_write_units"), 3.0);
}

#[test]
fn what_a_batch_left_undone_is_told_and_an_answer_that_names_others_is_none() {
    let undone = |key: &str| {
        format!(
            r#"{{"UnprocessedItems":{{"flags":[{{"DeleteRequest":{{"Key":{{"namespace":{{"S":"features"}},"key":{{"S":"{key}"}}}}}}}}]}},
                "ConsumedCapacity":[{{"TableName":"flags","CapacityUnits":1}}]}}"#
        )
    };
    let server = Server::new(&[http(200, &undone("b")), http(200, &undone("c"))]);
    let row = row();
    let delete = Write::Delete {
        namespace: "features",
        key: "b",
    };
    let writes = [Write::Put(&row), delete];
    let left = answered(server.direct.write_batch(Duration::ZERO, &writes));
    assert_eq!(left.iter().map(Write::keys).collect::<Vec<_>>(), [("features", "b")]);
    assert_eq!(
        handed_over(server.direct.write_batch(Duration::ZERO, &writes)),
        (true, true)
    );
    assert_eq!(
        (server.stat("unprocessed_rows"), server.stat("consumed_write_units")),
        (1.0, 1.0)
    );
}

#[test]
fn a_refusal_says_that_nothing_was_done_and_a_failure_does_not() {
    const THROTTLED: &str = r#"{"__type":"x#ThrottlingException","message":"slowly"}"#;
    const OTHER: &str = r#"{"__type":"x#Other","message":"no"}"#;
    let cases = [
        (400, OTHER, 0.0, false),
        (499, OTHER, 0.0, false),
        (400, THROTTLED, 1.0, false),
        (500, OTHER, 0.0, true),
        (503, THROTTLED, 1.0, true),
        (399, THROTTLED, 0.0, true),
        (200, "<html>", 0.0, true),
    ];
    for (status, body, throttles, may_be_done) in cases {
        let server = Server::new(&[http(status, body)]);
        assert_eq!(
            handed_over(server.put(&AtomicBool::default())),
            (true, may_be_done),
            "{status} {body}"
        );
        assert_eq!(server.stat("throttles"), throttles, "{status} {body}");
    }
}

#[test]
fn a_refusal_sets_the_clock_and_a_failure_does_not() {
    for (status, is_believed) in [(399, false), (400, true), (499, true), (500, false)] {
        let body = r#"{"__type":"x#Other"}"#;
        let date = "Date: Thu, 01 Jan 2099 00:00:00 GMT\r\nContent-Length";
        let server = Server::new(&[http(status, body).replacen("Content-Length", date, 1)]);
        handed_over(server.get());
        let is_moved = server.direct.clock.now() > std::time::SystemTime::now() + Duration::from_secs(3600);
        assert_eq!(is_moved, is_believed, "{status}");
    }
}

#[test]
fn where_an_engine_speaks_another_http_the_aws_sdk_asks_from_then_on() {
    let old = |status: u16| format!("HTTP/1.0 {status} Old\r\nContent-Length: 2\r\n\r\n{{}}");
    for (status, is_sent, rests) in [
        (200, true, true),
        (400, false, true),
        (499, false, true),
        (500, true, false),
    ] {
        let server = Server::new(&[old(status), http(200, FEATURE)]);
        assert_eq!(handed_over(server.get()), (true, is_sent), "{status}");
        match rests {
            true => assert_eq!(handed_over(server.get()), (false, false), "{status}"),
            false => assert!(answered(server.get()).is_some(), "{status}"),
        }
    }
}

#[test]
fn a_connection_that_breaks_after_the_request_may_have_carried_it() {
    let server = Server::new(&[String::new(), http(200, FEATURE)]);
    assert_eq!(handed_over(server.put(&AtomicBool::default())), (true, true));
    assert!(answered(server.get()).is_some());
}

#[test]
fn after_five_in_a_row_the_aws_sdk_is_asked_first() {
    let mut answers = vec![http(500, "{}"); 4];
    answers.push(http(200, FEATURE));
    answers.extend(vec![http(500, "{}"); 25]);
    let server = Server::new(&answers);
    for _ in 0..4 {
        assert_eq!(handed_over(server.get()), (true, true));
    }
    assert!(answered(server.get()).is_some());
    for _ in 0..5 {
        assert_eq!(handed_over(server.get()), (true, true));
    }
    // One in a second is tried.
    assert!((0..20).any(|_| handed_over(server.get()) == (false, false)));
}

#[test]
fn an_attempt_has_its_time_and_what_its_bytes_need() {
    let server = Server::new(&[]);
    let mut direct = server.direct;
    direct.attempt_timeout = Some(Duration::from_secs(10));
    for surplus in [Duration::ZERO, Duration::from_secs(60)] {
        let before = Instant::now();
        let deadline = direct.deadline(surplus);
        let wanted = Duration::from_secs(10) + surplus;
        assert!(before + wanted <= deadline && deadline <= Instant::now() + wanted);
    }
    direct.attempt_timeout = None;
    let day = Duration::from_secs(86_400);
    let before = Instant::now();
    let deadline = direct.deadline(Duration::ZERO);
    assert!(before + day <= deadline && deadline <= Instant::now() + day);
}

#[test]
fn an_operation_is_named_without_its_version() {
    assert_eq!(operation(encode::GET_ITEM), "GetItem");
    assert_eq!(operation("nothing"), "nothing");
}
