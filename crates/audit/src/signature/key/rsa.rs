//! RSA: PKCS #1 v1.5 and PSS verification (RFC 8017, sections 8.2.2 and 8.1.2).

use num_bigint::BigUint;

use super::super::ber::{Malformed, Reader, Tag, der, der_integer, magnitude};
use super::{Fault, Hash};

/// The longest modulus that real signers use. Stops keys that would take minutes to use.
const MODULUS_BITS_MAX: u64 = 16_384;
/// The shortest modulus that platforms accept.
const MODULUS_BITS_MIN: u64 = 512;
/// The longest public exponent. Stops the same attack; practically all keys have 65537.
const EXPONENT_BITS_MAX: u64 = 64;

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl RsaKey {
    /// Reads an `RSAPublicKey`. A modulus whose sign byte was forgotten is taken as positive, as
    /// platforms do.
    pub(super) fn parse(key: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Reader::new(key).required(Tag::SEQUENCE)?.inside();
        let modulus = magnitude(fields.required(Tag::INTEGER)?.contents);
        let exponent = magnitude(fields.required(Tag::INTEGER)?.contents);
        // Compared before the numbers are built, so that a huge one costs nothing.
        if modulus.len() as u64 > MODULUS_BITS_MAX / 8
            || exponent.len() as u64 > EXPONENT_BITS_MAX / 8
        {
            return Err(Malformed);
        }
        let key = Self {
            modulus: BigUint::from_bytes_be(modulus),
            exponent: BigUint::from_bytes_be(exponent),
        };
        let usable = key.modulus.bits() >= MODULUS_BITS_MIN
            && key.modulus.bit(0)
            && key.exponent.bit(0)
            && key.exponent.bits() > 1;
        if usable { Ok(key) } else { Err(Malformed) }
    }

    pub(super) fn bits(&self) -> u32 {
        u32::try_from(self.modulus.bits()).unwrap_or(u32::MAX)
    }

    /// Bytes of the modulus and so of every signature.
    fn len(&self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    /// The `SubjectPublicKeyInfo` in DER.
    pub(super) fn to_spki(&self) -> Vec<u8> {
        // SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL }
        const ALGORITHM: [u8; 15] = [
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0,
        ];
        let numbers = [
            der_integer(&self.modulus.to_bytes_be()),
            der_integer(&self.exponent.to_bytes_be()),
        ]
        .concat();
        let bits = [vec![0], der(0x30, &numbers)].concat();
        der(0x30, &[ALGORITHM.to_vec(), der(0x03, &bits)].concat())
    }

    /// The public operation: what the signature stands for, as many bytes as the modulus has.
    fn recover(&self, signature: &[u8]) -> Result<Vec<u8>, Fault> {
        if signature.len() != self.len() {
            return Err(Fault::Unusable);
        }
        let signature = BigUint::from_bytes_be(signature);
        if signature >= self.modulus {
            return Err(Fault::Wrong);
        }
        let bytes = signature
            .modpow(&self.exponent, &self.modulus)
            .to_bytes_be();
        let mut message = vec![0; self.len().saturating_sub(bytes.len())];
        message.extend(bytes);
        Ok(message)
    }

    pub(super) fn verify_pkcs1(
        &self,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Fault> {
        let info = [digest_info(hash), digest].concat();
        // EMSA-PKCS1-v1_5 needs eleven bytes beside the digest.
        let filler = self
            .len()
            .checked_sub(info.len() + 3)
            .filter(|&length| length >= 8);
        let filler = filler.ok_or(Fault::Unusable)?;
        let padding = [&[0x00, 0x01], vec![0xff; filler].as_slice(), &[0x00]].concat();
        let recovered = self.recover(signature)?;
        if recovered == [padding.as_slice(), &info].concat() {
            return Ok(());
        }
        // Refused in any case. Padding that is right around something that is no digest of this
        // hash function tells a signature of another kind from one that is merely wrong.
        let unpadded = recovered
            .strip_prefix(&[0x00, 0x01])
            .and_then(|rest| rest.get(rest.iter().position(|&byte| byte != 0xff)?..))
            .and_then(|rest| rest.strip_prefix(&[0x00]));
        match unpadded {
            Some(info) if !info.starts_with(digest_info(hash)) => Err(Fault::Unusable),
            _ => Err(Fault::Wrong),
        }
    }

    /// EMSA-PSS-VERIFY with a salt as long as the digest.
    pub(super) fn verify_pss(
        &self,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Fault> {
        // Step 1 of RSASSA-PSS: the encoded message has one bit less than the modulus.
        let message_bits = self.bits().saturating_sub(1);
        let message_bytes = message_bits.div_ceil(8) as usize;
        let recovered = self.recover(signature)?;
        let (leading, encoded) = recovered
            .split_at_checked(recovered.len().saturating_sub(message_bytes))
            .ok_or(Fault::Wrong)?;
        if leading.iter().any(|&byte| byte != 0) {
            return Err(Fault::Wrong);
        }
        // Steps 3 to 5: masked data, digest, trailer.
        let masked_length = message_bytes
            .checked_sub(hash.len() + 1)
            .ok_or(Fault::Unusable)?;
        let zeros = masked_length
            .checked_sub(hash.len() + 1)
            .ok_or(Fault::Unusable)?;
        let (masked, rest) = encoded
            .split_at_checked(masked_length)
            .ok_or(Fault::Wrong)?;
        let (expected, trailer) = rest.split_at_checked(hash.len()).ok_or(Fault::Wrong)?;
        // Step 6: the bits above `message_bits` must be zero.
        let unused_bits = (message_bytes * 8).saturating_sub(message_bits as usize);
        let top_mask = 0xff_u8
            .checked_shr(u32::try_from(unused_bits).unwrap_or(u32::MAX))
            .unwrap_or(0);
        if trailer != [0xbc] || masked.first().is_none_or(|first| first & !top_mask != 0) {
            return Err(Fault::Wrong);
        }
        // Steps 7 to 9.
        let mut data: Vec<u8> = masked
            .iter()
            .zip(mask(hash, expected, masked_length))
            .map(|(byte, mask)| byte ^ mask)
            .collect();
        if let Some(first) = data.first_mut() {
            *first &= top_mask;
        }
        // Step 10: zeros, then a one, then the salt.
        let (padding, salt) = data.split_at_checked(zeros + 1).ok_or(Fault::Wrong)?;
        let (one, padding) = padding.split_last().ok_or(Fault::Wrong)?;
        if *one != 1 || padding.iter().any(|&byte| byte != 0) {
            return Err(Fault::Wrong);
        }
        // Steps 12 to 14.
        if hash.digest(&[&[0; 8], digest, salt]) == expected {
            Ok(())
        } else {
            Err(Fault::Wrong)
        }
    }
}

/// MGF1 (RFC 8017, section B.2.1).
fn mask(hash: Hash, seed: &[u8], length: usize) -> impl Iterator<Item = u8> {
    let blocks = (0_u32..).map(move |counter| hash.digest(&[seed, &counter.to_be_bytes()]));
    blocks.flatten().take(length)
}

/// What stands before the digest in a PKCS #1 v1.5 signature (RFC 8017, section 9.2, note 1).
const fn digest_info(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Md5 => b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha224 => {
            b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c"
        }
        Hash::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
        }
        Hash::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
        }
        Hash::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
        }
    }
}
