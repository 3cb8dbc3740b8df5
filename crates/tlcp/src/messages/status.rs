//! `CertificateStatus` (RFC 6066, 8), which GB/T 38636 does not have: off unless configured.

use super::Malformed;
use crate::codec::{Cursor, put_vec24};

/// Length of what stands in front of the response in bytes: its kind and its length.
pub(super) const HEADER_BYTES: usize = 4;

/// A response of OCSP, the only kind of status there is.
pub(super) const OCSP: u8 = 1;

/// What the authority says of the server's signature certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateStatus {
    /// An OCSP response in DER.
    pub response: Vec<u8>,
}

impl CertificateStatus {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`], also for another kind of status and for an empty response.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let kind = cursor.u8()?;
        let response = cursor.vec24()?.to_vec();
        cursor.finish()?;
        if kind != OCSP || response.is_empty() {
            return Err(Malformed);
        }
        Ok(Self { response })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![OCSP];
        put_vec24(&mut out, &self.response);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{CertificateStatus, Malformed};

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let status = CertificateStatus {
            response: vec![0x30; 700],
        };
        let bytes = status.to_bytes();
        assert_eq!(CertificateStatus::read(&bytes), Ok(status));
        let longer = [&bytes[..], &[0]].concat();
        let of_another_kind = [&[2], &bytes[1..]].concat();
        for refused in [
            &bytes[..bytes.len() - 1],
            &longer,
            &of_another_kind,
            &[1, 0, 0, 0],
        ] {
            assert_eq!(CertificateStatus::read(refused), Err(Malformed));
        }
    }
}
