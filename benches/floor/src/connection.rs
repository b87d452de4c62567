//! One HTTP/1.1 connection that is kept, in plain text or over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::signing::{Signer, CONTENT_TYPE};

const READ_AT_ONCE: usize = 64 * 1024;

/// Where requests go; over TLS with the certificates of `AWS_CA_BUNDLE`.
pub struct Endpoint {
    host: String,
    tls: Option<Arc<ClientConfig>>,
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

pub struct Connection {
    stream: Box<dyn Stream>,
    host: String,
    signer: Signer,
    sent: Vec<u8>,
    received: Vec<u8>,
}

pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Endpoint {
    pub fn new(address: &str) -> Self {
        let (scheme, host) = address.split_once("://").expect("ENDPOINT is a URL");
        Endpoint {
            host: host.to_owned(),
            tls: (scheme == "https").then(tls_configuration),
        }
    }

    pub fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.host).expect("the engine accepts connections");
        stream.set_nodelay(true).expect("a socket");
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(configuration) => {
                let (name, _) = self.host.rsplit_once(':').expect("ENDPOINT has a port");
                let name = ServerName::try_from(name.to_owned()).expect("a host name");
                let client = ClientConnection::new(Arc::clone(configuration), name).expect("TLS");
                Box::new(StreamOwned::new(client, stream))
            }
        };
        Connection {
            stream,
            host: self.host.clone(),
            signer: Signer::new(&self.host),
            sent: Vec::new(),
            received: vec![0; READ_AT_ONCE],
        }
    }
}

fn tls_configuration() -> Arc<ClientConfig> {
    let bundle = std::env::var("AWS_CA_BUNDLE").expect("AWS_CA_BUNDLE names the root certificates");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(bundle).expect("a PEM file") {
        roots
            .add(certificate.expect("a certificate"))
            .expect("a root certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let configuration = versions.expect("TLS versions").with_root_certificates(roots);
    Arc::new(configuration.with_no_client_auth())
}

impl Connection {
    /// Sends one signed request and reads the answer, which has a `Content-Length`.
    pub fn post(&mut self, operation: &str, body: &[u8]) -> Answer<'_> {
        let target = format!("DynamoDB_20120810.{operation}");
        let signature = self.signer.sign(&target, body);
        self.sent.clear();
        write!(
            self.sent,
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: {CONTENT_TYPE}\r\nx-amz-target: {target}\r\nx-amz-date: {}\r\n\
             authorization: {}\r\ncontent-length: {}\r\n\r\n",
            self.host,
            signature.date,
            signature.authorization,
            body.len()
        )
        .expect("a Vec takes all");
        self.sent.extend_from_slice(body);
        self.stream.write_all(&self.sent).expect("the engine reads");
        self.stream.flush().expect("the engine reads");

        let mut filled = 0;
        let head = loop {
            filled += self.read(filled);
            if let Some(head) = parse_head(&self.received[..filled]) {
                break head;
            }
        };
        let end = head.length + head.content_length;
        if self.received.len() < end {
            self.received.resize(end, 0);
        }
        while filled < end {
            filled += self.read(filled);
        }
        Answer {
            status: head.status,
            body: &self.received[head.length..end],
        }
    }

    fn read(&mut self, filled: usize) -> usize {
        let count = self
            .stream
            .read(&mut self.received[filled..])
            .expect("the engine answers");
        assert!(count > 0, "the engine closed the connection within an answer");
        count
    }
}

struct Head {
    length: usize,
    status: u16,
    content_length: usize,
}

fn parse_head(bytes: &[u8]) -> Option<Head> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes).expect("HTTP") else {
        return None;
    };
    let mut headers = response.headers.iter();
    let content_length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let content_length = std::str::from_utf8(content_length.expect("a Content-Length").value);
    Some(Head {
        length,
        status: response.code.expect("a status"),
        content_length: content_length.expect("digits").parse().expect("a number"),
    })
}
