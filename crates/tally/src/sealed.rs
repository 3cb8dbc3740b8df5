//! Sealed fields: values encrypted on the phone to the gateway's dedicated key, each for one place in
//! one request (docs/PROTOCOL.md, section 7).
//!
//! Clauses: AP-5.5, CJ-4.2.2.d, CJ-6.4.3.e, JR-6.1.5.2.a, JR-6.1.4.d.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::Zeroizing;
use hefu_gm::rng::{self, RngError};
use hefu_gm::sm2::{DecryptionKey, EncryptionKey};
use hefu_gm::sm4::{self, gcm};
use rand_core::TryCryptoRng;

use crate::ids::{EncryptionKeyId, thumbprint};

/// What the text form begins with.
pub const PREFIX: &str = "hefu-sealed:1:";
/// Longest plaintext, in bytes. Stops: bodies that hide behind encryption from the schema's limits.
pub const PLAINTEXT_BYTES_MAX: usize = 4_096;
/// Most sealed fields of a request. Stops: a body whose every field costs an SM2 decryption.
pub const FIELDS_MAX: usize = 16;
/// Longest text form, in characters: the prefix, the key's id and the longest envelope.
pub const TEXT_CHARS_MAX: usize = PREFIX.len() + 24 + 1 + ENVELOPE_BYTES_MAX.div_ceil(3) * 4;

/// The SM2 ciphertext of a 16-byte key: C1, C3 and C2.
const WRAPPED_KEY_BYTES: usize = 65 + 32 + 16;
const ENVELOPE_BYTES_MAX: usize =
    2 + WRAPPED_KEY_BYTES + gcm::NONCE_BYTES + PLAINTEXT_BYTES_MAX + gcm::TAG_BYTES;

/// The one place where a sealed field opens.
#[derive(Clone, Copy, Debug)]
pub struct Place<'request> {
    /// The function number.
    pub function: &'request str,
    /// `keyid` of the request's signature.
    pub key_id: &'request str,
    /// `nonce` of the request's signature.
    pub nonce: &'request str,
    /// The field's JSON pointer.
    pub pointer: &'request str,
}

impl Place<'_> {
    fn additional_data(&self) -> Result<Vec<u8>, PlaceTooLong> {
        let mut data = b"hefu/1 sealed".to_vec();
        for part in [self.function, self.key_id, self.nonce, self.pointer] {
            let length = u16::try_from(part.len()).map_err(|_| PlaceTooLong)?;
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        Ok(data)
    }
}

struct PlaceTooLong;

/// Why a field cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Over [`PLAINTEXT_BYTES_MAX`], or a pointer over 64 KiB.
    #[error("a sealed field has at most {PLAINTEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The key refused to encrypt.
    #[error("the gateway's encryption key refused")]
    Key,
}

/// Why a sealed field does not open. Outside they are one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenRefusal {
    /// Not of the text form, or over its limits.
    #[error("the field is not a sealed field")]
    Form,
    /// Sealed to another key.
    #[error("the field is sealed to another key")]
    AnotherKey,
    /// Altered, or made for another place or request.
    #[error("the sealed field does not open at this place of this request")]
    Refused,
}

/// The id of an encryption key.
#[must_use]
pub fn key_id(key: &EncryptionKey) -> EncryptionKeyId {
    EncryptionKeyId::from_bytes(thumbprint("sm2", &key.to_sec1()))
}

/// Seals `plaintext` (a JSON value in UTF-8) for one place.
///
/// # Errors
/// When it is too long, or there is no randomness.
pub fn seal(
    key: &EncryptionKey,
    place: &Place<'_>,
    plaintext: &[u8],
    rng: &mut (impl TryCryptoRng + ?Sized),
) -> Result<String, SealError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let additional_data = place.additional_data().map_err(|_| SealError::TooLong)?;
    let field_key = sm4::Key::make(rng)?;
    let mut nonce = [0; gcm::NONCE_BYTES];
    rng::fill(rng, &mut nonce)?;
    let wrapped = key
        .encrypt(rng, field_key.dangerous_bytes())
        .map_err(|_| SealError::Key)?;
    let length = u16::try_from(wrapped.len()).map_err(|_| SealError::Key)?;
    let cipher = sm4::Cipher::new(&field_key);
    let sealed =
        gcm::seal(&cipher, &nonce, &additional_data, plaintext).map_err(|_| SealError::TooLong)?;
    let envelope = [&length.to_be_bytes()[..], &wrapped, &nonce, &sealed].concat();
    Ok(format!(
        "{PREFIX}{}:{}",
        key_id(key),
        URL_SAFE_NO_PAD.encode(envelope)
    ))
}

/// Whether a text has the outer form of a sealed field; what the schema checks before anything is
/// decrypted.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    split(text).is_ok_and(|(_, encoded)| {
        !encoded.is_empty()
            && encoded
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// Opens a sealed field at its place.
///
/// # Errors
/// When it has another form, is sealed to another key, was altered, or was made for another place.
pub fn open(
    key: &DecryptionKey,
    place: &Place<'_>,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
    let (id, encoded) = split(text)?;
    if id != key_id(key.encryption_key()) {
        return Err(OpenRefusal::AnotherKey);
    }
    let envelope = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| OpenRefusal::Form)?;
    let (length, rest) = envelope.split_first_chunk::<2>().ok_or(OpenRefusal::Form)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length != WRAPPED_KEY_BYTES {
        return Err(OpenRefusal::Form);
    }
    let (wrapped, rest) = rest.split_at_checked(length).ok_or(OpenRefusal::Form)?;
    let (nonce, sealed) = rest
        .split_first_chunk::<{ gcm::NONCE_BYTES }>()
        .ok_or(OpenRefusal::Form)?;
    let additional_data = place.additional_data().map_err(|_| OpenRefusal::Form)?;
    let field_key = key.decrypt(wrapped).map_err(|_| OpenRefusal::Refused)?;
    let field_key: Zeroizing<[u8; sm4::KEY_BYTES]> = Zeroizing::new(
        field_key
            .as_slice()
            .try_into()
            .map_err(|_| OpenRefusal::Refused)?,
    );
    let cipher = sm4::Cipher::new(&sm4::Key::from(*field_key));
    gcm::open(&cipher, nonce, &additional_data, sealed).map_err(|_| OpenRefusal::Refused)
}

fn split(text: &str) -> Result<(EncryptionKeyId, &str), OpenRefusal> {
    if text.len() > TEXT_CHARS_MAX {
        return Err(OpenRefusal::Form);
    }
    let (id, encoded) = text
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once(':'))
        .ok_or(OpenRefusal::Form)?;
    Ok((id.parse().map_err(|_| OpenRefusal::Form)?, encoded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    const PLACE: Place<'static> = Place {
        function: "T2001",
        key_id: "d-x",
        nonce: "n",
        pointer: "/pin",
    };

    fn sealed() -> (DecryptionKey, String) {
        let key = DecryptionKey::make(&mut SystemRng).unwrap();
        let text = seal(key.encryption_key(), &PLACE, b"\"123456\"", &mut SystemRng).unwrap();
        (key, text)
    }

    #[test]
    fn a_field_opens_at_its_place_only() {
        let (key, text) = sealed();
        assert!(is_well_formed(&text));
        assert_eq!(*open(&key, &PLACE, &text).unwrap(), b"\"123456\"");
        for elsewhere in [
            Place {
                function: "T2002",
                ..PLACE
            },
            Place {
                key_id: "d-y",
                ..PLACE
            },
            Place {
                nonce: "m",
                ..PLACE
            },
            Place {
                pointer: "/pin2",
                ..PLACE
            },
            // The parts are framed: what leaves one cannot enter the next.
            Place {
                function: "T2001d",
                key_id: "-x",
                ..PLACE
            },
        ] {
            assert_eq!(
                open(&key, &elsewhere, &text).unwrap_err(),
                OpenRefusal::Refused
            );
        }
        let other = DecryptionKey::make(&mut SystemRng).unwrap();
        assert_eq!(
            open(&other, &PLACE, &text).unwrap_err(),
            OpenRefusal::AnotherKey
        );
    }

    #[test]
    fn an_altered_field_never_opens() {
        let (key, text) = sealed();
        let (head, encoded) = text.rsplit_once(':').unwrap();
        let envelope = URL_SAFE_NO_PAD.decode(encoded).unwrap();
        for at in 0..envelope.len() {
            let mut altered = envelope.clone();
            altered[at] ^= 0x40;
            let altered = format!("{head}:{}", URL_SAFE_NO_PAD.encode(&altered));
            assert!(open(&key, &PLACE, &altered).is_err(), "byte {at}");
        }
        for length in 0..envelope.len() {
            let cut = format!("{head}:{}", URL_SAFE_NO_PAD.encode(&envelope[..length]));
            assert!(open(&key, &PLACE, &cut).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn limits_hold_on_both_sides() {
        let key = DecryptionKey::make(&mut SystemRng).unwrap();
        let long = vec![b'x'; PLAINTEXT_BYTES_MAX];
        let text = seal(key.encryption_key(), &PLACE, &long, &mut SystemRng).unwrap();
        assert!(text.len() <= TEXT_CHARS_MAX);
        assert_eq!(open(&key, &PLACE, &text).unwrap().len(), long.len());
        let longer = vec![b'x'; PLAINTEXT_BYTES_MAX + 1];
        let refused = seal(key.encryption_key(), &PLACE, &longer, &mut SystemRng);
        assert_eq!(refused, Err(SealError::TooLong));
        let overlong = format!("{text}{}", "A".repeat(TEXT_CHARS_MAX));
        assert_eq!(
            open(&key, &PLACE, &overlong).unwrap_err(),
            OpenRefusal::Form
        );
        for text in ["", "hefu-sealed:1:", "hefu-sealed:1:e-x:AA", "\"123456\""] {
            assert!(
                !is_well_formed(text) && open(&key, &PLACE, text).is_err(),
                "{text}"
            );
        }
    }
}
