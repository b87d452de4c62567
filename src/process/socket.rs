//! A TCP connection that belongs to one process, driven by the thread that calls.
//!
//! A signal handler of the host's may fork in the middle of any wait. The child comes back here, as `poll` is never restarted after a
//! handler, sees another generation, and leaves the connection to its parent.

use std::fmt;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::call::interrupted;
use super::page::generation;
use super::system;
use crate::error::Error;

/// A wait is begun anew after this.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// One connection. Every wait for it ends at a deadline, with [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub(crate) struct Socket {
    descriptor: libc::c_int,
    /// The process it belongs to.
    generation: u64,
}

/// The failure of a call in a child that was forked in the middle of it, or since its connection was made.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl Interrupted {
    /// Whether this is what `error` says.
    pub(crate) fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Interrupted>())
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        interrupted().fmt(f)
    }
}

impl std::error::Error for Interrupted {}

impl From<Interrupted> for io::Error {
    fn from(interrupted: Interrupted) -> Self {
        io::Error::other(interrupted)
    }
}

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        interrupted()
    }
}

impl Socket {
    /// Connects without delaying small packets. In another process than `made_in`, that of the call, it is an error: a child that a signal
    /// handler forked in the middle of the call would send the request once more.
    pub(crate) fn connect(made_in: u64, address: SocketAddr, deadline: Instant) -> io::Result<Self> {
        if generation() != made_in {
            return Err(Interrupted.into());
        }
        let family = match address {
            SocketAddr::V4(_) => libc::AF_INET,
            SocketAddr::V6(_) => libc::AF_INET6,
        };
        let descriptor = system::stream_socket(family)?;
        let socket = Socket {
            descriptor,
            generation: made_in,
        };
        let on: libc::c_int = 1;
        let size = mem::size_of_val(&on) as libc::socklen_t;
        // SAFETY: the option is alive during the call, and so long.
        checked(unsafe {
            libc::setsockopt(
                descriptor,
                libc::IPPROTO_TCP,
                libc::TCP_NODELAY,
                (&raw const on).cast(),
                size,
            )
        } as isize)?;
        match socket.begin_to_connect(address) {
            Ok(()) => return Ok(socket),
            // After a signal, too, the kernel goes on with it.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => {}
            Err(error) => return Err(error),
        }
        socket.wait_for(libc::POLLOUT, deadline)?;
        socket.require_connected()?;
        Ok(socket)
    }

    fn begin_to_connect(&self, address: SocketAddr) -> io::Result<()> {
        self.require_own_process()?;
        // SAFETY: zeros are a valid address of no family; the address is alive during the call, and so long.
        let outcome = unsafe {
            match address {
                SocketAddr::V4(address) => {
                    let mut name: libc::sockaddr_in = mem::zeroed();
                    name.sin_family = libc::AF_INET as libc::sa_family_t;
                    name.sin_port = address.port().to_be();
                    name.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
                    let size = mem::size_of_val(&name) as libc::socklen_t;
                    libc::connect(self.descriptor, (&raw const name).cast(), size)
                }
                SocketAddr::V6(address) => {
                    let mut name: libc::sockaddr_in6 = mem::zeroed();
                    name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                    name.sin6_port = address.port().to_be();
                    name.sin6_addr.s6_addr = address.ip().octets();
                    name.sin6_scope_id = address.scope_id();
                    let size = mem::size_of_val(&name) as libc::socklen_t;
                    libc::connect(self.descriptor, (&raw const name).cast(), size)
                }
            }
        };
        checked(outcome as isize).map(|_| ())
    }

    fn require_connected(&self) -> io::Result<()> {
        let mut code: libc::c_int = 0;
        let mut size = mem::size_of_val(&code) as libc::socklen_t;
        // SAFETY: both places are alive during the call, and the first is as long as the second says.
        checked(unsafe {
            libc::getsockopt(
                self.descriptor,
                libc::SOL_SOCKET,
                libc::SO_ERROR,
                (&raw mut code).cast(),
                &mut size,
            )
        } as isize)?;
        match code {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    /// Hands all of `bytes` to the kernel. After an error, some may have gone out.
    pub(crate) fn send_all(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            self.require_own_process()?;
            let flags = system::SEND_FLAGS | libc::MSG_DONTWAIT;
            // SAFETY: the bytes are alive during the call.
            let sent = unsafe { libc::send(self.descriptor, bytes.as_ptr().cast(), bytes.len(), flags) };
            match checked(sent) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => self.wait_for(libc::POLLOUT, deadline)?,
                    _ => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Waits for bytes and puts them into `into`, at least one and as many as there are; none at the end of the connection.
    pub(crate) fn receive(&self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            self.wait_for(libc::POLLIN, deadline)?;
            match self.receive_at_once(into, 0) {
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                outcome => return outcome,
            }
        }
    }

    /// Whether neither bytes nor the end nor an error has come that nobody asked for.
    pub(crate) fn is_quiet(&self) -> bool {
        let peeked = self.receive_at_once(&mut [0], libc::MSG_PEEK);
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn receive_at_once(&self, into: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
        self.require_own_process()?;
        let flags = flags | libc::MSG_DONTWAIT;
        // SAFETY: the bytes are alive and ours alone during the call.
        checked(unsafe { libc::recv(self.descriptor, into.as_mut_ptr().cast(), into.len(), flags) })
    }

    /// Waits until one of `events` has come or the connection has failed.
    fn wait_for(&self, events: libc::c_short, deadline: Instant) -> io::Result<()> {
        loop {
            self.require_own_process()?;
            let remaining = deadline.checked_duration_since(Instant::now());
            let remaining = remaining.ok_or(io::ErrorKind::TimedOut)?;
            // A handler that forks may have come just before the wait, whose child then has to look.
            let remaining = remaining.min(LONGEST_WAIT);
            // Rounded up: a wait of no length would be repeated until the deadline.
            let milliseconds = remaining.as_micros().div_ceil(1000) as libc::c_int;
            let mut polled = libc::pollfd {
                fd: self.descriptor,
                events,
                revents: 0,
            };
            // SAFETY: the one element is alive during the call.
            match checked(unsafe { libc::poll(&mut polled, 1, milliseconds) } as isize) {
                Ok(0) => {}
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn require_own_process(&self) -> io::Result<()> {
        if self.generation == generation() {
            return Ok(());
        }
        Err(Interrupted.into())
    }
}

impl Drop for Socket {
    /// In a child the descriptor is left open: the host may have closed it already, and used its number again.
    fn drop(&mut self) {
        if self.generation == generation() {
            // SAFETY: the descriptor is ours, and not used afterwards.
            unsafe { libc::close(self.descriptor) };
        }
    }
}

fn checked(outcome: isize) -> io::Result<usize> {
    usize::try_from(outcome).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests;
