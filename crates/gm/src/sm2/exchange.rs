//! The authenticated key exchange of GB/T 32918.3: each side brings a static key that a certificate
//! names and a fresh one, and only the holders of both reach the key.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a.

use super::encryption::EncryptionKey;
use super::key::{PrivateKey, PublicKey, make_scalar, uncompressed};
use super::key_stream;
use super::signature::identity_digest;
use super::{DEFAULT_ID, EXCHANGED_KEY_BYTES_MAX, ID_BYTES_MAX, PUBLIC_KEY_BYTES};
use crate::rng::RngError;
use crate::sm3::{self, DIGEST_BYTES, Sm3};
use ::sm2::{FieldBytes, NonZeroScalar, Scalar};
use core::fmt;
use elliptic_curve::ff::PrimeField;
use elliptic_curve::group::Group;
use elliptic_curve::point::AffineCoordinates;
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Why there is no common key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// An identifier is longer than [`ID_BYTES_MAX`].
    #[error("the SM2 identifier is longer than {ID_BYTES_MAX} bytes")]
    IdTooLong,
    /// No key, or one longer than [`EXCHANGED_KEY_BYTES_MAX`], was asked for.
    #[error("an exchange gives keys of 1 to {EXCHANGED_KEY_BYTES_MAX} bytes")]
    KeyLength,
    /// The peer's ephemeral key is no point on the curve, or was chosen to make the shared point
    /// infinite.
    #[error("the peer's ephemeral key was refused")]
    Peer,
    /// The module that holds the key did not answer; never from the keys in this file.
    #[error("the module that holds the key failed")]
    Module,
}

/// Which side one is. The standard orders the identities and the ephemeral keys by it, so that two
/// sides with the same role reach different keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExchangeRole {
    /// User A of the standard.
    Initiator,
    /// User B of the standard.
    Responder,
}

/// What one knows of the other side.
#[derive(Clone, Copy, Debug)]
pub struct ExchangePeer<'a> {
    /// The peer's distinguishing identifier, normally [`DEFAULT_ID`].
    pub id: &'a [u8],
    /// The peer's static key, from a certificate that was verified.
    pub static_key: &'a EncryptionKey,
    /// The peer's ephemeral key as it came: `0x04`, x and y.
    pub ephemeral_key: &'a [u8],
}

impl<'a> ExchangePeer<'a> {
    /// A peer under [`DEFAULT_ID`].
    #[must_use]
    pub fn new(static_key: &'a EncryptionKey, ephemeral_key: &'a [u8]) -> Self {
        Self {
            id: DEFAULT_ID,
            static_key,
            ephemeral_key,
        }
    }
}

/// A static key and a fresh ephemeral one, for one exchange: [`finish`](Self::finish) uses it up.
///
/// ```
/// use hefu_gm::{rng::SystemRng, sm2::{DEFAULT_ID, DecryptionKey, ExchangePeer, ExchangeRole}};
///
/// let (a, b) = (DecryptionKey::make(&mut SystemRng)?, DecryptionKey::make(&mut SystemRng)?);
/// let (from_a, from_b) = (a.make_exchange(&mut SystemRng)?, b.make_exchange(&mut SystemRng)?);
/// let (public_a, public_b) = (from_a.ephemeral_key(), from_b.ephemeral_key());
///
/// let seen_by_a = ExchangePeer::new(b.encryption_key(), &public_b);
/// let on_a = from_a.finish(ExchangeRole::Initiator, DEFAULT_ID, &seen_by_a, 48)?;
/// let seen_by_b = ExchangePeer::new(a.encryption_key(), &public_a);
/// let on_b = from_b.finish(ExchangeRole::Responder, DEFAULT_ID, &seen_by_b, 48)?;
/// assert_eq!(on_a.as_bytes(), on_b.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyExchange {
    static_key: PrivateKey,
    /// r of the standard.
    ephemeral: Zeroizing<NonZeroScalar>,
    ephemeral_key: PublicKey,
}

impl KeyExchange {
    /// Step A1 and A2, or B1 and B2.
    pub(super) fn make(
        static_key: PrivateKey,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, RngError> {
        let ephemeral = Zeroizing::new(make_scalar(rng)?);
        let ephemeral_key = PublicKey {
            point: ::sm2::PublicKey::from_secret_scalar(&ephemeral),
        };
        Ok(Self {
            static_key,
            ephemeral,
            ephemeral_key,
        })
    }

    /// What the peer needs: `0x04`, x and y.
    #[must_use]
    pub fn ephemeral_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.ephemeral_key.to_sec1()
    }

    /// Computes a common key of `key_bytes` bytes, oneself being `id` in `role`.
    ///
    /// That the peer has the key too shows only when a message under it arrives, or when its tag
    /// was checked ([`ExchangedKey::initiator_tag`], [`ExchangedKey::responder_tag`]).
    ///
    /// # Errors
    /// [`ExchangeError`] says what is wrong.
    pub fn finish(
        self,
        role: ExchangeRole,
        id: &[u8],
        peer: &ExchangePeer<'_>,
        key_bytes: usize,
    ) -> Result<ExchangedKey, ExchangeError> {
        if !(1..=EXCHANGED_KEY_BYTES_MAX).contains(&key_bytes) {
            return Err(ExchangeError::KeyLength);
        }
        let z_own =
            identity_digest(id, self.static_key.public_key()).ok_or(ExchangeError::IdTooLong)?;
        let z_peer = identity_digest(peer.id, peer.static_key.public_key())
            .ok_or(ExchangeError::IdTooLong)?;
        // A6, B5: the peer's point is on the curve.
        let peer_ephemeral =
            PublicKey::from_sec1(peer.ephemeral_key).map_err(|_| ExchangeError::Peer)?;

        let shared = self.shared_point(peer.static_key.public_key(), &peer_ephemeral)?;
        let (own, theirs) = (self.ephemeral_key, peer_ephemeral);
        let (z_a, z_b, r_a, r_b) = match role {
            ExchangeRole::Initiator => (z_own, z_peer, own, theirs),
            ExchangeRole::Responder => (z_peer, z_own, theirs, own),
        };
        let (_, coordinates) = shared.split_at(1);
        let (x, y) = coordinates.split_at(32);

        // A8, B7; the four parts fill two blocks of SM3.
        let mut prefix = Sm3::new();
        for part in [x, y, &z_a, &z_b] {
            prefix.update(part);
        }
        let mut key = Zeroizing::new(vec![0; key_bytes]);
        let _zero_only_by_chance = key_stream::apply(&prefix, &mut key);

        // A9, A10, B8, B10
        let inner = sm3::digest(&[
            x,
            &z_a,
            &z_b,
            coordinates_of(&r_a.to_sec1()),
            coordinates_of(&r_b.to_sec1()),
        ]);
        Ok(ExchangedKey {
            key,
            responder_tag: sm3::digest(&[&[2], y, &inner]),
            initiator_tag: sm3::digest(&[&[3], y, &inner]),
        })
    }

    /// U = V = t * (P + x̄ * R) with t = d + x̄ * r, steps A4, A5 and A7, or B3, B4 and B6. The
    /// cofactor is one.
    fn shared_point(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &PublicKey,
    ) -> Result<Zeroizing<[u8; PUBLIC_KEY_BYTES]>, ExchangeError> {
        let t = Zeroizing::new(
            **self.static_key.d() + reduced_x(&self.ephemeral_key) * **self.ephemeral,
        );
        let peer = peer_static.point.to_projective()
            + peer_ephemeral.point.to_projective() * reduced_x(peer_ephemeral);
        let shared = Zeroizing::new(peer * *t);
        if bool::from(shared.is_identity()) {
            return Err(ExchangeError::Peer);
        }
        Ok(Zeroizing::new(uncompressed(&shared.to_affine())))
    }
}

impl fmt::Debug for KeyExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyExchange(redacted)")
    }
}

/// What both sides know after an exchange. Erased when dropped, never printed.
pub struct ExchangedKey {
    key: Zeroizing<Vec<u8>>,
    responder_tag: [u8; DIGEST_BYTES],
    initiator_tag: [u8; DIGEST_BYTES],
}

impl ExchangedKey {
    /// The key, of the length that was asked for.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.key
    }

    /// S_A = S_2: what the initiator sends to show that it has the key.
    #[must_use]
    pub fn initiator_tag(&self) -> &[u8; DIGEST_BYTES] {
        &self.initiator_tag
    }

    /// S_B = S_1: what the responder sends to show that it has the key.
    #[must_use]
    pub fn responder_tag(&self) -> &[u8; DIGEST_BYTES] {
        &self.responder_tag
    }

    /// Whether `tag` is the one that the side `sender` sends, in constant time.
    #[must_use]
    pub fn confirms(&self, sender: ExchangeRole, tag: &[u8]) -> bool {
        let expected = match sender {
            ExchangeRole::Initiator => &self.initiator_tag,
            ExchangeRole::Responder => &self.responder_tag,
        };
        bool::from(expected.as_slice().ct_eq(tag))
    }
}

impl fmt::Debug for ExchangedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangedKey(redacted)")
    }
}

/// x̄ = 2^w + (x mod 2^w) with w = 127: half of the coordinate's bits.
fn reduced_x(key: &PublicKey) -> Scalar {
    let x: [u8; 32] = key.point.as_affine().x().into();
    let mut reduced = [0; 32];
    let (_, low) = reduced.split_at_mut(16);
    low.copy_from_slice(x.split_at(16).1);
    if let Some(first) = low.first_mut() {
        *first |= 0x80;
    }
    // Below 2^128, hence below n.
    Scalar::from_repr(FieldBytes::from(reduced)).unwrap_or(Scalar::ZERO)
}

fn coordinates_of(point: &[u8; PUBLIC_KEY_BYTES]) -> &[u8] {
    point.split_at(1).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    /// A peer that knows its victim's ephemeral key could choose R = -P / x̄(R) if it found such a
    /// point; that the result would be infinite is noticed all the same.
    #[test]
    fn an_infinite_shared_point_is_refused() {
        let victim =
            KeyExchange::make(PrivateKey::make(&mut SystemRng).unwrap(), &mut SystemRng).unwrap();
        let r = PrivateKey::make(&mut SystemRng).unwrap();
        // The static key that goes with R: -x̄ * r.
        let d = -(reduced_x(r.public_key()) * **r.d());
        let d = PrivateKey::from_bytes(&d.to_repr().into()).unwrap();
        assert_eq!(
            victim
                .shared_point(d.public_key(), r.public_key())
                .unwrap_err(),
            ExchangeError::Peer
        );
        assert!(victim.shared_point(r.public_key(), r.public_key()).is_ok());
    }
}
