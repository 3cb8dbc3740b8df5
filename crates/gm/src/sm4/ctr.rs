//! SM4-CTR (GB/T 17964) with a big-endian counter of 128 bits, which wraps around.
//!
//! CTR does not notice changes, and two texts under one key and overlapping counters reveal each
//! other: prefer [`gcm`](super::gcm).

use super::{BLOCK_BYTES, Cipher, TextTooLong, within_limit};
use ::ctr::Ctr128BE;
use cipher::{InnerIvInit, StreamCipher};

/// Encrypts or decrypts `text` in place, counting from `iv`.
///
/// # Errors
/// [`TextTooLong`] when `text` is over [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX); it is then
/// unchanged.
pub fn apply(cipher: &Cipher, iv: &[u8; BLOCK_BYTES], text: &mut [u8]) -> Result<(), TextTooLong> {
    within_limit(text)?;
    Ctr128BE::from_core(::ctr::CtrCore::inner_iv_init(&cipher.block, &(*iv).into()))
        .try_apply_keystream(text)
        .map_err(|_| TextTooLong)
}
