//! The session key that login agrees (docs/PROTOCOL.md, section 6).
//!
//! Clauses: CJ-4.2.2.e, JR-6.2.2.a, CJ-4.2.2.b.

use hefu_gm::sm2::{EphemeralSecret, PUBLIC_KEY_BYTES, agree};
use hefu_gm::{Zeroizing, hkdf, sm3};

use crate::ids::{DeviceId, SessionId};
use crate::key::SESSION_KEY_BYTES;

const INFO: &[u8] = b"hefu/1 session hmac-sm3";

/// The peer's half was no point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer's half of the key agreement was refused")]
pub struct AgreementRefused;

/// Whose secret it is that we hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The app's.
    Client,
    /// The institution's.
    Gateway,
}

/// Derives the session key from our secret and the peer's point.
///
/// # Errors
/// When the peer's point is refused.
pub fn derive(
    side: Side,
    secret: EphemeralSecret,
    peer: &[u8; PUBLIC_KEY_BYTES],
    device: DeviceId,
    session: SessionId,
) -> Result<Zeroizing<[u8; SESSION_KEY_BYTES]>, AgreementRefused> {
    let own = secret.public_key();
    let (client, gateway) = match side {
        Side::Client => (&own, peer),
        Side::Gateway => (peer, &own),
    };
    let (device, session) = (device.to_string(), session.to_string());
    let salt = sm3::digest(&[
        device.as_bytes(),
        &[0],
        session.as_bytes(),
        &[0],
        client,
        gateway,
    ]);
    let shared = agree(secret, peer).map_err(|_| AgreementRefused)?;
    let mut key = Zeroizing::new([0; SESSION_KEY_BYTES]);
    hkdf::derive(shared.as_bytes(), &salt, INFO, key.as_mut_slice())
        .map_err(|_| AgreementRefused)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn both_sides_reach_one_key_and_no_other_session_reaches_it() {
        let (device, session) = (
            DeviceId::from_bytes([1; 16]),
            SessionId::from_bytes([2; 16]),
        );
        let pair = || {
            let client = EphemeralSecret::make(&mut SystemRng).unwrap();
            let gateway = EphemeralSecret::make(&mut SystemRng).unwrap();
            let points = (client.public_key(), gateway.public_key());
            (client, gateway, points)
        };
        let (client, gateway, (client_point, gateway_point)) = pair();
        let ours = derive(Side::Client, client, &gateway_point, device, session).unwrap();
        let theirs = derive(Side::Gateway, gateway, &client_point, device, session).unwrap();
        assert_eq!(ours, theirs);

        let (client, gateway, (client_point, gateway_point)) = pair();
        let other = SessionId::from_bytes([3; 16]);
        let ours = derive(Side::Client, client, &gateway_point, device, session).unwrap();
        let theirs = derive(Side::Gateway, gateway, &client_point, device, other).unwrap();
        assert_ne!(ours, theirs);

        let (client, ..) = pair();
        assert!(derive(Side::Client, client, &[4; 65], device, session).is_err());
    }

    /// A generator that draws one byte again and again, so that the secrets are known.
    struct Drawn(u8);

    impl rand_core::TryRng for Drawn {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(u32::from_ne_bytes([self.0; 4]))
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(u64::from_ne_bytes([self.0; 8]))
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
            out.fill(self.0);
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Drawn {}

    /// Computed apart from this code, by plain arithmetic on the curve and an outside SM3: the
    /// client's secret is 32 times 0x11, the gateway's 32 times 0x22.
    #[test]
    fn the_key_is_the_one_that_the_contract_defines() {
        let client = EphemeralSecret::make(&mut Drawn(0x11)).unwrap();
        let gateway = EphemeralSecret::make(&mut Drawn(0x22))
            .unwrap()
            .public_key();
        let (device, session) = (
            DeviceId::from_bytes([1; 16]),
            SessionId::from_bytes([2; 16]),
        );
        let key = derive(Side::Client, client, &gateway, device, session).unwrap();
        assert_eq!(
            *key,
            [
                0x5d, 0xff, 0x62, 0xd0, 0xd9, 0x70, 0x72, 0xa3, 0x0d, 0x87, 0x7b, 0x6f, 0x60, 0x85,
                0xd8, 0xc4, 0xaf, 0x4c, 0x7c, 0x21, 0xb1, 0xe1, 0x10, 0xa6, 0x95, 0x47, 0xef, 0x18,
                0x15, 0x87, 0xc7, 0x06,
            ]
        );
    }
}
