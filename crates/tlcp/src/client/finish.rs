//! The end of the handshake.

use std::sync::Arc;

use super::{Client, State};
use crate::connection::Core;
use crate::error::{Error, malformed};
use crate::handshake::Finishing;
use crate::messages::{HandshakeType, NewSessionTicket, SessionId};
use crate::schedule::Party;
use crate::session::Session;
use crate::ticket::TICKET_BYTES_MAX;
use crate::verify::VerifiedPeer;

/// All is said but the server's `Finished`, and perhaps its ticket.
pub(super) struct Finish {
    finishing: Finishing,
    begun: Begun,
    /// What the server gave to keep.
    ticket: Option<NewSessionTicket>,
}

/// What the session that follows is made of.
enum Begun {
    Full(VerifiedPeer, SessionId),
    Resumed(Arc<Session>),
}

impl Finish {
    /// Ours is sent already.
    pub(super) fn full(finishing: Finishing, peer: VerifiedPeer, session_id: SessionId) -> Self {
        Self {
            finishing,
            begun: Begun::Full(peer, session_id),
            ticket: None,
        }
    }

    /// Ours comes after the server's.
    pub(super) fn resumed(finishing: Finishing, session: Arc<Session>) -> Self {
        Self {
            finishing,
            begun: Begun::Resumed(session),
            ticket: None,
        }
    }

    /// What comes next.
    pub(super) fn expect(self, ticket_comes: bool) -> State {
        if ticket_comes {
            State::Ticket(Box::new(self))
        } else {
            State::ChangeCipherSpec(Box::new(self))
        }
    }
}

impl Client {
    /// An empty ticket is none (RFC 5077, 3.3), and one that is too long is not kept.
    pub(super) fn on_ticket(
        mut finish: Box<Finish>,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let ticket =
            NewSessionTicket::read(body).map_err(malformed(HandshakeType::NewSessionTicket))?;
        finish.finishing.transcript.add(message)?;
        finish.ticket =
            Some(ticket).filter(|ticket| (1..=TICKET_BYTES_MAX).contains(&ticket.ticket.len()));
        Ok(State::ChangeCipherSpec(finish))
    }

    pub(super) fn on_finished(
        &self,
        core: &mut Core,
        finish: Finish,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let Finish {
            mut finishing,
            begun,
            ticket,
        } = finish;
        finishing.check(Party::Server, body, message)?;
        match begun {
            Begun::Full(peer, id) => self.keep_session(Session {
                id,
                suite: finishing.suite,
                master_secret: finishing.master.dangerous_bytes().clone(),
                peer: Some(peer),
                server_name: core.facts.server_name.clone(),
                begun_at_s: self.now_s,
                ticket,
            }),
            Begun::Resumed(session) => {
                finishing.send(core, Party::Client)?;
                // A new ticket does not make the session younger.
                if ticket.is_some() {
                    self.keep_session(Session {
                        id: session.id,
                        suite: session.suite,
                        master_secret: session.master_secret.clone(),
                        peer: session.peer.clone(),
                        server_name: session.server_name.clone(),
                        begun_at_s: session.begun_at_s,
                        ticket,
                    });
                }
            }
        }
        core.establish();
        Ok(State::Traffic)
    }

    /// Unless there is nothing to take it up again by.
    fn keep_session(&self, session: Session) {
        if let Some(sessions) = &self.config.sessions
            && (!session.id.is_empty() || session.ticket.is_some())
        {
            sessions.put(&self.name, Arc::new(session));
        }
    }
}
