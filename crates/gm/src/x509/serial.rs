//! The number by which an authority knows a certificate.

use super::SERIAL_BYTES_MAX;
use crate::rng::{self, RngError};
use core::fmt;
use der::asn1::UintRef;
use rand_core::TryCryptoRng;

/// A serial number: not negative, at most 20 bytes. Prints as hexadecimal, as OpenSSL prints it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// A number of 126 random bits, so that no two meet and nobody guesses the next
    /// (RFC 5280, 4.1.2.2).
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut bytes = [0; 16];
        rng::fill(rng, &mut bytes)?;
        // Sixteen bytes whatever is drawn: positive, and the first never zero.
        if let Some(first) = bytes.first_mut() {
            *first = (*first & 0x3f) | 0x40;
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The number with these big-endian bytes; leading zeros do not count. None when it has more
    /// than [`SERIAL_BYTES_MAX`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let first = bytes
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(bytes.len());
        let (_, digits) = bytes.split_at(first);
        (digits.len() <= SERIAL_BYTES_MAX).then(|| Self(digits.to_vec()))
    }

    /// Reads hexadecimal digits, with or without colons between the bytes.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        let digits: Vec<char> = text.chars().filter(|c| *c != ':').collect();
        if digits.is_empty() || digits.len() > 2 * SERIAL_BYTES_MAX + 2 {
            return None;
        }
        // An odd digit at the front is a byte of its own.
        for pair in digits.rchunks(2).rev() {
            let byte = pair
                .iter()
                .try_fold(0_u32, |byte, digit| Some(byte * 16 + digit.to_digit(16)?))?;
            bytes.push(u8::try_from(byte).ok()?);
        }
        Self::from_bytes(&bytes)
    }

    /// Big-endian, without leading zeros; empty for zero.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_der(number: &UintRef<'_>) -> Option<Self> {
        Self::from_bytes(number.as_bytes())
    }

    pub(super) fn to_der(&self) -> der::Result<UintRef<'_>> {
        if self.0.is_empty() {
            UintRef::new(&[0])
        } else {
            UintRef::new(&self.0)
        }
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("00");
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn numbers_are_printed_and_read_again() {
        for _ in 0..100 {
            let serial = SerialNumber::make(&mut SystemRng).unwrap();
            assert_eq!(serial.as_bytes().len(), 16);
            assert_eq!(SerialNumber::from_hex(&serial.to_string()), Some(serial));
        }
        let small = SerialNumber::from_hex("1:02").unwrap();
        assert_eq!(small.as_bytes(), [1, 2]);
        assert_eq!(SerialNumber::from_hex("102"), Some(small));
        assert_eq!(SerialNumber::from_hex("00").unwrap().to_string(), "00");
        for bad in ["", ":", "g0", "-1", &"f".repeat(41), &"f".repeat(400)] {
            assert_eq!(SerialNumber::from_hex(bad), None, "{bad}");
        }
    }
}
