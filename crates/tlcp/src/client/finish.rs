//! The end of the handshake.

use std::sync::Arc;

use super::{Client, State};
use crate::connection::Core;
use crate::error::Error;
use crate::handshake::Finishing;
use crate::messages::SessionId;
use crate::schedule::Party;
use crate::session::Session;
use crate::verify::VerifiedPeer;

/// All is said but the server's `Finished`.
pub(super) struct Finish {
    finishing: Finishing,
    /// In a full handshake, what its session is made of.
    full: Option<(VerifiedPeer, SessionId)>,
}

impl Finish {
    /// Ours is sent already.
    pub(super) fn full(finishing: Finishing, peer: VerifiedPeer, session_id: SessionId) -> Self {
        Self {
            finishing,
            full: Some((peer, session_id)),
        }
    }

    /// Ours comes after the server's.
    pub(super) fn resumed(finishing: Finishing) -> Self {
        Self {
            finishing,
            full: None,
        }
    }
}

impl Client {
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
        finishing.check(Party::Server, body, message)?;
        match full {
            None => finishing.send(core, Party::Client)?,
            Some((peer, session_id)) => self.keep_session(core, &finishing, peer, session_id),
        }
        core.establish();
        Ok(State::Traffic)
    }

    fn keep_session(
        &self,
        core: &Core,
        finishing: &Finishing,
        peer: VerifiedPeer,
        session_id: SessionId,
    ) {
        let Some(sessions) = &self.config.sessions else {
            return;
        };
        if session_id.is_empty() {
            return;
        }
        let session = Session {
            id: session_id,
            suite: finishing.suite,
            master_secret: finishing.master.dangerous_bytes().clone(),
            peer: Some(peer),
            server_name: core.facts.server_name.clone(),
            begun_at_s: self.now_s,
        };
        sessions.put(&self.name, Arc::new(session));
    }
}
