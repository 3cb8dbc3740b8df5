//! Whether a peer is who it should be.
//!
//! [`ServerTrust`] and [`ClientTrust`] verify chains with `hefu_gm::x509`. A program with rules of
//! its own (a list of devices, say) implements [`VerifyServer`] or [`VerifyClient`], most simply
//! around one of these.

mod chain;
mod list;

use core::fmt::Debug;

use hefu_gm::sm2::{EncryptionKey, VerifyingKey};
use hefu_gm::x509::{Certificate, ServerName};

pub use crate::error::CertificateError;
pub use chain::{ClientList, ClientTrust, Revocations, ServerTrust, Stapling};

use crate::suite::KeyExchange;

/// A server's certificates, and what they are to prove.
#[derive(Clone, Copy, Debug)]
pub struct ServerCheck<'a> {
    /// DER, in the order of the message; at least one.
    pub certificates: &'a [Vec<u8>],
    /// The name that the caller wants to reach.
    pub name: &'a ServerName,
    /// The OCSP response in DER that the server stapled, when it was asked to and did.
    pub status: Option<&'a [u8]>,
    /// What the encryption certificate is needed for.
    pub key_exchange: KeyExchange,
    /// The time, in Unix seconds.
    pub now_s: i64,
}

/// A client's certificates, and what they are to prove.
#[derive(Clone, Copy, Debug)]
pub struct ClientCheck<'a> {
    /// DER, in the order of the message; at least one.
    pub certificates: &'a [Vec<u8>],
    /// In ECDHE suites an encryption certificate is needed.
    pub key_exchange: KeyExchange,
    /// The time, in Unix seconds.
    pub now_s: i64,
}

/// A peer whose certificates were accepted.
#[derive(Clone, Debug)]
pub struct VerifiedPeer {
    /// Its signature certificate.
    pub sign: Certificate,
    /// Its encryption certificate; a server always has one.
    pub encrypt: Option<Certificate>,
    /// When the first certificate that the verdict rests on expires, in Unix seconds. Sessions are
    /// not taken up after that.
    pub not_after_s: i64,
}

impl VerifiedPeer {
    pub(crate) fn verifying_key(&self) -> &VerifyingKey {
        self.sign.verifying_key()
    }

    pub(crate) fn encryption_key(&self) -> Option<EncryptionKey> {
        self.encrypt
            .as_ref()
            .map(|certificate| EncryptionKey::from(*certificate.public_key()))
    }
}

/// Judges servers, for a client.
pub trait VerifyServer: Debug + Send + Sync {
    /// Accepts the certificates of a server, or says why not.
    ///
    /// # Errors
    /// [`CertificateError`], which decides what alert the server gets.
    fn verify(&self, check: &ServerCheck<'_>) -> Result<VerifiedPeer, CertificateError>;

    /// Whether servers are asked to staple an OCSP response; they are not unless this says so.
    fn wants_status(&self) -> bool {
        false
    }

    /// Whether a server whose session is to be taken up again is still acceptable. Only what can
    /// change in the meantime needs another look; the expiry of its certificates gets one without
    /// this.
    ///
    /// # Errors
    /// [`CertificateError`]; a full handshake follows.
    fn verify_again(&self, peer: &VerifiedPeer, now_s: i64) -> Result<(), CertificateError> {
        let _ = (peer, now_s);
        Ok(())
    }
}

/// Judges clients, for a server.
pub trait VerifyClient: Debug + Send + Sync {
    /// Accepts the certificates of a client, or says why not.
    ///
    /// # Errors
    /// [`CertificateError`], which decides what alert the client gets.
    fn verify(&self, check: &ClientCheck<'_>) -> Result<VerifiedPeer, CertificateError>;

    /// As [`VerifyServer::verify_again`].
    ///
    /// # Errors
    /// [`CertificateError`]; a full handshake follows.
    fn verify_again(&self, peer: &VerifiedPeer, now_s: i64) -> Result<(), CertificateError> {
        let _ = (peer, now_s);
        Ok(())
    }

    /// Distinguished names in DER that the server sends, for clients with several certificates to
    /// choose by. None says that any will do.
    fn authorities(&self) -> Vec<Vec<u8>>;
}
