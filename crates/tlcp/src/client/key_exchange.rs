//! From the server's certificates to the client's whole flight.

use hefu_gm::Zeroizing;
use hefu_gm::sm2::{DEFAULT_ID, ExchangePeer, ExchangeRole};

use super::finish::Finish;
use super::hello::Negotiated;
use super::{Client, State};
use crate::connection::Core;
use crate::error::{CertificateError, Error, InternalError, PeerError, malformed};
use crate::handshake::{Finishing, SignedParams, exchange_error, sign, signed_params, verify};
use crate::identity::Identity;
use crate::messages::{
    CertificateList, CertificateRequest, CertificateStatus, CertificateVerify, ClientKeyExchange,
    ECDSA_SIGN, EcdheParams, HandshakeType, ServerKeyExchange, VERSION,
};
use crate::schedule::{
    MasterSecret, PREMASTER_RANDOM_OFFSET, Party, PremasterSecret, SECRET_BYTES, premaster,
};
use crate::suite::KeyExchange;
use crate::verify::{ServerCheck, VerifiedPeer};

/// A server that showed certificates, which are judged when it is known whether a status comes.
pub(super) struct Presented {
    negotiated: Negotiated,
    certificates: Vec<Vec<u8>>,
}

/// A server whose certificates were accepted, and what it said of the key exchange.
pub(super) struct Exchange {
    negotiated: Negotiated,
    peer: VerifiedPeer,
    /// The server's fresh key, in ECDHE suites, once it came.
    params: Option<EcdheParams>,
}

/// What the server wants of the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Request {
    None,
    /// Certificates of a kind that we do not have.
    Other,
    /// SM2 certificates.
    Sm2,
}

impl Client {
    pub(super) fn on_certificate(
        &self,
        core: &mut Core,
        mut negotiated: Negotiated,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let list = CertificateList::read(body).map_err(malformed(HandshakeType::Certificate))?;
        if list.0.is_empty() {
            return Err(CertificateError::Missing.into());
        }
        negotiated.transcript.add(message)?;
        let status_may_come = negotiated.status_may_come;
        let presented = Presented {
            negotiated,
            certificates: list.0,
        };
        if status_may_come {
            return Ok(State::StatusOrKeyExchange(Box::new(presented)));
        }
        Ok(State::KeyExchange(self.accept(core, presented, None)?))
    }

    pub(super) fn on_status(
        &self,
        core: &mut Core,
        mut presented: Presented,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let status =
            CertificateStatus::read(body).map_err(malformed(HandshakeType::CertificateStatus))?;
        presented.negotiated.transcript.add(message)?;
        let exchange = self.accept(core, presented, Some(&status.response))?;
        Ok(State::KeyExchange(exchange))
    }

    /// Judges the server's certificates, with the OCSP response that came.
    pub(super) fn accept(
        &self,
        core: &mut Core,
        presented: Presented,
        status: Option<&[u8]>,
    ) -> Result<Box<Exchange>, Error> {
        let Presented {
            negotiated,
            certificates,
        } = presented;
        let peer = self.config.verifier.verify(&ServerCheck {
            certificates: &certificates,
            name: &self.name,
            status,
            key_exchange: negotiated.suite.key_exchange(),
            now_s: self.now_s,
        })?;
        core.facts.peer = Some(peer.clone());
        Ok(Box::new(Exchange {
            negotiated,
            peer,
            params: None,
        }))
    }

    pub(super) fn on_key_exchange(
        core: &Core,
        mut exchange: Box<Exchange>,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        const KIND: HandshakeType = HandshakeType::ServerKeyExchange;
        let negotiated = &mut exchange.negotiated;
        let read = ServerKeyExchange::read(body, negotiated.suite.key_exchange())
            .map_err(malformed(KIND))?;
        let encryption = exchange.peer.encrypt.as_ref();
        let params = match &read.params {
            Some(params) => SignedParams::Ecdhe(params.as_bytes()),
            None => SignedParams::Certificate(
                encryption
                    .ok_or(CertificateError::MissingEncryption)?
                    .as_der(),
            ),
        };
        let signed = signed_params(&negotiated.randoms, params);
        verify(
            &*core.provider,
            &exchange.peer,
            &signed,
            &read.signature,
            KIND,
        )?;
        negotiated.transcript.add(message)?;
        exchange.params = read.params;
        Ok(State::RequestOrDone(exchange))
    }

    pub(super) fn on_request(
        mut exchange: Box<Exchange>,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let request =
            CertificateRequest::read(body).map_err(malformed(HandshakeType::CertificateRequest))?;
        exchange.negotiated.transcript.add(message)?;
        let request = if request.kinds.contains(&ECDSA_SIGN) {
            Request::Sm2
        } else {
            Request::Other
        };
        Ok(State::Done(exchange, request))
    }

    /// The server's flight is over: everything of ours goes out at once.
    pub(super) fn on_done(
        &self,
        core: &mut Core,
        exchange: Exchange,
        request: Request,
        message: &[u8],
    ) -> Result<State, Error> {
        let Exchange {
            mut negotiated,
            peer,
            params,
        } = exchange;
        let transcript = &mut negotiated.transcript;
        transcript.add(message)?;
        let suite = negotiated.suite;
        if suite.key_exchange() == KeyExchange::Ecdhe && request != Request::Sm2 {
            return Err(PeerError::NoCertificateRequest.into());
        }

        // Without a certificate that would do, the list is empty and the server decides (6.4.5.7).
        let identity = self
            .config
            .identity
            .as_deref()
            .filter(|_| request == Request::Sm2);
        if request != Request::None {
            let list = own_list(identity);
            core.send_message(transcript, HandshakeType::Certificate, &list.to_bytes())?;
        }

        let (premaster, sent) = match &params {
            None => encrypt_premaster(core, &peer)?,
            Some(params) => exchange_premaster(identity, &peer, params)?,
        };
        core.send_message(
            transcript,
            HandshakeType::ClientKeyExchange,
            &sent.to_bytes(),
        )?;
        let master = MasterSecret::derive(&*core.provider, &premaster, &negotiated.randoms)?;
        self.log_keys(&negotiated.randoms, &master);

        if let Some(identity) = identity {
            // The signature is over the digest of the messages, not over the messages (6.4.5.9).
            let signature = sign(&**identity.signing_key(), &transcript.digest()?)?;
            let proof = CertificateVerify { signature };
            core.send_message(
                transcript,
                HandshakeType::CertificateVerify,
                &proof.to_bytes(),
            )?;
        }

        let mut finishing =
            Finishing::new(suite, master, &negotiated.randoms, negotiated.transcript)?;
        finishing.send(core, Party::Client)?;
        finishing.expect(core, Party::Server)?;
        let finish = Finish::full(finishing, peer, negotiated.session_id);
        Ok(finish.expect(negotiated.ticket_comes))
    }
}

fn own_list(identity: Option<&Identity>) -> CertificateList {
    let certificates = identity.map(Identity::certificates).unwrap_or_default();
    CertificateList(
        certificates
            .iter()
            .map(|certificate| certificate.as_der().to_vec())
            .collect(),
    )
}

/// Chooses a premaster secret and encrypts it to the server's encryption certificate (6.4.5.8).
fn encrypt_premaster(
    core: &Core,
    peer: &VerifiedPeer,
) -> Result<(PremasterSecret, ClientKeyExchange), Error> {
    let key = peer
        .encryption_key()
        .ok_or(CertificateError::MissingEncryption)?;
    let mut premaster = Zeroizing::new([0; SECRET_BYTES]);
    let (version, random) = premaster.split_at_mut(PREMASTER_RANDOM_OFFSET);
    version.copy_from_slice(&VERSION.to_be_bytes());
    core.provider.fill_random(random)?;
    let ciphertext = core.provider.encrypt_sm2_der(&key, premaster.as_slice())?;
    Ok((premaster, ClientKeyExchange::Ecc(ciphertext)))
}

/// The key exchange of GB/T 32918.3, in which the server begins and the client responds.
fn exchange_premaster(
    identity: Option<&Identity>,
    peer: &VerifiedPeer,
    params: &EcdheParams,
) -> Result<(PremasterSecret, ClientKeyExchange), Error> {
    let (_, own_key) = identity
        .and_then(Identity::encryption)
        .ok_or(InternalError::NoEncryptionKey)?;
    let static_key = peer
        .encryption_key()
        .ok_or(CertificateError::MissingEncryption)?;
    let exchange = own_key.make_exchange()?;
    let own_params = EcdheParams::new(&exchange.ephemeral_key());
    let exchanged = exchange
        .finish(
            ExchangeRole::Responder,
            DEFAULT_ID,
            &ExchangePeer::new(&static_key, params.point()),
            SECRET_BYTES,
        )
        .map_err(exchange_error(HandshakeType::ServerKeyExchange))?;
    Ok((
        premaster(exchanged.as_bytes())?,
        ClientKeyExchange::Ecdhe(own_params),
    ))
}
