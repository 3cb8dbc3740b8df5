//! An authority: its certificate, and the handle of the key that signs for it.

use super::certificate::{Certificate, TbsCertificate, Validity};
use super::chain::Role;
use super::crl::{Crl, Revoked, with_tbs};
use super::encoding::{self, LAST_S, SIGNATURE_ALGORITHM, SealError};
use super::extensions::{BasicConstraints, ExtendedKeyUsage, Extensions, KeyUsage, SubjectName};
use super::name::Name;
use super::serial::SerialNumber;
use crate::provider::SignSm2;
use crate::rng::RngError;
use crate::sm2::PublicKey;
use der::Decode;
use der::asn1::AnyRef;
use rand_core::TryCryptoRng;
use sha1::{Digest, Sha1};
use std::sync::Arc;
use x509_cert::Version;

/// Why a certificate and a key are no authority.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The certificate is for another key.
    #[error("the authority's certificate is for another key")]
    OtherKey,
    /// The certificate is not an authority's.
    #[error("the certificate is not that of an authority")]
    NotAnAuthority,
    /// The key may not sign certificates and lists.
    #[error("the authority's key may not sign certificates and revocation lists")]
    WrongKeyUsage,
}

/// Why nothing was issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// It would hold before or after the authority itself does.
    #[error("the certificate would hold longer than its authority's")]
    BeyondAuthority,
    /// The authority may have no further authority below it.
    #[error("the authority may have no further authority below it")]
    PathTooLong,
    /// A name cannot be written: a DNS name, URI or address with characters outside ASCII.
    #[error("a name of the certificate cannot be written")]
    Name,
    /// The list would end before it begins.
    #[error("the next revocation list would come before this one")]
    Dates,
    /// No randomness for the serial number.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The module that holds the key did not answer.
    #[error("the module that holds the authority's key failed")]
    Module,
}

impl From<SealError> for IssueError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Encoding => Self::Name,
            SealError::Module => Self::Module,
        }
    }
}

impl From<der::Error> for IssueError {
    fn from(_: der::Error) -> Self {
        Self::Name
    }
}

/// What a certificate is for, which decides its extensions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// An authority below this one, with at most so many authorities below itself.
    Authority {
        /// The most authorities between it and an end entity.
        path_length_max: u8,
    },
    /// A signature certificate.
    Sign(Role),
    /// An encryption certificate.
    Encrypt(Role),
    /// One that answers OCSP requests for this authority.
    OcspResponder,
}

/// A certificate to be issued.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Whom it names.
    pub subject: &'a Name,
    /// Whose key.
    pub public_key: &'a PublicKey,
    /// When it holds.
    pub validity: Validity,
    /// What it is for.
    pub profile: Profile,
    /// The subject's alternative names.
    pub names: &'a [SubjectName],
}

/// A revocation list to be signed.
#[derive(Clone, Copy, Debug)]
pub struct CrlOrder<'a> {
    /// Its number; each list has a higher one than the last.
    pub number: u64,
    /// When it is made, in Unix seconds.
    pub this_update_s: i64,
    /// By when the next one comes, in Unix seconds.
    pub next_update_s: i64,
    /// What was withdrawn.
    pub revoked: &'a [Revoked],
}

/// An authority that issues. Its key may live in a module that nobody reads.
#[derive(Clone, Debug)]
pub struct Authority {
    certificate: Certificate,
    key: Arc<dyn SignSm2>,
}

impl Authority {
    /// An authority that signs itself, with at most `path_length_max` authorities below it.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn make_root(
        key: Arc<dyn SignSm2>,
        subject: &Name,
        validity: Validity,
        path_length_max: u8,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, IssueError> {
        let public_key = *key.verifying_key().public_key();
        let order = Order {
            subject,
            public_key: &public_key,
            validity,
            profile: Profile::Authority { path_length_max },
            names: &[],
        };
        let certificate = seal(&order, subject, &key_id(&public_key), &*key, rng)?;
        Ok(Self { certificate, key })
    }

    /// An authority that has its certificate already.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn new(certificate: Certificate, key: Arc<dyn SignSm2>) -> Result<Self, AuthorityError> {
        if certificate.public_key() != key.verifying_key().public_key() {
            return Err(AuthorityError::OtherKey);
        }
        if !certificate.is_authority() {
            return Err(AuthorityError::NotAnAuthority);
        }
        let may_sign = certificate
            .key_usage()
            .is_none_or(|usage| usage.contains(KeyUsage::AUTHORITY));
        if !may_sign {
            return Err(AuthorityError::WrongKeyUsage);
        }
        Ok(Self { certificate, key })
    }

    /// The authority's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Issues a certificate with a fresh serial number.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(
        &self,
        order: &Order<'_>,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Certificate, IssueError> {
        let own = self.certificate.validity();
        if order.validity.not_before_s() < own.not_before_s()
            || order.validity.not_after_s() > own.not_after_s()
        {
            return Err(IssueError::BeyondAuthority);
        }
        if let Profile::Authority { path_length_max } = order.profile {
            let constraints = self.certificate.basic_constraints();
            let most = constraints.and_then(|constraints| constraints.path_length_max);
            if most.is_some_and(|most| path_length_max >= most) {
                return Err(IssueError::PathTooLong);
            }
        }
        let own_id = match self.certificate.subject_key_id() {
            Some(id) => id.to_vec(),
            None => key_id(self.certificate.public_key()),
        };
        seal(order, self.certificate.subject(), &own_id, &*self.key, rng)
    }

    /// Signs a revocation list.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign_crl(&self, order: &CrlOrder<'_>) -> Result<Crl, IssueError> {
        let dates = (order.this_update_s, order.next_update_s);
        if dates.0 < 0 || dates.1 < dates.0 || dates.1 > LAST_S {
            return Err(IssueError::Dates);
        }
        let der = with_tbs(
            &self.certificate,
            order.number,
            dates,
            order.revoked,
            |list| encoding::sign(list, &*self.key),
        )??;
        // What was written is what a reader reads.
        Crl::from_der(&der).map_err(|_| IssueError::Name)
    }
}

fn seal(
    order: &Order<'_>,
    issuer: &Name,
    issuer_key_id: &[u8],
    key: &dyn SignSm2,
    rng: &mut (impl TryCryptoRng + ?Sized),
) -> Result<Certificate, IssueError> {
    let serial = SerialNumber::make(rng)?;
    let spki = order.public_key.to_spki_der();
    let tbs = TbsCertificate {
        version: Version::V3,
        serial: serial.to_der()?,
        signature: SIGNATURE_ALGORITHM,
        issuer: AnyRef::from_der(issuer.as_der())?,
        validity: order.validity.to_raw()?,
        subject: AnyRef::from_der(order.subject.as_der())?,
        public_key: AnyRef::from_der(&spki)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions(order, issuer_key_id).write()?),
    };
    let der = encoding::sign(&tbs, key)?;
    Certificate::from_der(&der).map_err(|_| IssueError::Name)
}

fn extensions(order: &Order<'_>, issuer_key_id: &[u8]) -> Extensions {
    let in_role = |role| ExtendedKeyUsage {
        server: role == Role::Server,
        client: role == Role::Client,
        ocsp_signing: false,
    };
    let (authority, usage, uses) = match order.profile {
        Profile::Authority { path_length_max } => {
            (Some(path_length_max), KeyUsage::AUTHORITY, None)
        }
        Profile::Sign(role) => (None, KeyUsage::DIGITAL_SIGNATURE, Some(in_role(role))),
        Profile::Encrypt(role) => (None, KeyUsage::ENCRYPTION, Some(in_role(role))),
        Profile::OcspResponder => (
            None,
            KeyUsage::DIGITAL_SIGNATURE,
            Some(ExtendedKeyUsage {
                server: false,
                client: false,
                ocsp_signing: true,
            }),
        ),
    };
    Extensions {
        key_usage: Some(usage),
        extended_key_usage: uses,
        // Left out of others, as RFC 5280 allows: `GmSSL` refuses the empty one that says no.
        basic_constraints: authority.map(|path_length_max| BasicConstraints {
            authority: true,
            path_length_max: Some(path_length_max),
        }),
        names: order.names.to_vec(),
        subject_key_id: Some(key_id(order.public_key)),
        authority_key_id: Some(issuer_key_id.to_vec()),
    }
}

/// The identifier of a key: method 1 of RFC 5280, 4.2.1.2. It only picks a certificate.
fn key_id(key: &PublicKey) -> Vec<u8> {
    Sha1::digest(key.to_sec1()).to_vec()
}
