//! The key derivation function of GB/T 32918.4, 5.4.3, which part 3 shares: a stream of SM3 digests
//! over the same prefix and a counter.

use crate::sm3::{DIGEST_BYTES, Sm3};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// Adds the stream that begins with `prefix` to `text`, and tells whether it was all zero.
///
/// A prefix of whole blocks of SM3 (64 bytes) is hashed once, since the chunks share its state.
pub(super) fn apply(prefix: &Sm3, text: &mut [u8]) -> Choice {
    let mut any = 0;
    for (chunk, counter) in text.chunks_mut(DIGEST_BYTES).zip(1_u32..) {
        let mut sm3 = prefix.clone();
        sm3.update(&counter.to_be_bytes());
        let stream = Zeroizing::new(sm3.finalize());
        for (byte, key) in chunk.iter_mut().zip(stream.iter()) {
            *byte ^= key;
            any |= key;
        }
    }
    any.ct_eq(&0)
}
