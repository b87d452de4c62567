//! Another engine behind this address: requests go on to it, and they and their answers are altered on the way.

mod difference;
mod texts;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

pub use difference::Difference;

use crate::answer::{response, whole, AnswerBody, Broken, CHECKSUM};
use crate::server;

/// Serves clients with what the engine at `host` answers.
pub async fn run(listener: TcpListener, host: String, differences: Vec<Difference>) -> io::Result<()> {
    let host: Arc<str> = host.into();
    let differences: Arc<[Difference]> = differences.into();
    loop {
        let stream = server::accept(&listener).await?;
        let engine = Arc::new(Engine {
            host: Arc::clone(&host),
            differences: Arc::clone(&differences),
            connection: Mutex::new(None),
        });
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let engine = Arc::clone(&engine);
                async move { engine.answer(request).await }
            });
            // Errors are connections that the client or the engine broke.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The engine as one client sees it.
struct Engine {
    host: Arc<str>,
    differences: Arc<[Difference]>,
    connection: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Engine {
    /// Whatever breaks on the way to the engine breaks for the client, too.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, Broken> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        let is_control = parts.uri.path().starts_with("/_control/");
        let differences = if is_control { &[] } else { &*self.differences };
        if let Some(refusal) = differences.iter().find_map(|difference| difference.refuses(&body)) {
            let body = refusal.body();
            let checksum = crc32fast::hash(&body);
            return Ok(response(refusal.status, whole(body), checksum));
        }
        let (mut parts, body) = self.send(Request::from_parts(parts, Full::new(body))).await?;
        let altered = differences.iter().fold(body.to_vec(), |body, difference| {
            difference.alter(parts.status.as_u16(), body)
        });
        parts.headers.remove(TRANSFER_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
        if parts.headers.contains_key(CHECKSUM) {
            parts.headers.insert(CHECKSUM, crc32fast::hash(&altered).into());
        }
        for difference in differences {
            difference.alter_headers(parts.status, &mut parts.headers);
        }
        let body = if differences.contains(&Difference::NoContentLength) {
            AnswerBody::Unmeasured(Full::new(altered.into()))
        } else {
            whole(altered)
        };
        Ok(Response::from_parts(parts, body))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(hyper::http::response::Parts, Bytes), Broken> {
        let mut connection = self.connection.lock().await;
        if connection.as_ref().is_none_or(SendRequest::is_closed) {
            *connection = Some(self.connect().await.map_err(|_| Broken)?);
        }
        let sender = connection.as_mut().ok_or(Broken)?;
        let (parts, body) = sender.send_request(request).await.map_err(|_| Broken)?.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?;
        Ok((parts, body.to_bytes()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&*self.host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
