//! TLCP (GB/T 38636) beside TLS: ECC and ECDHE suites of SM4 with SM3, and both of a device's
//! certificates from the gateway's own SM2 authority.
//!
//! As with TLS, a connection without a certificate is let in for enrolment alone, and sessions are
//! not taken up again: a resumed one would carry a certificate that nobody looked at again.
//!
//! Clauses: AP-5.1, AP-5.2, CJ-4.3.3.a, CJ-4.3.3.b, CJ-6.3.c, JR-6.1.8.b.

use std::{fmt, io, sync::Arc};

use hefu_gm::{provider::Provider, x509::Trust};
use hefu_tlcp::{
    CertificateError, ClientAuth, ConfigError, Error, Identity, ServerConfig, tokio::Acceptor,
    verify::ClientTrust,
};

use crate::guards::Guard;

pub(crate) const GUARD: Guard = Guard {
    name: "tlcp",
    clauses: hefu_standards::clauses!(),
};

/// What the gateway shows to devices that speak TLCP, and which devices' certificates it believes.
pub struct TlcpParts {
    /// What computes.
    pub provider: Arc<dyn Provider>,
    /// The gateway's pair of certificates and those above it, with handles of the keys.
    pub identity: Arc<Identity>,
    /// The roots of Hefu's own device certificates; no others are believed.
    pub device_roots: Trust,
}

impl fmt::Debug for TlcpParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlcpParts")
            .field("provider", &self.provider.name())
            .field("device_roots", &self.device_roots.anchors().len())
            .finish_non_exhaustive()
    }
}

/// # Errors
/// When the parts do not fit into messages.
pub(crate) fn acceptor(parts: TlcpParts) -> Result<Acceptor, ConfigError> {
    let devices = ClientTrust::new(Arc::clone(&parts.provider), parts.device_roots);
    let config = ServerConfig::builder(parts.provider, Arc::new(parts.identity))
        .client_auth(ClientAuth::Optional(Arc::new(devices)))
        .alpn(&[b"http/1.1"])
        .build()?;
    Ok(Acceptor::new(Arc::new(config)))
}

/// Why a handshake was refused, as events tell it; none when it was not we who refused.
pub(crate) fn refusal(error: &io::Error) -> Option<&'static str> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::Certificate(CertificateError::Expired) => "certificate-expired",
        Error::Certificate(CertificateError::UnknownAuthority | CertificateError::BadSignature) => {
            "certificate-foreign"
        }
        Error::Certificate(_) => "certificate-invalid",
        _ => "handshake",
    })
}
