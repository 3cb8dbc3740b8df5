//! SM4-CBC with PKCS#7 padding (GB/T 17964).
//!
//! CBC does not notice changes. Whoever answers differently to good and bad padding lets a stranger
//! decrypt byte by byte, so authenticate the ciphertext and check that before [`decrypt`].

use super::{BLOCK_BYTES, Cipher, OpenError, TextTooLong, within_limit};
use ::cbc::{Decryptor, Encryptor};
use cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, block_padding::Pkcs7};
use zeroize::Zeroizing;

/// Pads and encrypts. `iv` must be unpredictable: take it from the system's generator.
///
/// # Errors
/// [`TextTooLong`] when `plaintext` is over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX).
pub fn encrypt(
    cipher: &Cipher,
    iv: &[u8; BLOCK_BYTES],
    plaintext: &[u8],
) -> Result<Vec<u8>, TextTooLong> {
    within_limit(plaintext)?;
    let mode = Encryptor::inner_iv_init(&cipher.block, &(*iv).into());
    Ok(mode.encrypt_padded_vec::<Pkcs7>(plaintext))
}

/// Decrypts and removes the padding.
///
/// # Errors
/// [`OpenError`] for a length that is no multiple of the block and for bad padding alike.
pub fn decrypt(
    cipher: &Cipher,
    iv: &[u8; BLOCK_BYTES],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    // One padded block above the longest plaintext.
    if ciphertext.len() > super::TEXT_BYTES_MAX + BLOCK_BYTES {
        return Err(OpenError);
    }
    let mut text = Zeroizing::new(ciphertext.to_vec());
    let mode = Decryptor::inner_iv_init(&cipher.block, &(*iv).into());
    let plaintext_bytes = mode
        .decrypt_padded::<Pkcs7>(&mut text)
        .map_err(|_| OpenError)?
        .len();
    text.truncate(plaintext_bytes);
    Ok(text)
}
