//! Alerts (GB/T 38636, 6.4.3).

use core::fmt;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AlertLevel {
    Warning,
    Fatal,
}

impl AlertLevel {
    pub(crate) fn id(self) -> u8 {
        match self {
            Self::Warning => 1,
            Self::Fatal => 2,
        }
    }

    pub(crate) fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Warning),
            2 => Some(Self::Fatal),
            _ => None,
        }
    }
}

macro_rules! alerts {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $text:literal;)*) => {
        /// What an alert says. The names are those of the standard.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Alert {
            $($(#[$doc])* $name,)*
            /// A number that neither the standard nor this crate knows.
            Unknown(u8),
        }

        impl Alert {
            /// The number on the wire.
            #[must_use]
            pub fn id(self) -> u8 {
                match self {
                    $(Self::$name => $id,)*
                    Self::Unknown(id) => id,
                }
            }

            /// The alert with this number.
            #[must_use]
            pub fn from_id(id: u8) -> Self {
                match id {
                    $($id => Self::$name,)*
                    _ => Self::Unknown(id),
                }
            }
        }

        impl fmt::Display for Alert {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)*
                    Self::Unknown(id) => write!(f, "alert {id}"),
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::Alert;

            #[test]
            fn numbers_lead_back() {
                for id in 0..=u8::MAX {
                    assert_eq!(Alert::from_id(id).id(), id);
                }
                $(assert_eq!(Alert::from_id($id), Alert::$name);)*
            }
        }
    };
}

alerts! {
    /// The sender sends nothing more.
    CloseNotify = 0, "close_notify";
    /// A message that has no place here.
    UnexpectedMessage = 10, "unexpected_message";
    /// A record whose protection does not hold.
    BadRecordMac = 20, "bad_record_mac";
    /// Only read: it would tell a padding from a tag.
    DecryptionFailed = 21, "decryption_failed";
    /// A record that is too long.
    RecordOverflow = 22, "record_overflow";
    /// Only read: nothing here compresses.
    DecompressionFailure = 30, "decompression_failure";
    /// No acceptable set of parameters.
    HandshakeFailure = 40, "handshake_failure";
    /// A certificate that cannot be read or whose signature does not hold.
    BadCertificate = 42, "bad_certificate";
    /// A certificate of the wrong kind or for the wrong use.
    UnsupportedCertificate = 43, "unsupported_certificate";
    /// A certificate that its issuer revoked.
    CertificateRevoked = 44, "certificate_revoked";
    /// A certificate outside of its time.
    CertificateExpired = 45, "certificate_expired";
    /// A certificate that is refused for another reason.
    CertificateUnknown = 46, "certificate_unknown";
    /// A field that contradicts others or is out of range.
    IllegalParameter = 47, "illegal_parameter";
    /// No trusted authority stands behind the certificate.
    UnknownCa = 48, "unknown_ca";
    /// The certificate is good, and not welcome.
    AccessDenied = 49, "access_denied";
    /// A message that cannot be parsed.
    DecodeError = 50, "decode_error";
    /// A signature or a `Finished` that does not hold.
    DecryptError = 51, "decrypt_error";
    /// Not the version of the standard.
    ProtocolVersion = 70, "protocol_version";
    /// The parameters are too weak for the receiver.
    InsufficientSecurity = 71, "insufficient_security";
    /// The sender failed for reasons of its own.
    InternalError = 80, "internal_error";
    /// A person gave up.
    UserCanceled = 90, "user_canceled";
    /// There is no second handshake.
    NoRenegotiation = 100, "no_renegotiation";
    /// An extension that was not asked for (GM/T 0024-2023, RFC 5246).
    UnsupportedExtension = 110, "unsupported_extension";
    /// No certificates for the name that was asked for (RFC 6066).
    UnrecognizedName = 112, "unrecognized_name";
    /// A certificate status that does not hold (RFC 6066).
    BadCertificateStatusResponse = 113, "bad_certificate_status_response";
    /// Only read: what some peers say instead of `handshake_failure` (RFC 8446).
    CertificateRequired = 116, "certificate_required";
    /// No application protocol in common (RFC 7301).
    NoApplicationProtocol = 120, "no_application_protocol";
    /// Only read: gateway to gateway.
    UnsupportedSiteToSite = 200, "unsupported_site2site";
    /// Only read: gateway to gateway.
    NoArea = 201, "no_area";
    /// Only read: gateway to gateway.
    UnsupportedAreaType = 202, "unsupported_areatype";
    /// Only read: identity-based cryptography.
    BadIbcParam = 203, "bad_ibcparam";
    /// Only read: identity-based cryptography.
    UnsupportedIbcParam = 204, "unsupported_ibcparam";
    /// Only read: identity-based cryptography.
    IdentityNeed = 205, "identity_need";
}
