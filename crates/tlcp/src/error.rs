//! What can go wrong, told apart by who is to blame, and the alert that answers it.

use hefu_gm::provider::{CipherError, ModuleError};
use hefu_gm::rng::RngError;
use hefu_gm::sm2::{EncryptError, SignError};

use crate::alert::Alert;
use crate::messages::{HandshakeType, Malformed};

/// Why a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer did what the standard does not allow, or wants what we do not.
    #[error("the peer misbehaved: {0}")]
    Peer(#[from] PeerError),
    /// The peer's certificates were refused.
    #[error("the peer's certificates were refused: {0}")]
    Certificate(#[from] CertificateError),
    /// The peer gave up and sent this alert.
    #[error("the peer sent the alert {0}")]
    Alert(Alert),
    /// The caller used a connection in a way that makes no sense.
    #[error("wrong use: {0}")]
    Usage(#[from] UsageError),
    /// Our own side failed.
    #[error("own failure: {0}")]
    Internal(#[from] InternalError),
}

/// What a peer did.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// A record of no known type.
    #[error("a record of unknown type")]
    RecordType,
    /// A record of another protocol or version.
    #[error("a record of another version")]
    RecordVersion,
    /// A record that is longer than the standard allows.
    #[error("a record that is too long")]
    RecordOverflow,
    /// Too many records without content in a row.
    #[error("too many empty records")]
    EmptyRecords,
    /// A record whose protection does not hold; nothing more is known about it, on purpose.
    #[error("a record whose protection does not hold")]
    BadRecordMac,
    /// A message that cannot be parsed.
    #[error("a malformed {0:?}")]
    Malformed(HandshakeType),
    /// An alert or a change of the cipher that cannot be parsed.
    #[error("a malformed alert or change_cipher_spec")]
    MalformedControl,
    /// A handshake message of no known type.
    #[error("a handshake message of unknown type {0}")]
    HandshakeType(u8),
    /// A message that is longer than its kind can be.
    #[error("a {0:?} that is too long")]
    MessageTooLong(HandshakeType),
    /// A message that has no place in this state.
    #[error("a {0:?} that has no place here")]
    UnexpectedMessage(HandshakeType),
    /// `change_cipher_spec` where it has no place.
    #[error("a change_cipher_spec that has no place here")]
    UnexpectedChangeCipherSpec,
    /// Application data before the handshake is done.
    #[error("application data before the handshake is done")]
    UnexpectedApplicationData,
    /// A handshake message that goes on after `change_cipher_spec` or among application data.
    #[error("a handshake message with something else in its middle")]
    Interleaved,
    /// More warnings than one connection needs.
    #[error("too many warnings")]
    Warnings,
    /// The wish for another handshake, again after it was refused.
    #[error("another handshake was asked for, again")]
    Renegotiation,
    /// Another version than 0x0101.
    #[error("version {0:#06x}")]
    Version(u16),
    /// The client speaks none of our suites, or only ones that need certificates we do not ask for.
    #[error("no cipher suite in common")]
    NoCommonSuite,
    /// The client insists on compression.
    #[error("no offer without compression")]
    NoCommonCompression,
    /// The server chose a suite that was not offered.
    #[error("a suite that was not offered")]
    SuiteNotOffered,
    /// The server chose compression.
    #[error("a compression that was not offered")]
    CompressionNotOffered,
    /// The server takes up a session under another suite.
    #[error("another suite for the old session")]
    ResumedWithOtherSuite,
    /// The server answers an extension that was not sent.
    #[error("an extension that was not asked for")]
    UnsolicitedExtension,
    /// No application protocol in common.
    #[error("no application protocol in common")]
    NoApplicationProtocol,
    /// There are no certificates for the name that the client gave.
    #[error("an unknown server name")]
    UnknownName,
    /// The server wants certificates of a kind that we do not have.
    #[error("no SM2 certificates are wanted")]
    CertificateKinds,
    /// An ECDHE suite, and the server does not ask for the client's certificates.
    #[error("an ECDHE suite without a request for certificates")]
    NoCertificateRequest,
    /// A signature that does not hold, in this message.
    #[error("the signature in {0:?} does not hold")]
    BadSignature(HandshakeType),
    /// A public key that is no point on the curve, in this message.
    #[error("the public key in {0:?} was refused")]
    BadPublicKey(HandshakeType),
    /// `Finished` does not hold: somebody changed a message, or the sides have different keys.
    #[error("Finished does not hold")]
    BadFinished,
}

/// Why certificates were refused. A verifier says it; see [`VerifyServer`](crate::verify::VerifyServer).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// None came, and they are required.
    #[error("no certificates")]
    Missing,
    /// The list has no encryption certificate.
    #[error("no encryption certificate")]
    MissingEncryption,
    /// A certificate cannot be parsed.
    #[error("a malformed certificate")]
    Malformed,
    /// A signature in the chain does not hold.
    #[error("a certificate whose signature does not hold")]
    BadSignature,
    /// No trusted authority stands behind the chain.
    #[error("an unknown authority")]
    UnknownAuthority,
    /// The time is after the certificate's.
    #[error("an expired certificate")]
    Expired,
    /// The time is before the certificate's.
    #[error("a certificate that is not valid yet")]
    NotYetValid,
    /// The issuer revoked it.
    #[error("a revoked certificate")]
    Revoked,
    /// Whether it is revoked cannot be told, and policy wants to know.
    #[error("a certificate whose revocation state is unknown")]
    RevocationUnknown,
    /// The OCSP response that the server stapled is outdated, or not its authority's, or about another
    /// certificate.
    #[error("a certificate status that does not hold")]
    BadStatus,
    /// The server stapled no OCSP response, and policy wants one.
    #[error("no certificate status")]
    MissingStatus,
    /// The certificate is for another name.
    #[error("a certificate for another name")]
    WrongName,
    /// The certificate is not for this use: sign and encryption swapped, say.
    #[error("a certificate for another use")]
    WrongUsage,
    /// Not a key on the SM2 curve, or a signature that is not SM2 over SM3.
    #[error("a certificate with another algorithm")]
    WrongAlgorithm,
    /// Certificates are good, and their holder is not welcome.
    #[error("a holder who is not welcome")]
    AccessDenied,
    /// The module that verifies signatures failed; it says nothing about the certificates.
    #[error("the cryptographic module failed")]
    Module,
}

/// What a caller did wrong. It comes as the source of an [`std::io::Error`] and harms nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// More bytes were read while whole records waited for
    /// [`Connection::process`](crate::Connection::process).
    #[error("whole records wait to be processed")]
    Unprocessed,
    /// Data was written after [`Connection::send_close_notify`](crate::Connection::send_close_notify).
    #[error("data after close_notify")]
    Closed,
}

/// What failed on our side.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InternalError {
    /// The cryptographic module failed.
    #[error("the cryptographic module failed")]
    Module,
    /// There is no randomness.
    #[error("the random number generator failed")]
    Rng,
    /// As many records were protected under one key as may be.
    #[error("the key has protected as many records as it may")]
    KeyExhausted,
    /// An ECDHE suite came about although our side has no encryption key.
    #[error("no own encryption key for an ECDHE suite")]
    NoEncryptionKey,
}

impl Error {
    /// The alert that tells the peer; `None` when there is nobody to tell. Every alert is here, so
    /// that what a peer can learn from alerts is all in one place.
    #[must_use]
    pub fn alert(&self) -> Option<Alert> {
        Some(match self {
            Self::Peer(error) => error.alert(),
            Self::Certificate(error) => error.alert(),
            Self::Alert(_) | Self::Usage(UsageError::Unprocessed | UsageError::Closed) => {
                return None;
            }
            Self::Internal(
                InternalError::Module | InternalError::Rng | InternalError::NoEncryptionKey,
            ) => Alert::InternalError,
            Self::Internal(InternalError::KeyExhausted) => Alert::CloseNotify,
        })
    }
}

impl PeerError {
    fn alert(self) -> Alert {
        match self {
            Self::RecordType
            | Self::EmptyRecords
            | Self::HandshakeType(_)
            | Self::UnexpectedMessage(_)
            | Self::UnexpectedChangeCipherSpec
            | Self::UnexpectedApplicationData
            | Self::Interleaved
            | Self::Warnings => Alert::UnexpectedMessage,
            Self::RecordVersion | Self::Version(_) => Alert::ProtocolVersion,
            Self::RecordOverflow => Alert::RecordOverflow,
            Self::BadRecordMac => Alert::BadRecordMac,
            Self::Malformed(_) | Self::MalformedControl | Self::MessageTooLong(_) => {
                Alert::DecodeError
            }
            Self::Renegotiation => Alert::NoRenegotiation,
            Self::NoCommonSuite
            | Self::NoCommonCompression
            | Self::CertificateKinds
            | Self::NoCertificateRequest => Alert::HandshakeFailure,
            Self::SuiteNotOffered
            | Self::CompressionNotOffered
            | Self::ResumedWithOtherSuite
            | Self::BadPublicKey(_) => Alert::IllegalParameter,
            Self::UnsolicitedExtension => Alert::UnsupportedExtension,
            Self::NoApplicationProtocol => Alert::NoApplicationProtocol,
            Self::UnknownName => Alert::UnrecognizedName,
            Self::BadSignature(_) | Self::BadFinished => Alert::DecryptError,
        }
    }
}

impl CertificateError {
    fn alert(self) -> Alert {
        match self {
            Self::Missing => Alert::HandshakeFailure,
            Self::Malformed | Self::BadSignature => Alert::BadCertificate,
            Self::UnknownAuthority => Alert::UnknownCa,
            Self::Expired | Self::NotYetValid => Alert::CertificateExpired,
            Self::Revoked => Alert::CertificateRevoked,
            Self::RevocationUnknown | Self::WrongName => Alert::CertificateUnknown,
            Self::BadStatus | Self::MissingStatus => Alert::BadCertificateStatusResponse,
            Self::MissingEncryption | Self::WrongUsage | Self::WrongAlgorithm => {
                Alert::UnsupportedCertificate
            }
            Self::AccessDenied => Alert::AccessDenied,
            Self::Module => Alert::InternalError,
        }
    }
}

/// A message that cannot be parsed, with its kind.
pub(crate) fn malformed(kind: HandshakeType) -> impl Fn(Malformed) -> PeerError {
    move |Malformed| PeerError::Malformed(kind)
}

impl From<ModuleError> for InternalError {
    fn from(_: ModuleError) -> Self {
        Self::Module
    }
}

impl From<RngError> for InternalError {
    fn from(_: RngError) -> Self {
        Self::Rng
    }
}

impl From<SignError> for InternalError {
    fn from(_: SignError) -> Self {
        Self::Module
    }
}

impl From<EncryptError> for InternalError {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::Rng(_) => Self::Rng,
            // Nothing here encrypts an empty or a long text.
            _ => Self::Module,
        }
    }
}

impl From<CipherError> for InternalError {
    fn from(_: CipherError) -> Self {
        Self::Module
    }
}

macro_rules! module_errors {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Internal(error.into())
            }
        })*
    };
}

module_errors!(ModuleError, RngError, SignError, EncryptError);
