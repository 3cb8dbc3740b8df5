//! `ClientHello` and what the server makes of it.

use std::sync::Arc;

use hefu_gm::x509::ServerName;

use super::finish::Finish;
use super::{Client, State};
use crate::config::ClientConfig;
use crate::connection::Core;
use crate::error::{Error, PeerError, malformed};
use crate::handshake::{Finishing, make_random};
use crate::messages::{
    ClientExtensions, ClientHello, HandshakeType, RANDOM_BYTES, ServerHello, SessionId, VERSION,
};
use crate::schedule::{MasterSecret, Party, Randoms};
use crate::session::Session;
use crate::suite::{CipherSuite, KeyExchange};
use crate::transcript::Transcript;

/// What the client sent.
pub(super) struct Offer {
    random: [u8; RANDOM_BYTES],
    session_id: SessionId,
    extensions: ClientExtensions,
    session: Option<Arc<Session>>,
    transcript: Transcript,
}

/// What both sides agreed on with their hello messages, in a full handshake.
pub(super) struct Negotiated {
    pub(super) randoms: Randoms,
    pub(super) suite: CipherSuite,
    /// Empty when the server does not keep the session.
    pub(super) session_id: SessionId,
    /// The server said that it may.
    pub(super) status_may_come: bool,
    /// The server promised one.
    pub(super) ticket_comes: bool,
    pub(super) transcript: Transcript,
}

impl Offer {
    pub(super) fn send(
        core: &mut Core,
        config: &ClientConfig,
        name: &ServerName,
        now_s: i64,
    ) -> Result<Self, Error> {
        let session = session_to_offer(config, name, now_s);
        let server_name = match name {
            ServerName::Dns(name) if config.send_server_name => Some(name.clone()),
            ServerName::Dns(_) | ServerName::Ip(_) => None,
        };
        core.facts.server_name.clone_from(&server_name);
        let hello = ClientHello {
            version: VERSION,
            random: make_random(&*core.provider, now_s)?,
            session_id: match &session {
                Some(session) => session_id_to_offer(core, session)?,
                None => SessionId::default(),
            },
            suites: config.suites.iter().map(|suite| suite.id()).collect(),
            compressions: vec![0],
            extensions: ClientExtensions {
                server_name,
                alpn: config.alpn.clone(),
                sm2_group: config
                    .suites
                    .iter()
                    .any(|suite| suite.key_exchange() == KeyExchange::Ecdhe),
                status_request: config.verifier.wants_status(),
                ticket: ticket_to_offer(config, session.as_deref()),
            },
        };
        let mut transcript = Transcript::new(&*core.provider)?;
        core.send_message(
            &mut transcript,
            HandshakeType::ClientHello,
            &hello.to_bytes(),
        )?;
        Ok(Self {
            random: hello.random,
            session_id: hello.session_id,
            extensions: hello.extensions,
            session,
            transcript,
        })
    }
}

fn session_to_offer(config: &ClientConfig, name: &ServerName, now_s: i64) -> Option<Arc<Session>> {
    let session = config.sessions.as_ref()?.find(name)?;
    let peer = session.peer.as_ref()?;
    let is_named = !session.id.is_empty() || config.tickets;
    let usable = is_named
        && session.holds_at(now_s, config.session_age_s_max)
        && config.suites.contains(&session.suite)
        && config.verifier.verify_again(peer, now_s).is_ok();
    usable.then_some(session)
}

/// A session that the server keeps has its identifier; one in a ticket gets one made up, by which the
/// server says that it takes it (RFC 5077, 3.4).
fn session_id_to_offer(core: &Core, session: &Session) -> Result<SessionId, Error> {
    if !session.id.is_empty() {
        return Ok(session.id);
    }
    let mut id = [0; 32];
    core.provider.fill_random(&mut id)?;
    Ok(SessionId::from(id))
}

/// The session's ticket, or the wish for one.
fn ticket_to_offer(config: &ClientConfig, session: Option<&Session>) -> Option<Vec<u8>> {
    if !config.tickets || config.sessions.is_none() {
        return None;
    }
    let ticket = session.and_then(|session| session.ticket.as_ref());
    Some(
        ticket
            .map(|ticket| ticket.ticket.clone())
            .unwrap_or_default(),
    )
}

impl Client {
    pub(super) fn on_hello(
        &self,
        core: &mut Core,
        offer: Offer,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let hello = ServerHello::read(body).map_err(malformed(HandshakeType::ServerHello))?;
        let suite = self.check_hello(&offer, &hello)?;
        core.facts.suite = Some(suite);
        core.facts.alpn = hello.extensions.alpn;

        let Offer {
            random,
            session_id,
            session,
            mut transcript,
            ..
        } = offer;
        transcript.add(message)?;
        let randoms = Randoms {
            client: random,
            server: hello.random,
        };
        match session {
            Some(session) if session_id == hello.session_id => {
                let finish = self.resume(core, session, suite, &randoms, transcript)?;
                Ok(finish.expect(hello.extensions.ticket))
            }
            _ => Ok(State::Certificate(Box::new(Negotiated {
                randoms,
                suite,
                session_id: hello.session_id,
                status_may_come: hello.extensions.status_request,
                ticket_comes: hello.extensions.ticket,
                transcript,
            }))),
        }
    }

    fn check_hello(&self, offer: &Offer, hello: &ServerHello) -> Result<CipherSuite, PeerError> {
        if hello.version != VERSION {
            return Err(PeerError::Version(hello.version));
        }
        if hello.compression != 0 {
            return Err(PeerError::CompressionNotOffered);
        }
        let suite = CipherSuite::from_id(hello.suite)
            .filter(|suite| self.config.suites.contains(suite))
            .ok_or(PeerError::SuiteNotOffered)?;
        let answers = &hello.extensions;
        let alpn_was_offered = answers
            .alpn
            .as_ref()
            .is_none_or(|chosen| offer.extensions.alpn.contains(chosen));
        let name_was_sent = !answers.server_name || offer.extensions.server_name.is_some();
        let ticket_was_asked_for = !answers.ticket || offer.extensions.ticket.is_some();
        let status_was_asked_for = !answers.status_request || offer.extensions.status_request;
        let was_asked_for = alpn_was_offered && name_was_sent && ticket_was_asked_for;
        if !was_asked_for || !status_was_asked_for {
            return Err(PeerError::UnsolicitedExtension);
        }
        Ok(suite)
    }

    /// The server takes up the session that was offered.
    fn resume(
        &self,
        core: &mut Core,
        session: Arc<Session>,
        suite: CipherSuite,
        randoms: &Randoms,
        transcript: Transcript,
    ) -> Result<Finish, Error> {
        if session.suite != suite {
            return Err(PeerError::ResumedWithOtherSuite.into());
        }
        let master = MasterSecret::from_session(&*core.provider, session.master_secret.clone())?;
        self.log_keys(randoms, &master);
        core.facts.resumed = true;
        core.facts.peer.clone_from(&session.peer);
        let finishing = Finishing::new(suite, master, randoms, transcript)?;
        finishing.expect(core, Party::Server)?;
        Ok(Finish::resumed(finishing, session))
    }

    #[cfg(feature = "key-log")]
    pub(super) fn log_keys(&self, randoms: &Randoms, master: &MasterSecret) {
        if let Some(key_log) = &self.config.key_log {
            let secret = master.dangerous_bytes().as_slice();
            crate::key_log::log(&**key_log, &randoms.client, secret);
        }
    }

    #[cfg(not(feature = "key-log"))]
    #[expect(clippy::unused_self, reason = "it is used with the feature key-log")]
    pub(super) fn log_keys(&self, _: &Randoms, _: &MasterSecret) {}
}
