//! SM2 signatures (GB/T 32918.2) over SM3: the proof that an operation cannot be repudiated.
//!
//! Clauses: CJ-4.2.2.a, CJ-4.2.2.b, JR-6.1.4.a.

use super::der;
use super::key::{KeyError, PrivateKey, PublicKey, uncompressed};
use super::{DEFAULT_ID, ID_BYTES_MAX, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, SIGNATURE_DER_BYTES_MAX};
use crate::rng::RngError;
use crate::sm3;
use ::sm2::{FieldBytes, NonZeroScalar, ProjectivePoint, Scalar, Sm2, U256};
use core::fmt;
use elliptic_curve::Curve;
use elliptic_curve::ff::PrimeField;
use elliptic_curve::group::Group;
use elliptic_curve::ops::{MulByGeneratorVartime, Reduce};
use elliptic_curve::point::AffineCoordinates;
use pkcs8::der::{Reader, SliceReader};
use rand_core::TryCryptoRng;
use rfc6979::KGenerator;
use zeroize::Zeroizing;

/// a, b and the coordinates of G of the recommended curve, as they enter the identity digest.
const CURVE_PARAMETERS: [u8; 128] = *b"\
\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc\
\x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\
\xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93\
\x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\
\x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7\
\xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\
\xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0";

/// An SM2 signature: r and s, both in 1..=n-1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
}

/// Why bytes are no signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A raw signature has 64 bytes, a DER one at most [`SIGNATURE_DER_BYTES_MAX`].
    #[error("the signature has a wrong length")]
    Length,
    /// The bytes are not the DER of two numbers.
    #[error("the signature is not DER of two numbers")]
    Der,
    /// r or s is not in 1..=n-1.
    #[error("the signature is out of range")]
    Range,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The identifier is longer than [`ID_BYTES_MAX`].
    #[error("the SM2 identifier is longer than {ID_BYTES_MAX} bytes")]
    IdTooLong,
    /// The module that holds the key did not answer; never from the keys in this file.
    #[error("the module that holds the key failed")]
    Module,
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The identifier is longer than [`ID_BYTES_MAX`].
    #[error("the SM2 identifier is longer than {ID_BYTES_MAX} bytes")]
    IdTooLong,
    /// The signature is not this key's, for this identifier and message.
    #[error("the SM2 signature does not match")]
    Mismatch,
    /// The module that verifies did not answer; never from the keys in this file.
    #[error("the module that verifies failed")]
    Module,
}

/// A private key that signs and does nothing else.
///
/// The nonce of a signature is derived from the key and the message's digest by RFC 6979 with
/// HMAC-SM3. A repeated or biased nonce gives the private key away, and phones and freshly started
/// virtual machines are where generators go wrong; derived, it needs no generator. The price is
/// that the same message gets the same signature, which tells a reader nothing that the equal
/// messages beside them do not tell.
///
/// ```
/// use hefu_gm::{rng::SystemRng, sm2::{DEFAULT_ID, SigningKey}};
///
/// let key = SigningKey::make(&mut SystemRng)?;
/// let signature = key.sign(DEFAULT_ID, b"transfer 100.00 to 6222...")?;
/// key.verifying_key().verify(DEFAULT_ID, b"transfer 100.00 to 6222...", &signature)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    private_key: PrivateKey,
    verifying_key: VerifyingKey,
}

impl SigningKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        PrivateKey::make(rng).map(Self::from)
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }

    /// Signs `message` as the signer `id`, normally [`DEFAULT_ID`].
    ///
    /// # Errors
    /// [`SignError::IdTooLong`] when `id` is over [`ID_BYTES_MAX`].
    pub fn sign(&self, id: &[u8], message: &[u8]) -> Result<Signature, SignError> {
        // A1, A2
        let e = self
            .verifying_key
            .e(id, message)
            .ok_or(SignError::IdTooLong)?;
        // A3: nonces by RFC 6979; each turn of the loop ends it but with probability 2^-255.
        let mut nonces = KGenerator::<::sm3::Sm3, U256>::new(
            self.private_key.dangerous_bytes().as_slice(),
            &e.to_repr(),
            &[],
            &Sm2::ORDER,
        );
        let mut k = Zeroizing::new(FieldBytes::default());
        loop {
            nonces.fill_next_k(&mut k);
            let signature = NonZeroScalar::from_repr(*k)
                .into_option()
                .and_then(|k| self.sign_with_nonce(&e, &Zeroizing::new(k)));
            if let Some(signature) = signature {
                return Ok(signature);
            }
        }
    }

    /// The key material, to write it to a key file.
    #[must_use]
    pub fn dangerous_private_key(&self) -> &PrivateKey {
        &self.private_key
    }

    /// Steps A4 to A7 of GB/T 32918.2, 6.1; `None` where the standard goes back to A3.
    fn sign_with_nonce(&self, e: &Scalar, k: &NonZeroScalar) -> Option<Signature> {
        // A4
        let x1 = ProjectivePoint::mul_by_generator(k).to_affine().x();
        // A5
        let r = *e + Scalar::reduce(&x1);
        if bool::from(r.is_zero() | (r + **k).is_zero()) {
            return None;
        }
        // A6: (k - r*d)/(1+d) = (k + r)/(1+d) - r, which touches the secret only once.
        let s = *self.private_key.d_plus_1_inverse() * (**k + r) - r;
        if bool::from(s.is_zero()) {
            return None;
        }
        // A7
        Some(Signature {
            r: r.to_repr().into(),
            s: s.to_repr().into(),
        })
    }
}

impl From<PrivateKey> for SigningKey {
    fn from(private_key: PrivateKey) -> Self {
        Self {
            verifying_key: VerifyingKey::from(*private_key.public_key()),
            private_key,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("verifying_key", &self.verifying_key)
            .finish_non_exhaustive()
    }
}

/// A public key that verifies signatures, with its identity digest for [`DEFAULT_ID`] computed once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyingKey {
    public_key: PublicKey,
    z_default: [u8; sm3::DIGEST_BYTES],
}

impl VerifyingKey {
    /// Reads `0x04`, x and y.
    ///
    /// # Errors
    /// [`KeyError::Point`] unless it is a point on the curve in this form.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        PublicKey::from_sec1(bytes).map(Self::from)
    }

    /// Writes `0x04`, x and y.
    #[must_use]
    pub fn to_sec1(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.public_key.to_sec1()
    }

    /// The key without its purpose, to write it to a key file.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Accepts only this key's signature over `message` as the signer `id`.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`] for every wrong signature alike, [`VerifyError::IdTooLong`] when
    /// `id` is over [`ID_BYTES_MAX`].
    pub fn verify(
        &self,
        id: &[u8],
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), VerifyError> {
        // B3, B4
        let e = self.e(id, message).ok_or(VerifyError::IdTooLong)?;
        if self.matches(&e, signature) {
            Ok(())
        } else {
            Err(VerifyError::Mismatch)
        }
    }

    /// Steps B1, B2 and B5 to B7 of GB/T 32918.2, 7.1. Everything here is public, so that the
    /// faster multiplication with a time that depends on the values is right.
    fn matches(&self, e: &Scalar, signature: &Signature) -> bool {
        // B1, B2
        let Some((r, s)) = signature.scalars() else {
            return false;
        };
        // B5
        let t = *r + *s;
        if bool::from(t.is_zero()) {
            return false;
        }
        // B6
        let point = ProjectivePoint::mul_by_generator_and_mul_add_vartime(
            &s,
            &t,
            &self.public_key.point.to_projective(),
        );
        if bool::from(point.is_identity()) {
            return false;
        }
        // B7
        *e + Scalar::reduce(&point.to_affine().x()) == *r
    }

    /// e = SM3(Z || message) as a scalar; `None` when `id` is too long.
    fn e(&self, id: &[u8], message: &[u8]) -> Option<Scalar> {
        let z = if id == DEFAULT_ID {
            self.z_default
        } else {
            identity_digest(id, &self.public_key)?
        };
        Some(Scalar::reduce(&FieldBytes::from(sm3::digest(&[
            &z, message,
        ]))))
    }
}

impl From<PublicKey> for VerifyingKey {
    #[expect(clippy::expect_used, reason = "the default identifier has 16 bytes")]
    fn from(public_key: PublicKey) -> Self {
        let z_default =
            identity_digest(DEFAULT_ID, &public_key).expect("16 bytes are not too long");
        Self {
            public_key,
            z_default,
        }
    }
}

impl Signature {
    /// Reads r and s, 32 big-endian bytes each.
    ///
    /// # Errors
    /// [`SignatureError::Length`] and [`SignatureError::Range`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignatureError> {
        let bytes: &[u8; SIGNATURE_BYTES] = bytes.try_into().map_err(|_| SignatureError::Length)?;
        let (halves, _) = bytes.as_chunks::<32>();
        let [r, s] = halves else {
            return Err(SignatureError::Length);
        };
        Self::from_halves(*r, *s)
    }

    /// r and s, 32 big-endian bytes each.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SIGNATURE_BYTES] {
        let mut bytes = [0; SIGNATURE_BYTES];
        let (r, s) = bytes.split_at_mut(32);
        r.copy_from_slice(&self.r);
        s.copy_from_slice(&self.s);
        bytes
    }

    /// Reads the DER of GB/T 35276: SEQUENCE of r and s. Other encodings of the same numbers are
    /// refused, so that one signature has one form.
    ///
    /// # Errors
    /// [`SignatureError`] says what is wrong.
    pub fn from_der(bytes: &[u8]) -> Result<Self, SignatureError> {
        if bytes.len() > SIGNATURE_DER_BYTES_MAX {
            return Err(SignatureError::Length);
        }
        let (r, s) = read_pair(bytes).map_err(|_| SignatureError::Der)?;
        Self::from_halves(r, s)
    }

    /// Writes the DER of GB/T 35276.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        der::sequence(&[der::unsigned(&self.r), der::unsigned(&self.s)])
    }

    fn from_halves(r: [u8; 32], s: [u8; 32]) -> Result<Self, SignatureError> {
        let signature = Self { r, s };
        signature
            .scalars()
            .map(|_| signature)
            .ok_or(SignatureError::Range)
    }

    fn scalars(&self) -> Option<(NonZeroScalar, NonZeroScalar)> {
        let r = NonZeroScalar::from_repr(self.r.into()).into_option()?;
        let s = NonZeroScalar::from_repr(self.s.into()).into_option()?;
        Some((r, s))
    }
}

/// Z of GB/T 32918.2, 5.5: SM3(ENTL || ID || a || b || G || P); `None` when `id` is too long.
pub(super) fn identity_digest(
    id: &[u8],
    public_key: &PublicKey,
) -> Option<[u8; sm3::DIGEST_BYTES]> {
    if id.len() > ID_BYTES_MAX {
        return None;
    }
    let id_bits = u16::try_from(id.len() * 8).ok()?;
    let point = uncompressed(public_key.point.as_affine());
    let (_, coordinates) = point.split_first()?;
    Some(sm3::digest(&[
        &id_bits.to_be_bytes(),
        id,
        &CURVE_PARAMETERS,
        coordinates,
    ]))
}

fn read_pair(bytes: &[u8]) -> pkcs8::der::Result<([u8; 32], [u8; 32])> {
    let mut reader = SliceReader::new(bytes)?;
    let pair =
        reader.sequence(|inner| Ok((der::read_unsigned(inner)?, der::read_unsigned(inner)?)));
    reader.finish()?;
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    /// The key of the examples in GB/T 32918.5, annex A.
    const D: [u8; 32] = hex!("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");

    /// GB/T 32918.5, A.2: each value that the standard prints on the way, with its nonce.
    #[test]
    fn standard_example_with_its_nonce() {
        let key = SigningKey::from(PrivateKey::from_bytes(&D).unwrap());
        assert_eq!(
            key.verifying_key().to_sec1(),
            hex!(
                "04"
                "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
                "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
            )
        );
        assert_eq!(
            key.verifying_key().z_default,
            hex!("b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3")
        );
        let e = key
            .verifying_key()
            .e(DEFAULT_ID, b"message digest")
            .unwrap();
        assert_eq!(
            <[u8; 32]>::from(e.to_repr()),
            hex!("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640")
        );
        let k = hex!("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
        let k = NonZeroScalar::from_repr(k.into()).unwrap();
        let signature = key.sign_with_nonce(&e, &k).unwrap();
        assert_eq!(
            signature.to_bytes(),
            hex!(
                "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
            )
        );
        assert_eq!(
            key.verifying_key()
                .verify(DEFAULT_ID, b"message digest", &signature),
            Ok(())
        );
    }

    /// A second implementation of the derived nonces gives the same signatures.
    #[test]
    fn derived_nonces_agree_with_rustcrypto() {
        use ::sm2::dsa::signature::Signer;
        for message in [&b""[..], b"a", b"message digest", &[0x5a; 1000]] {
            let key = PrivateKey::make(&mut crate::rng::SystemRng).unwrap();
            let theirs = ::sm2::dsa::SigningKey::from_slice(
                "1234567812345678",
                key.dangerous_bytes().as_slice(),
            )
            .unwrap();
            let theirs: ::sm2::dsa::Signature = theirs.sign(message);
            let ours = SigningKey::from(key).sign(DEFAULT_ID, message).unwrap();
            assert_eq!(ours.to_bytes()[..], theirs.to_bytes()[..]);
            assert_eq!(ours.to_der(), theirs.to_der().as_bytes());
        }
    }

    /// The three cases in which the standard takes another nonce.
    #[test]
    fn unfit_nonces_are_passed_over() {
        let key = SigningKey::from(PrivateKey::from_bytes(&D).unwrap());
        let k = NonZeroScalar::from_repr([7; 32].into()).unwrap();
        let x1 = Scalar::reduce(&ProjectivePoint::mul_by_generator(&k).to_affine().x());
        // r = e + x1 = 0
        assert_eq!(key.sign_with_nonce(&-x1, &k), None);
        // r + k = 0
        assert_eq!(key.sign_with_nonce(&(-x1 - *k), &k), None);
        // s = 0 when k = r * d, thus e = k/d - x1
        let r = *k * Option::<Scalar>::from(key.private_key.d().invert()).unwrap();
        assert_eq!(key.sign_with_nonce(&(r - x1), &k), None);
        // The honest twin.
        assert!(key.sign_with_nonce(&Scalar::ONE, &k).is_some());
    }

    /// A signature that would pass if t = r + s = 0 were not refused: s*G + 0*P is a point that
    /// anybody can compute without the key.
    #[test]
    fn a_forgery_with_t_zero_is_refused() {
        let key = VerifyingKey::from(*PrivateKey::from_bytes(&D).unwrap().public_key());
        let s = NonZeroScalar::from_repr([7; 32].into()).unwrap();
        let x1 = Scalar::reduce(&ProjectivePoint::mul_by_generator(&s).to_affine().x());
        let r = -*s;
        let forged = Signature {
            r: r.to_repr().into(),
            s: s.to_repr().into(),
        };
        assert!(!key.matches(&(r - x1), &forged));
    }
}
