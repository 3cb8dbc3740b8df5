//! The bodies of the built-in functions: enrolment and sessions (docs/PROTOCOL.md, sections 5 and 6).
//!
//! Requests are read strictly. Answers are signed, and a newer gateway may say more in them: there
//! unknown members are passed over.
//!
//! Clauses: JR-6.2.4.c, AP-4.1.2.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::ids::{DeviceId, SessionId};
use crate::key::{PUBLIC_CHARS_MAX, PublicKey};
use crate::sealed;

/// The function number of enrolment.
pub const ENROL_FUNCTION: &str = "hefu.device.enrol";
/// Where enrolment is.
pub const ENROL_PATH: &str = "/hefu/v1/devices";
/// The function number of renewing the device's certificates.
pub const RENEW_FUNCTION: &str = "hefu.device.renew";
/// Where the device's certificates are renewed.
pub const RENEW_PATH: &str = "/hefu/v1/devices/current/certificates";
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

/// Asks for a device to be enrolled. It does not print its code, which may be opened by then.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The one-time code, sealed at `/code`.
    #[serde(deserialize_with = "bounded::string::<{ sealed::TEXT_CHARS_MAX }, _>")]
    pub code: String,
    /// The device's signature key.
    pub signature_key: PublicKey,
    /// A PKCS#10 request for the TLS key: base64url of DER.
    #[serde(deserialize_with = "bounded::string::<CSR_CHARS_MAX, _>")]
    pub channel_csr: String,
    /// What kind of phone.
    pub platform: Platform,
    /// Which phone; at most 64 characters.
    #[serde(deserialize_with = "bounded::string::<MODEL_CHARS_MAX, _>")]
    pub model: String,
    /// What a pair of TLCP certificates is asked for with; absent for TLS alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlcp: Option<TlcpRequest>,
}

/// Asks for a pair of TLCP certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlcpRequest {
    /// A PKCS#10 request for the SM2 key that signs handshakes: base64url of DER.
    #[serde(deserialize_with = "bounded::string::<CSR_CHARS_MAX, _>")]
    pub sign_csr: String,
    /// The SM2 key that keys are encrypted to: base64url of a point, 65 bytes.
    #[serde(deserialize_with = "bounded::string::<PUBLIC_CHARS_MAX, _>")]
    pub encryption_key: String,
}

/// Asks for the device's certificates anew, for new channel keys. The device's own signature key signs
/// it, over a channel under the old certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// A PKCS#10 request for the new TLS key: base64url of DER.
    #[serde(deserialize_with = "bounded::string::<CSR_CHARS_MAX, _>")]
    pub channel_csr: String,
    /// What a new pair of TLCP certificates is asked for with; absent for TLS alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlcp: Option<TlcpRequest>,
}

/// A pair of TLCP certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlcpCertificates {
    /// The one that signs.
    pub sign_pem: String,
    /// The one that encrypts.
    pub encryption_pem: String,
    /// The authority's certificate.
    pub chain_pem: String,
}

impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolRequest")
            .field("signature_key", &self.signature_key)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
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
    /// When the certificate ends, in Unix seconds; the pair for TLCP ends with it.
    pub not_after: i64,
    /// The pair for TLCP, where it was asked for and the gateway speaks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlcp: Option<TlcpCertificates>,
}

/// A half of a key agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// `sm2-ecdh`, the only one.
    pub alg: AgreementAlgorithm,
    /// base64url of an ephemeral SM2 point, 65 bytes.
    #[serde(deserialize_with = "bounded::string::<PUBLIC_CHARS_MAX, _>")]
    pub public: String,
}

/// How session keys are agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgreementAlgorithm {
    /// Diffie-Hellman on the SM2 curve with ephemeral keys on both sides.
    #[serde(rename = "sm2-ecdh")]
    Sm2Ecdh,
}

/// Asks for a session. It prints neither the user nor the password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSessionRequest {
    /// The user's name; at most 64 characters.
    #[serde(deserialize_with = "bounded::string::<USER_CHARS_MAX, _>")]
    pub user: String,
    /// The password, sealed at `/password`.
    #[serde(deserialize_with = "bounded::string::<{ sealed::TEXT_CHARS_MAX }, _>")]
    pub password: String,
    /// The client's half.
    pub agreement: Agreement,
}

impl fmt::Debug for OpenSessionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSessionRequest")
            .field("agreement", &self.agreement)
            .finish_non_exhaustive()
    }
}

/// A session is open. The token is a secret: this type does not print it.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenSessionResponse {
    /// Its id, and that of its key.
    pub session: SessionId,
    /// What `Authorization` carries.
    #[serde(deserialize_with = "bounded::string::<TOKEN_CHARS, _>")]
    pub token: String,
    /// When it ends in any case, in Unix seconds.
    pub expires_at: i64,
    /// After how many seconds without a request it ends.
    pub idle_s: u64,
    /// The gateway's half.
    pub agreement: Agreement,
}

impl fmt::Debug for OpenSessionResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSessionResponse")
            .field("session", &self.session)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Algorithm, SigningKey};

    fn enrolment(model: &str) -> serde_json::Value {
        let key = SigningKey::make(Algorithm::Sm2Sm3).unwrap();
        serde_json::json!({
            "code": "hefu-sealed:1:secret",
            "signature_key": key.public_key().unwrap(),
            "channel_csr": "AAAA",
            "platform": "harmony",
            "model": model,
        })
    }

    fn login(user: &str) -> serde_json::Value {
        serde_json::json!({
            "user": user,
            "password": "\"secret\"",
            "agreement": { "alg": "sm2-ecdh", "public": "AAAA" },
        })
    }

    #[test]
    fn requests_are_read_within_their_limits_only() {
        let enrol = |value| serde_json::from_value::<EnrolRequest>(value);
        assert!(enrol(enrolment(&"型".repeat(MODEL_CHARS_MAX))).is_ok());
        assert!(enrol(enrolment(&"型".repeat(MODEL_CHARS_MAX + 1))).is_err());
        let open = |value| serde_json::from_value::<OpenSessionRequest>(value);
        assert!(open(login(&"u".repeat(USER_CHARS_MAX))).is_ok());
        assert!(open(login(&"u".repeat(USER_CHARS_MAX + 1))).is_err());
    }

    #[test]
    fn an_unknown_member_is_refused() {
        let (mut enrolment, mut login) = (enrolment("P"), login("li"));
        assert!(EnrolRequest::deserialize(&enrolment).is_ok());
        assert!(OpenSessionRequest::deserialize(&login).is_ok());
        enrolment["admin"] = true.into();
        login["admin"] = true.into();
        assert!(EnrolRequest::deserialize(&enrolment).is_err());
        assert!(OpenSessionRequest::deserialize(&login).is_err());
    }

    #[test]
    fn no_code_user_or_password_prints() {
        let enrol: EnrolRequest = serde_json::from_value(enrolment("P")).unwrap();
        let open: OpenSessionRequest = serde_json::from_value(login("li.hua")).unwrap();
        let shown = format!("{enrol:?} {open:?}");
        assert!(
            !shown.contains("secret") && !shown.contains("li.hua"),
            "{shown}"
        );
    }
}
