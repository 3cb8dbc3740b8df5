//! SM4-CBC (GB/T 17964): with PKCS#7 padding, or over whole blocks for a protocol with a padding of
//! its own.
//!
//! CBC does not notice changes. Whoever answers differently to good and bad padding lets a stranger
//! decrypt byte by byte, so authenticate the ciphertext and check that before [`decrypt`].

use super::{BLOCK_BYTES, Cipher, OpenError, TextTooLong, within_limit};
use ::cbc::{Decryptor, Encryptor};
use cipher::array::Array;
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

/// Encrypts whole blocks in place, without padding. `iv` must be unpredictable.
///
/// # Errors
/// [`TextTooLong`] when `blocks` are over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX); they are then
/// unchanged.
pub fn encrypt_blocks(
    cipher: &Cipher,
    iv: &[u8; BLOCK_BYTES],
    blocks: &mut [[u8; BLOCK_BYTES]],
) -> Result<(), TextTooLong> {
    within_limit(blocks.as_flattened())?;
    Encryptor::inner_iv_init(&cipher.block, &(*iv).into())
        .encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    Ok(())
}

/// Decrypts whole blocks in place and leaves all of the text, its padding included, to the caller.
///
/// # Errors
/// [`TextTooLong`] when `blocks` are over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX); they are then
/// unchanged.
pub fn decrypt_blocks(
    cipher: &Cipher,
    iv: &[u8; BLOCK_BYTES],
    blocks: &mut [[u8; BLOCK_BYTES]],
) -> Result<(), TextTooLong> {
    within_limit(blocks.as_flattened())?;
    Decryptor::inner_iv_init(&cipher.block, &(*iv).into())
        .decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    Ok(())
}
