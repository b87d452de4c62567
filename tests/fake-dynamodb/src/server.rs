//! The listener and its connections.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::endpoint::Endpoint;
use crate::service;

/// TLS with a certificate chain and a key from PEM files.
pub fn tls(certificates: &Path, key: &Path) -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_file_iter(certificates)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

pub async fn run(listener: TcpListener, tls: Option<TlsAcceptor>, endpoint: Arc<Endpoint>) -> io::Result<()> {
    loop {
        let stream = accept(&listener).await?;
        let endpoint = endpoint.clone();
        match tls.clone() {
            None => {
                tokio::spawn(serve(stream, endpoint));
            }
            Some(tls) => {
                tokio::spawn(async move {
                    // A client that distrusts the certificate is its own test's matter.
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, endpoint).await;
                    }
                });
            }
        }
    }
}

/// The next client.
pub async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            // The client went away in the queue.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, endpoint: Arc<Endpoint>) {
    let peer = endpoint.connections.lock().unwrap().open();
    let service = service_fn(|request| service::handle(endpoint.clone(), peer.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut closing = false;
    loop {
        tokio::select! {
            // Errors are broken connections, on purpose or by the client.
            _ = connection.as_mut() => break,
            () = peer.close.notified(), if !closing => {
                connection.as_mut().graceful_shutdown();
                closing = true;
            }
        }
    }
    endpoint.connections.lock().unwrap().closed(&peer);
}
