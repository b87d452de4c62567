//! Requests on blocking connections of the calling thread: two system calls and a wait each, and no runtime.
//!
//! Only what is well-formed and expected is an answer here. Everything else is handed over to the AWS SDK, whose attempt is the second.

mod clock;
mod connection;
mod decode;
mod encode;
mod pool;
mod response;
mod rest;
#[cfg(test)]
pub(super) mod sdk_way;
mod signing;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_types::sdk_config::TimeSource;
use rustls::RootCertStore;

use super::failure;
use super::optional::{Asked, Refused};
use super::rows::{Attributes, PutOutcome, Write};
use super::sent::Before;
use crate::config::Config;
use crate::process;
use crate::stats::Stats;
use crate::table::big_segments::BigSegmentsRow;
use crate::table::item::{NewRow, StoredRow};
use crate::table::key_range::KeyRange;
use pool::{Exchange, Place, Pool, Why};
use rest::Rest;
use signing::Signer;

pub(super) use clock::Clock;
pub(super) use pool::LookUp;

/// Where an attempt has no time-out of its own.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(24 * 3600);
/// Before the AWS SDK repeats what was throttled or failed on AWS's side.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Those that may be sent now; none where they have to be fetched first.
pub(super) type Identity = Arc<dyn Fn() -> Option<Credentials> + Send + Sync>;

/// What the AWS SDK's settings come to.
#[derive(Clone)]
pub(super) struct Findings {
    pub(super) region: String,
    pub(super) identity: Identity,
    pub(super) roots: Arc<RootCertStore>,
    pub(super) clock: Clock,
    pub(super) look_up: LookUp,
}

/// One table at one endpoint.
pub(super) struct Direct {
    table: String,
    host: String,
    identity: Identity,
    signer: Signer,
    clock: Clock,
    pool: Pool,
    attempt_timeout: Option<Duration>,
    refused: Arc<Refused>,
    rest: Rest,
    stats: Arc<Stats>,
}

/// What became of a request.
pub(super) enum Outcome<T> {
    Answered(T),
    HandedOver(Before),
}

impl Direct {
    /// Nothing where `endpoint` is not one that this way can ask.
    pub(super) fn new(
        endpoint: &str,
        findings: &Findings,
        config: &Config,
        refused: Arc<Refused>,
        stats: Arc<Stats>,
    ) -> Option<Self> {
        let uri: http::Uri = endpoint.parse().ok()?;
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return None;
        }
        let is_plain = uri.scheme_str() == Some("http");
        let tls = match is_plain {
            true => None,
            false => Some(tls::client_config((*findings.roots).clone()).ok()?),
        };
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let default_port = if is_plain { 80 } else { 443 };
        let place = Place {
            host,
            port: uri.port_u16().unwrap_or(default_port),
            tls,
            connect_timeout: config.connect_timeout,
            look_up: Arc::clone(&findings.look_up),
        };
        Some(Direct {
            table: config.table.clone(),
            // As the AWS SDK sends it: with a port that is not the scheme's own.
            host: match uri.port_u16().filter(|port| *port != default_port) {
                Some(port) => format!("{}:{port}", uri.host()?),
                None => uri.host()?.to_owned(),
            },
            identity: Arc::clone(&findings.identity),
            signer: Signer::new(findings.region.clone()),
            clock: findings.clock.clone(),
            pool: Pool::new(place, config.max_concurrency),
            attempt_timeout: config.attempt_timeout,
            refused,
            rest: Rest::default(),
            stats,
        })
    }

    pub(super) fn get_row(&self, namespace: &str, key: &str, consistent: bool) -> Outcome<Option<StoredRow>> {
        let write = |asked, body: &mut Vec<u8>| encode::get_item(&self.table, namespace, key, consistent, asked, body);
        self.attempt(encode::GET_ITEM, Duration::ZERO, write, |status, body| {
            let found = decode::get_item(expected(status, 200, body)?, namespace, key).ok()?;
            (!found.is_anothers).then_some(())?;
            self.stats.read_units(found.units);
            Some(found.row)
        })
    }

    pub(super) fn get_big_segments_row(
        &self,
        namespace: &str,
        key: &str,
        consistent: bool,
    ) -> Outcome<Option<BigSegmentsRow>> {
        let write = |asked, body: &mut Vec<u8>| encode::get_item(&self.table, namespace, key, consistent, asked, body);
        self.attempt(encode::GET_ITEM, Duration::ZERO, write, |status, body| {
            let found = decode::get_big_segments_row(expected(status, 200, body)?, namespace, key).ok()?;
            (!found.is_anothers).then_some(())?;
            self.stats.read_units(found.units);
            Some(found.row)
        })
    }

    /// Hands each row of a page to `visit`, and says where the next page starts. What a page that is handed over had visited has to be
    /// forgotten.
    pub(super) fn query(
        &self,
        surplus: Duration,
        namespace: &str,
        range: KeyRange<'_>,
        consistent: bool,
        start: Option<&Attributes>,
        visit: impl FnMut(StoredRow<std::borrow::Cow<'_, str>>),
    ) -> Outcome<Option<Attributes>> {
        let mut first = Vec::new();
        if encode::query(
            &self.table,
            namespace,
            range,
            consistent,
            start,
            self.refused.remaining(),
            &mut first,
        )
        .is_err()
        {
            return Outcome::HandedOver(Before::default());
        }
        let write = |_, body: &mut Vec<u8>| body.append(&mut first);
        self.attempt(encode::QUERY, surplus, write, |status, body| {
            let end = decode::query(expected(status, 200, body)?, namespace, visit).ok()?;
            (!end.is_anothers).then_some(())?;
            self.stats.read_units(end.units);
            Some(end.next)
        })
    }

    pub(super) fn put_if_newer(
        &self,
        surplus: Duration,
        row: &NewRow<'_>,
        has_sent: &AtomicBool,
    ) -> Outcome<PutOutcome> {
        self.put(surplus, row, has_sent, |asked, body| {
            encode::put_if_newer(&self.table, row, asked, body)
        })
    }

    pub(super) fn put_over(
        &self,
        surplus: Duration,
        row: &NewRow<'_>,
        seen: &StoredRow,
        has_sent: &AtomicBool,
    ) -> Outcome<PutOutcome> {
        self.put(surplus, row, has_sent, |asked, body| {
            encode::put_over(&self.table, row, seen, asked, body)
        })
    }

    fn put(
        &self,
        surplus: Duration,
        row: &NewRow<'_>,
        has_sent: &AtomicBool,
        write: impl FnOnce(Asked, &mut Vec<u8>),
    ) -> Outcome<PutOutcome> {
        let write = |asked: Asked, body: &mut Vec<u8>| {
            has_sent.store(true, Relaxed);
            write(asked, body);
        };
        self.attempt(encode::PUT_ITEM, surplus, write, |status, body| {
            if status == 200 {
                self.stats
                    .write_units(decode::put_item(expected(status, 200, body)?).ok()?);
                return Some(PutOutcome::Stored);
            }
            let winner = decode::refused_condition(expected(status, 400, body)?, &row.key).ok()?;
            // A refused write is billed as one, though the answer does not say so.
            self.stats.write_units(1.0);
            Some(PutOutcome::Refused {
                winner,
                is_repeated: false,
            })
        })
    }

    pub(super) fn put_marker(&self, key: &str) -> Outcome<()> {
        let write = |asked, body: &mut Vec<u8>| encode::put_marker(&self.table, key, asked, body);
        self.attempt(encode::PUT_ITEM, Duration::ZERO, write, |status, body| {
            self.stats
                .write_units(decode::put_item(expected(status, 200, body)?).ok()?);
            Some(())
        })
    }

    /// Which of the writes were left undone; an answer that names others is handed over.
    pub(super) fn write_batch<'r>(&self, surplus: Duration, writes: &[Write<'r>]) -> Outcome<Vec<Write<'r>>> {
        let write = |asked, body: &mut Vec<u8>| encode::batch_write_item(&self.table, writes, asked, body);
        self.attempt(encode::BATCH_WRITE_ITEM, surplus, write, |status, body| {
            let outcome = decode::batch_write_item(expected(status, 200, body)?).ok()?;
            let unprocessed = outcome.unprocessed.iter().map(|(namespace, key)| {
                let keys = (&**namespace, &**key);
                writes.iter().find(|write| write.keys() == keys).copied()
            });
            let unprocessed: Vec<_> = unprocessed.collect::<Option<_>>()?;
            self.stats.write_units(outcome.units);
            self.stats.unprocessed_rows(unprocessed.len());
            Some(unprocessed)
        })
    }

    /// Sends one request, and reads its answer with `read`, which finds nothing in one that the AWS SDK has to deal with.
    fn attempt<T>(
        &self,
        target: &str,
        surplus: Duration,
        write: impl FnOnce(Asked, &mut Vec<u8>),
        read: impl FnOnce(u16, &[u8]) -> Option<T>,
    ) -> Outcome<T> {
        let Some(identity) = (self.identity)().filter(|_| !self.rest.is_on()) else {
            return Outcome::HandedOver(Before::default());
        };
        self.stats.direct_request();
        let deadline = self.deadline(surplus);
        let asked = self.refused.remaining();
        let write = |request: &mut Vec<u8>, body: &mut Vec<u8>| {
            write(asked, body);
            self.write_head(&identity, target, body, request);
            request.extend_from_slice(body);
        };
        // A fork need not wait for the table.
        let mut exchange = match process::outside(|| self.pool.exchange(write, deadline)) {
            Ok(exchange) => exchange,
            Err(broken) => {
                tracing::debug!("{}: {}; the AWS SDK goes on", operation(target), broken.why);
                self.rest.handed_over();
                let another_http = match &broken.why {
                    Why::Malformed(malformed) => malformed.status_in_another_http(),
                    _ => None,
                };
                match another_http {
                    // An engine's own way of answering; what stands before it speaks in an outage.
                    Some(..=499) => self.rest.for_good(),
                    _ if matches!(broken.why, Why::Interrupted) => {}
                    _ => pause(),
                }
                let is_refused = another_http.is_some_and(|status| (400..500).contains(&status));
                return Outcome::HandedOver(Before {
                    is_attempted: !matches!(broken.why, Why::Interrupted),
                    is_sent: broken.was_sent && !is_refused,
                });
            }
        };
        let (status, bytes) = (exchange.status(), exchange.body().len());
        match read(status, exchange.body()) {
            Some(value) => {
                tracing::trace!("{}: HTTP {status}, {bytes} bytes", operation(target));
                self.rest.answered();
                Outcome::Answered(value)
            }
            None => {
                tracing::debug!(
                    "{}: HTTP {status}, {bytes} bytes; the AWS SDK goes on",
                    operation(target)
                );
                self.rest.handed_over();
                let before = self.handed_over(&exchange);
                if status == 200 {
                    // What is no answer to this request may be one to another.
                    exchange.discard_connection();
                }
                Outcome::HandedOver(before)
            }
        }
    }

    fn write_head(&self, identity: &Credentials, target: &str, body: &[u8], head: &mut Vec<u8>) {
        for part in [
            "POST / HTTP/1.1\r\nhost: ",
            &self.host,
            "\r\ncontent-type: ",
            signing::CONTENT_TYPE,
            "\r\nx-amz-target: ",
            target,
            "\r\nuser-agent: ld-dynamo-store/",
            env!("CARGO_PKG_VERSION"),
            "\r\ncontent-length: ",
            &body.len().to_string(),
            "\r\n",
        ] {
            head.extend_from_slice(part.as_bytes());
        }
        // What no header may hold was refused before: a request that is not signed is refused, too.
        let _ = self
            .signer
            .sign(identity, self.clock.now(), &self.host, target, body, head);
        head.extend_from_slice(b"\r\n");
    }

    fn deadline(&self, surplus: Duration) -> Instant {
        let attempt = self.attempt_timeout.map_or(LONGEST_ATTEMPT, |limit| limit + surplus);
        let deadline = Instant::now() + attempt;
        process::deadline().map_or(deadline, |call| call.min(deadline))
    }

    /// Notes what a refusal says, and waits before the AWS SDK repeats what AWS cannot do now.
    fn handed_over(&self, exchange: &Exchange<'_>) -> Before {
        let (status, body) = (exchange.status(), exchange.body());
        let is_throttled = status >= 400 && failure::speaks_of_throttling(body);
        if is_throttled {
            self.stats.throttle();
        }
        if (400..500).contains(&status) {
            self.clock.learn(exchange.date());
        }
        if is_throttled || status >= 500 {
            pause();
        }
        Before {
            is_attempted: true,
            // A refusal, throttling included, says that nothing was done.
            is_sent: !(400..500).contains(&status),
        }
    }
}

fn pause() {
    process::pause(LONGEST_PAUSE.mul_f64(fastrand::f64()));
}

fn operation(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or(target)
}

fn expected(status: u16, wanted: u16, body: &[u8]) -> Option<&[u8]> {
    (status == wanted).then_some(body)
}
