//! What both sides of the handshake do alike.

use hefu_gm::provider::{ModuleError, Provider, SignSm2};
use hefu_gm::rng::RngError;
use hefu_gm::sm2::{DEFAULT_ID, ExchangeError, Signature, VerifyError};
use subtle::ConstantTimeEq;

use crate::codec::put_vec24;
use crate::connection::{Core, Direction};
use crate::error::{Error, InternalError, PeerError, malformed};
use crate::messages::{Finished, HandshakeType, RANDOM_BYTES};
use crate::schedule::{KeyBlock, MasterSecret, Party, Randoms};
use crate::suite::CipherSuite;
use crate::transcript::Transcript;
use crate::verify::VerifiedPeer;

/// Length of the time in a random value, in bytes.
const TIME_BYTES: usize = 4;

/// The random value of a hello message: the time in seconds, then 28 random bytes (6.4.5.2.1).
pub(crate) fn make_random(
    provider: &dyn Provider,
    now_s: i64,
) -> Result<[u8; RANDOM_BYTES], RngError> {
    let mut random = [0; RANDOM_BYTES];
    let (time, rest) = random.split_at_mut(TIME_BYTES);
    let [.., a, b, c, d] = now_s.to_be_bytes();
    time.copy_from_slice(&[a, b, c, d]);
    provider.fill_random(rest)?;
    Ok(random)
}

/// What the server signs in `ServerKeyExchange` (6.4.5.4): the random values, and its encryption
/// certificate with its length in front or its ECDHE parameters.
pub(crate) fn signed_params(randoms: &Randoms, params: SignedParams<'_>) -> Vec<u8> {
    let mut out = [randoms.client, randoms.server].concat();
    match params {
        SignedParams::Certificate(der) => put_vec24(&mut out, der),
        SignedParams::Ecdhe(params) => out.extend_from_slice(params),
    }
    out
}

/// See [`signed_params`].
#[derive(Clone, Copy)]
pub(crate) enum SignedParams<'a> {
    Certificate(&'a [u8]),
    Ecdhe(&'a [u8]),
}

/// An SM2 signature in DER under the identifier that GB/T 35276 gives.
pub(crate) fn sign(key: &dyn SignSm2, message: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(key.sign(DEFAULT_ID, message)?.to_der())
}

/// Accepts the peer's signature over `message`, which came in a message of this kind.
pub(crate) fn verify(
    provider: &dyn Provider,
    peer: &VerifiedPeer,
    message: &[u8],
    signature: &[u8],
    kind: HandshakeType,
) -> Result<(), Error> {
    let refused = PeerError::BadSignature(kind);
    let signature = Signature::from_der(signature).map_err(|_| refused)?;
    provider
        .verify_sm2(peer.verifying_key(), DEFAULT_ID, message, &signature)
        .map_err(|error| match error {
            VerifyError::Module => InternalError::Module.into(),
            _ => refused.into(),
        })
}

/// What an exchange's failure is to the side that read the peer's point in a message of this kind.
pub(crate) fn exchange_error(kind: HandshakeType) -> impl Fn(ExchangeError) -> Error {
    move |error| match error {
        ExchangeError::Peer => PeerError::BadPublicKey(kind).into(),
        // The identifier and the length are ours.
        _ => InternalError::Module.into(),
    }
}

/// A handshake with a master secret: `Finished` of both sides is missing.
pub(crate) struct Finishing {
    pub(crate) suite: CipherSuite,
    pub(crate) master: MasterSecret,
    pub(crate) transcript: Transcript,
    keys: KeyBlock,
}

impl Finishing {
    pub(crate) fn new(
        suite: CipherSuite,
        master: MasterSecret,
        randoms: &Randoms,
        transcript: Transcript,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            suite,
            keys: master.key_block(randoms, suite.protection())?,
            master,
            transcript,
        })
    }

    /// Sends `change_cipher_spec` and `Finished` as `party`.
    pub(crate) fn send(&mut self, core: &mut Core, party: Party) -> Result<(), Error> {
        let keys = self.keys.of(sent_by(party));
        core.send_change_cipher_spec(keys, self.suite.protection())?;
        let verify_data = self.master.verify_data(party, &self.transcript.digest()?)?;
        let finished = Finished { verify_data };
        core.send_message(
            &mut self.transcript,
            HandshakeType::Finished,
            &finished.to_bytes(),
        )
    }

    /// `party`, the peer, will send `change_cipher_spec` next.
    pub(crate) fn expect(&self, core: &mut Core, party: Party) -> Result<(), Error> {
        core.expect_change_cipher_spec(self.keys.of(sent_by(party)), self.suite.protection())
    }

    /// Accepts the `Finished` of `party`, the peer.
    pub(crate) fn check(&mut self, party: Party, body: &[u8], message: &[u8]) -> Result<(), Error> {
        let finished = Finished::read(body).map_err(malformed(HandshakeType::Finished))?;
        let expected = self.master.verify_data(party, &self.transcript.digest()?)?;
        if !bool::from(expected.ct_eq(&finished.verify_data)) {
            return Err(PeerError::BadFinished.into());
        }
        self.transcript.add(message)?;
        Ok(())
    }
}

fn sent_by(party: Party) -> Direction {
    match party {
        Party::Client => Direction::FromClient,
        Party::Server => Direction::FromServer,
    }
}
