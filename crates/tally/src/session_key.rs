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
}
