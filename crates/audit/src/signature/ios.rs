//! Code signatures of iOS programs, and the seal over the other files of their bundles.
//!
//! A Mach-O file carries *code directories*: lists of digests over its pages and, in special
//! slots, over `Info.plist`, the seal of the resources, the requirements and the entitlements. A
//! CMS signature covers the first code directory, and an attribute in it the others.
//!
//! What is verified: every page, every slot, the CMS signature, that further code directories are
//! covered, that the certificates sign each other up to Apple's root, and that the resources are
//! those that were sealed. Whether a certificate was revoked, or had expired when the app was
//! installed, is not known here; the dates are reported.
//!
//! ```
//! use hefu_audit::signature::ios::{CodeSignatureError, Sealed, verify_program};
//!
//! let result = verify_program(b"no program", &Sealed::default());
//! assert_eq!(result, Err(CodeSignatureError::NotMacho));
//! ```
//!
//! Clauses: JR-6.1.1.1.a.

mod bundle;
mod directory;

use self::directory::Directory;
use super::ber::{Malformed, Tag, dotted};
use super::hash::{Hash, hex};
use super::pkcs7::{CmsFault, CmsSigner, SignedData, is_signed_throughout};
use crate::Limits;
use crate::bytes::{Truncated, slice_at, u32_at, u32_be_at};
use crate::certificate::Certificate;
use crate::property_list::{self, Value};

pub use self::bundle::{BundleSignature, IpaVerification, Seal, verify_ipa};
pub use self::directory::CodeDirectory;

/// Architectures of one file. There are not twenty processors to build for.
const ARCHITECTURES_MAX: u32 = 20;
/// Blobs of one signature. Stops counts made to keep the reader busy; there are a dozen kinds.
const BLOBS_MAX: u32 = 64;
/// Load commands of one file. Stops the same.
const LOAD_COMMANDS_MAX: u32 = 65_536;

const FAT: u32 = 0xcafe_babe;
const MACHO_32: u32 = 0xfeed_face;
const MACHO_64: u32 = 0xfeed_facf;
const LOAD_CODE_SIGNATURE: u32 = 0x1d;

const MAGIC_SIGNATURE: u32 = 0xfade_0cc0;
const MAGIC_CMS: u32 = 0xfade_0b01;

const SLOT_DIRECTORY: u32 = 0;
const SLOT_REQUIREMENTS: u32 = 2;
const SLOT_ENTITLEMENTS: u32 = 5;
const SLOT_ENTITLEMENTS_DER: u32 = 7;
const SLOTS_ALTERNATE: std::ops::RangeInclusive<u32> = 0x1000..=0x1005;
const SLOT_CMS: u32 = 0x1_0000;

/// SHA-256 of Apple's root certificate, under which all programs for iOS are signed.
const APPLE_ROOT_SHA256: &str = "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024";
/// The attribute that lists the digests of all code directories, as a property list.
const OID_DIRECTORY_DIGESTS: &str = "1.2.840.113635.100.9.1";
/// The attribute that has them in full, with their hash functions.
const OID_DIRECTORY_DIGESTS_2: &str = "1.2.840.113635.100.9.2";
/// Bytes of a digest that identify a code directory.
const DIRECTORY_DIGEST_BYTES: usize = 20;

/// Why a file cannot have a code signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeSignatureError {
    /// Not a Mach-O file of this age.
    #[error("not a Mach-O file")]
    NotMacho,
    /// Cut short, or a load command is damaged.
    #[error("the Mach-O file is damaged")]
    Damaged,
}

impl From<Truncated> for CodeSignatureError {
    fn from(_: Truncated) -> Self {
        Self::Damaged
    }
}

/// Why a code signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum CodeSignatureIssue {
    /// There is no code signature.
    #[error("not signed")]
    NotSigned,
    /// The signature contradicts itself.
    #[error("the code signature is malformed")]
    Malformed,
    /// The signature asks for too much work.
    #[error("the code signature asks for too much work")]
    LimitExceeded,
    /// A code directory uses an unknown hash function.
    #[error("a code directory uses an unknown hash function")]
    UnknownHash,
    /// A page of the program was changed after signing.
    #[error("page {page} was changed after signing")]
    PageChanged {
        /// The first such page, from 0.
        page: u32,
    },
    /// Bytes before the signature are not covered by the code directory.
    #[error("{bytes} bytes are not covered")]
    NotCovered {
        /// How many.
        bytes: u32,
    },
    /// What a special slot stands for was changed after signing.
    #[error("special slot {slot} does not match")]
    SlotChanged {
        /// 1 `Info.plist`, 2 requirements, 3 resources, 5 and 7 entitlements.
        slot: u32,
    },
    /// What a special slot stands for is missing.
    #[error("what special slot {slot} stands for is missing")]
    SlotMissing {
        /// As above.
        slot: u32,
    },
    /// A blob is there for which the code directory has no digest.
    #[error("special slot {slot} is not signed")]
    SlotNotSigned {
        /// As above.
        slot: u32,
    },
    /// Signed by nobody: there is a code directory but no signature over it.
    #[error("ad-hoc signed")]
    AdHoc,
    /// The signature is not CMS, or its certificates cannot be read.
    #[error("the CMS signature is malformed")]
    MalformedCms,
    /// The signature uses an unknown algorithm.
    #[error("the CMS signature uses an unknown algorithm")]
    UnknownAlgorithm,
    /// The signature is wrong.
    #[error("the CMS signature is wrong")]
    WrongSignature,
    /// The signature is for another code directory.
    #[error("the CMS signature is for another code directory")]
    OtherDirectory,
    /// A further code directory is not covered by the signature.
    #[error("a code directory is not signed")]
    DirectoryNotSigned,
    /// A certificate of the signer's chain is not signed by the next one.
    #[error("the certificates do not sign each other")]
    BrokenChain,
    /// The chain does not end with Apple's root.
    #[error("the certificates do not end with Apple's root")]
    ForeignRoot,
}

/// The files of a bundle that a program's signature covers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sealed<'a> {
    /// `Info.plist`.
    pub info: Option<&'a [u8]>,
    /// `_CodeSignature/CodeResources`.
    pub resources: Option<&'a [u8]>,
}

/// The signature of a program for one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SliceSignature {
    /// Where the slice starts in the file.
    pub offset: u64,
    /// Everything that is verified here is right.
    pub verified: bool,
    /// What is not.
    pub issues: Vec<CodeSignatureIssue>,
    /// The code directories, the signed one first.
    pub directories: Vec<CodeDirectory>,
    /// The signer's certificate and those of its issuers.
    pub chain: Vec<Certificate>,
    /// How the code directory is signed.
    pub algorithm: Option<String>,
    /// The entitlements, a property list.
    pub entitlements: Option<Vec<u8>>,
}

impl SliceSignature {
    fn issue(&mut self, issue: CodeSignatureIssue) {
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }
}

/// Verifies a program for each of its architectures.
///
/// # Errors
/// [`CodeSignatureError`] if it is not a Mach-O file.
pub fn verify_program(
    program: &[u8],
    sealed: &Sealed<'_>,
) -> Result<Vec<SliceSignature>, CodeSignatureError> {
    slices(program)?
        .into_iter()
        .map(|(offset, slice)| {
            let mut signature = SliceSignature {
                offset,
                ..SliceSignature::default()
            };
            match code_signature(slice)? {
                Some((start, bytes)) => verify_slice(slice, start, bytes, sealed, &mut signature),
                None => signature.issue(CodeSignatureIssue::NotSigned),
            }
            signature.verified = signature.issues.is_empty();
            Ok(signature)
        })
        .collect()
}

/// The slices of a file with their offsets.
fn slices(program: &[u8]) -> Result<Vec<(u64, &[u8])>, CodeSignatureError> {
    const FAT_HEAD_BYTES: usize = 8;
    const ARCHITECTURE_BYTES: usize = 20;
    if u32_be_at(program, 0) != Ok(FAT) {
        return Ok(vec![(0, program)]);
    }
    let count = u32_be_at(program, 4)?;
    if count > ARCHITECTURES_MAX {
        return Err(CodeSignatureError::NotMacho);
    }
    (0..count as usize)
        .map(|number| {
            let head = FAT_HEAD_BYTES + number * ARCHITECTURE_BYTES;
            let (offset, size) = (
                u32_be_at(program, head + 8)?,
                u32_be_at(program, head + 12)?,
            );
            Ok((
                u64::from(offset),
                slice_at(program, offset as usize, size as usize)?,
            ))
        })
        .collect()
}

/// Where the code signature of a slice starts, and its bytes.
fn code_signature(slice: &[u8]) -> Result<Option<(usize, &[u8])>, CodeSignatureError> {
    let mut position = match u32_at(slice, 0) {
        Ok(MACHO_64) => 32,
        Ok(MACHO_32) => 28,
        _ => return Err(CodeSignatureError::NotMacho),
    };
    let count = u32_at(slice, 16)?;
    if count > LOAD_COMMANDS_MAX {
        return Err(CodeSignatureError::Damaged);
    }
    for _ in 0..count {
        let (kind, size) = (u32_at(slice, position)?, u32_at(slice, position + 4)?);
        if kind == LOAD_CODE_SIGNATURE {
            let (start, length) = (u32_at(slice, position + 8)?, u32_at(slice, position + 12)?);
            return Ok(Some((
                start as usize,
                slice_at(slice, start as usize, length as usize)?,
            )));
        }
        if size < 8 {
            return Err(CodeSignatureError::Damaged);
        }
        position = position.saturating_add(size as usize);
    }
    Ok(None)
}

/// The blobs of a signature by slot.
struct Blobs<'a> {
    blobs: Vec<(u32, &'a [u8])>,
}

impl<'a> Blobs<'a> {
    fn parse(signature: &'a [u8]) -> Result<Self, CodeSignatureIssue> {
        let malformed = |Truncated| CodeSignatureIssue::Malformed;
        if u32_be_at(signature, 0) != Ok(MAGIC_SIGNATURE) {
            return Err(CodeSignatureIssue::Malformed);
        }
        let count = u32_be_at(signature, 8).map_err(malformed)?;
        if count > BLOBS_MAX {
            return Err(CodeSignatureIssue::LimitExceeded);
        }
        let blobs = (0..count as usize).map(|number| {
            let slot = u32_be_at(signature, 12 + number * 8)?;
            let offset = u32_be_at(signature, 16 + number * 8)? as usize;
            let length = u32_be_at(signature, offset.checked_add(4).ok_or(Truncated)?)?;
            Ok((slot, slice_at(signature, offset, length as usize)?))
        });
        Ok(Self {
            blobs: blobs.collect::<Result<_, _>>().map_err(malformed)?,
        })
    }

    fn get(&self, slot: u32) -> Option<&'a [u8]> {
        self.blobs
            .iter()
            .find(|(found, _)| *found == slot)
            .map(|(_, blob)| *blob)
    }

    /// The first code directory, then the alternate ones.
    fn directories(&self) -> impl Iterator<Item = &'a [u8]> {
        let is_directory = |slot: &u32| *slot == SLOT_DIRECTORY || SLOTS_ALTERNATE.contains(slot);
        let mut directories: Vec<_> = self
            .blobs
            .iter()
            .filter(|(slot, _)| is_directory(slot))
            .collect();
        directories.sort_by_key(|(slot, _)| *slot);
        directories.into_iter().map(|(_, blob)| *blob)
    }
}

fn verify_slice(
    slice: &[u8],
    signature_start: usize,
    bytes: &[u8],
    sealed: &Sealed<'_>,
    signature: &mut SliceSignature,
) {
    let blobs = match Blobs::parse(bytes) {
        Ok(blobs) => blobs,
        Err(issue) => return signature.issue(issue),
    };
    // The blob's magic and length stand before the document.
    let entitlements = blobs.get(SLOT_ENTITLEMENTS).and_then(|blob| blob.get(8..));
    signature.entitlements = entitlements.map(<[u8]>::to_vec);
    let Some(primary) = blobs.get(SLOT_DIRECTORY) else {
        return signature.issue(CodeSignatureIssue::Malformed);
    };
    for blob in blobs.directories() {
        match Directory::parse(blob) {
            Ok(directory) => {
                let code = slice.get(..signature_start).unwrap_or(slice);
                directory.verify_pages(code, signature);
                verify_slots(&directory, &blobs, sealed, signature);
                signature.directories.push(directory.facts(blob));
            }
            Err(issue) => signature.issue(issue),
        }
    }
    let cms = blobs
        .get(SLOT_CMS)
        .filter(|blob| u32_be_at(blob, 0) == Ok(MAGIC_CMS));
    match cms
        .and_then(|blob| blob.get(8..))
        .filter(|cms| !cms.is_empty())
    {
        Some(cms) => verify_cms(cms, primary, signature),
        None => signature.issue(CodeSignatureIssue::AdHoc),
    }
}

/// Compares the special slots with what they stand for.
fn verify_slots(
    directory: &Directory<'_>,
    blobs: &Blobs<'_>,
    sealed: &Sealed<'_>,
    signature: &mut SliceSignature,
) {
    let contents = [
        (1, sealed.info),
        (SLOT_REQUIREMENTS, blobs.get(SLOT_REQUIREMENTS)),
        (3, sealed.resources),
        (SLOT_ENTITLEMENTS, blobs.get(SLOT_ENTITLEMENTS)),
        (SLOT_ENTITLEMENTS_DER, blobs.get(SLOT_ENTITLEMENTS_DER)),
    ];
    for (slot, content) in contents {
        match (directory.special(slot), content) {
            (Some(expected), Some(content)) if directory.digest(content) != expected => {
                signature.issue(CodeSignatureIssue::SlotChanged { slot });
            }
            (Some(_), None) => signature.issue(CodeSignatureIssue::SlotMissing { slot }),
            (None, Some(_)) => signature.issue(CodeSignatureIssue::SlotNotSigned { slot }),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

/// Verifies the CMS signature over the first code directory, and that it covers the others.
fn verify_cms(cms: &[u8], primary: &[u8], signature: &mut SliceSignature) {
    let signers = SignedData::parse(cms)
        .map_err(CmsFault::from)
        .and_then(|data| data.verify(primary));
    let signers = match signers {
        Ok(signers) => signers,
        Err(fault) => {
            return signature.issue(match fault {
                CmsFault::Malformed | CmsFault::NoCertificate => CodeSignatureIssue::MalformedCms,
                CmsFault::TooMany => CodeSignatureIssue::LimitExceeded,
                CmsFault::Unusable => CodeSignatureIssue::UnknownAlgorithm,
                CmsFault::Wrong => CodeSignatureIssue::WrongSignature,
                CmsFault::OtherContent => CodeSignatureIssue::OtherDirectory,
            });
        }
    };
    for signer in signers {
        let signed = signed_directories(&signer);
        let covered = signature.directories.iter().skip(1).all(|directory| {
            signed.iter().any(|digest| {
                digest.len() >= 2 * DIRECTORY_DIGEST_BYTES
                    && directory.digest.starts_with(digest.as_str())
            })
        });
        if !covered {
            signature.issue(CodeSignatureIssue::DirectoryNotSigned);
        }
        if !is_signed_throughout(&signer.chain) {
            signature.issue(CodeSignatureIssue::BrokenChain);
        }
        if signer
            .chain
            .last()
            .is_none_or(|root| root.sha256 != APPLE_ROOT_SHA256)
        {
            signature.issue(CodeSignatureIssue::ForeignRoot);
        }
        signature
            .algorithm
            .get_or_insert_with(|| signer.mechanism.to_string());
        if signature.chain.is_empty() {
            signature.chain = signer.chain;
        }
    }
}

/// The digests of code directories in the signed attributes, hexadecimal.
fn signed_directories(signer: &CmsSigner<'_>) -> Vec<String> {
    let Some(attributes) = &signer.attributes else {
        return Vec::new();
    };
    let mut digests = Vec::new();
    for value in attributes.values(OID_DIRECTORY_DIGESTS) {
        if let Ok(list) = property_list::parse(value.contents, &Limits::default()) {
            let items = list.get("cdhashes").map(Value::items).unwrap_or_default();
            digests.extend(items.iter().filter_map(|item| match item {
                Value::Data(digest) if digest.len() == DIRECTORY_DIGEST_BYTES => Some(hex(digest)),
                _ => None,
            }));
        }
    }
    for value in attributes.values(OID_DIRECTORY_DIGESTS_2) {
        let read = || -> Result<(Hash, &[u8]), Malformed> {
            let mut fields = value.expect(Tag::SEQUENCE)?.inside();
            let oid = dotted(fields.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
            let digest = fields.required(Tag::OCTET_STRING)?.contents;
            Ok((Hash::from_oid(&oid).ok_or(Malformed)?, digest))
        };
        if let Ok((hash, digest)) = read()
            && digest.len() == hash.len()
        {
            digests.push(hex(digest));
        }
    }
    digests
}
