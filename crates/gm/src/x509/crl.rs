//! Revocation lists (RFC 5280, 5): whole ones, signed by the authority itself.

use super::certificate::Certificate;
use super::encoding::{
    SIGNATURE_ALGORITHM, Signed, SignedError, date, has_duplicates, has_unknown_critical,
    is_sm2_with_sm3, seconds,
};
use super::extensions::{KeyUsage, extension};
use super::name::Name;
use super::serial::SerialNumber;
use super::{CLOCK_SKEW_S, CRL_BYTES_MAX, EXTENSIONS_MAX};
use crate::pem;
use crate::provider::Provider;
use crate::sm2::{PublicKey, VerifyError};
use der::asn1::{AnyRef, OctetString, Uint, UintRef};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode, Sequence};
use pkcs8::AlgorithmIdentifierRef;
use x509_cert::Version;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason};
use x509_cert::time::Time;

const LABEL: &str = "X509 CRL";

/// Known critical extensions of a list; that of partitions is not among them.
const KNOWN: [ObjectIdentifier; 2] = [CrlNumber::OID, AuthorityKeyIdentifier::OID];
/// Known critical extensions of an entry.
const KNOWN_IN_ENTRY: [ObjectIdentifier; 1] = [CrlReason::OID];

/// Why there is no revocation list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// Longer than [`CRL_BYTES_MAX`].
    #[error("the revocation list is longer than {CRL_BYTES_MAX} bytes")]
    TooLong,
    /// There is no PEM block `X509 CRL`, or its base64 is bad.
    #[error("the file holds no readable PEM block X509 CRL")]
    Pem,
    /// The bytes are no DER of a list of version 2, or a part of it is malformed.
    #[error("the revocation list is not DER of the expected structure")]
    Der,
    /// The signature is not SM2 with SM3.
    #[error("the revocation list is not signed with SM2 and SM3")]
    SignatureAlgorithm,
    /// It does not say when the next one comes, so that nobody could tell an old one.
    #[error("the revocation list does not say when the next one comes")]
    NoNextUpdate,
    /// It has a critical extension that is not supported, as delta lists and partitions have.
    #[error("the revocation list has a critical extension that is not supported")]
    CriticalExtension,
    /// The authority has another name than the list's issuer.
    #[error("the revocation list is not of this authority")]
    Issuer,
    /// The authority's certificate does not let its key sign lists.
    #[error("the authority's key may not sign revocation lists")]
    WrongKeyUsage,
    /// The signature is not the authority's.
    #[error("the revocation list's signature does not match the authority's key")]
    BadSignature,
    /// The module that verifies did not answer.
    #[error("the module that verifies failed")]
    Module,
}

/// Why a certificate was withdrawn (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum RevocationReason {
    /// No reason is given.
    #[default]
    Unspecified,
    /// The key got into other hands.
    KeyCompromise,
    /// The authority's key did.
    AuthorityCompromise,
    /// The subject is another now.
    AffiliationChanged,
    /// A new certificate took its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// For the time being.
    Hold,
    /// A right was withdrawn.
    PrivilegeWithdrawn,
}

/// An entry of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// Which certificate of the authority.
    pub serial: SerialNumber,
    /// Since when, in Unix seconds.
    pub at_s: i64,
    /// Why.
    pub reason: RevocationReason,
}

/// A list whose signature nobody has verified yet: [`verify`](Self::verify) does.
#[derive(Clone, Debug)]
pub struct Crl {
    der: Vec<u8>,
    signed: Signed,
    issuer: Name,
    this_update_s: i64,
    next_update_s: i64,
    /// Big-endian, without leading zeros.
    number: Option<Vec<u8>>,
    /// In the order of the serial numbers.
    revoked: Vec<Revoked>,
}

impl Crl {
    /// Reads DER, with nothing after it.
    ///
    /// # Errors
    /// [`CrlError`] says what is wrong.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CrlError> {
        if bytes.len() > CRL_BYTES_MAX {
            return Err(CrlError::TooLong);
        }
        let signed = Signed::from_der(bytes).map_err(|error| match error {
            SignedError::Der | SignedError::Signature => CrlError::Der,
            SignedError::Algorithm => CrlError::SignatureAlgorithm,
        })?;
        let tbs = TbsCertList::from_der(&signed.content).map_err(|_| CrlError::Der)?;
        if tbs.version != Version::V2 {
            return Err(CrlError::Der);
        }
        if !is_sm2_with_sm3(&tbs.signature) {
            return Err(CrlError::SignatureAlgorithm);
        }
        let number = read_extensions(tbs.extensions.as_ref())?;
        let issuer = tbs.issuer.to_der().map_err(|_| CrlError::Der)?;
        let issuer = Name::from_der(&issuer).map_err(|_| CrlError::Der)?;
        let next_update_s = tbs.next_update.as_ref().map(seconds);
        let this_update_s = seconds(&tbs.this_update);
        let entries = tbs.revoked.unwrap_or_default();
        let mut revoked = entries
            .iter()
            .map(read_entry)
            .collect::<Result<Vec<_>, _>>()?;
        revoked.sort_by(|a, b| a.serial.cmp(&b.serial));
        Ok(Self {
            der: bytes.to_vec(),
            next_update_s: next_update_s.ok_or(CrlError::NoNextUpdate)?,
            this_update_s,
            number,
            issuer,
            revoked,
            signed,
        })
    }

    /// Reads the first `X509 CRL` block of PEM.
    ///
    /// # Errors
    /// [`CrlError`] says what is wrong.
    pub fn from_pem(text: &str) -> Result<Self, CrlError> {
        // Base64 takes four bytes for three, and line breaks.
        if text.len() > 2 * CRL_BYTES_MAX {
            return Err(CrlError::TooLong);
        }
        let (block, _) = pem::first_block(text, LABEL).ok_or(CrlError::Pem)?;
        Self::from_der(&pem::decode(block).ok_or(CrlError::Pem)?)
    }

    /// The bytes, as they came.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// As a PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// Whose list it says it is.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// When it was made, in Unix seconds.
    #[must_use]
    pub fn this_update_s(&self) -> i64 {
        self.this_update_s
    }

    /// By when the next one comes, in Unix seconds.
    #[must_use]
    pub fn next_update_s(&self) -> i64 {
        self.next_update_s
    }

    /// Its number among the authority's lists, where it fits into 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.number.as_ref()?.iter().try_fold(0_u64, |sum, byte| {
            sum.checked_mul(256)?.checked_add(u64::from(*byte))
        })
    }

    /// The entries, in the order of the serial numbers.
    #[must_use]
    pub fn revoked(&self) -> &[Revoked] {
        &self.revoked
    }

    /// Accepts the list as that of `authority`, whose own certificate the caller trusts.
    ///
    /// # Errors
    /// [`CrlError`] says what is wrong.
    pub fn verify(
        self,
        provider: &dyn Provider,
        authority: &Certificate,
    ) -> Result<VerifiedCrl, CrlError> {
        if self.issuer != *authority.subject() {
            return Err(CrlError::Issuer);
        }
        let may_sign = authority
            .key_usage()
            .is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN));
        if !may_sign || !authority.is_authority() {
            return Err(CrlError::WrongKeyUsage);
        }
        self.signed
            .verify(provider, authority.verifying_key())
            .map_err(|error| match error {
                VerifyError::Mismatch | VerifyError::IdTooLong => CrlError::BadSignature,
                VerifyError::Module => CrlError::Module,
            })?;
        Ok(VerifiedCrl {
            authority_key: *authority.public_key(),
            crl: self,
        })
    }
}

/// A list whose signature is its authority's.
#[derive(Clone, Debug)]
pub struct VerifiedCrl {
    authority_key: PublicKey,
    crl: Crl,
}

impl VerifiedCrl {
    /// The list.
    #[must_use]
    pub fn crl(&self) -> &Crl {
        &self.crl
    }

    /// Whether it speaks for this authority: by name and by key, since an authority may change its
    /// key and keep its name.
    #[must_use]
    pub fn is_of(&self, authority: &Certificate) -> bool {
        self.crl.issuer == *authority.subject() && self.authority_key == *authority.public_key()
    }

    /// Whether it is neither from the future nor outdated.
    #[must_use]
    pub fn is_fresh_at(&self, now_s: i64) -> bool {
        let from_s = self.crl.this_update_s.saturating_sub(CLOCK_SKEW_S);
        (from_s..=self.crl.next_update_s).contains(&now_s)
    }

    /// The entry of the certificate with this number.
    #[must_use]
    pub fn entry(&self, serial: &SerialNumber) -> Option<&Revoked> {
        let revoked = &self.crl.revoked;
        let at = revoked.binary_search_by(|entry| entry.serial.cmp(serial));
        revoked.get(at.ok()?)
    }
}

/// Writes the signed content of a list.
pub(super) fn with_tbs<T>(
    authority: &Certificate,
    number: u64,
    (this_update_s, next_update_s): (i64, i64),
    revoked: &[Revoked],
    then: impl FnOnce(&TbsCertList<'_>) -> T,
) -> der::Result<T> {
    let entries = revoked
        .iter()
        .map(write_entry)
        .collect::<der::Result<Vec<_>>>()?;
    let number = CrlNumber(Uint::new(&number.to_be_bytes())?);
    let mut extensions = vec![extension(false, &number)?];
    if let Some(id) = authority.subject_key_id() {
        let id = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(id)?),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(extension(false, &id)?);
    }
    Ok(then(&TbsCertList {
        version: Version::V2,
        signature: SIGNATURE_ALGORITHM,
        issuer: AnyRef::from_der(authority.subject().as_der())?,
        this_update: date(this_update_s)?,
        next_update: Some(date(next_update_s)?),
        // An empty list is left out (RFC 5280, 5.1.2.6).
        revoked: (!entries.is_empty()).then_some(entries),
        extensions: Some(extensions),
    }))
}

/// The signed content of a list (RFC 5280, 5.1).
#[derive(Sequence)]
pub(super) struct TbsCertList<'a> {
    version: Version,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    #[asn1(optional = "true")]
    next_update: Option<Time>,
    #[asn1(optional = "true")]
    revoked: Option<Vec<RawEntry>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct RawEntry {
    serial: Uint,
    at: Time,
    #[asn1(optional = "true")]
    extensions: Option<Extensions>,
}

fn read_extensions(extensions: Option<&Extensions>) -> Result<Option<Vec<u8>>, CrlError> {
    let Some(extensions) = extensions else {
        return Ok(None);
    };
    if extensions.len() > EXTENSIONS_MAX || has_duplicates(extensions) {
        return Err(CrlError::Der);
    }
    if has_unknown_critical(extensions, &KNOWN) {
        return Err(CrlError::CriticalExtension);
    }
    let number = extensions
        .iter()
        .find(|extension| extension.extn_id == CrlNumber::OID);
    let number = number.map(|number| {
        UintRef::from_der(number.extn_value.as_bytes())
            .map(|number| number.as_bytes().to_vec())
            .map_err(|_| CrlError::Der)
    });
    number.transpose()
}

fn read_entry(entry: &RawEntry) -> Result<Revoked, CrlError> {
    let mut reason = RevocationReason::Unspecified;
    if let Some(extensions) = &entry.extensions {
        if extensions.len() > EXTENSIONS_MAX || has_duplicates(extensions) {
            return Err(CrlError::Der);
        }
        // An entry's issuer, in a list for several authorities, is critical and unknown.
        if has_unknown_critical(extensions, &KNOWN_IN_ENTRY) {
            return Err(CrlError::CriticalExtension);
        }
        let given = extensions
            .iter()
            .find(|extension| extension.extn_id == CrlReason::OID);
        if let Some(given) = given {
            reason = CrlReason::from_der(given.extn_value.as_bytes())
                .map_err(|_| CrlError::Der)?
                .into();
        }
    }
    Ok(Revoked {
        serial: SerialNumber::from_bytes(entry.serial.as_bytes()).ok_or(CrlError::Der)?,
        at_s: seconds(&entry.at),
        reason,
    })
}

fn write_entry(entry: &Revoked) -> der::Result<RawEntry> {
    let reason = match entry.reason {
        // Left out rather than written (RFC 5280, 5.3.1).
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise => Some(CrlReason::KeyCompromise),
        RevocationReason::AuthorityCompromise => Some(CrlReason::CaCompromise),
        RevocationReason::AffiliationChanged => Some(CrlReason::AffiliationChanged),
        RevocationReason::Superseded => Some(CrlReason::Superseded),
        RevocationReason::CessationOfOperation => Some(CrlReason::CessationOfOperation),
        RevocationReason::Hold => Some(CrlReason::CertificateHold),
        RevocationReason::PrivilegeWithdrawn => Some(CrlReason::PrivilegeWithdrawn),
    };
    let extensions = reason
        .map(|reason| Ok::<_, der::Error>(vec![extension(false, &reason)?]))
        .transpose()?;
    Ok(RawEntry {
        serial: Uint::new(entry.serial.to_der()?.as_bytes())?,
        at: date(entry.at_s)?,
        extensions,
    })
}

impl From<CrlReason> for RevocationReason {
    fn from(reason: CrlReason) -> Self {
        match reason {
            // "Remove" means something only in delta lists; here the entry stands.
            CrlReason::Unspecified | CrlReason::RemoveFromCRL => Self::Unspecified,
            CrlReason::KeyCompromise => Self::KeyCompromise,
            CrlReason::CaCompromise | CrlReason::AaCompromise => Self::AuthorityCompromise,
            CrlReason::AffiliationChanged => Self::AffiliationChanged,
            CrlReason::Superseded => Self::Superseded,
            CrlReason::CessationOfOperation => Self::CessationOfOperation,
            CrlReason::CertificateHold => Self::Hold,
            CrlReason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}
