//! The signing block of HarmonyOS packages (HAP, HSP): PKCS #7 signatures over a digest of the
//! whole file and of the profile beside it.
//!
//! What is verified: the signature over the contents, the signature over the profile, that the
//! profile names the certificate that signed, and that the certificates sign each other. Which
//! roots a device trusts, and whether a certificate was revoked or had expired at installation,
//! only the device knows; the last certificate of the chain and the dates are reported.
//!
//! ```
//! use hefu_audit::signature::hap::{HapIssue, verify};
//!
//! assert_eq!(verify(b"not a package").issues, [HapIssue::NotAnArchive]);
//! ```
//!
//! Clauses: JR-6.1.1.1.a.

use serde_json::Value;

use super::block::{Fields, Malformed};
use super::digest::{chunked, without_block};
use super::hash::Hash;
use super::pkcs7::{CmsFault, SignedData, is_signed_throughout};
use super::scheme::numbered;
use crate::bytes::{slice_at, u32_at, u64_at};
use crate::certificate::Certificate;
use crate::zip::EndRecord;

/// Count, size, magic and version at the end of the block.
const FOOTER_BYTES: usize = 32;
const MAGIC_2: &[u8; 16] = b"HAP Sig Block 42";
const MAGIC_3: &[u8; 16] = b"<hap sign block>";
/// Type, length and offset of each part, at the start of the block.
const PART_HEAD_BYTES: usize = 12;
/// Parts of one block. Stops counts made to keep the reader busy; there are eight kinds.
const PARTS_MAX: u32 = 64;

const PART_SIGNATURE: u32 = 0x2000_0000;
const PART_PROFILE: u32 = 0x2000_0002;
/// Parts whose bytes are signed together with the contents, in the order of the block.
const SIGNED_PARTS: std::ops::RangeInclusive<u32> = 0x2000_0001..=0x2000_0005;
/// A second signature, with which an enterprise signs again what others signed.
const PART_ENTERPRISE_SIGNATURE: u32 = 0x2000_0004;

/// Why the signature of a package is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum HapIssue {
    /// Not a ZIP archive.
    #[error("not an archive")]
    NotAnArchive,
    /// There is no signing block before the central directory, or no signature in it.
    #[error("not signed")]
    NotSigned,
    /// The signing block contradicts itself.
    #[error("the signing block is malformed")]
    MalformedBlock,
    /// The signature is not PKCS #7, or what it signs is not a list of digests.
    #[error("the signature is malformed")]
    MalformedSignature,
    /// More parts, signatures or certificates than anyone needs.
    #[error("the signing block asks for too much work")]
    LimitExceeded,
    /// The signature uses an algorithm that is not known here.
    #[error("the signature uses an unknown algorithm")]
    UnknownAlgorithm,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    WrongSignature,
    /// The file or its profile was changed after it was signed.
    #[error("the contents were changed after signing")]
    ContentsChanged,
    /// A certificate of the signer's chain is not signed by the next one.
    #[error("the certificates do not sign each other")]
    BrokenChain,
    /// There is no profile.
    #[error("there is no profile")]
    NoProfile,
    /// The profile's own signature is malformed or wrong.
    #[error("the profile is not rightly signed")]
    ProfileNotSigned,
    /// The profile cannot be read, or names no certificate.
    #[error("the profile cannot be read")]
    MalformedProfile,
    /// The profile is for another certificate than the one that signed.
    #[error("the profile is for another certificate")]
    OtherCertificate,
    /// An enterprise signed the package again; that signature is not judged here.
    #[error("a second, enterprise signature is not judged")]
    EnterpriseSignature,
}

/// What verification of a HarmonyOS package came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HapVerification {
    /// Everything that is verified here is right.
    pub verified: bool,
    /// The signature over the contents is right, whatever is wrong with profile and chain.
    pub signature_verified: bool,
    /// What is not, in the order in which it was found.
    pub issues: Vec<HapIssue>,
    /// Version of the signing block.
    pub version: Option<u32>,
    /// The parts of the signing block.
    pub parts: Vec<HapPart>,
    /// The signer's certificate and those of its issuers, as far as they are in the signature.
    pub chain: Vec<Certificate>,
    /// How it is signed, for instance `SHA-256 with ECDSA`.
    pub algorithm: Option<String>,
    /// The profile, a JSON document, as it was signed.
    pub profile: Option<Vec<u8>>,
    /// The certificate that signed the profile, and its issuers.
    pub profile_chain: Vec<Certificate>,
}

/// One part of the signing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HapPart {
    /// Its kind, for instance `0x20000000` for the signature.
    pub kind: u32,
    /// Where it starts in the file.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
}

/// Verifies the signature of a HarmonyOS package.
#[must_use]
pub fn verify(hap: &[u8]) -> HapVerification {
    let mut verification = HapVerification::default();
    if let Err(issue) = run(hap, &mut verification) {
        verification.issues.push(issue);
    }
    verification.verified = verification.issues.is_empty();
    verification
}

fn run(hap: &[u8], verification: &mut HapVerification) -> Result<(), HapIssue> {
    let end = EndRecord::find(hap).map_err(|_| HapIssue::NotAnArchive)?;
    let block = Block::find(hap, &end).ok_or(HapIssue::NotSigned)?;
    verification.version = Some(block.version);
    let parts = block.parts()?;
    let start = block.before.len() as u64;
    verification.parts = parts
        .iter()
        .map(|part| HapPart {
            kind: part.kind,
            offset: start + u64::from(part.offset),
            length: part.bytes.len() as u64,
        })
        .collect();
    if parts
        .iter()
        .any(|part| part.kind == PART_ENTERPRISE_SIGNATURE)
    {
        return Err(HapIssue::EnterpriseSignature);
    }
    let find = |kind| {
        parts
            .iter()
            .find(|part| part.kind == kind)
            .map(|part| part.bytes)
    };
    let signature = find(PART_SIGNATURE).ok_or(HapIssue::NotSigned)?;
    verify_contents(&block, &parts, signature, verification)?;
    verification.signature_verified = true;
    verify_profile(find(PART_PROFILE).ok_or(HapIssue::NoProfile)?, verification)
}

/// The signing block and what is around it.
struct Block<'a> {
    before: &'a [u8],
    bytes: &'a [u8],
    version: u32,
    count: u32,
    central_directory: &'a [u8],
    end_record: &'a [u8],
}

/// One part of the block.
struct Part<'a> {
    kind: u32,
    offset: u32,
    bytes: &'a [u8],
}

impl<'a> Block<'a> {
    fn find(hap: &'a [u8], end: &EndRecord<'_>) -> Option<Self> {
        if end.directory_end() != end.offset {
            return None;
        }
        let directory = usize::try_from(end.directory_offset).ok()?;
        let end_record = usize::try_from(end.offset).ok()?;
        let footer = slice_at(hap, directory.checked_sub(FOOTER_BYTES)?, FOOTER_BYTES).ok()?;
        let version = u32_at(footer, 28).ok()?;
        let magic = slice_at(footer, 12, 16).ok()?;
        if magic != if version < 3 { MAGIC_2 } else { MAGIC_3 } {
            return None;
        }
        let size = usize::try_from(u64_at(footer, 4).ok()?).ok()?;
        let start = directory.checked_sub(size)?;
        Some(Self {
            before: hap.get(..start)?,
            bytes: hap.get(start..directory)?,
            version,
            count: u32_at(footer, 0).ok()?,
            central_directory: hap.get(directory..end_record)?,
            end_record: hap.get(end_record..)?,
        })
    }

    fn parts(&self) -> Result<Vec<Part<'a>>, HapIssue> {
        if self.count > PARTS_MAX {
            return Err(HapIssue::LimitExceeded);
        }
        // The parts end where the footer begins.
        let body = self
            .bytes
            .len()
            .checked_sub(FOOTER_BYTES)
            .and_then(|end| self.bytes.get(..end));
        let body = body.ok_or(HapIssue::MalformedBlock)?;
        let parts = body
            .chunks_exact(PART_HEAD_BYTES)
            .take(self.count as usize)
            .map(|head| {
                let number = |at| u32_at(head, at).map_err(|_| HapIssue::MalformedBlock);
                let (kind, length, offset) = (number(0)?, number(4)?, number(8)?);
                let bytes = slice_at(body, offset as usize, length as usize);
                Ok(Part {
                    kind,
                    offset,
                    bytes: bytes.map_err(|_| HapIssue::MalformedBlock)?,
                })
            });
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        // Two parts of a kind would leave open which one counts.
        let unique = (1..parts.len()).all(|n| {
            let (earlier, rest) = parts.split_at(n);
            rest.first()
                .is_none_or(|part| earlier.iter().all(|other| other.kind != part.kind))
        });
        let complete = parts.len() == self.count as usize;
        if unique && complete {
            Ok(parts)
        } else {
            Err(HapIssue::MalformedBlock)
        }
    }
}

fn verify_contents(
    block: &Block<'_>,
    parts: &[Part<'_>],
    signature: &[u8],
    verification: &mut HapVerification,
) -> Result<(), HapIssue> {
    let data = SignedData::parse(signature).map_err(|_| HapIssue::MalformedSignature)?;
    let digests = data.content.ok_or(HapIssue::MalformedSignature)?;
    let signers = data.verify(digests).map_err(|fault| match fault {
        CmsFault::Malformed | CmsFault::NoCertificate => HapIssue::MalformedSignature,
        CmsFault::TooMany => HapIssue::LimitExceeded,
        CmsFault::Unusable => HapIssue::UnknownAlgorithm,
        CmsFault::Wrong | CmsFault::OtherContent => HapIssue::WrongSignature,
    })?;
    for signer in signers {
        if !is_signed_throughout(&signer.chain) {
            verification.issues.push(HapIssue::BrokenChain);
        }
        verification
            .algorithm
            .get_or_insert_with(|| signer.mechanism.to_string());
        if verification.chain.is_empty() {
            verification.chain = signer.chain;
        }
    }
    let signed = parts
        .iter()
        .filter(|part| SIGNED_PARTS.contains(&part.kind));
    let signed: Vec<&[u8]> = signed.map(|part| part.bytes).collect();
    for (hash, expected) in read_digests(digests)? {
        let end_record = without_block(block.end_record, block.before.len());
        let end_record = end_record.ok_or(HapIssue::MalformedBlock)?;
        let contents = [block.before, block.central_directory, &end_record];
        if chunked(hash, &contents, &signed) != expected {
            return Err(HapIssue::ContentsChanged);
        }
    }
    Ok(())
}

/// The digests that are signed, with their hash functions; at least one.
fn read_digests(content: &[u8]) -> Result<Vec<(Hash, &[u8])>, HapIssue> {
    let mut fields = Fields::new(content);
    let mut digests = Vec::new();
    while !fields.is_empty() {
        let (algorithm, digest) =
            read_digest(&mut fields).map_err(|Malformed| HapIssue::MalformedSignature)?;
        digests.push((
            hash_of(algorithm).ok_or(HapIssue::UnknownAlgorithm)?,
            digest,
        ));
    }
    if digests.is_empty() {
        Err(HapIssue::MalformedSignature)
    } else {
        Ok(digests)
    }
}

fn read_digest<'a>(fields: &mut Fields<'a>) -> Result<(u32, &'a [u8]), Malformed> {
    let _version = fields.u32()?;
    let _count = fields.u32()?;
    numbered(fields)
}

/// The hash function of the contents' digest, by the number of the signature algorithm.
const fn hash_of(algorithm: u32) -> Option<Hash> {
    Some(match algorithm {
        0x101 | 0x104 | 0x105 | 0x201 | 0x301 => Hash::Sha256,
        0x102 | 0x202 | 0x302 => Hash::Sha384,
        0x103 | 0x106 | 0x203 | 0x303 => Hash::Sha512,
        _ => return None,
    })
}

/// Verifies the profile's own signature, and that it names the certificate that signed.
fn verify_profile(profile: &[u8], verification: &mut HapVerification) -> Result<(), HapIssue> {
    let data = SignedData::parse(profile).map_err(|_| HapIssue::ProfileNotSigned)?;
    let content = data.content.ok_or(HapIssue::ProfileNotSigned)?;
    verification.profile = Some(content.to_vec());
    let signers = data
        .verify(content)
        .map_err(|_| HapIssue::ProfileNotSigned)?;
    for signer in signers {
        if !is_signed_throughout(&signer.chain) {
            verification.issues.push(HapIssue::BrokenChain);
        }
        if verification.profile_chain.is_empty() {
            verification.profile_chain = signer.chain;
        }
    }
    let named = named_certificate(content).ok_or(HapIssue::MalformedProfile)?;
    match verification.chain.first() {
        Some(signer) if *signer == named => Ok(()),
        _ => Err(HapIssue::OtherCertificate),
    }
}

/// The certificate that a profile allows to sign.
fn named_certificate(profile: &[u8]) -> Option<Certificate> {
    let profile: Value = serde_json::from_slice(profile).ok()?;
    let key = match profile.get("type")?.as_str()? {
        "release" => "distribution-certificate",
        _ => "development-certificate",
    };
    let pem = profile.get("bundle-info")?.get(key)?.as_str()?;
    Certificate::parse(&decode_pem(pem)?).ok()
}

/// The bytes of the first certificate in a text.
fn decode_pem(pem: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;

    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let digits: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD
        .decode(digits)
        .ok()
}
