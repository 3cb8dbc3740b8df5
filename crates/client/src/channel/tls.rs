//! TLS 1.3 and 1.2, only with the institution's own authority, and with the device's certificate
//! under a key that stays in its store.
//!
//! Clauses: AP-5.1, AP-5.2, CJ-4.3.3.b, CJ-6.3.d.1, JR-6.1.4.d.

use std::sync::Arc;

use hefu_tally::key::{Algorithm, PublicKey, Signer as _};
use rustls::client::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, RootCertStore, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use crate::clock::CorrectedClock;
use crate::csr;
use crate::key_store::{KeyRef, KeyStore, KeyStoreError, StoredKey};

/// Most certificates of a chain. Stops: a trust file or an answer that is one long list.
const CERTIFICATES_MAX: usize = 8;

/// The roots of a trust file; none when it has none, or something that is no certificate.
pub(crate) fn roots(ca_pem: &str) -> Option<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_pem)? {
        roots.add(certificate).ok()?;
    }
    (!roots.is_empty()).then(|| Arc::new(roots))
}

/// The certificates in a PEM text; none when one cannot be read or there are too many.
pub(crate) fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .take(CERTIFICATES_MAX + 1)
        .collect::<Result<_, _>>()
        .ok()?;
    (certificates.len() <= CERTIFICATES_MAX).then_some(certificates)
}

/// The configuration for a gateway under `roots`, with or without a device certificate.
pub(crate) fn config(
    roots: Arc<RootCertStore>,
    clock: Arc<CorrectedClock>,
    device: Option<CertifiedKey>,
) -> Result<Arc<ClientConfig>, Error> {
    // Of this provider every suite is AEAD with an ephemeral key exchange.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots);
    let mut config = match device {
        Some(device) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(device))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Why a certificate does not fit the channel key.
#[derive(Debug)]
pub(crate) enum Unfit {
    KeyStore(KeyStoreError),
    Certificate,
}

/// A device's certificate chain and the stored key under which it holds.
pub(crate) fn certified_key(
    store: &Arc<dyn KeyStore>,
    key: &KeyRef,
    certificate_pem: &str,
    chain_pem: &str,
) -> Result<CertifiedKey, Unfit> {
    let PublicKey::EcdsaP256(point) = store.public_key(key).map_err(Unfit::KeyStore)? else {
        return Err(Unfit::KeyStore(KeyStoreError::Algorithm));
    };
    let mut chain = certificates(certificate_pem).ok_or(Unfit::Certificate)?;
    chain.extend(certificates(chain_pem).ok_or(Unfit::Certificate)?);
    if chain.is_empty() {
        return Err(Unfit::Certificate);
    }
    let algorithm = Algorithm::EcdsaP256Sha256;
    let stored = StoredKey::new(Arc::clone(store), key.clone(), algorithm);
    let channel_key = ChannelKey {
        key: Arc::new(stored),
        spki: csr::spki(&point),
    };
    let certified = CertifiedKey::new(chain, Arc::new(channel_key));
    certified.keys_match().map_err(|_| Unfit::Certificate)?;
    Ok(certified)
}

/// A channel key in its store, as the TLS library uses it: so a key in hardware opens channels too.
#[derive(Clone, Debug)]
struct ChannelKey {
    key: Arc<StoredKey>,
    spki: Vec<u8>,
}

const SCHEME: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;

impl SigningKey for ChannelKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SCHEME)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.spki.as_slice()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for ChannelKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.key
            .sign(message)
            .ok()
            .and_then(|signature| csr::der_signature(&signature))
            .ok_or_else(|| Error::General("the key store did not sign".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        SCHEME
    }
}
