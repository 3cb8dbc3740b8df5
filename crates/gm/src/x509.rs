//! SM2 certificates (X.509 v3 as GB/T 20518 profiles it): read, verified in chains, issued, revoked.
//!
//! | for | type |
//! |---|---|
//! | one certificate | [`Certificate`] |
//! | whom one trusts, and whether a chain leads there | [`Trust`], [`Check`], [`ChainError`] |
//! | what was withdrawn | [`Crl`], [`OcspResponse`], [`Revocation`] |
//! | issuing | [`Authority`], [`Order`], [`Profile`] |
//! | asking for one | [`Request`] |
//!
//! Every signature is SM2 over SM3 under [`DEFAULT_ID`](crate::sm2::DEFAULT_ID), as GB/T 20518 and
//! GB/T 38636 have it; certificates with other algorithms are refused when they are read. Time comes
//! in as Unix seconds. Nothing here opens a socket: revocation lists and stapled responses are given
//! by the caller, and a certificate's addresses for them are not followed.
//!
//! What is not supported is refused and never passed over: unknown critical extensions, name
//! constraints, delta and partitioned revocation lists.
//!
//! ```
//! use hefu_gm::provider::{self, Provider};
//! use hefu_gm::rng::SystemRng;
//! use hefu_gm::x509::{Authority, Check, Name, Order, Profile, Purpose, Role, Trust, Validity};
//!
//! let provider = provider::software();
//! let year = Validity::new(1_700_000_000, 1_731_536_000)?;
//! let root = Authority::make_root(
//!     provider.make_signing_key()?, &Name::parse("CN=Example Root,O=Example Bank")?, year, 0, &mut SystemRng)?;
//!
//! let device = provider.make_signing_key()?;
//! let certificate = root.issue(&Order {
//!     subject: &Name::parse("CN=device 7")?,
//!     public_key: device.verifying_key().public_key(),
//!     validity: year,
//!     profile: Profile::Sign(Role::Client),
//!     names: &[],
//! }, &mut SystemRng)?;
//!
//! let trust = Trust::new(vec![root.certificate().clone()])?;
//! let check = Check::new(Purpose::Sign, Role::Client, 1_700_000_100);
//! trust.verify(&*provider, &certificate, &[], &check)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Clauses: CJ-6.3.c, JR-6.1.4.a.

mod authority;
mod certificate;
mod chain;
mod crl;
mod encoding;
mod extensions;
mod name;
mod ocsp;
mod request;
mod serial;
mod server_name;

pub use authority::{Authority, AuthorityError, CrlOrder, IssueError, Order, Profile};
pub use certificate::{Certificate, CertificateError, Validity, ValidityError};
pub use chain::{
    ChainError, Check, Defect, Purpose, Revocation, RevocationRule, Role, Trust, TrustError,
};
pub use crl::{Crl, CrlError, RevocationReason, Revoked, VerifiedCrl};
pub use extensions::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectName};
pub use name::{Name, NameError};
pub use ocsp::{OcspError, OcspResponse};
pub use request::{Request, RequestError};
pub use serial::SerialNumber;
pub use server_name::{ServerName, ServerNameError};

/// Longest certificate in bytes of DER: 16 KiB; a real one has 500 to 2,000. Stops a stranger from
/// having megabytes parsed before anything is authenticated.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Longest file of certificates in bytes of PEM: 1 MiB.
pub const CERTIFICATES_FILE_BYTES_MAX: usize = 1024 * 1024;

/// Most certificates in one file, and most trust anchors.
pub const CERTIFICATES_MAX: usize = 256;

/// Longest chain: the end entity, its authorities and the anchor. Stops a stranger from having a
/// signature verified for each of the certificates that fit into a message.
pub const CHAIN_CERTIFICATES_MAX: usize = 8;

/// Most signatures that are verified to find a chain, whatever the certificates look like. Stops the
/// search from growing with every authority of the same name.
pub const CHAIN_SIGNATURES_MAX: usize = 16;

/// Most extensions of a certificate or of a list.
pub const EXTENSIONS_MAX: usize = 32;

/// Most alternative names of a certificate.
pub const SUBJECT_NAMES_MAX: usize = 128;

/// Longest distinguished name in bytes of DER.
pub const NAME_BYTES_MAX: usize = 2 * 1024;

/// Longest serial number in bytes (RFC 5280, 4.1.2.2).
pub const SERIAL_BYTES_MAX: usize = 20;

/// Longest revocation list in bytes of DER: 4 MiB, some hundred thousand entries.
pub const CRL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Longest OCSP response in bytes of DER.
pub const OCSP_BYTES_MAX: usize = 32 * 1024;

/// Longest certificate request in bytes of DER.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How far ahead of one's clock a list or a response may be dated, in seconds: clocks differ.
pub const CLOCK_SKEW_S: i64 = 300;

/// How long an OCSP response that does not say when the next one comes is believed, in seconds: a
/// day. Stops an old one from being shown for ever.
pub const OCSP_AGE_S_MAX: i64 = 86_400;
