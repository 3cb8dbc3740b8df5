//! SM4-CBC records: an initial vector, then the text, its tag and padding, encrypted (GB/T 38636,
//! 6.3.3.4.2).
//!
//! The tag is under the padding, so that a stranger who could see how far a receiver gets with a
//! forged record would decrypt byte by byte. Opening takes one path whatever the padding is: no
//! branch, no memory access and no count of hashed blocks depends on it, and the answer is one bit.

use std::ops::Range;
use std::sync::Arc;

use hefu_gm::provider::{CipherSm4, MacSm3, ModuleError, Provider};
use hefu_gm::sm4::BLOCK_BYTES;
use subtle::{
    Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess,
};

use super::protection::OpenError;
use super::{ContentType, associated_data};
use crate::error::InternalError;
use crate::schedule::DirectionKeys;

const TAG_BYTES: usize = 32;

/// Longest padding in bytes, with the byte that tells its length.
const PADDING_BYTES_MAX: usize = 256;

/// A tag and one byte of padding, in whole blocks.
const ENCRYPTED_BYTES_MIN: usize = 48;

pub(super) struct Cbc {
    key: Arc<dyn CipherSm4>,
    mac_key: Arc<dyn MacSm3>,
}

impl Cbc {
    pub(super) fn new(provider: &dyn Provider, keys: &DirectionKeys) -> Result<Self, ModuleError> {
        Ok(Self {
            key: provider.cipher_key(&keys.key)?,
            mac_key: provider.mac_key(keys.mac_key.as_slice())?,
        })
    }

    pub(super) fn open(
        &self,
        sequence: u64,
        kind: ContentType,
        fragment: &mut [u8],
    ) -> Result<Range<usize>, OpenError> {
        let (iv, encrypted) = fragment
            .split_first_chunk_mut::<BLOCK_BYTES>()
            .ok_or(OpenError::Refused)?;
        let (blocks, odd) = encrypted.as_chunks_mut::<BLOCK_BYTES>();
        // The length is public.
        if !odd.is_empty() || blocks.as_flattened().len() < ENCRYPTED_BYTES_MIN {
            return Err(OpenError::Refused);
        }
        self.key
            .cbc_decrypt_blocks(iv, blocks)
            .map_err(|_| OpenError::Module)?;
        let padded = blocks.as_flattened();

        let (text_bytes, padding_holds) = text_bytes(padded);
        // Neither the tag nor the padding is text, whatever they are.
        let text_bytes_min = padded.len().saturating_sub(TAG_BYTES + PADDING_BYTES_MAX);
        let expected = self
            .mac_key
            .mac_hiding_length(
                &associated_data(sequence, kind, text_bytes),
                padded,
                text_bytes,
                text_bytes_min,
            )
            .map_err(|_| OpenError::Module)?;
        let tag = tag_at(padded, text_bytes, text_bytes_min);
        if bool::from(expected.ct_eq(&tag) & padding_holds) {
            Ok(BLOCK_BYTES..BLOCK_BYTES + text_bytes)
        } else {
            Err(OpenError::Refused)
        }
    }

    pub(super) fn seal(
        &self,
        provider: &dyn Provider,
        sequence: u64,
        kind: ContentType,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InternalError> {
        let tag = self
            .mac_key
            .mac(&[&associated_data(sequence, kind, text.len()), text])?;
        let mut iv = [0; BLOCK_BYTES];
        provider.fill_random(&mut iv)?;
        // At least one byte, and the last block whole.
        let padding = BLOCK_BYTES - (text.len() + TAG_BYTES) % BLOCK_BYTES;
        out.reserve(BLOCK_BYTES + text.len() + TAG_BYTES + padding);
        out.extend_from_slice(&iv);
        let start = out.len();
        out.extend_from_slice(text);
        out.extend_from_slice(&tag);
        let filler = u8::try_from(padding - 1).unwrap_or_default();
        out.resize(out.len() + padding, filler);
        let (_, encrypted) = out.split_at_mut(start);
        let (blocks, _) = encrypted.as_chunks_mut::<BLOCK_BYTES>();
        self.key.cbc_encrypt_blocks(&iv, blocks)?;
        Ok(())
    }
}

/// How many bytes of text there are before tag and padding, and whether the padding holds. Padding
/// that does not hold counts as one byte, so that a text of the greatest length is hashed, as it
/// would be for the shortest padding.
fn text_bytes(padded: &[u8]) -> (usize, Choice) {
    let last = padded.last().copied().unwrap_or_default();
    let padding_bytes = u64::from(last) + 1;
    let room = to_u64(padded.len() - TAG_BYTES);
    let mut holds = !padding_bytes.ct_gt(&room);
    for (back, byte) in (0_u64..).zip(padded.iter().rev().take(PADDING_BYTES_MAX)) {
        holds &= byte.ct_eq(&last) | !back.ct_lt(&padding_bytes);
    }
    let padding_bytes = u64::conditional_select(&1, &padding_bytes, holds);
    // At most the length of the record, which is a usize.
    let text_bytes = usize::try_from(room - padding_bytes).unwrap_or_default();
    (text_bytes, holds)
}

/// The tag at `at`, which is `at_min` or later, read without an access that tells where.
fn tag_at(padded: &[u8], at: usize, at_min: usize) -> [u8; TAG_BYTES] {
    let (at, end) = (to_u64(at), to_u64(at + TAG_BYTES));
    // Each byte of the window is added at its place modulo the tag's length, or not at all.
    let mut rotated = [0; TAG_BYTES];
    let window = padded.get(at_min..).unwrap_or_default();
    for (piece, start) in window.chunks(TAG_BYTES).zip((at_min..).step_by(TAG_BYTES)) {
        for ((slot, byte), index) in rotated.iter_mut().zip(piece).zip(to_u64(start)..) {
            let inside = !index.ct_lt(&at) & index.ct_lt(&end);
            *slot |= u8::conditional_select(&0, byte, inside);
        }
    }
    // The tag began at this place in the ring; turn it to the front, one binary digit at a time.
    let offset = at - to_u64(at_min);
    for digit in 0..5 {
        let turn = 1 << digit;
        let mut turned = rotated;
        turned.rotate_left(turn);
        let wanted = ((offset >> digit) & 1).ct_eq(&1);
        for (byte, turned) in rotated.iter_mut().zip(turned) {
            byte.conditional_assign(&turned, wanted);
        }
    }
    rotated
}

/// No record is longer than memory.
fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{TAG_BYTES, tag_at, text_bytes};

    #[test]
    fn every_padding_and_no_other_holds() {
        for length in (48..=400).step_by(16) {
            for padding in 0..=255_u8 {
                let padding_bytes = usize::from(padding) + 1;
                let mut padded = vec![0xee; length];
                let fits = padding_bytes + TAG_BYTES <= length;
                let start = length.saturating_sub(padding_bytes);
                padded[start..].fill(padding);
                let (found, holds) = text_bytes(&padded);
                assert_eq!(bool::from(holds), fits, "{length} {padding}");
                let expected = if fits { padding_bytes } else { 1 };
                assert_eq!(found, length - TAG_BYTES - expected);
                if fits && padding > 0 {
                    for bad in [start, length - 2] {
                        padded[bad] ^= 1;
                        let (found, holds) = text_bytes(&padded);
                        assert!(!bool::from(holds), "{length} {padding} {bad}");
                        assert_eq!(found, length - TAG_BYTES - 1);
                        padded[bad] ^= 1;
                    }
                }
            }
        }
    }

    #[test]
    fn the_tag_is_found_at_every_place() {
        let padded: Vec<u8> = (0..=255).cycle().take(600).collect();
        for at_min in [0, 7, 32, 100] {
            for at in at_min..=(padded.len() - TAG_BYTES).min(at_min + 300) {
                assert_eq!(
                    tag_at(&padded, at, at_min)[..],
                    padded[at..at + TAG_BYTES],
                    "{at} {at_min}"
                );
            }
        }
    }
}
