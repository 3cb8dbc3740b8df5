//! The end of the handshake.

use std::sync::Arc;

use super::{Server, State};
use crate::connection::Core;
use crate::error::Error;
use crate::handshake::Finishing;
use crate::messages::{HandshakeType, NewSessionTicket};
use crate::schedule::Party;
use crate::session::Session;
use crate::verify::VerifiedPeer;

/// All is said but the client's `Finished`.
pub(super) struct Finish {
    finishing: Finishing,
    /// In a full handshake, the client if it showed certificates.
    full: Option<Option<VerifiedPeer>>,
}

impl Finish {
    /// Ours comes after the client's.
    pub(super) fn full(finishing: Finishing, peer: Option<VerifiedPeer>) -> Self {
        Self {
            finishing,
            full: Some(peer),
        }
    }

    /// Ours is sent already.
    pub(super) fn resumed(finishing: Finishing) -> Self {
        Self {
            finishing,
            full: None,
        }
    }
}

impl Server {
    pub(super) fn on_finished(
        &self,
        core: &mut Core,
        finish: Finish,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let Finish {
            mut finishing,
            full,
        } = finish;
        finishing.check(Party::Client, body, message)?;
        if let Some(peer) = full {
            let session = self.session(core, &finishing, peer);
            if self.promised_ticket {
                self.send_ticket(core, &mut finishing, &session)?;
            }
            finishing.send(core, Party::Server)?;
            if let Some(sessions) = &self.config.sessions {
                sessions.put(Arc::new(session));
            }
        }
        core.establish();
        Ok(State::Traffic)
    }

    fn session(&self, core: &Core, finishing: &Finishing, peer: Option<VerifiedPeer>) -> Session {
        Session {
            id: self.session_id,
            suite: finishing.suite,
            master_secret: finishing.master.dangerous_bytes().clone(),
            peer,
            server_name: core.facts.server_name.clone(),
            begun_at_s: self.now_s,
            ticket: None,
        }
    }

    /// An empty ticket where the session does not fit into one: what was promised must come (RFC 5077,
    /// 3.3).
    pub(super) fn send_ticket(
        &self,
        core: &mut Core,
        finishing: &mut Finishing,
        session: &Session,
    ) -> Result<(), Error> {
        let context = self.config.ticket_context();
        let sealed = match &self.config.tickets {
            Some(keys) => keys.seal(session, &context)?,
            None => None,
        };
        let message = NewSessionTicket {
            lifetime_s: u32::try_from(self.config.session_age_s_max).unwrap_or_default(),
            ticket: sealed.unwrap_or_default(),
        };
        core.send_message(
            &mut finishing.transcript,
            HandshakeType::NewSessionTicket,
            &message.to_bytes(),
        )
    }
}
