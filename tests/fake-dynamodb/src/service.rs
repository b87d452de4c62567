//! A request of a client, from its arrival to its answer.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{HeaderValue, USER_AGENT};
use hyper::{Request as HttpRequest, Response};
use memchr::memmem;

use crate::action::{Cut, Effect, Spoiled};
use crate::answer::{alter_one_byte, response, truncated, whole, AnswerBody, Broken};
use crate::cancellation::Reason;
use crate::control;
use crate::endpoint::{Endpoint, Peer};
use crate::failure::Failure;
use crate::journal::{Answered, Ticket};
use crate::operations::{Operation, Request, RowName, Work};

const TARGET: &str = "DynamoDB_20120810.";
/// What the service takes in one request.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// What is read before the connection is given up, so that a larger request still gets its answer.
const READ_BYTES: usize = 4 * REQUEST_BYTES;
/// With none a third of all inits by the official Go store failed, with 1 an eighth, with 4 one in a hundred.
const CLIENT_TURNS: usize = 4;
/// A smaller answer arrives whole before the connection is closed.
const LARGE_ANSWER: u64 = 64 * 1024;

pub async fn handle(
    endpoint: Arc<Endpoint>,
    peer: Arc<Peer>,
    request: HttpRequest<Incoming>,
) -> Result<Response<AnswerBody>, Broken> {
    peer.busy.store(true, Ordering::Relaxed);
    let _idle = Idle(&peer);
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, READ_BYTES)
        .collect()
        .await
        .map_err(|_| Broken)?
        .to_bytes();
    if let Some(command) = parts.uri.path().strip_prefix("/_control/") {
        endpoint.connections.lock().unwrap().took_control(&peer);
        return Ok(control::handle(
            &endpoint,
            &parts.method,
            command,
            parts.uri.query().unwrap_or(""),
            &body,
        )
        .await);
    }
    peer.is_client();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target
        .and_then(|target| target.strip_prefix(TARGET))
        .map_or(Operation::Unknown, Operation::named);
    let agent = parts.headers.get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
    let by_go = memmem::find(agent, b"aws-sdk-go").is_some();
    *endpoint.last_headers.lock().unwrap() = parts.headers;
    // A reset while the request is under way lets go of it, so it is watched from here on.
    let mut resets = endpoint.resets.subscribe();
    let (turn, delay) = take(&endpoint, &peer, operation, &body);
    let delay = delay + endpoint.latency();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    } else if by_go {
        let_the_client_finish(turn.announced()).await;
    }
    if let Turn {
        outcome: Outcome::BlackHole,
        ..
    } = turn
    {
        let _ = resets.changed().await;
    }
    turn.finish()
}

/// An answer that overtakes the client's own sending thread makes the AWS SDK for Go close the connection, and lose the rest of a large answer.
/// That thread was put off its processor by the arrival of its request here; it gets it back.
async fn let_the_client_finish(answer: u64) {
    for _ in 0..CLIENT_TURNS {
        std::thread::yield_now();
    }
    if answer > LARGE_ANSWER {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Marks the connection idle again however the request ends.
struct Idle<'a>(&'a Peer);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// How the request ends, decided when it arrived.
enum Outcome {
    Answer(Response<AnswerBody>),
    Break,
    BlackHole,
}

/// A request whose work is done and whose answer is due; one that is dropped before was abandoned by its client.
struct Turn {
    endpoint: Arc<Endpoint>,
    ticket: Option<Ticket>,
    answered: Answered,
    outcome: Outcome,
}

impl Turn {
    fn finish(mut self) -> Result<Response<AnswerBody>, Broken> {
        self.write_down(false);
        match std::mem::replace(&mut self.outcome, Outcome::Break) {
            Outcome::Answer(response) => Ok(response),
            Outcome::Break | Outcome::BlackHole => Err(Broken),
        }
    }

    /// The length of the answer's body.
    fn announced(&self) -> u64 {
        match &self.outcome {
            Outcome::Answer(response) => response.body().size_hint().lower(),
            Outcome::Break | Outcome::BlackHole => 0,
        }
    }

    fn write_down(&mut self, abandoned: bool) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let answered = std::mem::replace(&mut self.answered, Answered::Abandoned);
        // An answer that was never meant to come cannot be abandoned.
        let answered = if abandoned && matches!(self.outcome, Outcome::Answer(_)) {
            Answered::Abandoned
        } else {
            answered
        };
        self.endpoint.journal().end(ticket, answered);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.write_down(true);
    }
}

/// Parses, journals, asks the rules and does the work, all at the moment of arrival: delays come between the work and the answer.
fn take(endpoint: &Arc<Endpoint>, peer: &Peer, operation: Operation, body: &Bytes) -> (Turn, Duration) {
    let request = if body.len() > REQUEST_BYTES {
        Err(Failure::validation(format!(
            "The request has more than {REQUEST_BYTES} bytes"
        )))
    } else {
        Request::parse(operation, body)
    };
    let mut decision = endpoint.rules().decide(operation, body);
    let logging = endpoint.journal().logging;
    let rows = match &request {
        Ok(request) if logging || matches!(decision.effect, Effect::Unprocessed(_)) => {
            request.rows(&endpoint.tables.read().unwrap())
        }
        _ => Vec::new(),
    };
    if let Effect::Cancel(reasons) = decision.effect {
        let actions = request.as_ref().map_or(0, Request::actions);
        decision.effect = Effect::Refuse(Failure::cancelled(padded(reasons, actions), 0.0));
    }
    let left = match &decision.effect {
        Effect::Unprocessed(selection) => selection.choose(&rows, &mut decision.rng),
        _ => Vec::new(),
    };
    let undone: Vec<RowName> = rows
        .iter()
        .zip(&left)
        .filter(|(_, left)| **left)
        .map(|(row, _)| row.clone())
        .collect();
    let ticket = endpoint.journal().begin(operation, peer.id, body.len(), rows);
    let (answered, outcome) = conclude(decision.effect, undone, || work(endpoint, request, &left));
    (
        Turn {
            endpoint: endpoint.clone(),
            ticket,
            answered,
            outcome,
        },
        decision.delay,
    )
}

/// One reason for each action; those beyond the last action are left out.
fn padded(mut reasons: Vec<Reason>, actions: usize) -> Vec<Reason> {
    if actions > 0 {
        reasons.resize(actions, Reason::none());
    }
    reasons
}

fn work(endpoint: &Endpoint, request: Result<Request, Failure>, unprocessed: &[bool]) -> Result<Work, Failure> {
    let result = request.and_then(|request| {
        if request.writes() {
            let mut tables = endpoint.tables.write().unwrap();
            request.write(&mut tables, &mut endpoint.tokens.lock().unwrap(), unprocessed)
        } else {
            request.read(&endpoint.tables.read().unwrap())
        }
    });
    match &result {
        Ok(work) => endpoint.journal().count(work),
        Err(failure) => endpoint.journal().count_refused(failure.write_units),
    }
    result
}

/// The answer of an operation that describes a table, which is in this status.
fn in_status(body: &[u8], status: &str) -> Vec<u8> {
    let mut answer: serde_json::Value = serde_json::from_slice(body).expect("our own JSON");
    for name in ["Table", "TableDescription"] {
        if let Some(table) = answer.get_mut(name) {
            table["TableStatus"] = status.into();
        }
    }
    answer.to_string().into_bytes()
}

/// Does the work where the effect allows it, and makes the answer.
fn conclude(effect: Effect, undone: Vec<RowName>, work: impl FnOnce() -> Result<Work, Failure>) -> (Answered, Outcome) {
    let result = match effect {
        Effect::Cut(Cut::Before) => return (Answered::CutBefore, Outcome::Break),
        Effect::BlackHole => return (Answered::BlackHole, Outcome::BlackHole),
        Effect::Refuse(ref failure) => Err(failure.clone()),
        _ => work(),
    };
    let (status, mut body, usual) = match result {
        Ok(work) if undone.is_empty() => (200, work.body, Answered::Ok),
        Ok(work) => (200, work.body, Answered::Unprocessed(undone)),
        Err(failure) => (
            failure.status,
            failure.body(),
            Answered::Error(failure.code.into_owned()),
        ),
    };
    if let Effect::TableStatus(status) = &effect {
        body = in_status(&body, status);
    }
    let checksum = crc32fast::hash(&body);
    let (answered, response) = match effect {
        Effect::Cut(Cut::After) => return (Answered::CutAfter, Outcome::Break),
        Effect::Garbage => {
            const GARBAGE: &str = "<html>this is not the answer</html>";
            (
                Answered::Garbage,
                response(200, whole(GARBAGE), crc32fast::hash(GARBAGE.as_bytes())),
            )
        }
        Effect::Truncate(bytes) => (Answered::Truncated, response(status, truncated(body, bytes), checksum)),
        Effect::WrongChecksum(Spoiled::Header) => (Answered::WrongChecksum, response(status, whole(body), !checksum)),
        Effect::WrongChecksum(Spoiled::Body) => {
            alter_one_byte(&mut body);
            (Answered::WrongChecksum, response(status, whole(body), checksum))
        }
        _ => (usual, response(status, whole(body), checksum)),
    };
    (answered, Outcome::Answer(response))
}
