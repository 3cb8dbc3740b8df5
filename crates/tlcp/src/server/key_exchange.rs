//! The client's certificates, its part of the key exchange, and its proof.

use std::sync::Arc;

use hefu_gm::Zeroizing;
use hefu_gm::provider::ExchangeSm2;
use hefu_gm::sm2::{DEFAULT_ID, DecryptError, ExchangePeer, ExchangeRole};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::finish::Finish;
use super::{Server, State};
use crate::config::ClientAuth;
use crate::connection::Core;
use crate::error::{CertificateError, Error, InternalError, malformed};
use crate::handshake::{Finishing, exchange_error, verify};
use crate::identity::Identity;
use crate::messages::{
    CertificateList, CertificateVerify, ClientKeyExchange, EcdheParams, HandshakeType,
};
use crate::schedule::{
    MasterSecret, PREMASTER_RANDOM_OFFSET, Party, PremasterSecret, Randoms, SECRET_BYTES, premaster,
};
use crate::suite::{CipherSuite, KeyExchange};
use crate::transcript::Transcript;
use crate::verify::{ClientCheck, VerifiedPeer};

/// What both sides agreed on with their hello messages.
pub(super) struct Negotiated {
    pub(super) randoms: Randoms,
    pub(super) suite: CipherSuite,
    /// What the client offered; it stands in its premaster secret too.
    pub(super) client_version: u16,
    pub(super) transcript: Transcript,
}

/// A handshake that waits for the client's part of the key exchange.
pub(super) struct Exchange {
    pub(super) negotiated: Negotiated,
    pub(super) identity: Arc<Identity>,
    /// Our fresh key, in ECDHE suites.
    pub(super) ephemeral: Option<Box<dyn ExchangeSm2>>,
    /// The client, once it showed certificates and they were accepted.
    pub(super) peer: Option<VerifiedPeer>,
}

/// A client that has still to prove that it holds the key of its signature certificate.
pub(super) struct Proof {
    finishing: Finishing,
    peer: VerifiedPeer,
}

impl Server {
    pub(super) fn on_certificate(
        &self,
        core: &mut Core,
        mut exchange: Box<Exchange>,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        let list = CertificateList::read(body).map_err(malformed(HandshakeType::Certificate))?;
        let key_exchange = exchange.negotiated.suite.key_exchange();
        exchange.peer = match &self.config.client_auth {
            ClientAuth::Optional(verifier) | ClientAuth::Required(verifier)
                if !list.0.is_empty() =>
            {
                let peer = verifier.verify(&ClientCheck {
                    certificates: &list.0,
                    key_exchange,
                    now_s: self.now_s,
                })?;
                Some(peer)
            }
            ClientAuth::Optional(_) if key_exchange == KeyExchange::Ecc => None,
            ClientAuth::None | ClientAuth::Optional(_) | ClientAuth::Required(_) => {
                return Err(CertificateError::Missing.into());
            }
        };
        core.facts.peer.clone_from(&exchange.peer);
        exchange.negotiated.transcript.add(message)?;
        Ok(State::KeyExchange(exchange))
    }

    pub(super) fn on_key_exchange(
        &self,
        core: &mut Core,
        exchange: Exchange,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        const KIND: HandshakeType = HandshakeType::ClientKeyExchange;
        let Exchange {
            mut negotiated,
            identity,
            ephemeral,
            peer,
        } = exchange;
        let read = ClientKeyExchange::read(body, negotiated.suite.key_exchange())
            .map_err(malformed(KIND))?;
        let premaster = match read {
            ClientKeyExchange::Ecc(ciphertext) => {
                decrypt_premaster(core, &identity, &ciphertext, negotiated.client_version)?
            }
            ClientKeyExchange::Ecdhe(params) => {
                exchange_premaster(ephemeral, peer.as_ref(), &params)?
            }
        };
        negotiated.transcript.add(message)?;
        let master = MasterSecret::derive(&*core.provider, &premaster, &negotiated.randoms)?;
        self.log_keys(&negotiated.randoms, &master);
        let Negotiated {
            randoms,
            suite,
            transcript,
            ..
        } = negotiated;
        let finishing = Finishing::new(suite, master, &randoms, transcript)?;
        match peer {
            Some(peer) => Ok(State::Verify(Box::new(Proof { finishing, peer }))),
            None => expect_change_cipher_spec(core, finishing, None),
        }
    }

    pub(super) fn on_verify(
        core: &mut Core,
        proof: Proof,
        body: &[u8],
        message: &[u8],
    ) -> Result<State, Error> {
        const KIND: HandshakeType = HandshakeType::CertificateVerify;
        let Proof {
            mut finishing,
            peer,
        } = proof;
        let read = CertificateVerify::read(body).map_err(malformed(KIND))?;
        // The signature is over the digest of the messages, not over the messages (6.4.5.9).
        let digest = finishing.transcript.digest()?;
        verify(&*core.provider, &peer, &digest, &read.signature, KIND)?;
        finishing.transcript.add(message)?;
        expect_change_cipher_spec(core, finishing, Some(peer))
    }
}

fn expect_change_cipher_spec(
    core: &mut Core,
    finishing: Finishing,
    peer: Option<VerifiedPeer>,
) -> Result<State, Error> {
    finishing.expect(core, Party::Client)?;
    Ok(State::ChangeCipherSpec(Box::new(Finish::full(
        finishing, peer,
    ))))
}

/// The premaster secret that the client encrypted (6.4.5.8); a random one when the ciphertext or
/// what is in it does not hold. The handshake then fails at `Finished`, as it does for any client
/// that does not know the secret, so that nobody learns here what a ciphertext decrypts to.
fn decrypt_premaster(
    core: &Core,
    identity: &Identity,
    ciphertext: &[u8],
    client_version: u16,
) -> Result<PremasterSecret, Error> {
    let (_, key) = identity
        .encryption()
        .ok_or(InternalError::NoEncryptionKey)?;
    let mut secret: PremasterSecret = Zeroizing::new([0; SECRET_BYTES]);
    core.provider.fill_random(secret.as_mut_slice())?;
    let decrypted = match key.decrypt_der(ciphertext) {
        Ok(decrypted) => decrypted,
        Err(DecryptError::Module) => return Err(InternalError::Module.into()),
        Err(_) => Zeroizing::default(),
    };
    let right_length = Choice::from(u8::from(decrypted.len() == SECRET_BYTES));
    let version = decrypted.get(..PREMASTER_RANDOM_OFFSET).unwrap_or_default();
    let holds = right_length & version.ct_eq(&client_version.to_be_bytes());
    for (byte, decrypted) in secret.iter_mut().zip(decrypted.iter()) {
        byte.conditional_assign(decrypted, holds);
    }
    Ok(secret)
}

/// The key exchange of GB/T 32918.3, in which the server begins and the client responds.
fn exchange_premaster(
    ephemeral: Option<Box<dyn ExchangeSm2>>,
    peer: Option<&VerifiedPeer>,
    params: &EcdheParams,
) -> Result<PremasterSecret, Error> {
    let ephemeral = ephemeral.ok_or(InternalError::NoEncryptionKey)?;
    let static_key = peer
        .and_then(VerifiedPeer::encryption_key)
        .ok_or(CertificateError::MissingEncryption)?;
    let exchanged = ephemeral
        .finish(
            ExchangeRole::Initiator,
            DEFAULT_ID,
            &ExchangePeer::new(&static_key, params.point()),
            SECRET_BYTES,
        )
        .map_err(exchange_error(HandshakeType::ClientKeyExchange))?;
    Ok(premaster(exchanged.as_bytes())?)
}
