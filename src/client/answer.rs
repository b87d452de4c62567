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
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use futures_util::future::{poll_fn, FutureExt};

    use super::*;

    const NINE: &str = "123456789";
    /// The checksum of these nine digits, as its authors give it.
    const CHECKSUM_OF_NINE: u32 = 0xCBF4_3926;

    #[derive(Debug)]
    struct Answers(u16, Option<String>, Vec<u8>);

    impl HttpConnector for Answers {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let mut response = HttpResponse::new(self.0.try_into().expect("a status"), SdkBody::from(self.2.clone()));
            if let Some(checksum) = &self.1 {
                response.headers_mut().insert(CHECKSUM, checksum.clone());
            }
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    fn bounded(is_dynamodb: bool, answers: Answers) -> SdkBody {
        let bounded = Bounded::new(SharedHttpConnector::new(answers), is_dynamodb);
        let response = bounded.call(HttpRequest::empty()).now_or_never().expect("no wait");
        response.expect("an answer").into_body()
    }

    /// How many bytes are read, or why not all of them.
    fn read(is_dynamodb: bool, status: u16, checksum: Option<&str>, body: impl Into<Vec<u8>>) -> Result<usize, String> {
        let mut body = bounded(is_dynamodb, Answers(status, checksum.map(str::to_owned), body.into()));
        let mut length = 0;
        loop {
            let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            match frame.now_or_never().expect("no wait") {
                Some(Ok(frame)) => length += frame.data_ref().expect("data").len(),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Ok(length),
            }
        }
    }

    #[test]
    fn an_answer_that_was_altered_is_an_error() {
        let right = CHECKSUM_OF_NINE.to_string();
        for is_dynamodb in [false, true] {
            for status in [200, 400, 500] {
                assert_eq!(read(is_dynamodb, status, None, NINE), Ok(9));
                assert_eq!(read(is_dynamodb, status, Some(&right), NINE), Ok(9));
                for wrong in [(CHECKSUM_OF_NINE + 1).to_string(), "a word".to_owned()] {
                    let error = read(is_dynamodb, status, Some(&wrong), NINE).expect_err(&wrong);
                    assert!(error.contains("altered on the way"), "{error}");
                }
            }
        }
    }

    #[test]
    fn of_empty_answers_only_a_success_of_dynamodb_s_is_an_error() {
        for (is_dynamodb, status) in [
            (false, 200),
            (false, 500),
            (true, 199),
            (true, 300),
            (true, 400),
            (true, 500),
        ] {
            assert_eq!(read(is_dynamodb, status, None, ""), Ok(0), "{is_dynamodb} {status}");
        }
        for status in [200, 299] {
            let error = read(true, status, None, "").expect_err("nothing");
            assert!(error.contains("the answer is empty"), "{error}");
        }
        assert_eq!(read(true, 200, None, "{"), Ok(1));
    }

    #[test]
    fn an_answer_ends_where_memory_would() {
        assert_eq!(read(true, 200, None, vec![b' '; MAXIMUM_BODY]), Ok(MAXIMUM_BODY));
        let error = read(true, 200, None, vec![b' '; MAXIMUM_BODY + 1]).expect_err("too long");
        assert!(error.contains("over 32 MB"), "{error}");
    }

    #[test]
    fn how_long_an_answer_is_stays_known() {
        let body = bounded(true, Answers(200, None, NINE.into()));
        assert_eq!(body.size_hint().exact(), Some(9));
    }

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
