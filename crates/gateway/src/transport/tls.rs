//! TLS 1.3 and 1.2 with AEAD and ECDHE suites; devices show the certificate enrolment gave them.
//!
//! A connection without a certificate is let in, because enrolment has none to show yet; the
//! guards let it reach nothing else. A certificate that is expired or from elsewhere ends the
//! handshake. Sessions are not resumed: a resumed one would carry a certificate that nobody looked
//! at again.
//!
//! Clauses: AP-5.1, AP-5.2, AP-5.3, CJ-4.3.3.a, CJ-4.3.3.b, CJ-6.3.d.1, CJ-6.4.3.e,
//! JR-6.1.4.d, JR-6.1.8.a, JR-6.1.8.b.

use std::{fmt, io, sync::Arc, time::Duration};

use hefu_tally::clock::Clock;
use rustls::{
    CertificateError, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    time_provider::TimeProvider,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::TlsAcceptor;

use crate::guards::Guard;

pub(crate) const GUARD: Guard = Guard {
    name: "tls",
    clauses: hefu_standards::clauses!(),
};

/// What the gateway shows to devices, and which devices' certificates it believes.
pub struct TlsParts {
    /// The gateway's certificate and those between it and the root that apps ship.
    pub certificate_chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub private_key: PrivateKeyDer<'static>,
    /// The roots of Hefu's own device certificates; no others are believed.
    pub device_roots: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for TlsParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsParts")
            .field("certificate_chain", &self.certificate_chain.len())
            .field("private_key", &"…(redacted)")
            .field("device_roots", &self.device_roots.len())
            .finish()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A device root is not a certificate.
    #[error("a device CA certificate cannot be read: {0}")]
    DeviceRoot(rustls::Error),
    /// There is no usable device root.
    #[error("device certificates cannot be verified: {0}")]
    Verifier(rustls::server::VerifierBuilderError),
    /// The gateway's certificate and key do not fit, or are of a kind that is not supported.
    #[error("the gateway's certificate or key cannot be used: {0}")]
    Certificate(rustls::Error),
}

pub(crate) fn acceptor(parts: TlsParts, clock: Arc<dyn Clock>) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(provider());
    let mut roots = RootCertStore::empty();
    for root in parts.device_roots {
        roots.add(root).map_err(TlsError::DeviceRoot)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(TlsError::Verifier)?;
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(Time(clock)))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Certificate)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(parts.certificate_chain, parts.private_key)
        .map_err(TlsError::Certificate)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    // Extended master secret (RFC 7627): without it TLS 1.2 sessions can be spliced.
    config.require_ems = true;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Why a handshake was refused, as events tell it; none when it was not we who refused.
pub(crate) fn refusal(error: &io::Error) -> Option<&'static str> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "certificate-expired",
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => "certificate-foreign",
        rustls::Error::InvalidCertificate(_) => "certificate-invalid",
        rustls::Error::PeerIncompatible(_) => "no-common-version-or-suite",
        rustls::Error::InvalidMessage(_) => "not-tls",
        _ => "handshake",
    })
}

/// Only what is AEAD under an ephemeral key, whatever a later version of the library offers.
fn provider() -> CryptoProvider {
    use aws_lc_rs::cipher_suite as suite;
    CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        ..aws_lc_rs::default_provider()
    }
}

/// The gateway's clock, so that certificates expire by the same time as signatures.
struct Time(Arc<dyn Clock>);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let now_ms = u64::try_from(self.0.now().millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(now_ms)))
    }
}
