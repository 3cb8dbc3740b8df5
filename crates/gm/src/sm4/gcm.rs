//! SM4-GCM (RFC 8998, NIST SP 800-38D): nonce of 96 bits, tag of 128 bits.
//!
//! A nonce must never come twice under one key: a repeat gives away the authentication key. With
//! random nonces stay below 2^32 texts for one key.
//!
//! ```
//! use hefu_gm::{rng::{self, SystemRng}, sm4::{self, gcm}};
//!
//! let cipher = sm4::Cipher::new(&sm4::Key::make(&mut SystemRng)?);
//! let mut nonce = [0; gcm::NONCE_BYTES];
//! rng::fill(&mut SystemRng, &mut nonce)?;
//! let sealed = gcm::seal(&cipher, &nonce, b"request 7", b"6222 0000 1111 2222")?;
//! assert_eq!(*gcm::open(&cipher, &nonce, b"request 7", &sealed)?, b"6222 0000 1111 2222");
//! assert!(gcm::open(&cipher, &nonce, b"request 8", &sealed).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::{Cipher, OpenError, TextTooLong, within_limit};
use aes_gcm::AeadInOut;
use zeroize::Zeroizing;

/// Length of a nonce in bytes.
pub const NONCE_BYTES: usize = 12;

/// Length of a tag in bytes; GCM's shorter tags are not offered.
pub const TAG_BYTES: usize = 16;

/// Encrypts `plaintext` and authenticates it with `aad`: ciphertext, then the tag.
///
/// # Errors
/// [`TextTooLong`] when a text is over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX).
pub fn seal(
    cipher: &Cipher,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, TextTooLong> {
    within_limit(plaintext)?;
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(TAG_BYTES));
    sealed.extend_from_slice(plaintext);
    let tag = seal_in_place(cipher, nonce, aad, &mut sealed)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Checks and decrypts what [`seal`] made. Nothing is decrypted unless the tag holds.
///
/// # Errors
/// [`OpenError`] for every reason alike.
pub fn open(
    cipher: &Cipher,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(OpenError)?;
    within_limit(ciphertext).map_err(|_| OpenError)?;
    let mut text = Zeroizing::new(ciphertext.to_vec());
    open_in_place(cipher, nonce, aad, &mut text, tag)?;
    Ok(text)
}

/// [`seal`] over the caller's buffer; the tag comes back by itself.
///
/// # Errors
/// [`TextTooLong`] when a text is over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX); the buffer is
/// then unchanged.
pub fn seal_in_place(
    cipher: &Cipher,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_BYTES], TextTooLong> {
    within_limit(aad)?;
    within_limit(text)?;
    let tag = cipher
        .gcm
        .encrypt_inout_detached(&(*nonce).into(), aad, text.into())
        .map_err(|_| TextTooLong)?;
    Ok(tag.into())
}

/// [`open`] over the caller's buffer, which is unchanged when it is refused.
///
/// # Errors
/// [`OpenError`] for every reason alike.
pub fn open_in_place(
    cipher: &Cipher,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_BYTES],
) -> Result<(), OpenError> {
    within_limit(aad)
        .and(within_limit(text))
        .map_err(|_| OpenError)?;
    cipher
        .gcm
        .decrypt_inout_detached(&(*nonce).into(), aad, text.into(), &(*tag).into())
        .map_err(|_| OpenError)
}
