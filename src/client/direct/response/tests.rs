//! What servers may answer, and how each of it ends.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::*;

/// Reads an answer on a connection whose other end `serve` has.
fn read_from(
    milliseconds: u64,
    serve: impl FnOnce(TcpStream) + Send + 'static,
) -> (Result<Answer, Unanswered>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || serve(listener.accept().expect("a connection").0));
    let deadline = Instant::now() + Duration::from_millis(milliseconds);
    let mut connection = Connection::plain(crate::process::generation(), address, deadline).expect("a connection");
    let mut bytes = Vec::new();
    let outcome = read(&mut connection, &mut bytes, deadline);
    drop(connection);
    server.join().expect("no panic");
    (outcome, bytes)
}

/// The same, where the server sends this and closes the connection.
fn read_all(answer: &str) -> (Result<Answer, Unanswered>, Vec<u8>) {
    let answer = answer.to_owned();
    read_from(5000, move |mut stream| {
        // The reader may have had enough.
        let _ = stream.write_all(answer.as_bytes());
    })
}

fn malformed(answer: &str) -> Malformed {
    match read_all(answer).0 {
        Err(Unanswered::Malformed(malformed)) => malformed,
        other => panic!("{answer:.200}: {other:?}"),
    }
}

#[test]
fn an_answer_is_read_with_what_its_head_says() {
    let (answer, bytes) = read_all(
        "HTTP/1.1 400 Bad Request\r\nDate:  Fri, 27 Nov 2026 10:00:00 GMT \r\nCONTENT-LENGTH: 4\r\nContent-Length: 4\r\n\
         x-amz-crc32: 3984772368\r\nConnection: keep-alive, Close\r\n\r\nabcd",
    );
    // As `crc32` of zlib has it.
    assert_eq!(crc32fast::hash(b"abcd"), 3_984_772_369);
    assert!(matches!(answer, Err(Unanswered::Malformed(Malformed::Checksum))));
    drop(bytes);
    let (answer, bytes) = read_all(
        "HTTP/1.1 400 Bad Request\r\nDate:  Fri, 27 Nov 2026 10:00:00 GMT \r\nCONTENT-LENGTH: 4\r\nContent-Length: 4\r\n\
         x-amz-crc32: 3984772369\r\nConnection: keep-alive, Close\r\n\r\nabcd",
    );
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, &bytes[answer.body]), (400, &b"abcd"[..]));
    assert_eq!(&bytes[answer.date.expect("a date")], b"Fri, 27 Nov 2026 10:00:00 GMT");
    assert!(answer.closes);
}

#[test]
fn an_answer_without_extras_keeps_its_connection() {
    let (answer, bytes) = read_all("HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n");
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, bytes[answer.body].len()), (301, 0));
    assert!(answer.date.is_none() && !answer.closes);
}

#[test]
fn what_dynamodb_never_answers_is_refused() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let long = "x".repeat(70_000);
    let many = "a: b\r\n".repeat(65);
    for (answer, expected) in [
        ("<html>no DynamoDB</html>".to_owned(), Malformed::NotHttp),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            Malformed::Version(200),
        ),
        ("HTTP/2 200\r\nContent-Length: 0\r\n\r\n".to_owned(), Malformed::NotHttp),
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), Malformed::Informational),
        (
            format!("HTTP/1.1 103 Early Hints\r\n\r\n{ok}Content-Length: 0\r\n\r\n"),
            Malformed::Informational,
        ),
        (
            format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"),
            Malformed::TransferEncoding(200),
        ),
        (
            format!("{ok}Content-Length: 2\r\nTransfer-Encoding: identity\r\n\r\n{{}}"),
            Malformed::TransferEncoding(200),
        ),
        (format!("{ok}\r\n{{}}"), Malformed::NoLength(200)),
        (
            format!("{ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
            Malformed::DifferentLengths,
        ),
        (format!("{ok}Content-Length: 2, 2\r\n\r\n{{}}"), Malformed::Length),
        (format!("{ok}Content-Length: +2\r\n\r\n{{}}"), Malformed::Length),
        (format!("{ok}Content-Length: -2\r\n\r\n{{}}"), Malformed::Length),
        (format!("{ok}Content-Length:\r\n\r\n{{}}"), Malformed::Length),
        (
            format!("{ok}Content-Length: 99999999999999999999999\r\n\r\n{{}}"),
            Malformed::BodyTooLong,
        ),
        (format!("{ok}Content-Length: 2\r\n\r\n{{}}x"), Malformed::BytesAfterBody),
        (format!("{ok}Content-Length: 3\r\n\r\n{{}}"), Malformed::EndInTheMiddle),
        ("HTTP/1.1 200 OK\r\nContent-".to_owned(), Malformed::EndInTheMiddle),
        ("H".to_owned(), Malformed::EndInTheMiddle),
        (
            format!("{ok}x: {long}\r\nContent-Length: 2\r\n\r\n{{}}"),
            Malformed::HeadTooLong,
        ),
        (
            format!("{ok}{many}Content-Length: 2\r\n\r\n{{}}"),
            Malformed::HeadTooLong,
        ),
        (
            format!("{ok}Content-Length: 2\r\nx-amz-crc32: 1\r\n\r\n{{}}"),
            Malformed::Checksum,
        ),
        (
            format!("{ok}Content-Length: 2\r\nx-amz-crc32: none\r\n\r\n{{}}"),
            Malformed::Checksum,
        ),
        (
            format!("{ok}Content-Length: 2\r\nx-amz-crc32: 9999999999\r\n\r\n{{}}"),
            Malformed::Checksum,
        ),
    ] {
        assert_eq!(malformed(&answer), expected, "{answer:.200}");
        assert!(expected.to_string().len() < 300);
    }
}

#[test]
fn an_end_before_the_first_byte_is_told_apart() {
    let ended = read_all("").0;
    assert!(matches!(ended, Err(Unanswered::Failed(error)) if error.kind() == io::ErrorKind::UnexpectedEof));
}

#[test]
fn memory_is_taken_for_what_came_and_not_for_what_was_promised() {
    let promise = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{}}");
    let (outcome, bytes) = read_all(&promise(MAXIMUM_BODY + 1));
    assert!(matches!(outcome, Err(Unanswered::Malformed(Malformed::BodyTooLong))));
    assert!(bytes.capacity() <= FIRST_BYTES, "{}", bytes.capacity());
    let (outcome, bytes) = read_all(&promise(MAXIMUM_BODY));
    assert!(matches!(outcome, Err(Unanswered::Malformed(Malformed::EndInTheMiddle))));
    assert!(bytes.capacity() <= FIRST_BYTES, "{}", bytes.capacity());
    // A head without an end takes no more than it may have.
    let (_, bytes) = read_all(&format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(4 << 20)));
    assert!(bytes.capacity() <= 2 * MAXIMUM_HEAD, "{}", bytes.capacity());
}

#[test]
fn a_long_answer_is_read_whole_and_its_memory_given_back() {
    let body: String = ('a'..='z').cycle().take(5 << 20).collect();
    let checksum = crc32fast::hash(body.as_bytes());
    let head = format!(
        "HTTP/1.1 200 OK\r\nx-amz-crc32: {checksum}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (answer, mut bytes) = read_all(&format!("{head}{body}"));
    let answer = answer.expect("an answer");
    assert_eq!(bytes[answer.body], *body.as_bytes());
    assert!(bytes.len() <= head.len() + body.len() + 1);
    shrink(&mut bytes, KEPT_BYTES);
    assert_eq!(bytes.capacity(), KEPT_BYTES);
    let mut small = vec![0; FIRST_BYTES];
    shrink(&mut small, KEPT_BYTES);
    assert_eq!(small.len(), FIRST_BYTES);
}

#[test]
fn an_answer_may_come_byte_by_byte() {
    let (answer, bytes) = read_from(10_000, |mut stream| {
        stream.set_nodelay(true).expect("no delay");
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"Item\": {}}" {
            stream.write_all(&[*byte]).expect("sent");
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(&bytes[answer.expect("an answer").body], b"{\"Item\": {}}");
}

#[test]
fn a_slow_answer_ends_at_the_deadline() {
    let began = Instant::now();
    let (outcome, _) = read_from(300, |mut stream| {
        let slowly = |byte: &u8| {
            std::thread::sleep(Duration::from_millis(50));
            stream.write_all(&[*byte]).is_ok()
        };
        // Until the reader has gone away.
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n".iter().all(slowly);
    });
    let Err(Unanswered::Failed(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    // The whole takes two seconds, and the server's thread notices within two of its bytes.
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}
