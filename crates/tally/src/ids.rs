//! Identifiers: public names of keys, devices, sessions and requests. None of them is a secret.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest as sha2;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::{self, RngError};
use rand_core::TryCryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;

/// Characters of 16 bytes in base64url.
const ENCODED_CHARS: usize = 22;

/// A text is not an identifier of the kind that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed identifier")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// From its 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode(text.strip_prefix($prefix).ok_or(InvalidId)?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut encoded = [0; ENCODED_CHARS];
                // Sixteen bytes always fill 22 characters of ASCII.
                let _ = URL_SAFE_NO_PAD.encode_slice(self.0, &mut encoded);
                f.write_str($prefix)?;
                f.write_str(std::str::from_utf8(&encoded).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A device, by its signature key: `d-` and 22 characters.
    DeviceId, "d-"
);
id!(
    /// A session, and its session key: `s-` and 22 characters.
    SessionId, "s-"
);
id!(
    /// The gateway's signing key: `g-` and 22 characters.
    GatewayKeyId, "g-"
);
id!(
    /// The gateway's encryption key: `e-` and 22 characters.
    EncryptionKeyId, "e-"
);

impl SessionId {
    /// A fresh random one.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut bytes = [0; 16];
        rng::fill(rng, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The key that signed a request, as `keyid` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyId {
    /// The device's signature key.
    Device(DeviceId),
    /// A session key.
    Session(SessionId),
}

impl FromStr for KeyId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with(DeviceId::PREFIX) {
            text.parse().map(Self::Device)
        } else {
            text.parse().map(Self::Session)
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => id.fmt(f),
            Self::Session(id) => id.fmt(f),
        }
    }
}

/// The id of a public key: the first 16 bytes of SHA-256 over `algorithm ‖ 0x00 ‖ key`.
#[must_use]
pub fn thumbprint(algorithm: &str, public_key: &[u8]) -> [u8; 16] {
    let mut context = sha2::Context::new(&sha2::SHA256);
    context.update(algorithm.as_bytes());
    context.update(&[0]);
    context.update(public_key);
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    id
}

/// A request, in every log, event and answer: a UUID of version 7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// A fresh one: ordered by time, unpredictable in its last 74 bits.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn make(now: Timestamp, rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut random = [0; 10];
        rng::fill(rng, &mut random)?;
        let [_, _, a, b, c, d, e, f] = now.millis().to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let (version, variant) = (0x70 | (r0 & 0x0f), 0x80 | (r2 & 0x3f));
        Ok(Self([
            a, b, c, d, e, f, version, r1, variant, r3, r4, r5, r6, r7, r8, r9,
        ]))
    }

    /// From its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        for (place, digit) in places.zip(digits) {
            if let (Some(to), Some(from)) = (text.get_mut(place), HEX.get(usize::from(digit))) {
                *to = *from;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = text.as_bytes();
        let dashed = |at: &usize| bytes.get(*at) == Some(&b'-');
        if bytes.len() != 36 || ![8, 13, 18, 23].iter().all(dashed) {
            return Err(InvalidId);
        }
        let mut digits = bytes
            .iter()
            .filter(|byte| **byte != b'-')
            .map(|byte| match byte {
                b'0'..=b'9' => Ok(byte - b'0'),
                b'a'..=b'f' => Ok(byte - b'a' + 10),
                _ => Err(InvalidId),
            });
        let mut id = [0; 16];
        for to in &mut id {
            let high = digits.next().ok_or(InvalidId)??;
            *to = high << 4 | digits.next().ok_or(InvalidId)??;
        }
        Ok(Self(id))
    }
}

fn decode(text: &str) -> Result<[u8; 16], InvalidId> {
    if text.len() != ENCODED_CHARS {
        return Err(InvalidId);
    }
    let mut bytes = [0; 16];
    let written = URL_SAFE_NO_PAD
        .decode_slice(text, &mut bytes)
        .map_err(|_| InvalidId)?;
    if written == bytes.len() {
        Ok(bytes)
    } else {
        Err(InvalidId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn ids_survive_their_text_and_nothing_else_is_one() {
        let id = SessionId::make(&mut SystemRng).unwrap();
        let text = id.to_string();
        assert_eq!(text.len(), 24);
        assert_eq!(text.parse::<SessionId>(), Ok(id));
        assert_eq!(text.parse::<KeyId>(), Ok(KeyId::Session(id)));
        assert!(text.parse::<DeviceId>().is_err(), "another prefix");
        for wrong in [
            "",
            "s-",
            "s-AAAA",
            "s-AAAAAAAAAAAAAAAAAAAAA=",
            "d-AAAAAAAAAAAAAAAAAAAAAB",
        ] {
            assert!(wrong.parse::<KeyId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn request_ids_are_uuids_of_version_7_in_the_order_of_time() {
        let make =
            |millis| RequestId::make(Timestamp::from_millis(millis), &mut SystemRng).unwrap();
        let (first, second) = (make(1_760_000_000_000), make(1_760_000_000_001));
        assert!(first < second);
        let text = first.to_string();
        assert_eq!(text.as_bytes()[14], b'7');
        assert!(b"89ab".contains(&text.as_bytes()[19]));
        assert_eq!(text.parse(), Ok(first));
        assert!(
            text.to_uppercase().parse::<RequestId>().is_err()
                || !text.contains(char::is_alphabetic)
        );
    }
}
