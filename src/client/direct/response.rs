//! One HTTP/1.1 answer, as DynamoDB gives it: with a `Content-Length`, and a checksum. Everything else is refused.

use std::fmt;
use std::io;
use std::ops::Range;
use std::time::Instant;

use super::connection::Connection;
use crate::client::answer::MAXIMUM_BODY;

const MAXIMUM_HEAD: usize = 64 << 10;
const MAXIMUM_HEADERS: usize = 64;
/// What is received at once at first: the answer to most requests.
const FIRST_BYTES: usize = 16 << 10;
/// How much of the memory for an answer is kept for the next: that of a page, whose 1 MB is more as JSON.
pub(super) const KEPT_BYTES: usize = 4 << 20;
/// What a request and an answer have room for in any case.
pub(super) const LITTLE_BYTES: usize = 64 << 10;

/// Where the parts of a complete answer are in the bytes that were read.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Range<usize>,
    /// The header, as it came.
    pub(crate) date: Option<Range<usize>>,
    /// The server closes the connection after this.
    pub(crate) closes: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The connection's; its end in the middle of an answer is [`Malformed::EndInTheMiddle`].
    Failed(io::Error),
    Malformed(Malformed),
}

/// What was wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    NotHttp,
    /// Another HTTP, which the AWS SDK reads, with the status.
    Version(u16),
    /// As above.
    TransferEncoding(u16),
    /// As above.
    NoLength(u16),
    Informational,
    HeadTooLong,
    Length,
    DifferentLengths,
    BodyTooLong,
    BytesAfterBody,
    EndInTheMiddle,
    Checksum,
}

impl Malformed {
    /// The status of an answer that is well-formed in another HTTP.
    pub(crate) fn status_in_another_http(self) -> Option<u16> {
        match self {
            Malformed::Version(status) | Malformed::TransferEncoding(status) | Malformed::NoLength(status) => {
                Some(status)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::NotHttp => "the answer is not HTTP",
            Malformed::Version(_) => "the answer is not HTTP/1.1",
            Malformed::Informational => "the answer has a status below 200",
            Malformed::HeadTooLong => "the head of the answer is over 64 KB or has over 64 headers",
            Malformed::TransferEncoding(_) => "the answer has a Transfer-Encoding",
            Malformed::NoLength(_) => "the answer has no Content-Length",
            Malformed::Length => "the Content-Length of the answer is not a number",
            Malformed::DifferentLengths => "the answer has two different values of Content-Length",
            Malformed::BodyTooLong => "the body of the answer is over 32 MB",
            Malformed::BytesAfterBody => "more bytes came than the Content-Length of the answer says",
            Malformed::EndInTheMiddle => "the connection ended in the middle of the answer",
            Malformed::Checksum => "the body does not fit its checksum: it was altered on the way",
        })
    }
}

impl From<Malformed> for Unanswered {
    fn from(malformed: Malformed) -> Self {
        Unanswered::Malformed(malformed)
    }
}

/// Reads the next answer on `connection` into `bytes`, whose memory is used again.
pub(crate) fn read(connection: &mut Connection, bytes: &mut Vec<u8>, deadline: Instant) -> Result<Answer, Unanswered> {
    let mut received = 0;
    let head = loop {
        received += receive(connection, bytes, received, usize::MAX, deadline)?;
        match Head::parse(&bytes[..received])? {
            Some(head) => break head,
            None if received >= MAXIMUM_HEAD => return Err(Malformed::HeadTooLong.into()),
            None => {}
        }
    };
    let end = head.length + head.body_length;
    while received < end {
        received += receive(connection, bytes, received, end, deadline)?;
    }
    if received > end {
        return Err(Malformed::BytesAfterBody.into());
    }
    let body = head.length..end;
    if let Some(expected) = head.checksum {
        if expected != Some(crc32fast::hash(&bytes[body.clone()])) {
            return Err(Malformed::Checksum.into());
        }
    }
    Ok(Answer {
        status: head.status,
        body,
        date: head.date,
        closes: head.closes,
    })
}

/// Gives back what is more than an idle connection may keep.
pub(crate) fn shrink(bytes: &mut Vec<u8>, kept: usize) {
    if bytes.capacity() > kept {
        bytes.truncate(kept);
        bytes.shrink_to(kept);
    }
}

/// Leaves the memory that has room for a page to the connection that is used next; what the other one need not keep is returned.
pub(crate) fn pass_on(other: &mut Vec<u8>, next: &mut Vec<u8>) -> Option<Vec<u8>> {
    if other.capacity() > next.capacity() {
        std::mem::swap(other, next);
    }
    (other.capacity() > LITTLE_BYTES).then(|| std::mem::take(other))
}

/// Receives behind the first `received` bytes, of which there will be `end`, and one more where the server sends more.
fn receive(
    connection: &mut Connection,
    bytes: &mut Vec<u8>,
    received: usize,
    end: usize,
    deadline: Instant,
) -> Result<usize, Unanswered> {
    if received == bytes.len() {
        // Twice what came, or a page at once: what is promised beyond has to come first.
        let least = if end == usize::MAX { FIRST_BYTES } else { KEPT_BYTES };
        let length = (2 * received).max(least).min(end.saturating_add(1));
        // Memory that the system gives out as zeros already is not filled with them.
        let mut larger = vec![0; length];
        larger[..received].copy_from_slice(bytes);
        *bytes = larger;
    }
    match connection.receive(&mut bytes[received..], deadline) {
        Ok(0) if received == 0 => Err(Unanswered::Failed(io::ErrorKind::UnexpectedEof.into())),
        Ok(0) => Err(Malformed::EndInTheMiddle.into()),
        Ok(length) => Ok(length),
        Err(error) => Err(Unanswered::Failed(error)),
    }
}

/// What the head says.
struct Head {
    status: u16,
    length: usize,
    body_length: usize,
    /// `Some(None)` where the header held no number.
    checksum: Option<Option<u32>>,
    date: Option<Range<usize>>,
    closes: bool,
}

impl Head {
    /// `None` where it is not complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MAXIMUM_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|error| match error {
            httparse::Error::TooManyHeaders => Malformed::HeadTooLong,
            _ => Malformed::NotHttp,
        })?;
        let httparse::Status::Complete(length) = parsed else {
            return Ok(None);
        };
        if length > MAXIMUM_HEAD {
            return Err(Malformed::HeadTooLong);
        }
        let status = response.code.ok_or(Malformed::NotHttp)?;
        if response.version != Some(1) {
            return Err(Malformed::Version(status));
        }
        if status < 200 {
            return Err(Malformed::Informational);
        }
        let mut body_length = None;
        let mut head = Head {
            status,
            length,
            body_length: 0,
            checksum: None,
            date: None,
            closes: false,
        };
        for header in response.headers.iter() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let found = number(header.value).ok_or(Malformed::Length)?;
                if body_length.is_some_and(|known| known != found) {
                    return Err(Malformed::DifferentLengths);
                }
                body_length = Some(found);
            } else if is("transfer-encoding") {
                return Err(Malformed::TransferEncoding(status));
            } else if is("x-amz-crc32") {
                head.checksum = Some(number(header.value).and_then(|number| number.try_into().ok()));
            } else if is("connection") {
                let mut options = header.value.split(|byte| *byte == b',');
                head.closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            } else if is("date") {
                let start = header.value.as_ptr() as usize - bytes.as_ptr() as usize;
                head.date = Some(start..start + header.value.len());
            }
        }
        head.body_length = body_length.ok_or(Malformed::NoLength(status))?;
        if head.body_length > MAXIMUM_BODY {
            return Err(Malformed::BodyTooLong);
        }
        Ok(Some(head))
    }
}

/// Digits and nothing else; more than fits is a number, too, and too large for anything.
fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    Some(digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
