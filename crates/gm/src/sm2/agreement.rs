//! Plain Diffie-Hellman on the SM2 curve, for session keys: x of d*Q.
//!
//! Both sides send a fresh public key inside messages that authenticate it, and feed the shared
//! secret with all that was said to [`hkdf`](crate::hkdf). This is not the exchange of
//! GB/T 32918.3, which mixes in static keys.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a.

use super::PUBLIC_KEY_BYTES;
use super::key::{PublicKey, make_scalar};
use crate::rng::RngError;
use ::sm2::NonZeroScalar;
use core::fmt;
use elliptic_curve::point::AffineCoordinates;
use rand_core::TryCryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The peer's public key is no point on the curve, or infinity.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the peer's public key was refused")]
pub struct AgreeError;

/// A secret for one agreement: [`agree`] uses it up, so that it cannot serve twice.
///
/// ```
/// use hefu_gm::{rng::SystemRng, sm2::{EphemeralSecret, agree}};
///
/// let phone = EphemeralSecret::make(&mut SystemRng)?;
/// let gateway = EphemeralSecret::make(&mut SystemRng)?;
/// let (phone_public, gateway_public) = (phone.public_key(), gateway.public_key());
/// let on_phone = agree(phone, &gateway_public)?;
/// let on_gateway = agree(gateway, &phone_public)?;
/// assert_eq!(on_phone.as_bytes(), on_gateway.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EphemeralSecret {
    d: Zeroizing<NonZeroScalar>,
    public_key: PublicKey,
}

impl EphemeralSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let d = Zeroizing::new(make_scalar(rng)?);
        let public_key = PublicKey {
            point: ::sm2::PublicKey::from_secret_scalar(&d),
        };
        Ok(Self { d, public_key })
    }

    /// What the peer needs: `0x04`, x and y.
    #[must_use]
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.public_key.to_sec1()
    }
}

impl fmt::Debug for EphemeralSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EphemeralSecret(redacted)")
    }
}

/// What both sides know and nobody else: 32 bytes that are no key yet, but the input of a
/// derivation. Erased when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// The bytes, for [`hkdf::derive`](crate::hkdf::derive).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(redacted)")
    }
}

/// Agrees with the peer whose public key is `peer` (`0x04`, x and y).
///
/// # Errors
/// [`AgreeError`] unless `peer` is a point on the curve other than infinity: any other point would
/// give away the secret or let a stranger choose the result.
#[expect(
    clippy::needless_pass_by_value,
    reason = "taking the secret makes a second use impossible"
)]
pub fn agree(secret: EphemeralSecret, peer: &[u8]) -> Result<SharedSecret, AgreeError> {
    let peer = PublicKey::from_sec1(peer).map_err(|_| AgreeError)?;
    // Neither factor is zero and the order is prime with cofactor one: this is never infinity.
    let shared = Zeroizing::new(peer.point.to_projective() * **secret.d);
    Ok(SharedSecret(shared.to_affine().x().into()))
}
