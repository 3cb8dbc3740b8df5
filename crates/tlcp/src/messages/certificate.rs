//! `Certificate` and `CertificateRequest` (GB/T 38636, 6.4.5.3 and 6.4.5.5).

use super::Malformed;
use crate::codec::{Cursor, put_vec, put_vec8, put_vec16, put_vec24};

/// Most certificates in one list: sign, encryption, and a chain that nobody has this long. Each may
/// cost the receiver a signature check.
pub const CERTIFICATES_MAX: usize = 10;

/// Most names of authorities in one request; a client compares them with the issuers of its own.
const AUTHORITIES_MAX: usize = 1024;

/// The kind of certificate that an SM2 server asks for: `ecdsa_sign`.
pub const ECDSA_SIGN: u8 = 64;

/// `Certificate`: X.509 certificates in DER, the signature certificate first. From a server the
/// encryption certificate comes second, and issuers follow.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CertificateList(pub Vec<Vec<u8>>);

impl CertificateList {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`], also for more than [`CERTIFICATES_MAX`] and for an empty certificate.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let mut list = Cursor::new(cursor.vec24()?);
        cursor.finish()?;
        let mut certificates = Vec::new();
        while !list.is_empty() {
            let certificate = list.vec24()?;
            if certificate.is_empty() || certificates.len() == CERTIFICATES_MAX {
                return Err(Malformed);
            }
            certificates.push(certificate.to_vec());
        }
        Ok(Self(certificates))
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_vec::<3>(&mut out, |out| {
            for certificate in &self.0 {
                put_vec24(out, certificate);
            }
        });
        out
    }
}

/// `CertificateRequest`: what the server wants of a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateRequest {
    /// Kinds of certificates by number; see [`ECDSA_SIGN`].
    pub kinds: Vec<u8>,
    /// Names of authorities in DER; any will do when there are none.
    pub authorities: Vec<Vec<u8>>,
}

impl CertificateRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let kinds = cursor.vec8()?.to_vec();
        let mut list = Cursor::new(cursor.vec16()?);
        cursor.finish()?;
        let mut authorities = Vec::new();
        while !list.is_empty() {
            let name = list.vec16()?;
            if name.is_empty() || authorities.len() == AUTHORITIES_MAX {
                return Err(Malformed);
            }
            authorities.push(name.to_vec());
        }
        if kinds.is_empty() {
            return Err(Malformed);
        }
        Ok(Self { kinds, authorities })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_vec8(&mut out, &self.kinds);
        put_vec::<2>(&mut out, |out| {
            for name in &self.authorities {
                put_vec16(out, name);
            }
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATES_MAX, CertificateList, CertificateRequest, Malformed};

    #[test]
    fn what_is_written_is_read() {
        for count in 0..=CERTIFICATES_MAX {
            let list = CertificateList(vec![vec![0x30; 700]; count]);
            assert_eq!(CertificateList::read(&list.to_bytes()), Ok(list));
        }
        let request = CertificateRequest {
            kinds: vec![1, 64],
            authorities: vec![vec![0x30, 0], vec![1]],
        };
        assert_eq!(CertificateRequest::read(&request.to_bytes()), Ok(request));
    }

    #[test]
    fn too_many_and_empty_ones_are_refused() {
        let list = CertificateList(vec![vec![0x30]; CERTIFICATES_MAX + 1]);
        assert_eq!(CertificateList::read(&list.to_bytes()), Err(Malformed));
        let list = CertificateList(vec![vec![0x30], vec![]]);
        assert_eq!(CertificateList::read(&list.to_bytes()), Err(Malformed));
    }
}
