//! Who one is: the two certificates, their keys and their issuers.

use core::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use hefu_gm::provider::{DecryptSm2, SignSm2};
use hefu_gm::x509::{Certificate, KeyUsage, OcspResponse};

use crate::messages::CERTIFICATES_MAX;

/// A signature and an encryption certificate with handles of their keys.
///
/// The keys may be anywhere behind [`SignSm2`] and [`DecryptSm2`]; nothing here reads them.
#[derive(Debug)]
pub struct Identity {
    /// In the order of the message: sign, encryption when there is one, issuers.
    certificates: Vec<Certificate>,
    signing: Arc<dyn SignSm2>,
    encryption: Option<Arc<dyn DecryptSm2>>,
    /// Replaced while connections go on.
    status: RwLock<Option<Status>>,
}

/// An OCSP response, read and as it is sent.
#[derive(Clone, Debug)]
struct Status {
    response: Arc<OcspResponse>,
    der: Arc<[u8]>,
}

/// Why certificates and keys are no identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The signature key is not the one in the signature certificate.
    #[error("the signature certificate is for another key")]
    SigningKey,
    /// The encryption key is not the one in the encryption certificate.
    #[error("the encryption certificate is for another key")]
    EncryptionKey,
    /// The signature certificate may not sign.
    #[error("the signature certificate does not allow signatures")]
    SigningUsage,
    /// The encryption certificate may not encrypt keys. Peers also look for the exchange of keys and
    /// for the encryption of data.
    #[error("the encryption certificate does not allow the encryption of keys")]
    EncryptionUsage,
    /// The OCSP response cannot be read, or is not about the signature certificate.
    #[error("no OCSP response about the signature certificate")]
    Status,
    /// More certificates than a message may carry.
    #[error("more than {CERTIFICATES_MAX} certificates")]
    TooMany,
}

impl Identity {
    /// Sign and encryption certificate, and the authorities up to one that peers know; the root
    /// itself may be left out.
    ///
    /// # Errors
    /// [`IdentityError`]: better here than in the middle of each handshake.
    pub fn new(
        sign: (Certificate, Arc<dyn SignSm2>),
        encrypt: (Certificate, Arc<dyn DecryptSm2>),
        issuers: Vec<Certificate>,
    ) -> Result<Self, IdentityError> {
        let (certificate, encryption) = encrypt;
        if certificate.public_key() != encryption.encryption_key().public_key() {
            return Err(IdentityError::EncryptionKey);
        }
        if !allows(&certificate, KeyUsage::KEY_ENCIPHERMENT) {
            return Err(IdentityError::EncryptionUsage);
        }
        let mut identity = Self::sign_only(sign, Vec::new())?;
        identity.encryption = Some(encryption);
        identity.certificates.push(certificate);
        identity.certificates.extend(issuers);
        identity.within_limit()
    }

    /// A client without an encryption certificate, for servers that read a second certificate as an
    /// issuer. It cannot use ECDHE suites; a server needs [`Identity::new`].
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn sign_only(
        sign: (Certificate, Arc<dyn SignSm2>),
        issuers: Vec<Certificate>,
    ) -> Result<Self, IdentityError> {
        let (certificate, signing) = sign;
        if certificate.public_key() != signing.verifying_key().public_key() {
            return Err(IdentityError::SigningKey);
        }
        if !allows(&certificate, KeyUsage::DIGITAL_SIGNATURE) {
            return Err(IdentityError::SigningUsage);
        }
        let mut certificates = vec![certificate];
        certificates.extend(issuers);
        Self {
            certificates,
            signing,
            encryption: None,
            status: RwLock::default(),
        }
        .within_limit()
    }

    fn within_limit(self) -> Result<Self, IdentityError> {
        if self.certificates.len() > CERTIFICATES_MAX {
            return Err(IdentityError::TooMany);
        }
        Ok(self)
    }

    /// As a server, staples this OCSP response in DER from now on for clients that ask for one; none
    /// with `None`. Whoever fetches responses from the authority calls this with each new one. Its
    /// signature is for clients to verify; one that is outdated is not sent.
    ///
    /// # Errors
    /// [`IdentityError::Status`]; what was stapled before stays.
    pub fn staple(&self, response: Option<&[u8]>) -> Result<(), IdentityError> {
        let status = response.map(|der| {
            let response = OcspResponse::from_der(der).ok();
            response
                .filter(|response| {
                    self.certificates
                        .first()
                        .is_some_and(|sign| response.names(sign))
                })
                .map(|response| Status {
                    response: Arc::new(response),
                    der: der.into(),
                })
                .ok_or(IdentityError::Status)
        });
        // The value is whole at all times, whatever happened to a thread that held it.
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status.transpose()?;
        Ok(())
    }

    /// The OCSP response that is current at `now_s`.
    pub(crate) fn status_at(&self, now_s: i64) -> Option<Arc<[u8]>> {
        let status = self.status.read().unwrap_or_else(PoisonError::into_inner);
        let Status { response, der } = status.as_ref()?;
        let sign = self.certificates.first()?;
        response.is_fresh_at(sign, now_s).then(|| Arc::clone(der))
    }

    /// The certificates in the order of the message.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The handle of the signature key.
    #[must_use]
    pub fn signing_key(&self) -> &Arc<dyn SignSm2> {
        &self.signing
    }

    /// The encryption certificate and the handle of its key.
    #[must_use]
    pub fn encryption(&self) -> Option<(&Certificate, &Arc<dyn DecryptSm2>)> {
        let certificate = self.certificates.get(1)?;
        self.encryption.as_ref().map(|key| (certificate, key))
    }
}

fn allows(certificate: &Certificate, usage: KeyUsage) -> bool {
    certificate
        .key_usage()
        .is_some_and(|allowed| allowed.contains(usage))
}

/// Chooses a server's identity. One [`Identity`] in an [`Arc`] always chooses itself; something that
/// holds several, or one that changes when keys rotate, implements this.
pub trait ChooseIdentity: Debug + Send + Sync {
    /// The identity for a client that asked for `server_name`, which is in lower case and otherwise
    /// as the client sent it. `None` refuses the client.
    fn choose(&self, server_name: Option<&str>) -> Option<Arc<Identity>>;
}

impl ChooseIdentity for Arc<Identity> {
    fn choose(&self, _: Option<&str>) -> Option<Arc<Identity>> {
        Some(Self::clone(self))
    }
}
