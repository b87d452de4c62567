//! The answers on the AWS SDK's connections: never longer than memory allows, never altered on the way, and DynamoDB's never empty.

use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body::{Body, Frame, SizeHint};

/// DynamoDB's answers have at most 16 MB, and mostly 1.
pub(super) const MAXIMUM_BODY: usize = 32 << 20;
const CHECKSUM: &str = "x-amz-crc32";

/// A connector whose answers end in an error where they are not what they should be, which the AWS SDK retries as it does a broken
/// connection.
#[derive(Debug)]
pub(super) struct Bounded {
    connector: SharedHttpConnector,
    is_dynamodb: bool,
}

impl Bounded {
    pub(super) fn new(connector: SharedHttpConnector, is_dynamodb: bool) -> Self {
        Bounded { connector, is_dynamodb }
    }
}

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.connector.call(request);
        let is_dynamodb = self.is_dynamodb;
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            let expected = response.headers().get(CHECKSUM);
            let expected = expected.map(|number| number.parse().ok());
            let may_be_empty = !(is_dynamodb && response.status().is_success());
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(BoundedBody {
                body,
                length: 0,
                may_be_empty,
                expected,
                hasher: crc32fast::Hasher::new(),
            });
            Ok(response)
        })
    }
}

struct BoundedBody {
    body: SdkBody,
    length: usize,
    may_be_empty: bool,
    /// The checksum that it came with; `Some(None)` where the header held no number. The AWS SDK does not look at it.
    expected: Option<Option<u32>>,
    hasher: crc32fast::Hasher,
}

impl BoundedBody {
    fn note(&mut self, data: &[u8]) -> Result<(), &'static str> {
        self.length = self.length.saturating_add(data.len());
        if self.length > MAXIMUM_BODY {
            return Err("the body of the answer is over 32 MB");
        }
        if self.expected.is_some() {
            self.hasher.update(data);
        }
        Ok(())
    }

    fn judge(&self) -> Result<(), &'static str> {
        if self.length == 0 && !self.may_be_empty {
            return Err("the answer is empty, which DynamoDB's never are");
        }
        match self.expected {
            Some(expected) if expected != Some(self.hasher.clone().finalize()) => {
                Err("the body does not fit its checksum: it was altered on the way")
            }
            _ => Ok(()),
        }
    }
}

impl Body for BoundedBody {
    type Data = <SdkBody as Body>::Data;
    type Error = <SdkBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let judged = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(Ok(()), |data| self.note(data)),
            Poll::Ready(None) => self.judge(),
            _ => Ok(()),
        };
        match judged {
            Ok(()) => polled,
            Err(reason) => Poll::Ready(Some(Err(reason.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How a body begins that is no JSON object: DynamoDB's always are.
pub(super) fn foreign_beginning(body: &[u8]) -> Option<String> {
    const SHOWN: usize = 60;
    let body = body.trim_ascii_start();
    if body.is_empty() || body.starts_with(b"{") {
        return None;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN)]);
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ").chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_what_dynamodb_never_says_is_shown_on_one_line() {
        let page = b"\n<html>\r\n <body>  Log in to this network </body>\xff";
        let shown = foreign_beginning(page).expect("no JSON");
        assert_eq!(shown, "<html> <body> Log in to this network </body>\u{fffd}");
        assert_eq!(foreign_beginning(b" {\"Item\":"), None);
        assert_eq!(foreign_beginning(b" "), None);
        assert_eq!(
            foreign_beginning("é".repeat(1000).as_bytes())
                .expect("no JSON")
                .chars()
                .count(),
            60
        );
    }
}
