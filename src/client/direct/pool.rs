//! The connections of one live state, and one request and its answer on one of them.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::ClientConfig;

use super::connection::Connection;
use super::response::{self, Answer, Malformed, Unanswered};
use crate::process::{self, generation, Interrupted};

/// Below the 60 s and more after which AWS closes an idle connection, so that it is usually we who close first.
const LONGEST_IDLE: Duration = Duration::from_secs(50);
/// A connection that was idle for so long is looked at before it is used again: it may have ended, or an answer come that nobody asked for.
const TRUSTED_IDLE: Duration = Duration::from_millis(5);

/// Finds the addresses of a host until a deadline.
pub(crate) type LookUp = Arc<dyn Fn(&str, Instant) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// Whom to connect to, and how.
pub(crate) struct Place {
    /// A name or an address; one of IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// For connection and handshake; `None` where an attempt's own time is the limit.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) look_up: LookUp,
}

/// Connections that wait for their next request.
pub(crate) struct Pool {
    place: Place,
    max_idle: usize,
    /// The process it belongs to.
    generation: u64,
    /// The last used at the end. Held for moments, and in a child perhaps for ever.
    idle: Mutex<Vec<Kept>>,
}

/// A connection, and the memory for its requests and answers.
struct Kept {
    connection: Connection,
    request: Vec<u8>,
    scratch: Vec<u8>,
    /// As long as it ever was, so that nothing is filled with zeros again.
    answer: Vec<u8>,
    last_used: Instant,
}

/// A complete answer. Its connection goes back to the pool when it is dropped.
pub(crate) struct Exchange<'a> {
    pool: &'a Pool,
    kept: Option<Kept>,
    bytes: Vec<u8>,
    answer: Answer,
}

/// A request that got no answer that can be believed.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) why: Why,
    /// All of the request went out at least once: it may have been carried out.
    pub(crate) was_sent: bool,
}

/// Why a request was not answered.
#[derive(Debug)]
pub(crate) enum Why {
    /// This process was forked in the middle of it: nothing more can be done here.
    Interrupted,
    /// The deadline came; or that for connecting did.
    TimedOut,
    /// There was no connection. Nothing was sent on one.
    NotConnected(io::Error),
    /// The connection broke.
    Lost(io::Error),
    Malformed(Malformed),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Interrupted => Interrupted.fmt(f),
            Why::TimedOut => f.write_str("the time was over"),
            Why::NotConnected(error) => write!(f, "no connection could be made: {error}"),
            Why::Lost(error) => write!(f, "the connection broke: {error}"),
            Why::Malformed(malformed) => malformed.fmt(f),
        }
    }
}

impl Why {
    fn of(error: io::Error, otherwise: fn(io::Error) -> Why) -> Self {
        match error.kind() {
            _ if Interrupted::is_cause_of(&error) => Why::Interrupted,
            io::ErrorKind::TimedOut => Why::TimedOut,
            _ => otherwise(error),
        }
    }
}

impl Pool {
    /// Opens nothing. At most `max_idle` connections are kept.
    pub(crate) fn new(place: Place, max_idle: usize) -> Self {
        Pool {
            place,
            max_idle,
            generation: generation(),
            idle: Mutex::default(),
        }
    }

    /// Sends what `write` writes, head and body, and reads the answer; on another connection where an idle one does not even take the
    /// request. The second of the two places that `write` is given is for what it likes: memory that stays with a connection costs a
    /// request nothing.
    pub(crate) fn exchange(
        &self,
        write: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>),
        deadline: Instant,
    ) -> Result<Exchange<'_>, Broken> {
        let broken = |why, was_sent| Broken { why, was_sent };
        let reused = self.take().map_err(|Interrupted| broken(Why::Interrupted, false))?;
        let is_reused = reused.is_some();
        let mut kept = match reused {
            Some(kept) => kept,
            None => Kept::new(self.connect(deadline).map_err(|why| broken(why, false))?),
        };
        kept.request.clear();
        kept.scratch.clear();
        {
            // It signs, with a key that threads share.
            let _inside = process::enter();
            write(&mut kept.request, &mut kept.scratch);
        }
        let mut attempt = kept.attempt(deadline);
        // What has gone out whole is not sent again here: nobody knows what became of it.
        if is_reused && attempt.as_ref().is_err_and(|failure| failure.was_not_taken) {
            kept.connection = self.connect(deadline).map_err(|why| broken(why, false))?;
            attempt = kept.attempt(deadline);
        }
        match attempt {
            Ok(answer) => Ok(Exchange {
                pool: self,
                bytes: std::mem::take(&mut kept.answer),
                kept: Some(kept),
                answer,
            }),
            Err(failure) => Err(broken(failure.why, failure.was_sent)),
        }
    }

    /// The connection that was used last, where it may still be open.
    fn take(&self) -> Result<Option<Kept>, Interrupted> {
        loop {
            let Some(kept) = self.lock()?.pop() else {
                return Ok(None);
            };
            let idle = kept.last_used.elapsed();
            if idle < TRUSTED_IDLE || (idle < LONGEST_IDLE && kept.connection.is_quiet()) {
                return Ok(Some(kept));
            }
        }
    }

    fn put_back(&self, mut kept: Kept) -> Result<(), Interrupted> {
        for memory in [&mut kept.request, &mut kept.scratch] {
            response::shrink(memory, response::LITTLE_BYTES);
        }
        response::shrink(&mut kept.answer, response::KEPT_BYTES);
        kept.last_used = Instant::now();
        let mut idle = self.lock()?;
        let too_old = idle
            .iter()
            .take_while(|other| kept.last_used.duration_since(other.last_used) >= LONGEST_IDLE);
        let surplus = (idle.len() + 1).saturating_sub(self.max_idle);
        let gone = too_old.count().max(surplus).min(idle.len());
        let gone: Vec<Kept> = idle.drain(..gone).collect();
        let room = idle.last_mut();
        let room = room.and_then(|below| response::pass_on(&mut below.answer, &mut kept.answer));
        if idle.len() < self.max_idle {
            idle.push(kept);
        }
        drop(idle);
        // Closed, and given back, while nobody waits for it.
        drop((gone, room));
        Ok(())
    }

    /// A child that a signal handler forked in here finds the lock taken by a thread that it does not have.
    fn lock(&self) -> Result<MutexGuard<'_, Vec<Kept>>, Interrupted> {
        for attempts in 0_u32.. {
            if self.generation != generation() {
                break;
            }
            match self.idle.try_lock() {
                Ok(idle) => return Ok(idle),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if attempts < 20 => std::thread::yield_now(),
                // Whoever holds it may have a lower priority on the same processor.
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        Err(Interrupted)
    }

    fn connect(&self, deadline: Instant) -> Result<Connection, Why> {
        let limit = self.place.connect_timeout;
        let limit = limit.and_then(|limit| Instant::now().checked_add(limit));
        let deadline = limit.map_or(deadline, |limit| limit.min(deadline));
        self.place
            .connect(self.generation, deadline)
            .map_err(|error| Why::of(error, Why::NotConnected))
    }
}

impl Place {
    /// Tries one address after the other, each with its share of the time that is left.
    fn connect(&self, made_in: u64, deadline: Instant) -> io::Result<Connection> {
        let addresses = match self.host.parse() {
            Ok(address) => vec![address],
            Err(_) => (self.look_up)(&self.host, deadline)?,
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for (tried, address) in addresses.iter().enumerate() {
            let now = Instant::now();
            let share = deadline.saturating_duration_since(now) / (addresses.len() - tried) as u32;
            match self.connect_to(made_in, SocketAddr::new(*address, self.port), now + share) {
                Err(error) if !Interrupted::is_cause_of(&error) => last = error,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    fn connect_to(&self, made_in: u64, address: SocketAddr, deadline: Instant) -> io::Result<Connection> {
        let Some(config) = &self.tls else {
            return Connection::plain(made_in, address, deadline);
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        Connection::tls(made_in, address, name, Arc::clone(config), deadline)
    }
}

/// A request that was not answered on its connection.
struct Failure {
    why: Why,
    /// The connection was at its end before it took all of the request.
    was_not_taken: bool,
    was_sent: bool,
}

impl Kept {
    fn new(connection: Connection) -> Self {
        Kept {
            connection,
            request: Vec::new(),
            scratch: Vec::new(),
            answer: Vec::new(),
            last_used: Instant::now(),
        }
    }

    fn attempt(&mut self, deadline: Instant) -> Result<Answer, Failure> {
        // A request that has not gone out to its end is never carried out: its signature covers all of it.
        self.connection
            .send_all(&self.request, deadline)
            .map_err(|error| Failure {
                was_not_taken: is_end(&error),
                why: Why::of(error, Why::Lost),
                was_sent: false,
            })?;
        response::read(&mut self.connection, &mut self.answer, deadline).map_err(|unanswered| Failure {
            was_not_taken: false,
            why: match unanswered {
                Unanswered::Failed(error) => Why::of(error, Why::Lost),
                Unanswered::Malformed(malformed) => Why::Malformed(malformed),
            },
            was_sent: true,
        })
    }
}

/// Whether the other side has closed the connection, however rudely.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    )
}

impl Exchange<'_> {
    pub(crate) fn status(&self) -> u16 {
        self.answer.status
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.answer.body.clone()]
    }

    /// The connection is not used again.
    pub(crate) fn discard_connection(&mut self) {
        self.kept = None;
    }

    /// The header `Date`, where it is text.
    pub(crate) fn date(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes[self.answer.date.clone()?]).ok()
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if let Some(mut kept) = self.kept.take().filter(|_| !self.answer.closes) {
            kept.answer = std::mem::take(&mut self.bytes);
            // In a child it is left alone.
            let _ = self.pool.put_back(kept);
        }
    }
}

#[cfg(test)]
mod tests;
