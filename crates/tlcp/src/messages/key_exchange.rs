//! Key exchange and proof messages (GB/T 38636, 6.4.5.4 and 6.4.5.7 to 6.4.5.9).

use hefu_gm::sm2::PUBLIC_KEY_BYTES;

use super::Malformed;
use crate::codec::{Cursor, put_u16, put_vec8, put_vec16};
use crate::suite::KeyExchange;

/// Length of the proof in `Finished` in bytes.
pub const VERIFY_DATA_BYTES: usize = 12;

/// The curve is given by its number.
const NAMED_CURVE: u8 = 3;
const SM2_CURVE: u16 = 41;
/// Kind and number of the curve, which receivers pass over: the standard says so for SM2, and some
/// peers write other numbers.
const CURVE_BYTES: usize = 3;

/// One side's fresh public key for an ECDHE suite, as it stands in the message and under the
/// server's signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EcdheParams {
    /// Curve, length and point, as they came or go.
    bytes: [u8; Self::BYTES],
}

impl EcdheParams {
    /// Curve, length and point.
    const BYTES: usize = CURVE_BYTES + 1 + PUBLIC_KEY_BYTES;

    /// Parameters around a point (`0x04`, x and y).
    #[must_use]
    pub fn new(point: &[u8; PUBLIC_KEY_BYTES]) -> Self {
        let mut out = Vec::with_capacity(Self::BYTES);
        out.push(NAMED_CURVE);
        put_u16(&mut out, SM2_CURVE);
        put_vec8(&mut out, point);
        let mut bytes = [0; Self::BYTES];
        bytes.copy_from_slice(&out);
        Self { bytes }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let bytes = cursor.array()?;
        let mut inside = Cursor::new(&bytes);
        inside.bytes(CURVE_BYTES)?;
        inside.vec8()?;
        inside.finish()?;
        Ok(Self { bytes })
    }

    /// What the server signs.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `0x04`, x and y; not known to be a point on the curve.
    #[must_use]
    pub fn point(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        let [_, _, _, _, point @ ..] = &self.bytes;
        point
    }
}

/// `ServerKeyExchange`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerKeyExchange {
    /// In ECDHE suites.
    pub params: Option<EcdheParams>,
    /// An SM2 signature in DER, over both randoms and the encryption certificate or the parameters.
    pub signature: Vec<u8>,
}

impl ServerKeyExchange {
    /// Reads a body, whose form depends on the suite.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8], key_exchange: KeyExchange) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let params = match key_exchange {
            KeyExchange::Ecc => None,
            KeyExchange::Ecdhe => Some(EcdheParams::read(&mut cursor)?),
        };
        let signature = cursor.vec16()?.to_vec();
        cursor.finish()?;
        Ok(Self { params, signature })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(params) = &self.params {
            out.extend_from_slice(params.as_bytes());
        }
        put_vec16(&mut out, &self.signature);
        out
    }
}

/// `ClientKeyExchange`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientKeyExchange {
    /// The premaster secret, encrypted with SM2 in the DER of GB/T 35276.
    Ecc(Vec<u8>),
    /// The client's fresh public key.
    Ecdhe(EcdheParams),
}

impl ClientKeyExchange {
    /// Reads a body, whose form depends on the suite. In ECDHE suites a length in front of the
    /// parameters may be there or not: the standard's text has it, and most peers leave it out.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8], key_exchange: KeyExchange) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let message = match key_exchange {
            KeyExchange::Ecc => Self::Ecc(cursor.vec16()?.to_vec()),
            KeyExchange::Ecdhe => {
                if body.len() != EcdheParams::BYTES {
                    cursor = Cursor::new(cursor.vec16()?);
                    if body.len() != EcdheParams::BYTES + 2 {
                        return Err(Malformed);
                    }
                }
                Self::Ecdhe(EcdheParams::read(&mut cursor)?)
            }
        };
        cursor.finish()?;
        Ok(message)
    }

    /// Writes the body, in ECDHE suites without a length in front of the parameters.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Ecc(ciphertext) => put_vec16(&mut out, ciphertext),
            Self::Ecdhe(params) => out.extend_from_slice(params.as_bytes()),
        }
        out
    }
}

/// `CertificateVerify`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateVerify {
    /// An SM2 signature in DER, over the SM3 digest of all messages before.
    pub signature: Vec<u8>,
}

impl CertificateVerify {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let signature = cursor.vec16()?.to_vec();
        cursor.finish()?;
        Ok(Self { signature })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_vec16(&mut out, &self.signature);
        out
    }
}

/// `Finished`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finished {
    /// The proof of the master secret and of all messages before.
    pub verify_data: [u8; VERIFY_DATA_BYTES],
}

impl Finished {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let verify_data = cursor.array()?;
        cursor.finish()?;
        Ok(Self { verify_data })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.verify_data.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientKeyExchange, EcdheParams, Malformed, ServerKeyExchange};
    use crate::suite::KeyExchange::{Ecc, Ecdhe};

    #[test]
    fn what_is_written_is_read_in_its_suite_only() {
        let params = EcdheParams::new(&[4; 65]);
        assert_eq!(params.as_bytes()[..4], [3, 0, 41, 65]);
        let server = ServerKeyExchange {
            params: Some(params.clone()),
            signature: vec![0x30; 70],
        };
        let bytes = server.to_bytes();
        assert_eq!(ServerKeyExchange::read(&bytes, Ecdhe), Ok(server));
        assert_eq!(ServerKeyExchange::read(&bytes, Ecc), Err(Malformed));

        let client = ClientKeyExchange::Ecc(vec![0x30; 156]);
        let bytes = client.to_bytes();
        assert_eq!(ClientKeyExchange::read(&bytes, Ecc), Ok(client));
        assert_eq!(ClientKeyExchange::read(&bytes, Ecdhe), Err(Malformed));
    }

    #[test]
    fn both_forms_of_the_clients_parameters_are_read() {
        let client = ClientKeyExchange::Ecdhe(EcdheParams::new(&[4; 65]));
        let bare = client.to_bytes();
        let with_length = [&[0, 69], &bare[..]].concat();
        assert_eq!(ClientKeyExchange::read(&bare, Ecdhe), Ok(client.clone()));
        assert_eq!(ClientKeyExchange::read(&with_length, Ecdhe), Ok(client));
        let wrong_length = [&[0, 68], &bare[..]].concat();
        assert_eq!(
            ClientKeyExchange::read(&wrong_length, Ecdhe),
            Err(Malformed)
        );
    }

    #[test]
    fn the_number_of_the_curve_is_passed_over() {
        let mut bytes = ClientKeyExchange::Ecdhe(EcdheParams::new(&[4; 65])).to_bytes();
        bytes[2] = 0;
        assert!(ClientKeyExchange::read(&bytes, Ecdhe).is_ok());
    }
}
