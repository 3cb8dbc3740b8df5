//! The extensions that decide what a certificate is good for.

use super::certificate::CertificateError;
use super::encoding::{has_duplicates, has_unknown_critical};
use super::{EXTENSIONS_MAX, SUBJECT_NAMES_MAX};
use core::ops::BitOr;
use der::asn1::{Ia5String, OctetString};
use der::flagset::FlagSet;
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode};
use std::net::IpAddr;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    self, AuthorityKeyIdentifier, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, Extensions as Raw};

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// The extensions that are understood; any other must not be critical.
const KNOWN: [ObjectIdentifier; 6] = [
    pkix::KeyUsage::OID,
    pkix::ExtendedKeyUsage::OID,
    pkix::BasicConstraints::OID,
    SubjectAltName::OID,
    SubjectKeyIdentifier::OID,
    AuthorityKeyIdentifier::OID,
];

/// What a key may be used for: a set of the bits of RFC 5280, 4.2.1.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures other than on certificates and lists: what a signature certificate has.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// Signatures that hold against their signer.
    pub const NON_REPUDIATION: Self = Self(1 << 1);
    /// Encrypting keys.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// Encrypting data.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// Agreeing on keys.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// Signing certificates.
    pub const CERTIFICATE_SIGN: Self = Self(1 << 5);
    /// Signing revocation lists.
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// What an encryption certificate has (GB/T 20518).
    pub const ENCRYPTION: Self = Self(1 << 2 | 1 << 3 | 1 << 4);
    /// What an authority has.
    pub const AUTHORITY: Self = Self(1 << 5 | 1 << 6);

    /// Whether it has all bits of `other`.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it has a bit of `other`.
    #[must_use]
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn to_pkix(self) -> pkix::KeyUsage {
        pkix::KeyUsage(FlagSet::new_truncated(self.0))
    }
}

impl BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// In which protocols a key may be used (RFC 5280, 4.2.1.12), as far as it matters here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExtendedKeyUsage {
    /// As a server of TLS or TLCP.
    pub server: bool,
    /// As a client of TLS or TLCP.
    pub client: bool,
    /// To sign OCSP responses for the authority.
    pub ocsp_signing: bool,
}

/// Whether the key is an authority's, and how long chains below it may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BasicConstraints {
    /// An authority.
    pub authority: bool,
    /// How many authorities may stand between it and an end entity.
    pub path_length_max: Option<u8>,
}

/// An alternative name of a certificate's subject.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SubjectName {
    /// A DNS name as it is written, perhaps with `*` as its first label.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A URI, such as a device's `urn:`.
    Uri(String),
    /// A mail address.
    Mail(String),
}

/// The extensions of one certificate.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<ExtendedKeyUsage>,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) names: Vec<SubjectName>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
}

impl Extensions {
    pub(super) fn read(raw: &Raw) -> Result<Self, CertificateError> {
        if raw.len() > EXTENSIONS_MAX {
            return Err(CertificateError::TooMany);
        }
        if has_duplicates(raw) {
            return Err(CertificateError::DuplicateExtension);
        }
        // Passing over name constraints would let an authority name whom it must not.
        let constrains_names = raw
            .iter()
            .any(|extension| extension.extn_id == NameConstraints::OID);
        if has_unknown_critical(raw, &KNOWN) || constrains_names {
            return Err(CertificateError::CriticalExtension);
        }
        let mut extensions = Self::default();
        for extension in raw {
            extensions.take(extension)?;
        }
        Ok(extensions)
    }

    fn take(&mut self, extension: &Extension) -> Result<(), CertificateError> {
        let bytes = extension.extn_value.as_bytes();
        match extension.extn_id {
            pkix::KeyUsage::OID => {
                let usage: pkix::KeyUsage = parse(bytes)?;
                self.key_usage = Some(KeyUsage(usage.0.bits()));
            }
            pkix::ExtendedKeyUsage::OID => {
                let uses: pkix::ExtendedKeyUsage = parse(bytes)?;
                let has = |oid| uses.0.contains(&oid) || uses.0.contains(&ANY_USE);
                self.extended_key_usage = Some(ExtendedKeyUsage {
                    server: has(SERVER_AUTH),
                    client: has(CLIENT_AUTH),
                    // Answering for an authority is never meant by "any".
                    ocsp_signing: uses.0.contains(&OCSP_SIGNING),
                });
            }
            pkix::BasicConstraints::OID => {
                let constraints: pkix::BasicConstraints = parse(bytes)?;
                self.basic_constraints = Some(BasicConstraints {
                    authority: constraints.ca,
                    path_length_max: constraints.path_len_constraint,
                });
            }
            SubjectAltName::OID => self.names = read_names(&parse(bytes)?)?,
            SubjectKeyIdentifier::OID => {
                let id: SubjectKeyIdentifier = parse(bytes)?;
                self.subject_key_id = Some(id.0.as_bytes().to_vec());
            }
            AuthorityKeyIdentifier::OID => {
                let id: AuthorityKeyIdentifier = parse(bytes)?;
                self.authority_key_id = id.key_identifier.map(|id| id.as_bytes().to_vec());
            }
            // Not critical, hence not needed.
            _ => {}
        }
        Ok(())
    }

    /// The extensions as an authority writes them.
    pub(super) fn write(&self) -> der::Result<Raw> {
        let mut raw = Raw::new();
        if let Some(constraints) = self.basic_constraints {
            raw.push(extension(
                true,
                &pkix::BasicConstraints {
                    ca: constraints.authority,
                    path_len_constraint: constraints.path_length_max,
                },
            )?);
        }
        if let Some(usage) = self.key_usage {
            raw.push(extension(true, &usage.to_pkix())?);
        }
        if let Some(uses) = self.extended_key_usage {
            let uses = [
                (uses.server, SERVER_AUTH),
                (uses.client, CLIENT_AUTH),
                (uses.ocsp_signing, OCSP_SIGNING),
            ];
            let uses = uses.into_iter().filter_map(|(has, oid)| has.then_some(oid));
            raw.push(extension(false, &pkix::ExtendedKeyUsage(uses.collect()))?);
        }
        if !self.names.is_empty() {
            let names = self.names.iter().map(general_name);
            let names = SubjectAltName(names.collect::<der::Result<_>>()?);
            raw.push(extension(false, &names)?);
        }
        if let Some(id) = &self.subject_key_id {
            let id = SubjectKeyIdentifier(OctetString::new(id.as_slice())?);
            raw.push(extension(false, &id)?);
        }
        if let Some(id) = &self.authority_key_id {
            let id = AuthorityKeyIdentifier {
                key_identifier: Some(OctetString::new(id.as_slice())?),
                ..AuthorityKeyIdentifier::default()
            };
            raw.push(extension(false, &id)?);
        }
        Ok(raw)
    }
}

/// One extension.
pub(super) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

fn parse<'a, T: Decode<'a, Error = der::Error>>(bytes: &'a [u8]) -> Result<T, CertificateError> {
    T::from_der(bytes).map_err(|_| CertificateError::Extension)
}

/// The names that mean something here; those of other kinds are passed over, since they only add
/// names.
fn read_names(names: &SubjectAltName) -> Result<Vec<SubjectName>, CertificateError> {
    if names.0.len() > SUBJECT_NAMES_MAX {
        return Err(CertificateError::TooMany);
    }
    let text = |text: &Ia5String| text.as_str().to_owned();
    let mut read = Vec::new();
    for name in &names.0 {
        match name {
            GeneralName::DnsName(name) => read.push(SubjectName::Dns(text(name))),
            GeneralName::UniformResourceIdentifier(name) => {
                read.push(SubjectName::Uri(text(name)));
            }
            GeneralName::Rfc822Name(name) => read.push(SubjectName::Mail(text(name))),
            GeneralName::IpAddress(octets) => read.push(SubjectName::Ip(
                address(octets.as_bytes()).ok_or(CertificateError::Extension)?,
            )),
            _ => {}
        }
    }
    Ok(read)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(octets));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

fn general_name(name: &SubjectName) -> der::Result<GeneralName> {
    Ok(match name {
        SubjectName::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
        SubjectName::Uri(name) => GeneralName::UniformResourceIdentifier(Ia5String::new(name)?),
        SubjectName::Mail(name) => GeneralName::Rfc822Name(Ia5String::new(name)?),
        SubjectName::Ip(address) => GeneralName::IpAddress(match address {
            IpAddr::V4(address) => OctetString::new(address.octets().as_slice())?,
            IpAddr::V6(address) => OctetString::new(address.octets().as_slice())?,
        }),
    })
}
