//! DSA verification (FIPS 186-4, section 4.7). Old apps are signed with it.

use num_bigint::BigUint;

use super::super::ber::{Malformed, Reader, Tag, Value, magnitude};
use super::{Fault, signature_integers};

/// The longest prime. Stops keys that would take minutes to use; the standard ends at 3072.
const PRIME_BYTES_MAX: usize = 8_192 / 8;
/// The longest order of the subgroup. Stops the same; the standard ends at 256.
const ORDER_BYTES_MAX: usize = 512 / 8;
const ORDER_BITS_MIN: u64 = 160;

/// A DSA public key with its domain parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DsaKey {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    y: BigUint,
}

impl DsaKey {
    /// Reads `Dss-Parms` and the public value.
    pub(super) fn parse(parameters: Value<'_>, key: &[u8]) -> Result<Self, Malformed> {
        let mut fields = parameters.expect(Tag::SEQUENCE)?.inside();
        let mut number = |bytes_max: usize| {
            let bytes = magnitude(fields.required(Tag::INTEGER)?.contents);
            if bytes.len() > bytes_max {
                Err(Malformed)
            } else {
                Ok(BigUint::from_bytes_be(bytes))
            }
        };
        let (p, q, g) = (
            number(PRIME_BYTES_MAX)?,
            number(ORDER_BYTES_MAX)?,
            number(PRIME_BYTES_MAX)?,
        );
        let y = magnitude(Reader::new(key).required(Tag::INTEGER)?.contents);
        if y.len() > PRIME_BYTES_MAX {
            return Err(Malformed);
        }
        let y = BigUint::from_bytes_be(y);
        let one = BigUint::from(1_u8);
        let usable = p.bit(0)
            && q.bit(0)
            && q.bits() >= ORDER_BITS_MIN
            && q < p
            && one < g
            && g < p
            && one < y
            && y < p;
        if usable {
            Ok(Self { p, q, g, y })
        } else {
            Err(Malformed)
        }
    }

    pub(super) fn bits(&self) -> u32 {
        u32::try_from(self.p.bits()).unwrap_or(u32::MAX)
    }

    pub(super) fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let (r, s) = signature_integers(signature)?;
        if r.len() > ORDER_BYTES_MAX || s.len() > ORDER_BYTES_MAX {
            return Err(Fault::Unusable);
        }
        let (r, s) = (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s));
        if r >= self.q || s >= self.q {
            return Err(Fault::Unusable);
        }
        // Only a made-up order that is no prime has numbers without an inverse.
        let w = s.modinv(&self.q).ok_or(Fault::Unusable)?;
        let u1 = (self.leftmost(digest) * &w) % &self.q;
        let u2 = (&r * &w) % &self.q;
        let v = (self.g.modpow(&u1, &self.p) * self.y.modpow(&u2, &self.p)) % &self.p % &self.q;
        if v == r { Ok(()) } else { Err(Fault::Wrong) }
    }

    /// As many of the digest's leftmost bits as the order has.
    fn leftmost(&self, digest: &[u8]) -> BigUint {
        let excess = (digest.len() as u64 * 8).saturating_sub(self.q.bits());
        BigUint::from_bytes_be(digest) >> excess
    }
}
