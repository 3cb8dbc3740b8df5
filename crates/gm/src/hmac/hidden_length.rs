//! HMAC-SM3 over a text whose length must not show: block by block, every candidate for the last
//! block computed, and the right state kept by a mask.
//!
//! The ordinary computation pads and compresses once or twice more depending on the length, which is
//! what Lucky Thirteen measures.

use ::sm3::Sm3Core;
use ::sm3::digest::array::Array;
use ::sm3::digest::block_api::UpdateCore;
use ::sm3::digest::common::hazmat::SerializableState;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::Zeroizing;

use crate::sm3::{self, DIGEST_BYTES};

const BLOCK_BYTES: usize = 64;
/// The mark after the text and its length in bits, which every padding of SM3 holds.
const PADDING_BYTES_MIN: usize = 9;

/// The states after the key's inner and outer block.
#[derive(Clone)]
pub(super) struct BlockStates {
    inner: Sm3Core,
    outer: Sm3Core,
}

impl BlockStates {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        if let Some(start) = block.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            let (start, _) = block.split_at_mut(DIGEST_BYTES);
            start.copy_from_slice(&sm3::digest(&[key]));
        }
        let after = |pad: u8| {
            let mut state = Sm3Core::default();
            let padded = Zeroizing::new(block.map(|byte| byte ^ pad));
            compress(&mut state, &padded);
            state
        };
        Self {
            inner: after(0x36),
            outer: after(0x5c),
        }
    }

    pub(super) fn mac(
        &self,
        head: &[u8],
        body: &[u8],
        body_bytes: usize,
        body_bytes_min: usize,
    ) -> [u8; DIGEST_BYTES] {
        let text_bytes = to_u64(head.len().wrapping_add(body_bytes));
        let text_bytes_min = head.len().saturating_add(body_bytes_min.min(body.len()));
        let text_bytes_max = head.len().saturating_add(body.len());
        // Blocks before this one are text whatever the length is.
        let first = text_bytes_min / BLOCK_BYTES;
        let end = (text_bytes_max + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES);
        let last = (text_bytes + to_u64(PADDING_BYTES_MIN) - 1) / to_u64(BLOCK_BYTES);
        let bits = (to_u64(BLOCK_BYTES) + text_bytes) * 8;

        let mut state = self.inner.clone();
        for index in 0..first {
            compress(&mut state, &block_at(index, head, body));
        }
        let mut digest = Zeroizing::new([0; DIGEST_BYTES]);
        for index in first..end {
            let is_last = to_u64(index).ct_eq(&last);
            let mut block = Zeroizing::new(block_at(index, head, body));
            for (byte, at) in block.iter_mut().zip(index * BLOCK_BYTES..) {
                let at = to_u64(at);
                *byte = u8::conditional_select(&0, byte, at.ct_lt(&text_bytes));
                byte.conditional_assign(&0x80, at.ct_eq(&text_bytes));
            }
            let (_, length) = block.split_at_mut(BLOCK_BYTES - 8);
            for (byte, value) in length.iter_mut().zip(bits.to_be_bytes()) {
                byte.conditional_assign(&value, is_last);
            }
            compress(&mut state, &block);
            keep(&mut digest, &state, is_last);
        }
        self.outer(&digest)
    }

    fn outer(&self, digest: &[u8; DIGEST_BYTES]) -> [u8; DIGEST_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        let (text, padding) = block.split_at_mut(DIGEST_BYTES);
        text.copy_from_slice(digest);
        let bits = to_u64(BLOCK_BYTES + DIGEST_BYTES) * 8;
        let (mark, length) = padding.split_at_mut(padding.len() - 8);
        if let Some(mark) = mark.first_mut() {
            *mark = 0x80;
        }
        length.copy_from_slice(&bits.to_be_bytes());
        let mut state = self.outer.clone();
        compress(&mut state, &block);
        let mut tag = [0; DIGEST_BYTES];
        keep(&mut tag, &state, Choice::from(1));
        tag
    }
}

/// The block of `head` and `body` with this index, zero where they end.
fn block_at(index: usize, head: &[u8], body: &[u8]) -> [u8; BLOCK_BYTES] {
    let at = index * BLOCK_BYTES;
    let from_head = head.get(at..).unwrap_or_default();
    let from_body = body
        .get(at.saturating_sub(head.len())..)
        .unwrap_or_default();
    let mut block = [0; BLOCK_BYTES];
    let rest = copy_start(&mut block, from_head);
    copy_start(rest, from_body);
    block
}

/// Copies what fits, and gives back the room behind it.
fn copy_start<'a>(room: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let (start, rest) = room.split_at_mut(bytes.len().min(room.len()));
    let (bytes, _) = bytes.split_at(start.len());
    start.copy_from_slice(bytes);
    rest
}

fn compress(state: &mut Sm3Core, block: &[u8; BLOCK_BYTES]) {
    state.update_blocks(&[Array(*block)]);
}

/// Takes over the words of `state`, which it writes little-endian and a digest big-endian.
fn keep(digest: &mut [u8; DIGEST_BYTES], state: &Sm3Core, choice: Choice) {
    let words = Zeroizing::new(state.serialize());
    let (digest, _) = digest.as_chunks_mut::<4>();
    let (words, _) = words.as_chunks::<4>();
    for (out, word) in digest.iter_mut().zip(words) {
        for (byte, value) in out.iter_mut().zip(word.iter().rev()) {
            byte.conditional_assign(value, choice);
        }
    }
}

/// No text here is longer than memory.
fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use crate::hmac::HmacSm3;

    #[test]
    fn every_length_gives_the_ordinary_tag() {
        let body: Vec<u8> = (0..=255).cycle().take(600).collect();
        for key in [&b"k"[..], &[7; 32], &[9; 64], &[11; 65]] {
            let key = HmacSm3::new(key);
            for head in [&b""[..], &[1; 13], &[2; 64]] {
                for bytes in 0..=body.len() {
                    let expected = key.mac(&[head, &body[..bytes]]);
                    for min in [0, bytes.saturating_sub(256), bytes] {
                        assert_eq!(
                            key.mac_hiding_length(head, &body, bytes, min),
                            expected,
                            "{} {bytes} {min}",
                            head.len()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_that_ends_with_its_room_is_covered() {
        let key = HmacSm3::new(b"k");
        for bytes in 0..=200 {
            let body = vec![3; bytes];
            assert_eq!(
                key.mac_hiding_length(&[1; 13], &body, bytes, 0),
                key.mac(&[&[1; 13], &body])
            );
        }
    }
}
