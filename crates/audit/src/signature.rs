//! Signatures of packages, decided as the platform decides.
//!
//! [`verify`] answers whether an APK's signature is accepted on every Android version of a range,
//! by which schemes, and if not, why not. The rules are those of the platform and of its
//! verification library apksig, whose names for reasons [`Issue`] keeps. Where the library lets a
//! broken signature pass because the platform would catch it elsewhere (a wrong v3.1 digest or
//! signer beside a right v3 one, a wrong v4 file), this one refuses.
//!
//! ```
//! use hefu_audit::signature::{Issue, SdkRange, verify};
//!
//! let verification = verify(b"not an APK", None, SdkRange::default());
//! assert!(!verification.verified);
//! assert_eq!(verification.reason, Some(Issue::ApkFormatException));
//! ```
//!
//! Not judged: whether a certificate is expired or who issued it, since Android looks at neither.
//! Both are reported as facts.
//!
//! Clauses: JR-6.1.1.1.a.

mod algorithm;
pub(crate) mod ber;
mod block;
mod contents;
mod digest;
pub mod hap;
pub(crate) mod hash;
pub mod ios;
mod issue;
mod jar;
pub(crate) mod key;
mod lineage;
mod manifest;
mod notes;
mod of_package;
pub(crate) mod pkcs7;
mod run;
mod scheme;
mod stamp;
mod v2;
mod v3;
mod v4;

use self::contents::Abort;
use self::run::Run;
use crate::certificate::Certificate;
use crate::zip::{Archive, EndRecord, Limits as ZipLimits};

pub use self::issue::Issue;
pub use self::lineage::{Lineage, Node as LineageNode};
pub use self::notes::Note;
pub use self::of_package::PackageSignature;
pub use self::stamp::{SourceStamp, StampStatus};

/// Signers of one scheme, signatures of one signer, links of one lineage. The platform stops at
/// ten signers; more would only buy time, because each costs a signature check.
const SIGNERS_MAX: usize = 10;

/// Certificates that come with one signature. Stops chains made to be searched again and again.
const CERTIFICATES_MAX: usize = 16;

const SCHEME_JAR: u32 = 1;
const SCHEME_V2: u32 = 2;
const SCHEME_V3: u32 = 3;
const SCHEME_V31: u32 = 31;
const SCHEME_V4: u32 = 4;

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// JAR signing.
    V1,
    /// APK Signature Scheme v2.
    V2,
    /// APK Signature Scheme v3.
    V3,
    /// APK Signature Scheme v3.1.
    V31,
    /// APK Signature Scheme v4.
    V4,
}

impl Scheme {
    /// `v1`, `v2`, `v3`, `v3.1` or `v4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V31 => "v3.1",
            Self::V4 => "v4",
        }
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The Android versions for which a signature is judged, by SDK version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SdkRange {
    /// The first; by default the one that the manifest names.
    pub min: Option<u32>,
    /// The last; by default all there will be.
    pub max: Option<u32>,
}

/// What verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Every Android version of the range accepts the signature.
    pub verified: bool,
    /// The schemes by which it was verified; none if it was not.
    pub schemes: Vec<Scheme>,
    /// The schemes of which there is a signature, right or wrong, looked at or not.
    pub present: Vec<Scheme>,
    /// The first reason for which it was not verified.
    pub reason: Option<Issue>,
    /// All reasons for which it was not verified.
    pub issues: Vec<Note>,
    /// What is doubtful and yet accepted.
    pub warnings: Vec<Note>,
    /// Who signed, for each scheme that was looked at.
    pub signers: Vec<Signer>,
    /// The certificates before the current one, if the key was rotated.
    pub lineage: Option<Lineage>,
    /// The source stamp, if there is one.
    pub source_stamp: Option<SourceStamp>,
    /// The file may be, or is, two files in one.
    pub janus: Janus,
}

/// One signer of one scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The scheme.
    pub scheme: Scheme,
    /// The certificate of the key that signed.
    pub certificate: Certificate,
    /// Further certificates, which the platform ignores.
    pub chain: Vec<Certificate>,
    /// How it signed, for instance `SHA-256 with RSA`.
    pub algorithms: Vec<String>,
    /// A digest for which collisions can be made is part of the signature.
    pub has_weak_digest: bool,
    /// The SDK versions for which the signer counts (v3, v3.1).
    pub sdk_versions: Option<(i32, i32)>,
    /// What only JAR signers have.
    pub jar: Option<JarFacts>,
}

/// What only JAR signers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JarFacts {
    /// The signature block in `META-INF/`.
    pub block: String,
    /// The digests of the manifest in the signature file, by the names they have there.
    pub manifest_digests: Vec<String>,
    /// The newer schemes that the signature file promises (`X-Android-APK-Signed`), which stops
    /// them from being stripped.
    pub promised_schemes: Option<String>,
}

/// Whether code can be or was put in front of a JAR-signed file (CVE-2017-13156).
///
/// Android 5 to 8 ran a file that starts like dex code as dex code, and checked the signature of
/// the archive behind it, which a JAR signature does not tie to what is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Janus {
    /// The file does start like dex code: an attack.
    pub payload: bool,
    /// Only the JAR signature protects the file on some Android version of the range that has the
    /// flaw.
    pub exposed: bool,
}

/// Verifies the signatures of an APK and, if its v4 signature file is given, that one too.
#[must_use]
pub fn verify(apk: &[u8], idsig: Option<&[u8]>, range: SdkRange) -> Verification {
    let archive = Archive::parse(apk, &ZipLimits::default());
    match EndRecord::find(apk) {
        Ok(end) => run(
            apk,
            &end,
            archive.as_ref().map_err(|error| (*error).into()),
            idsig,
            range,
        ),
        Err(error) => Verification::refused(error.into()),
    }
}

/// Verifies the signatures of an APK that has been opened.
#[must_use]
pub fn verify_archive(
    archive: &Archive<'_>,
    idsig: Option<&[u8]>,
    range: SdkRange,
) -> Verification {
    run(archive.bytes(), archive.end(), Ok(archive), idsig, range)
}

fn run(
    apk: &[u8],
    end: &EndRecord<'_>,
    archive: Result<&Archive<'_>, Abort>,
    idsig: Option<&[u8]>,
    range: SdkRange,
) -> Verification {
    let mut run = Run::new(apk, end, archive);
    let result = run.verify(idsig, range);
    run.finish(result.err())
}

/// Verifies the source stamp alone. It may be required to be by the certificate with a certain
/// SHA-256 digest.
#[must_use]
pub fn verify_source_stamp(
    apk: &[u8],
    range: SdkRange,
    expected_certificate_sha256: Option<&[u8; 32]>,
) -> SourceStamp {
    let archive = Archive::parse(apk, &ZipLimits::default()).map_err(Abort::from);
    let verified = archive.and_then(|archive| {
        let run = Run::new(apk, archive.end(), Ok(&archive));
        run.verify_stamp_alone(range, expected_certificate_sha256)
    });
    let error = StampStatus::VerificationError;
    verified.unwrap_or_else(|abort| match abort {
        Abort::Format | Abort::EmptyRange => SourceStamp::failed(error, Issue::MalformedApk),
        Abort::Limit => SourceStamp::failed(error, Issue::LimitExceeded),
    })
}

impl Verification {
    fn refused(abort: Abort) -> Self {
        let issue = issue_of(abort);
        Self {
            verified: false,
            schemes: Vec::new(),
            present: Vec::new(),
            reason: Some(issue),
            issues: vec![Note {
                issue,
                subject: None,
            }],
            warnings: Vec::new(),
            signers: Vec::new(),
            lineage: None,
            source_stamp: None,
            janus: Janus::default(),
        }
    }
}

const fn issue_of(abort: Abort) -> Issue {
    match abort {
        Abort::Format => Issue::ApkFormatException,
        Abort::EmptyRange => Issue::IllegalArgumentException,
        Abort::Limit => Issue::LimitExceeded,
    }
}
