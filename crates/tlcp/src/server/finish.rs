//! The end of the handshake.

use std::sync::Arc;

use super::{Server, State};
use crate::connection::Core;
use crate::error::Error;
use crate::handshake::Finishing;
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
            finishing.send(core, Party::Server)?;
            self.keep_session(core, &finishing, peer);
        }
        core.establish();
        Ok(State::Traffic)
    }

    fn keep_session(&self, core: &Core, finishing: &Finishing, peer: Option<VerifiedPeer>) {
        let Some(sessions) = &self.config.sessions else {
            return;
        };
        sessions.put(Arc::new(Session {
            id: self.session_id,
            suite: finishing.suite,
            master_secret: finishing.master.dangerous_bytes().clone(),
            peer,
            server_name: core.facts.server_name.clone(),
            begun_at_s: self.now_s,
        }));
    }
}
