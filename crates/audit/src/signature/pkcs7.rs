//! PKCS #7 / CMS signed data (RFC 5652, section 5), as JAR signatures, Apple's code signatures and
//! HarmonyOS packages use it.

use super::ber::{Malformed, Reader, Tag, Value, dotted};
use super::hash::Hash;
use super::key::{Fault, Mechanism, OID_DSA, OID_EC, OID_RSA};
use super::{CERTIFICATES_MAX, SIGNERS_MAX};
use crate::certificate::Certificate;

const OID_SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
pub(crate) const OID_CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub(crate) const OID_MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
/// The tag under which signed attributes are signed, instead of the one they stand under.
const SET_TAG: u8 = 0x31;

/// Signed data: certificates and signatures over a content that is inside or elsewhere.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    pub(crate) content_type: String,
    /// The content, when it is inside.
    pub(crate) content: Option<&'a [u8]>,
    /// The certificates as they stand.
    pub(crate) certificates: Vec<&'a [u8]>,
    pub(crate) signers: Vec<SignerInfo<'a>>,
}

/// One signature.
#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    /// Encoded issuer and serial number of the certificate; `None` if it is named by its key
    /// identifier, which Android does not support.
    issuer_and_serial: Option<(&'a [u8], &'a [u8])>,
    pub(crate) digest_oid: String,
    pub(crate) signature_oid: String,
    pub(crate) signed_attributes: Option<Value<'a>>,
    pub(crate) signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut content_info = Reader::new(bytes).required(Tag::SEQUENCE)?.inside();
        let kind = dotted(content_info.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
        if kind != OID_SIGNED_DATA {
            return Err(Malformed);
        }
        let explicit = content_info.required(Tag::context(0))?;
        let mut fields = explicit.inside().required(Tag::SEQUENCE)?.inside();
        fields.required(Tag::INTEGER)?;
        for algorithm in fields.required(Tag::SET)?.inside().all()? {
            algorithm_oid(algorithm)?;
        }
        let mut encapsulated = fields.required(Tag::SEQUENCE)?.inside();
        let content_type = dotted(encapsulated.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
        let content = match encapsulated.optional(Tag::context(0))? {
            Some(explicit) => explicit.inside().next()?.map(|value| value.contents),
            None => None,
        };
        let certificates = match fields.optional(Tag::context(0))? {
            Some(set) => set
                .inside()
                .all()?
                .into_iter()
                .map(|value| value.encoded)
                .collect(),
            None => Vec::new(),
        };
        fields.optional(Tag::context(1))?;
        let signers = fields.required(Tag::SET)?.inside().all()?;
        Ok(Self {
            content_type,
            content,
            certificates,
            signers: signers
                .into_iter()
                .map(SignerInfo::parse)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> SignerInfo<'a> {
    fn parse(value: Value<'a>) -> Result<Self, Malformed> {
        let mut fields = value.expect(Tag::SEQUENCE)?.inside();
        fields.required(Tag::INTEGER)?;
        let identifier = fields.any()?;
        let issuer_and_serial = match identifier.tag {
            Tag::SEQUENCE => {
                let mut inside = identifier.inside();
                Some((
                    inside.any()?.encoded,
                    inside.required(Tag::INTEGER)?.contents,
                ))
            }
            tag if tag == Tag::context(0) => None,
            _ => return Err(Malformed),
        };
        Ok(Self {
            issuer_and_serial,
            digest_oid: algorithm_oid(fields.any()?)?,
            signed_attributes: fields.optional(Tag::context(0))?,
            signature_oid: algorithm_oid(fields.any()?)?,
            signature: fields.required(Tag::OCTET_STRING)?.contents,
        })
    }

    /// The certificate that this signature names.
    pub(crate) fn certificate<'c>(
        &self,
        certificates: &'c [Certificate],
    ) -> Option<&'c Certificate> {
        let (issuer, serial) = self.issuer_and_serial?;
        certificates
            .iter()
            .find(|certificate| certificate.is_named(issuer, serial))
    }

    /// The attributes that are signed, or `None` if the content is signed directly.
    pub(crate) fn attributes(&self) -> Result<Option<Attributes<'a>>, Malformed> {
        self.signed_attributes.map(Attributes::parse).transpose()
    }

    /// How the signature is made. Some writers name the mechanism in full, others only the kind
    /// of key.
    pub(crate) fn mechanism(&self) -> Option<Mechanism> {
        let named = SignatureOid::parse(&self.signature_oid)?;
        let hash = named.hash.or_else(|| Hash::from_oid(&self.digest_oid))?;
        Some(named.family.mechanism(hash))
    }

    /// Checks the signature over its attributes, or over the content if there are none.
    pub(crate) fn verify(&self, certificate: &Certificate, content: &[u8]) -> Result<(), Fault> {
        let mechanism = self.mechanism().ok_or(Fault::Unusable)?;
        let key = certificate.public_key();
        match self
            .signed_attributes
            .and_then(|attributes| attributes.encoded.get(1..))
        {
            // The signature covers them as a set, whatever tag they stand under.
            Some(after_tag) => key.verify(mechanism, &[&[SET_TAG], after_tag], self.signature),
            None => key.verify(mechanism, &[content], self.signature),
        }
    }
}

/// The identifier of an algorithm, whose parameters do not matter here.
fn algorithm_oid(algorithm: Value<'_>) -> Result<String, Malformed> {
    let mut fields = algorithm.expect(Tag::SEQUENCE)?.inside();
    dotted(fields.required(Tag::OBJECT_IDENTIFIER)?.contents)
}

/// Why signed data does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CmsFault {
    /// Not signed data, or no signature in it.
    Malformed,
    /// More signatures or certificates than anyone needs.
    TooMany,
    /// A signature names a certificate that is not there.
    NoCertificate,
    /// A signature cannot be checked with the key of its certificate.
    Unusable,
    /// A signature is wrong.
    Wrong,
    /// The signature is for another content.
    OtherContent,
}

impl From<Malformed> for CmsFault {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Fault> for CmsFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Wrong => Self::Wrong,
            Fault::Unusable => Self::Unusable,
        }
    }
}

/// A signature that is right.
#[derive(Debug)]
pub(crate) struct CmsSigner<'a> {
    /// The signer's certificate, then those of its issuers as far as they are there.
    pub(crate) chain: Vec<Certificate>,
    pub(crate) mechanism: Mechanism,
    pub(crate) attributes: Option<Attributes<'a>>,
}

impl<'a> SignedData<'a> {
    /// Verifies that all signatures are right and for that content (RFC 5652, section 5.6).
    pub(crate) fn verify(&self, content: &[u8]) -> Result<Vec<CmsSigner<'a>>, CmsFault> {
        if self.signers.len() > SIGNERS_MAX || self.certificates.len() > CERTIFICATES_MAX {
            return Err(CmsFault::TooMany);
        }
        if self.signers.is_empty() {
            return Err(CmsFault::Malformed);
        }
        let certificates = self
            .certificates
            .iter()
            .map(|encoded| Certificate::parse(encoded));
        let certificates: Vec<Certificate> = certificates
            .collect::<Result<_, _>>()
            .map_err(|_| CmsFault::Malformed)?;
        self.signers
            .iter()
            .map(|signer| self.verify_one(signer, content, &certificates))
            .collect()
    }

    fn verify_one(
        &self,
        signer: &SignerInfo<'a>,
        content: &[u8],
        certificates: &[Certificate],
    ) -> Result<CmsSigner<'a>, CmsFault> {
        let certificate = signer
            .certificate(certificates)
            .ok_or(CmsFault::NoCertificate)?;
        let attributes = signer.attributes()?;
        if let Some(attributes) = &attributes {
            let single = |oid| match attributes.single(oid) {
                Ok(Some(value)) => Ok(value),
                Ok(None) | Err(Ambiguous) => Err(CmsFault::Malformed),
            };
            let digest = single(OID_MESSAGE_DIGEST)?
                .expect(Tag::OCTET_STRING)?
                .contents;
            let hash = Hash::from_oid(&signer.digest_oid).ok_or(CmsFault::Unusable)?;
            if hash.digest(&[content]) != digest {
                return Err(CmsFault::OtherContent);
            }
            let kind = single(OID_CONTENT_TYPE)?
                .expect(Tag::OBJECT_IDENTIFIER)?
                .contents;
            if dotted(kind)? != self.content_type {
                return Err(CmsFault::OtherContent);
            }
        }
        signer.verify(certificate, content)?;
        Ok(CmsSigner {
            chain: chain(certificate, certificates),
            mechanism: signer.mechanism().ok_or(CmsFault::Unusable)?,
            attributes,
        })
    }
}

/// A certificate and its issuers, as far as they are among the others.
pub(crate) fn chain(leaf: &Certificate, certificates: &[Certificate]) -> Vec<Certificate> {
    let mut unused: Vec<&Certificate> =
        certificates.iter().filter(|other| *other != leaf).collect();
    let mut chain = vec![leaf.clone()];
    while let Some(last) = chain.last().filter(|last| !last.is_self_issued()) {
        let Some(position) = unused.iter().position(|other| other.issued(last)) else {
            break;
        };
        chain.push(unused.remove(position).clone());
    }
    chain
}

/// Whether every certificate of a chain is signed by the next, and the last by itself.
pub(crate) fn is_signed_throughout(chain: &[Certificate]) -> bool {
    let links = chain.iter().zip(chain.iter().skip(1).chain(chain.last()));
    chain.len() <= SIGNERS_MAX
        && links
            .into_iter()
            .all(|(certificate, issuer)| certificate.is_signed_by(issuer))
}

/// The family of a signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Rsa,
    Dsa,
    Ecdsa,
}

impl Family {
    const fn mechanism(self, hash: Hash) -> Mechanism {
        match self {
            Self::Rsa => Mechanism::RsaPkcs1(hash),
            Self::Dsa => Mechanism::Dsa(hash),
            Self::Ecdsa => Mechanism::Ecdsa(hash),
        }
    }
}

/// What a signature algorithm identifier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignatureOid {
    pub(crate) family: Family,
    /// The hash function, unless only the kind of key is named.
    pub(crate) hash: Option<Hash>,
}

impl SignatureOid {
    /// The mechanism, if the identifier names the hash function.
    pub(crate) fn mechanism(self) -> Option<Mechanism> {
        Some(self.family.mechanism(self.hash?))
    }

    pub(crate) fn parse(oid: &str) -> Option<Self> {
        let (family, hash) = match oid {
            OID_RSA => (Family::Rsa, None),
            "1.2.840.113549.1.1.4" => (Family::Rsa, Some(Hash::Md5)),
            "1.2.840.113549.1.1.5" => (Family::Rsa, Some(Hash::Sha1)),
            "1.2.840.113549.1.1.14" => (Family::Rsa, Some(Hash::Sha224)),
            "1.2.840.113549.1.1.11" => (Family::Rsa, Some(Hash::Sha256)),
            "1.2.840.113549.1.1.12" => (Family::Rsa, Some(Hash::Sha384)),
            "1.2.840.113549.1.1.13" => (Family::Rsa, Some(Hash::Sha512)),
            OID_DSA => (Family::Dsa, None),
            "1.2.840.10040.4.3" => (Family::Dsa, Some(Hash::Sha1)),
            "2.16.840.1.101.3.4.3.1" => (Family::Dsa, Some(Hash::Sha224)),
            "2.16.840.1.101.3.4.3.2" => (Family::Dsa, Some(Hash::Sha256)),
            OID_EC => (Family::Ecdsa, None),
            "1.2.840.10045.4.1" => (Family::Ecdsa, Some(Hash::Sha1)),
            "1.2.840.10045.4.3.1" => (Family::Ecdsa, Some(Hash::Sha224)),
            "1.2.840.10045.4.3.2" => (Family::Ecdsa, Some(Hash::Sha256)),
            "1.2.840.10045.4.3.3" => (Family::Ecdsa, Some(Hash::Sha384)),
            "1.2.840.10045.4.3.4" => (Family::Ecdsa, Some(Hash::Sha512)),
            _ => return None,
        };
        Some(Self { family, hash })
    }
}

/// The signed attributes of a signature.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    attributes: Vec<(String, Vec<Value<'a>>)>,
}

/// An attribute that may be there once, with one value, occurs more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ambiguous;

impl<'a> Attributes<'a> {
    fn parse(set: Value<'a>) -> Result<Self, Malformed> {
        let attributes = set.inside().all()?.into_iter().map(|attribute| {
            let mut fields = attribute.expect(Tag::SEQUENCE)?.inside();
            let kind = dotted(fields.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
            Ok((kind, fields.required(Tag::SET)?.inside().all()?))
        });
        Ok(Self {
            attributes: attributes.collect::<Result<_, _>>()?,
        })
    }

    /// All values of an attribute, in order.
    pub(crate) fn values(&self, oid: &str) -> impl Iterator<Item = Value<'a>> {
        self.attributes
            .iter()
            .filter(move |(kind, _)| kind == oid)
            .flat_map(|(_, values)| values.iter().copied())
    }

    /// The one value of an attribute; `None` if there is no such attribute or it has no value.
    pub(crate) fn single(&self, oid: &str) -> Result<Option<Value<'a>>, Ambiguous> {
        let mut matching = self.attributes.iter().filter(|(kind, _)| kind == oid);
        let (first, second) = (matching.next(), matching.next());
        match (first.map(|(_, values)| values.as_slice()), second) {
            (None | Some([]), None) => Ok(None),
            (Some(&[value]), None) => Ok(Some(value)),
            _ => Err(Ambiguous),
        }
    }
}
