//! `ClientHello`, and the server's answer: its whole flight, or an old session.

use std::sync::Arc;

use super::finish::Finish;
use super::key_exchange::{Exchange, Negotiated};
use super::{Server, State};
use crate::config::ClientAuth;
use crate::connection::Core;
use crate::error::{Error, InternalError, PeerError, malformed};
use crate::handshake::{Finishing, SignedParams, make_random, sign, signed_params};
use crate::identity::Identity;
use crate::messages::{
    CertificateList, CertificateStatus, ClientHello, EcdheParams, HandshakeType, ServerExtensions,
    ServerHello, ServerKeyExchange, SessionId, VERSION,
};
use crate::schedule::{MasterSecret, Party, Randoms};
use crate::session::Session;
use crate::suite::{CipherSuite, KeyExchange};
use crate::transcript::Transcript;

/// The versions of the standard that a client may know have this number before the dot.
const MAJOR_VERSION: u16 = VERSION >> 8;

impl Server {
    pub(super) fn on_hello(
        &mut self,
        core: &mut Core,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let hello = ClientHello::read(body).map_err(malformed(HandshakeType::ClientHello))?;
        if hello.version < VERSION || hello.version >> 8 != MAJOR_VERSION {
            return Err(PeerError::Version(hello.version).into());
        }
        if !hello.compressions.contains(&0) {
            return Err(PeerError::NoCommonCompression.into());
        }
        core.facts
            .server_name
            .clone_from(&hello.extensions.server_name);
        core.facts.alpn = self.choose_protocol(&hello.extensions.alpn)?;
        let mut transcript = Transcript::new(&*core.provider)?;
        transcript.add(message)?;
        if let Some(session) = self.session_to_resume(&hello) {
            return self.resume(core, &hello, &session, transcript);
        }
        if let Some((session, is_outdated)) = self.session_in_ticket(&hello)? {
            self.promised_ticket = is_outdated;
            let state = self.resume(core, &hello, &session, transcript)?;
            // The identifier is of the client's making, and may be another session's.
            self.session_id = SessionId::default();
            return Ok(state);
        }
        self.answer(core, &hello, transcript)
    }

    fn choose_protocol(&self, offered: &[Vec<u8>]) -> Result<Option<Vec<u8>>, PeerError> {
        if offered.is_empty() || self.config.alpn.is_empty() {
            return Ok(None);
        }
        let chosen = self
            .config
            .alpn
            .iter()
            .find(|protocol| offered.contains(protocol));
        chosen
            .cloned()
            .map(Some)
            .ok_or(PeerError::NoApplicationProtocol)
    }

    /// The session that the client asks for, when it may be taken up.
    fn session_to_resume(&self, hello: &ClientHello) -> Option<Arc<Session>> {
        if hello.session_id.is_empty() {
            return None;
        }
        let session = self.config.sessions.as_ref()?.find(&hello.session_id)?;
        self.may_resume(&session, hello).then_some(session)
    }

    /// The session in the client's ticket, when it may be taken up, and whether the ticket is of the
    /// previous key and wants another in its place. The client sees that it was by the
    /// identifier that it made up for this, so that there must be one (RFC 5077, 3.4).
    fn session_in_ticket(&self, hello: &ClientHello) -> Result<Option<(Session, bool)>, Error> {
        let (Some(keys), Some(ticket)) = (&self.config.tickets, &hello.extensions.ticket) else {
            return Ok(None);
        };
        if hello.session_id.is_empty() || ticket.is_empty() {
            return Ok(None);
        }
        let opened = keys.open(ticket, &self.config.ticket_context())?;
        Ok(opened.filter(|(session, _)| self.may_resume(session, hello)))
    }

    /// Whether everything that a full handshake would ask holds for the session too.
    fn may_resume(&self, session: &Session, hello: &ClientHello) -> bool {
        let client_holds = match (&self.config.client_auth, &session.peer) {
            (ClientAuth::None, _) | (ClientAuth::Optional(_), None) => true,
            (ClientAuth::Required(_), None) => false,
            (ClientAuth::Optional(verifier) | ClientAuth::Required(verifier), Some(peer)) => {
                verifier.verify_again(peer, self.now_s).is_ok()
            }
        };
        client_holds
            && session.holds_at(self.now_s, self.config.session_age_s_max)
            && session.server_name == hello.extensions.server_name
            && hello.suites.contains(&session.suite.id())
            && self.config.suites.contains(&session.suite)
    }

    fn resume(
        &mut self,
        core: &mut Core,
        hello: &ClientHello,
        session: &Session,
        mut transcript: Transcript,
    ) -> Result<State, Error> {
        let suite = session.suite;
        let randoms = self.send_hello(
            core,
            hello,
            suite,
            ServerExtensions {
                ticket: self.promised_ticket,
                ..ServerExtensions::default()
            },
            hello.session_id,
            &mut transcript,
        )?;
        core.facts.resumed = true;
        core.facts.peer.clone_from(&session.peer);
        let master = MasterSecret::from_session(&*core.provider, session.master_secret.clone())?;
        self.log_keys(&randoms, &master);
        let mut finishing = Finishing::new(suite, master, &randoms, transcript)?;
        if self.promised_ticket {
            self.send_ticket(core, &mut finishing, session)?;
        }
        finishing.send(core, Party::Server)?;
        finishing.expect(core, Party::Client)?;
        Ok(State::ChangeCipherSpec(Box::new(Finish::resumed(
            finishing,
        ))))
    }

    /// `ServerHello` to `ServerHelloDone`.
    fn answer(
        &mut self,
        core: &mut Core,
        hello: &ClientHello,
        mut transcript: Transcript,
    ) -> Result<State, Error> {
        let identity = self
            .config
            .identity
            .choose(hello.extensions.server_name.as_deref())
            .ok_or(PeerError::UnknownName)?;
        let suite = self.choose_suite(hello)?;
        let session_id = self.make_session_id(core)?;
        let status = identity
            .status_at(self.now_s)
            .filter(|_| hello.extensions.status_request);
        self.promised_ticket = self.config.tickets.is_some() && hello.extensions.ticket.is_some();
        let extensions = ServerExtensions {
            status_request: status.is_some(),
            ticket: self.promised_ticket,
            ..ServerExtensions::default()
        };
        let randoms =
            self.send_hello(core, hello, suite, extensions, session_id, &mut transcript)?;
        let list = CertificateList(
            identity
                .certificates()
                .iter()
                .map(|certificate| certificate.as_der().to_vec())
                .collect(),
        );
        core.send_message(
            &mut transcript,
            HandshakeType::Certificate,
            &list.to_bytes(),
        )?;
        if let Some(der) = status {
            let response = der.to_vec();
            core.send_message(
                &mut transcript,
                HandshakeType::CertificateStatus,
                &CertificateStatus { response }.to_bytes(),
            )?;
        }

        let mut exchange = Exchange {
            negotiated: Negotiated {
                randoms,
                suite,
                client_version: hello.version,
                transcript,
            },
            identity,
            ephemeral: None,
            peer: None,
        };
        send_key_exchange(core, &mut exchange)?;
        let transcript = &mut exchange.negotiated.transcript;
        let asks = self.config.client_auth.verifier().is_some();
        if asks {
            core.send_message(
                transcript,
                HandshakeType::CertificateRequest,
                &self.config.request,
            )?;
        }
        core.send_message(transcript, HandshakeType::ServerHelloDone, &[])?;
        Ok(if asks {
            State::Certificate(Box::new(exchange))
        } else {
            State::KeyExchange(Box::new(exchange))
        })
    }

    fn choose_suite(&self, hello: &ClientHello) -> Result<CipherSuite, PeerError> {
        self.config
            .suites
            .iter()
            .copied()
            .find(|suite| hello.suites.contains(&suite.id()))
            .ok_or(PeerError::NoCommonSuite)
    }

    /// A fresh identifier, or none where sessions are not kept.
    fn make_session_id(&mut self, core: &Core) -> Result<SessionId, Error> {
        if self.config.sessions.is_some() {
            let mut id = [0; 32];
            core.provider.fill_random(&mut id)?;
            self.session_id = SessionId::from(id);
        }
        Ok(self.session_id)
    }

    /// With these extensions, and those that every answer has.
    fn send_hello(
        &mut self,
        core: &mut Core,
        hello: &ClientHello,
        suite: CipherSuite,
        mut extensions: ServerExtensions,
        session_id: SessionId,
        transcript: &mut Transcript,
    ) -> Result<Randoms, Error> {
        self.session_id = session_id;
        core.facts.suite = Some(suite);
        extensions.server_name = hello.extensions.server_name.is_some();
        extensions.alpn.clone_from(&core.facts.alpn);
        let answer = ServerHello {
            version: VERSION,
            random: make_random(&*core.provider, self.now_s)?,
            session_id,
            suite: suite.id(),
            compression: 0,
            extensions,
        };
        core.send_message(transcript, HandshakeType::ServerHello, &answer.to_bytes())?;
        Ok(Randoms {
            client: hello.random,
            server: answer.random,
        })
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

/// `ServerKeyExchange` (6.4.5.4): the signature key vouches for the encryption certificate, or for a
/// fresh key, in this handshake.
fn send_key_exchange(core: &mut Core, exchange: &mut Exchange) -> Result<(), Error> {
    let identity: &Identity = &exchange.identity;
    let (certificate, key) = identity
        .encryption()
        .ok_or(InternalError::NoEncryptionKey)?;
    let negotiated = &mut exchange.negotiated;
    let params = match negotiated.suite.key_exchange() {
        KeyExchange::Ecc => None,
        KeyExchange::Ecdhe => {
            let ephemeral = key.make_exchange()?;
            let params = EcdheParams::new(&ephemeral.ephemeral_key());
            exchange.ephemeral = Some(ephemeral);
            Some(params)
        }
    };
    let signed = match &params {
        None => SignedParams::Certificate(certificate.as_der()),
        Some(params) => SignedParams::Ecdhe(params.as_bytes()),
    };
    let signed = signed_params(&negotiated.randoms, signed);
    let message = ServerKeyExchange {
        signature: sign(&**identity.signing_key(), &signed)?,
        params,
    };
    core.send_message(
        &mut negotiated.transcript,
        HandshakeType::ServerKeyExchange,
        &message.to_bytes(),
    )
}
