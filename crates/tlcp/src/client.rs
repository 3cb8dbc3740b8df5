//! The client's handshake (GB/T 38636, 6.4): one state for each message that may come, one file for
//! each stretch of the way.
//!
//! Clauses: CJ-6.3.c.

mod finish;
mod hello;
mod key_exchange;

use core::fmt;
use std::sync::Arc;

use hefu_gm::x509::ServerName;

use crate::config::ClientConfig;
use crate::connection::sealed::Handshake;
use crate::connection::{Connection, Core, Side};
use crate::error::{Error, PeerError};
use crate::messages::HandshakeType;
use finish::Finish;
use hello::{Negotiated, Offer};
use key_exchange::{Exchange, Presented, Request};

/// A client's side of a connection.
///
/// See [`Connection`] for how bytes move, and the crate's documentation for an example.
pub type ClientConnection = Connection<Client>;

/// The client in [`Connection`].
pub struct Client {
    config: Arc<ClientConfig>,
    name: ServerName,
    now_s: i64,
    state: State,
}

/// What may come next. Everything else is refused.
enum State {
    /// `ServerHello`.
    Hello(Box<Offer>),
    /// `Certificate`.
    Certificate(Box<Negotiated>),
    /// `CertificateStatus` or `ServerKeyExchange`.
    StatusOrKeyExchange(Box<Presented>),
    /// `ServerKeyExchange`.
    KeyExchange(Box<Exchange>),
    /// `CertificateRequest` or `ServerHelloDone`.
    RequestOrDone(Box<Exchange>),
    /// `ServerHelloDone`.
    Done(Box<Exchange>, Request),
    /// `NewSessionTicket`, which the server promised.
    Ticket(Box<Finish>),
    /// `change_cipher_spec`.
    ChangeCipherSpec(Box<Finish>),
    /// `Finished`.
    Finished(Box<Finish>),
    /// Application data.
    Traffic,
    /// Nothing: something was refused.
    Failed,
}

impl Connection<Client> {
    /// Begins a handshake with the server `name`; its first message is ready at once.
    ///
    /// `now_s` is the time in Unix seconds. It is enough for the whole handshake, which the caller
    /// ends after some seconds if it is not done by then.
    ///
    /// # Errors
    /// [`Error::Internal`] when the cryptographic module fails.
    pub fn new(config: Arc<ClientConfig>, name: ServerName, now_s: i64) -> Result<Self, Error> {
        let mut core = Core::new(Arc::clone(&config.provider));
        let offer = Offer::send(&mut core, &config, &name, now_s)?;
        Ok(Self::with(
            core,
            Client {
                config,
                name,
                now_s,
                state: State::Hello(Box::new(offer)),
            },
        ))
    }
}

impl Side for Client {}

impl Handshake for Client {
    const RENEGOTIATION: HandshakeType = HandshakeType::HelloRequest;

    fn on_message(
        &mut self,
        core: &mut Core,
        kind: HandshakeType,
        body: &[u8],
        message: &[u8],
    ) -> Result<(), Error> {
        let state = ::core::mem::replace(&mut self.state, State::Failed);
        self.state = match (state, kind) {
            (State::Hello(offer), HandshakeType::ServerHello) => {
                self.on_hello(core, *offer, body, message)?
            }
            (State::Certificate(negotiated), HandshakeType::Certificate) => {
                self.on_certificate(core, *negotiated, body, message)?
            }
            (State::StatusOrKeyExchange(presented), HandshakeType::CertificateStatus) => {
                self.on_status(core, *presented, body, message)?
            }
            (State::StatusOrKeyExchange(presented), HandshakeType::ServerKeyExchange) => {
                let exchange = self.accept(core, *presented, None)?;
                Self::on_key_exchange(core, exchange, body, message)?
            }
            (State::KeyExchange(exchange), HandshakeType::ServerKeyExchange) => {
                Self::on_key_exchange(core, exchange, body, message)?
            }
            (State::RequestOrDone(exchange), HandshakeType::CertificateRequest) => {
                Self::on_request(exchange, body, message)?
            }
            (State::RequestOrDone(exchange), HandshakeType::ServerHelloDone) => {
                self.on_done(core, *exchange, Request::None, message)?
            }
            (State::Done(exchange, request), HandshakeType::ServerHelloDone) => {
                self.on_done(core, *exchange, request, message)?
            }
            (State::Ticket(finish), HandshakeType::NewSessionTicket) => {
                Self::on_ticket(finish, body, message)?
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

    /// Also during the handshake: a session that the server cannot take up must not stand in the way
    /// of the next connection.
    fn on_failure(&mut self, _: &Core) {
        if let Some(sessions) = &self.config.sessions {
            sessions.remove(&self.name);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello(_) => "Hello",
            Self::Certificate(_) => "Certificate",
            Self::StatusOrKeyExchange(_) => "StatusOrKeyExchange",
            Self::KeyExchange(_) => "KeyExchange",
            Self::RequestOrDone(_) => "RequestOrDone",
            Self::Done(..) => "Done",
            Self::Ticket(_) => "Ticket",
            Self::ChangeCipherSpec(_) => "ChangeCipherSpec",
            Self::Finished(_) => "Finished",
            Self::Traffic => "Traffic",
            Self::Failed => "Failed",
        })
    }
}
