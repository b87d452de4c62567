//! An answer on the wire: headers, checksum, and bodies that end too early.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{HeaderName, HeaderValue, CONTENT_TYPE};
use hyper::{Response, StatusCode};
use tokio::time::Sleep;

pub const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-crc32");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const CONTENT: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// The body of an answer.
pub enum AnswerBody {
    Whole(Full<Bytes>),
    /// Whole, but its length is not told.
    Unmeasured(Full<Bytes>),
    Truncated(Truncated),
}

/// Announces more bytes than it gives, and then breaks the connection.
pub struct Truncated {
    part: Option<Bytes>,
    announced: u64,
    /// What was given has to reach the client before the connection breaks.
    pause: Pin<Box<Sleep>>,
}

const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for Broken {}

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Broken {
        match never {}
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            AnswerBody::Whole(body) | AnswerBody::Unmeasured(body) => {
                Pin::new(body).poll_frame(context).map_err(Broken::from)
            }
            AnswerBody::Truncated(body) => match body.part.take() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => body.pause.as_mut().poll(context).map(|()| Some(Err(Broken))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Whole(body) => body.is_end_stream(),
            AnswerBody::Unmeasured(_) | AnswerBody::Truncated(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Whole(body) => body.size_hint(),
            AnswerBody::Unmeasured(_) => SizeHint::default(),
            AnswerBody::Truncated(body) => SizeHint::with_exact(body.announced),
        }
    }
}

pub fn whole(body: impl Into<Bytes>) -> AnswerBody {
    AnswerBody::Whole(Full::new(body.into()))
}

/// So many bytes of a body that is announced whole; at least one is kept back.
pub fn truncated(body: Vec<u8>, bytes: usize) -> AnswerBody {
    let announced = body.len() as u64;
    let part = Bytes::from(body).split_to(bytes.min(announced.saturating_sub(1) as usize));
    AnswerBody::Truncated(Truncated {
        part: Some(part),
        announced,
        pause: Box::pin(tokio::time::sleep(PAUSE)),
    })
}

/// An answer of the service.
pub fn response(status: u16, body: AnswerBody, checksum: u32) -> Response<AnswerBody> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:052X}", LAST.fetch_add(1, Ordering::Relaxed) + 1);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, CONTENT);
    headers.insert(CHECKSUM, HeaderValue::from(checksum));
    headers.insert(REQUEST_ID, HeaderValue::try_from(id).expect("digits"));
    response
}

/// Alters one byte inside the body, a letter or digit for another where there is one, so that it stays JSON.
pub fn alter_one_byte(body: &mut [u8]) {
    let middle = body.len() / 2;
    let plain = |index: &usize| {
        // A letter behind a backslash is an escape.
        body[*index].is_ascii_alphanumeric() && (*index == 0 || body[*index - 1] != b'\\')
    };
    let found = (middle..body.len())
        .find(plain)
        .or_else(|| (0..middle).rev().find(plain));
    if let Some(byte) = body.get_mut(found.unwrap_or(middle)) {
        *byte = match *byte {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => *byte + 1,
            b'9' => b'1',
            b'z' => b'a',
            b'Z' => b'A',
            other => other ^ 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_altered() {
        for original in [
            &br#"{"Item":{"key":{"S":"flag"}}}"#[..],
            b"{}",
            br#"{"a":"\n\n\n"}"#,
            b"9z9z",
        ] {
            let mut altered = original.to_vec();
            alter_one_byte(&mut altered);
            assert_eq!(
                original
                    .iter()
                    .zip(&altered)
                    .filter(|(left, right)| left != right)
                    .count(),
                1
            );
            assert_ne!(crc32fast::hash(original), crc32fast::hash(&altered));
        }
        let mut item = br#"{"a":{"S":"text"}}"#.to_vec();
        alter_one_byte(&mut item);
        assert!(serde_json::from_slice::<serde_json::Value>(&item).is_ok());
    }
}
