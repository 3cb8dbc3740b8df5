//! The server's handshake (GB/T 38636, 6.4): one state for each message that may come, one file for
//! each stretch of the way.
//!
//! Clauses: CJ-6.3.c.

mod finish;
mod hello;
mod key_exchange;

use core::fmt;
use std::sync::Arc;

use crate::config::ServerConfig;
use crate::connection::sealed::Handshake;
use crate::connection::{Connection, Core, Side};
use crate::error::{Error, PeerError};
use crate::messages::{HandshakeType, SessionId};
use finish::Finish;
use key_exchange::{Exchange, Proof};

/// A server's side of a connection.
///
/// See [`Connection`] for how bytes move, and the crate's documentation for an example.
pub type ServerConnection = Connection<Server>;

/// The server in [`Connection`].
pub struct Server {
    config: Arc<ServerConfig>,
    now_s: i64,
    /// The session that this connection took up or made; empty for none.
    session_id: SessionId,
    /// `ServerHello` said that a ticket will come.
    promised_ticket: bool,
    state: State,
}

/// What may come next. Everything else is refused.
enum State {
    /// `ClientHello`.
    Hello,
    /// `Certificate`.
    Certificate(Box<Exchange>),
    /// `ClientKeyExchange`.
    KeyExchange(Box<Exchange>),
    /// `CertificateVerify`.
    Verify(Box<Proof>),
    /// `change_cipher_spec`.
    ChangeCipherSpec(Box<Finish>),
    /// `Finished`.
    Finished(Box<Finish>),
    /// Application data.
    Traffic,
    /// Nothing: something was refused.
    Failed,
}

impl Connection<Server> {
    /// Waits for a client.
    ///
    /// `now_s` is the time in Unix seconds. It is enough for the whole handshake, which the caller
    /// ends after some seconds if it is not done by then.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, now_s: i64) -> Self {
        let core = Core::new(Arc::clone(&config.provider));
        Self::with(
            core,
            Server {
                config,
                now_s,
                session_id: SessionId::default(),
                promised_ticket: false,
                state: State::Hello,
            },
        )
    }
}

impl Side for Server {}

impl Handshake for Server {
    const RENEGOTIATION: HandshakeType = HandshakeType::ClientHello;

    fn on_message(
        &mut self,
        core: &mut Core,
        kind: HandshakeType,
        body: &[u8],
        message: &[u8],
    ) -> Result<(), Error> {
        let state = ::core::mem::replace(&mut self.state, State::Failed);
        self.state = match (state, kind) {
            (State::Hello, HandshakeType::ClientHello) => self.on_hello(core, body, message)?,
            (State::Certificate(exchange), HandshakeType::Certificate) => {
                self.on_certificate(core, exchange, body, message)?
            }
            (State::KeyExchange(exchange), HandshakeType::ClientKeyExchange) => {
                self.on_key_exchange(core, *exchange, body, message)?
            }
            (State::Verify(proof), HandshakeType::CertificateVerify) => {
                Self::on_verify(core, *proof, body, message)?
            }
            (State::Finished(finish), HandshakeType::Finished) => {
                self.on_finished(core, *finish, body, message)?
            }
            (_, kind) => return Err(PeerError::UnexpectedMessage(kind).into()),
        };
        Ok(())
    }

    fn on_change_cipher_spec(&mut self, core: &mut Core) -> Result<(), Error> {
        let state = ::core::mem::replace(&mut self.state, State::Failed);
        let State::ChangeCipherSpec(finish) = state else {
            return Err(PeerError::UnexpectedChangeCipherSpec.into());
        };
        core.change_opener()?;
        self.state = State::Finished(finish);
        Ok(())
    }

    /// Only after the handshake: identifiers go over the wire in clear, and who merely saw one must
    /// not be able to end its session.
    fn on_failure(&mut self, core: &Core) {
        if let Some(sessions) = &self.config.sessions
            && core.is_established()
        {
            sessions.remove(&self.session_id);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello => "Hello",
            Self::Certificate(_) => "Certificate",
            Self::KeyExchange(_) => "KeyExchange",
            Self::Verify(_) => "Verify",
            Self::ChangeCipherSpec(_) => "ChangeCipherSpec",
            Self::Finished(_) => "Finished",
            Self::Traffic => "Traffic",
            Self::Failed => "Failed",
        })
    }
}
