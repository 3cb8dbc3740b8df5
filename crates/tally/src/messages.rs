//! The bodies of the built-in functions: enrolment and sessions (docs/PROTOCOL.md, sections 5 and 6).

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, SessionId};
use crate::key::PublicKey;

/// The function number of enrolment.
pub const ENROL_FUNCTION: &str = "hefu.device.enrol";
/// Where enrolment is.
pub const ENROL_PATH: &str = "/hefu/v1/devices";
/// The function number of opening a session.
pub const OPEN_SESSION_FUNCTION: &str = "hefu.session.open";
/// Where sessions are opened.
pub const OPEN_SESSION_PATH: &str = "/hefu/v1/sessions";
/// The function number of closing the current session.
pub const CLOSE_SESSION_FUNCTION: &str = "hefu.session.close";
/// Where the current session is closed.
pub const CLOSE_SESSION_PATH: &str = "/hefu/v1/sessions/current";

/// Longest body of a built-in function, in bytes. Stops: strangers who have large bodies parsed.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Longest certificate request, in characters of base64url.
pub const CSR_CHARS_MAX: usize = 4_096;
/// Longest model name, in characters.
pub const MODEL_CHARS_MAX: usize = 64;
/// Longest user name, in characters.
pub const USER_CHARS_MAX: usize = 64;
/// What the scheme of `Authorization` is.
pub const AUTHORIZATION_SCHEME: &str = "Hefu";
/// Characters of a token: 32 bytes in base64url.
pub const TOKEN_CHARS: usize = 43;

/// What a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Android.
    Android,
    /// iOS or iPadOS.
    Ios,
    /// HarmonyOS.
    Harmony,
    /// Anything else.
    Other,
}

impl Platform {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Harmony => "harmony",
            Self::Other => "other",
        }
    }
}

/// Asks for a device to be enrolled.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The one-time code, sealed at `/code`.
    pub code: String,
    /// The device's signature key.
    pub signature_key: PublicKey,
    /// A PKCS#10 request for the TLS key: base64url of DER.
    pub channel_csr: String,
    /// What kind of phone.
    pub platform: Platform,
    /// Which phone; at most 64 characters.
    pub model: String,
}

/// A device is enrolled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolResponse {
    /// Its id: that of its signature key.
    pub device: DeviceId,
    /// Its TLS certificate.
    pub certificate_pem: String,
    /// The authority's certificate.
    pub chain_pem: String,
    /// When the certificate ends, in Unix seconds.
    pub not_after: i64,
}

/// A half of a key agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// `sm2-ecdh`, the only one.
    pub alg: AgreementAlgorithm,
    /// base64url of an ephemeral SM2 point, 65 bytes.
    pub public: String,
}

/// How session keys are agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgreementAlgorithm {
    /// Diffie-Hellman on the SM2 curve with ephemeral keys on both sides.
    #[serde(rename = "sm2-ecdh")]
    Sm2Ecdh,
}

/// Asks for a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSessionRequest {
    /// The user's name; at most 64 characters.
    pub user: String,
    /// The password, sealed at `/password`.
    pub password: String,
    /// The client's half.
    pub agreement: Agreement,
}

/// A session is open. The token is a secret: this type does not print it.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenSessionResponse {
    /// Its id, and that of its key.
    pub session: SessionId,
    /// What `Authorization` carries.
    pub token: String,
    /// When it ends in any case, in Unix seconds.
    pub expires_at: i64,
    /// After how many seconds without a request it ends.
    pub idle_s: u64,
    /// The gateway's half.
    pub agreement: Agreement,
}

impl std::fmt::Debug for OpenSessionResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenSessionResponse")
            .field("session", &self.session)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
