//! What both sides of a connection share: buffers, records, alerts, and the order in which they are
//! worked on.

mod core_state;
mod io;
#[cfg(test)]
mod states;

pub use io::{Reader, Writer};

pub(crate) use core_state::{Core, Direction};

use ::core::fmt;
use std::io::{Read, Write};

use hefu_gm::x509::Certificate;

use crate::alert::Alert;
use crate::error::Error;
use crate::record::HandshakeJoiner;
use crate::suite::CipherSuite;
use core_state::Pulled;

/// One side of a connection: [`ClientConnection`](crate::ClientConnection) or
/// [`ServerConnection`](crate::ServerConnection).
///
/// It owns no socket and no clock. The caller moves bytes, in any pieces:
///
/// 1. [`read_tls`](Self::read_tls) takes bytes that came from the peer,
/// 2. [`process`](Self::process) works on them, and says in [`Progress`] what to do next,
/// 3. [`reader`](Self::reader) gives application data, [`writer`](Self::writer) takes it,
/// 4. [`write_tls`](Self::write_tls) gives bytes for the peer.
///
/// What it holds is bounded: one record that came, the data of the records that were processed (see
/// [`wants_read`](Self::wants_read)), 64 KiB of one's own data under way, and the handshake's
/// messages.
///
/// After an error nothing more is received or sent but the alert that
/// [`write_tls`](Self::write_tls) still gives.
pub struct Connection<S: Side> {
    core: Core,
    side: S,
}

/// A client or a server; nothing outside of this crate can be one.
pub trait Side: fmt::Debug + Send + sealed::Handshake {}

pub(crate) mod sealed {
    use super::Core;
    use crate::error::Error;
    use crate::messages::HandshakeType;

    /// What differs between the sides: the state machine of the handshake.
    pub trait Handshake {
        /// The message with which this side's peer would begin another handshake.
        const RENEGOTIATION: HandshakeType;

        /// A whole message: its kind, its body, and all of it as it enters the transcript.
        fn on_message(
            &mut self,
            core: &mut Core,
            kind: HandshakeType,
            body: &[u8],
            message: &[u8],
        ) -> Result<(), Error>;

        /// The peer's records are protected from here on.
        fn on_change_cipher_spec(&mut self, core: &mut Core) -> Result<(), Error>;

        /// The connection failed: its session must not be taken up again.
        fn on_failure(&mut self, core: &Core);
    }
}

/// What there is to do after [`Connection::process`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Bytes that the [`Reader`] has.
    pub plaintext_bytes: usize,
    /// Bytes that [`Connection::write_tls`] has.
    pub outgoing_bytes: usize,
    /// The peer said that it sends nothing more.
    pub peer_has_closed: bool,
}

/// Something that happened once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The handshake is done: the peer is known and data may go both ways.
    HandshakeDone,
    /// The peer sends nothing more; its last data was whole.
    PeerClosed,
    /// The peer sent a warning that ends nothing.
    Warning(Alert),
}

impl<S: Side> Connection<S> {
    pub(crate) fn with(core: Core, side: S) -> Self {
        Self { core, side }
    }

    /// Reads once from `transport`; 0 bytes are the end of the transport. Works on nothing: that is
    /// [`process`](Self::process)'s part.
    ///
    /// # Errors
    /// What `transport` says, and an error when there is no room because whole records wait to be
    /// processed.
    pub fn read_tls(&mut self, transport: &mut dyn Read) -> std::io::Result<usize> {
        let count = self.core.incoming.read_from(transport)?;
        self.core.transport_ended |= count == 0;
        Ok(count)
    }

    /// Works on all records that are whole.
    ///
    /// # Errors
    /// [`Error`], after which the connection is of no more use; the same comes again from then on.
    /// [`write_tls`](Self::write_tls) has the alert that tells the peer.
    pub fn process(&mut self) -> Result<Progress, Error> {
        if let Some(error) = self.core.failed {
            return Err(error);
        }
        if let Err(error) = self.process_records() {
            self.core.fail(error);
            self.side.on_failure(&self.core);
            return Err(error);
        }
        Ok(Progress {
            plaintext_bytes: self.core.plaintext.waiting(),
            outgoing_bytes: self.core.outgoing.waiting_bytes(),
            peer_has_closed: self.core.peer_closed,
        })
    }

    fn process_records(&mut self) -> Result<(), Error> {
        while let Some(pulled) = self.core.pull_record()? {
            match pulled {
                Pulled::Done => {}
                Pulled::Handshake => self.process_messages()?,
                Pulled::ChangeCipherSpec => self.side.on_change_cipher_spec(&mut self.core)?,
            }
        }
        Ok(())
    }

    fn process_messages(&mut self) -> Result<(), Error> {
        // Out of the core while its messages are worked on, which change the rest of the core.
        let mut joiner = ::core::mem::take(&mut self.core.joiner);
        let processed = self.process_joined(&mut joiner);
        joiner.shrink();
        self.core.joiner = joiner;
        processed
    }

    fn process_joined(&mut self, joiner: &mut HandshakeJoiner) -> Result<(), Error> {
        while let Some(message) = joiner.next_message()? {
            if self.core.established && message.kind == S::RENEGOTIATION {
                self.core.refuse_renegotiation()?;
                continue;
            }
            self.side
                .on_message(&mut self.core, message.kind, message.body, message.bytes)?;
        }
        Ok(())
    }

    /// Writes once to `transport`.
    ///
    /// # Errors
    /// What `transport` says.
    pub fn write_tls(&mut self, transport: &mut dyn Write) -> std::io::Result<usize> {
        self.core.outgoing.write_to(transport)
    }

    /// Whether bytes from the peer are welcome: not when it has closed, and not while 16 KiB of its
    /// data wait in the [`Reader`].
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.core.wants_read()
    }

    /// Whether [`write_tls`](Self::write_tls) has bytes.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        !self.core.outgoing.is_empty()
    }

    /// Whether the handshake is not done yet.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        !self.core.established
    }

    /// Whether the peer said that it sends nothing more.
    #[must_use]
    pub fn peer_has_closed(&self) -> bool {
        self.core.peer_closed
    }

    /// Application data from the peer.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader::new(&mut self.core)
    }

    /// Application data for the peer.
    pub fn writer(&mut self) -> Writer<'_> {
        Writer::new(&mut self.core)
    }

    /// What happened and was not asked for yet, the oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        self.core.events.pop_front()
    }

    /// Says that nothing more will be sent; without it the peer cannot tell the end from an attack.
    pub fn send_close_notify(&mut self) {
        self.core.send_close_notify();
    }

    /// The suite, once it is chosen.
    #[must_use]
    pub fn suite(&self) -> Option<CipherSuite> {
        self.core.facts.suite
    }

    /// The application protocol, when one was agreed on.
    #[must_use]
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.core.facts.alpn.as_deref()
    }

    /// The peer's signature certificate, when it showed certificates and they were accepted. It has
    /// proved to hold the key only when the handshake is done.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<&Certificate> {
        self.core.facts.peer.as_ref().map(|peer| &peer.sign)
    }

    /// The peer's encryption certificate, under the same conditions.
    #[must_use]
    pub fn peer_encryption_certificate(&self) -> Option<&Certificate> {
        self.core.facts.peer.as_ref()?.encrypt.as_ref()
    }

    /// Whether a session was taken up again.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.core.facts.resumed
    }

    /// The name that the client asked for.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.core.facts.server_name.as_deref()
    }
}

impl<S: Side> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("side", &self.side)
            .field("suite", &self.core.facts.suite)
            .field("failed", &self.core.failed)
            .finish_non_exhaustive()
    }
}
