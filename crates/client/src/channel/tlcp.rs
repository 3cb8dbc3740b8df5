//! TLCP with the institution's own SM2 authority, and with the device's pair of certificates under keys
//! that stay in their store.
//!
//! Clauses: AP-5.1, AP-5.2, CJ-4.3.3.b, CJ-6.3.c.

use std::sync::Arc;

use hefu_gm::provider;
use hefu_gm::x509::{Certificate, ServerName, Trust};
use hefu_tlcp::tokio::Connector;
use hefu_tlcp::verify::ServerTrust;
use hefu_tlcp::{ClientConfig, Identity};

use crate::channel::tls::Unfit;
use crate::enrolment::TlcpEnrolment;
use crate::key_store::KeyStore;

/// A way to open TLCP channels.
#[derive(Clone, Debug)]
pub(crate) struct Tlcp {
    pub(crate) connector: Connector,
    pub(crate) server: ServerName,
}

/// The authorities of a trust file; none when one is no SM2 authority.
pub(crate) fn trust(ca_pem: &str) -> Option<Trust> {
    Trust::from_pem(ca_pem).ok()
}

/// For a gateway `host` under `trust`, with or without a device's pair.
pub(crate) fn config(host: &str, trust: &Trust, device: Option<Identity>) -> Option<Arc<Tlcp>> {
    let provider = provider::software();
    let verifier = ServerTrust::new(Arc::clone(&provider), trust.clone());
    let mut config = ClientConfig::builder(provider, Arc::new(verifier)).alpn(&[b"http/1.1"]);
    if let Some(device) = device {
        config = config.identity(Arc::new(device));
    }
    Some(Arc::new(Tlcp {
        connector: Connector::new(Arc::new(config.build().ok()?)),
        server: ServerName::parse(host).ok()?,
    }))
}

/// A device's pair with the handles of its keys.
pub(crate) fn identity(
    store: &Arc<dyn KeyStore>,
    enrolment: &TlcpEnrolment,
) -> Result<Identity, Unfit> {
    let keys = store
        .tlcp_keys(&enrolment.sign_key, &enrolment.encryption_key)
        .map_err(Unfit::KeyStore)?;
    let read = |pem: &str| Certificate::from_pem(pem).map_err(|_| Unfit::Certificate);
    let issuers = Certificate::list_from_pem(&enrolment.chain_pem);
    Identity::new(
        (read(&enrolment.sign_pem)?, keys.signing),
        (read(&enrolment.encryption_pem)?, keys.decrypting),
        issuers.map_err(|_| Unfit::Certificate)?,
    )
    .map_err(|_| Unfit::Certificate)
}
