//! ECDSA verification on the NIST curves.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use super::super::ber::Malformed;
use super::{Fault, signature_integers};

/// A curve that platforms support for signatures of apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

/// An elliptic curve public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EcKey {
    curve: Curve,
    /// The point in uncompressed form.
    point: Vec<u8>,
}

/// Verifies with the types of one curve's crate.
macro_rules! verify_on {
    ($curve:ident, $key:expr, $digest:expr, $r:expr, $s:expr) => {{
        let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(&$key.point);
        let key = key.map_err(|_| Fault::Wrong)?;
        let mut r = $curve::FieldBytes::default();
        let mut s = $curve::FieldBytes::default();
        right_align($r, &mut r)?;
        right_align($s, &mut s)?;
        let signature = $curve::ecdsa::Signature::from_scalars(r, s).map_err(|_| Fault::Wrong)?;
        // A digest shorter than the field is the same integer with zeros before it.
        let mut digest = $curve::FieldBytes::default();
        let digest: &[u8] = match right_align($digest, &mut digest) {
            Ok(()) => &digest,
            Err(_) => $digest,
        };
        key.verify_prehash(digest, &signature)
            .map_err(|_| Fault::Wrong)
    }};
}

impl EcKey {
    /// Reads a point for the named curve; `None` for a curve that is not supported. Whether the
    /// point is on the curve shows when it is used.
    pub(super) fn parse(curve: &str, key: &[u8]) -> Result<Option<Self>, Malformed> {
        const UNCOMPRESSED: u8 = 4;
        let (curve, coordinate_bytes) = match curve {
            "1.2.840.10045.3.1.7" => (Curve::P256, 32),
            "1.3.132.0.34" => (Curve::P384, 48),
            "1.3.132.0.35" => (Curve::P521, 66),
            _ => return Ok(None),
        };
        match key.split_first() {
            Some((&UNCOMPRESSED, coordinates)) if coordinates.len() == 2 * coordinate_bytes => {
                Ok(Some(Self {
                    curve,
                    point: key.to_vec(),
                }))
            }
            _ => Err(Malformed),
        }
    }

    pub(super) const fn bits(&self) -> u32 {
        match self.curve {
            Curve::P256 => 256,
            Curve::P384 => 384,
            Curve::P521 => 521,
        }
    }

    pub(super) fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let (r, s) = signature_integers(signature)?;
        match self.curve {
            Curve::P256 => verify_on!(p256, self, digest, r, s),
            Curve::P384 => verify_on!(p384, self, digest, r, s),
            Curve::P521 => verify_on!(p521, self, digest, r, s),
        }
    }
}

/// Copies a big-endian number into a field of fixed width; refuses one that is too long.
fn right_align(number: &[u8], field: &mut [u8]) -> Result<(), Fault> {
    let start = field.len().checked_sub(number.len()).ok_or(Fault::Wrong)?;
    field
        .get_mut(start..)
        .ok_or(Fault::Wrong)?
        .copy_from_slice(number);
    Ok(())
}
