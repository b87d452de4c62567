//! A connection to the endpoint, with TLS or without.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::process::{self, Socket};

/// Two records of TLS at their longest.
const RECEIVED_AT_ONCE: usize = 33 * 1024;

pub(crate) enum Connection {
    Plain(Socket),
    Tls(Box<Tls>),
}

impl Connection {
    pub(crate) fn plain(made_in: u64, address: SocketAddr, deadline: Instant) -> io::Result<Self> {
        Ok(Connection::Plain(Socket::connect(made_in, address, deadline)?))
    }

    /// Connects, and does the handshake until the same deadline.
    pub(crate) fn tls(
        made_in: u64,
        address: SocketAddr,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let socket = Socket::connect(made_in, address, deadline)?;
        Ok(Connection::Tls(Box::new(Tls::handshake(
            socket, name, config, deadline,
        )?)))
    }

    /// Hands all of `bytes` to the kernel. After an error, some may have gone out.
    pub(crate) fn send_all(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        match self {
            Connection::Plain(socket) => socket.send_all(bytes, deadline),
            Connection::Tls(tls) => tls.send_all(bytes, deadline),
        }
    }

    /// Waits for bytes and puts them into `into`, at least one; none at the end of the connection.
    pub(crate) fn receive(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        match self {
            Connection::Plain(socket) => socket.receive(into, deadline),
            Connection::Tls(tls) => tls.receive(into, deadline),
        }
    }

    /// Whether nothing has come that nobody asked for. TLS's own messages are such: then another connection is as good.
    pub(crate) fn is_quiet(&self) -> bool {
        match self {
            Connection::Plain(socket) => socket.is_quiet(),
            Connection::Tls(tls) => {
                !tls.has_ended && tls.unread.is_empty() && tls.untaken == 0 && tls.socket.is_quiet()
            }
        }
    }
}

/// A socket under TLS. It ends without a farewell: whoever closes it may be gone, or in a hurry.
pub(crate) struct Tls {
    socket: Socket,
    session: ClientConnection,
    /// Where bytes from the network come first.
    received: Box<[u8]>,
    /// Which of them the session has not had yet.
    unread: std::ops::Range<usize>,
    /// How many decrypted bytes nobody has taken yet.
    untaken: usize,
    /// What goes out.
    sending: Vec<u8>,
    /// The other side said that it sends no more.
    has_ended: bool,
}

impl Tls {
    fn handshake(
        socket: Socket,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let session = {
            let _inside = process::enter();
            ClientConnection::new(config, name).map_err(io::Error::other)?
        };
        let mut tls = Tls {
            socket,
            session,
            received: vec![0; RECEIVED_AT_ONCE].into(),
            unread: 0..0,
            untaken: 0,
            sending: Vec::new(),
            has_ended: false,
        };
        loop {
            tls.flush(deadline)?;
            if !tls.session.is_handshaking() {
                return Ok(tls);
            }
            if !tls.advance(deadline)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn send_all(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = {
                let _inside = process::enter();
                self.session.writer().write(bytes)?
            };
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[taken..];
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        let mut taken = self.take(into)?;
        while taken == 0 {
            if !self.advance(deadline)? {
                return Ok(0);
            }
            taken = self.take(into)?;
        }
        // What came together is told together: whoever reads notices what it did not ask for.
        while taken < into.len() && !self.unread.is_empty() {
            self.feed()?;
            taken += self.take(&mut into[taken..])?;
        }
        self.flush(deadline)?;
        Ok(taken)
    }

    /// Gives the session what is there, or waits for more; `false` at the end of the connection.
    fn advance(&mut self, deadline: Instant) -> io::Result<bool> {
        if self.unread.is_empty() && !self.has_ended {
            let length = self.socket.receive(&mut self.received, deadline)?;
            self.unread = 0..length;
            self.has_ended = length == 0;
        }
        if self.has_ended {
            return Ok(false);
        }
        let fed = self.feed();
        if fed.is_err() {
            // The alert that says why.
            let _ = self.flush(deadline);
        }
        fed.map(|()| true)
    }

    /// Gives the session some of the unread bytes.
    fn feed(&mut self) -> io::Result<()> {
        // It may take locks: one for sessions to be resumed, AWS-LC's for random numbers.
        let _inside = process::enter();
        let mut unread = &self.received[self.unread.clone()];
        self.unread.start += self.session.read_tls(&mut unread)?;
        let state = self.session.process_new_packets().map_err(io::Error::other)?;
        self.untaken = state.plaintext_bytes_to_read();
        self.has_ended |= state.peer_has_closed();
        Ok(())
    }

    fn take(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.session.reader().read(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            outcome => {
                self.untaken = self.untaken.saturating_sub(*outcome.as_ref().unwrap_or(&0));
                outcome
            }
        }
    }

    /// Sends what the session has to say.
    fn flush(&mut self, deadline: Instant) -> io::Result<()> {
        if !self.session.wants_write() {
            return Ok(());
        }
        self.sending.clear();
        {
            let _inside = process::enter();
            while self.session.wants_write() {
                self.session.write_tls(&mut self.sending)?;
            }
        }
        self.socket.send_all(&self.sending, deadline)
    }
}
