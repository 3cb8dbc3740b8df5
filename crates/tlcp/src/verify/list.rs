//! A peer's list of certificates, sorted by what they are.

use hefu_gm::x509::Certificate;

use crate::error::CertificateError;

/// The certificates of one message: the first signs, and among the others is the encryption
/// certificate.
#[derive(Debug)]
pub(super) struct SortedList {
    pub(super) sign: Certificate,
    pub(super) encrypt: Option<Certificate>,
    /// Authorities, in the peer's order.
    pub(super) issuers: Vec<Certificate>,
}

impl SortedList {
    /// Peers do not agree on the order behind the signature certificate: `[sign, encryption,
    /// issuers]` is the usual one, `[sign, issuers, encryption]` and `[sign, issuers]` are seen. What
    /// is not an authority there and does not only sign is the encryption certificate; a second one
    /// is refused, since two readers could choose differently.
    ///
    /// An issuer that cannot be read (RSA, say) is passed over: no chain can lead over it.
    pub(super) fn read(certificates: &[Vec<u8>]) -> Result<Self, CertificateError> {
        let (first, others) = certificates
            .split_first()
            .ok_or(CertificateError::Missing)?;
        let sign = read(first)?;
        let mut encrypt = None;
        let mut issuers = Vec::new();
        for (index, der) in others.iter().enumerate() {
            let certificate = match read(der) {
                Ok(certificate) => certificate,
                Err(error) if index == 0 => return Err(error),
                Err(_) => continue,
            };
            if certificate.is_authority() {
                issuers.push(certificate);
            } else if encrypt.replace(certificate).is_some() {
                return Err(CertificateError::WrongUsage);
            }
        }
        Ok(Self {
            sign,
            encrypt,
            issuers,
        })
    }

    /// The pair has two keys: it exists so that the encryption key can be escrowed and the signature
    /// key cannot. That both belong to one holder is for the handshake to prove: the server signs its
    /// encryption certificate, and ECDHE suites need both private keys.
    pub(super) fn check_pair(&self) -> Result<(), CertificateError> {
        match &self.encrypt {
            Some(encrypt) if encrypt.public_key() == self.sign.public_key() => {
                Err(CertificateError::WrongUsage)
            }
            _ => Ok(()),
        }
    }
}

fn read(der: &[u8]) -> Result<Certificate, CertificateError> {
    use hefu_gm::x509::CertificateError as Read;
    Certificate::from_der(der).map_err(|error| match error {
        Read::SignatureAlgorithm | Read::Key(_) => CertificateError::WrongAlgorithm,
        _ => CertificateError::Malformed,
    })
}
