//! Requests over TLS, against a certificate authority of the tests' own.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::client::direct::tls::client_config;

#[allow(dead_code)]
#[path = "../../../../../tests/support/certificates.rs"]
mod certificates;
#[allow(dead_code)]
#[path = "../../../../../tests/support/place.rs"]
mod place;

use certificates::Certificates;

/// Has `serve` talk over TLS.
fn start(
    certificates: &Certificates,
    serve: impl Fn(usize, StreamOwned<ServerConnection, TcpStream>) + Send + Sync + 'static,
) -> Server {
    let chain = CertificateDer::pem_file_iter(&certificates.chain).expect("a chain");
    let chain = chain.collect::<Result<_, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(&certificates.key).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    Server::start(move |number, stream| {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        serve(number, StreamOwned::new(session, stream.try_clone().expect("a stream")));
    })
}

fn asked(stream: &mut impl Read) -> bool {
    let mut request = [0; REQUEST.len()];
    stream.read_exact(&mut request).is_ok_and(|()| request == REQUEST)
}

fn answer(stream: &mut impl Write, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
}

fn place(server: &Server, host: &str, trusted: &Certificates) -> Place {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(&trusted.authority).expect("an authority");
    roots.add(authority).expect("an authority");
    Place {
        tls: Some(client_config(roots).expect("a configuration")),
        ..server.place(host, |_, _| Ok(vec!["127.0.0.1".parse().unwrap()]))
    }
}

#[test]
fn requests_share_a_connection_and_connections_a_session() {
    let certificates = Certificates::make();
    let server = start(&certificates, |number, mut stream| {
        while asked(&mut stream) {
            let is_resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            answer(&mut stream, &format!("{number} {is_resumed}"));
        }
    });
    for host in ["localhost", "127.0.0.1"] {
        let before = server.connections();
        let pool = Pool::new(place(&server, host, &certificates), 4);
        let first = format!("{before} false");
        assert_eq!((body(&pool), body(&pool)), (first.clone(), first));
        age(&pool, 49);
        assert_eq!(body(&pool), format!("{before} false"));
        age(&pool, 51);
        assert_eq!(body(&pool), format!("{} true", before + 1));
    }
}

#[test]
fn long_requests_and_answers_pass() {
    const LENGTH: usize = 3 << 20;
    let certificates = Certificates::make();
    let long: String = ('a'..='z').cycle().take(LENGTH).collect();
    let (question, reply) = (long.clone(), long.clone());
    let server = start(&certificates, move |_, mut stream| {
        let mut received = vec![0; LENGTH];
        while stream.read_exact(&mut received).is_ok() {
            assert!(received == question.as_bytes());
            answer(&mut stream, &reply);
        }
    });
    let pool = Pool::new(place(&server, "localhost", &certificates), 4);
    for _ in 0..2 {
        let deadline = Instant::now() + Duration::from_secs(60);
        let exchange = pool.exchange(|bytes, _| bytes.extend_from_slice(long.as_bytes()), deadline);
        assert!(exchange.expect("an answer").body() == long.as_bytes());
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_that_ends_an_idle_connection_politely_has_it_replaced() {
    let certificates = Certificates::make();
    let (ends, ended) = std::sync::mpsc::channel();
    let server = start(&certificates, move |number, mut stream| {
        assert!(asked(&mut stream));
        answer(&mut stream, &number.to_string());
        stream.conn.send_close_notify();
        let _ = stream.flush();
        let _ = ends.send(());
        // Without the end of the connection below.
        std::thread::sleep(Duration::from_secs(30));
    });
    let pool = Pool::new(place(&server, "localhost", &certificates), 4);
    assert_eq!(body(&pool), "0");
    ended.recv().expect("the server ends the connection");
    // What was sent comes soon after; and longer than an idle connection is trusted without a look.
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_quiet = || pool.lock().is_ok_and(|idle| idle[0].connection.is_quiet());
    while is_quiet() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(2 * TRUSTED_IDLE);
    assert_eq!(body(&pool), "1");
}

#[test]
fn a_certificate_that_is_not_trusted_gets_no_request() {
    let certificates = Certificates::make();
    let others = Certificates::make();
    let (tells, told) = std::sync::mpsc::channel();
    // A panic of the server's thread would be nobody's.
    let server = start(&certificates, move |_, mut stream| {
        let mut byte = [0];
        let _ = tells.send(stream.read(&mut byte).is_ok_and(|count| count > 0));
    });
    for (host, trusted) in [("localhost", &others), ("other.example", &certificates)] {
        let broken = broken(&Pool::new(place(&server, host, trusted), 4));
        let Why::NotConnected(error) = &broken.why else {
            panic!("{broken:?}");
        };
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        assert!(matches!(cause, Some(rustls::Error::InvalidCertificate(_))), "{error}");
        assert!(!broken.was_sent);
        let has_come = told.recv_timeout(Duration::from_secs(10)).expect("a connection");
        assert!(!has_come, "{host}: something of the request came to the server");
    }
}

#[test]
fn a_handshake_ends_at_the_time_for_connecting() {
    let certificates = Certificates::make();
    // A record of 5 bytes and 100 more, one byte now and then.
    let slow = Server::start(|_, stream| {
        let record = [22, 3, 3, 0, 100].into_iter().chain([0; 100]);
        for byte in record {
            let _ = stream.write_all(&[byte]);
            std::thread::sleep(Duration::from_millis(30));
        }
    });
    let silent = Server::start(|_, _| std::thread::sleep(Duration::from_secs(3)));
    for server in [slow, silent] {
        let place = Place {
            connect_timeout: Some(Duration::from_millis(200)),
            ..place(&server, "localhost", &certificates)
        };
        let pool = Pool::new(place, 4);
        let began = Instant::now();
        let broken = broken(&pool);
        assert!(matches!(broken.why, Why::TimedOut) && !broken.was_sent, "{broken:?}");
        // Either server takes three seconds.
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    }
}

#[test]
fn of_two_addresses_that_say_nothing_the_second_has_all_the_time_that_is_left() {
    const LIMIT: Duration = Duration::from_millis(400);
    let certificates = Certificates::make();
    let silent = Server::start(|_, _| std::thread::sleep(Duration::from_secs(30)));
    let place = Place {
        connect_timeout: Some(LIMIT),
        look_up: Arc::new(|_, _| Ok(vec!["127.0.0.1".parse().unwrap(); 2])),
        ..place(&silent, "localhost", &certificates)
    };
    let began = Instant::now();
    assert!(matches!(broken(&Pool::new(place, 4)).why, Why::TimedOut));
    assert!(began.elapsed() >= LIMIT, "{:?}", began.elapsed());
    assert_eq!(silent.connections(), 2);
}
