//! SM4-CBC records: an initial vector, then the text, its tag and padding, encrypted (GB/T 38636,
//! 6.3.3.4).
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
    use hefu_gm::provider::software;
    use hefu_gm::{Zeroizing, sm4};
    use hefu_tally::clock::Stopwatch;

    use super::{BLOCK_BYTES, Cbc, OpenError, TAG_BYTES, associated_data, tag_at, text_bytes};
    use crate::record::ContentType;
    use crate::schedule::DirectionKeys;

    const KIND: ContentType = ContentType::ApplicationData;

    fn cbc() -> Cbc {
        let keys = DirectionKeys {
            mac_key: Zeroizing::new([3; 32]),
            key: sm4::Key::from([4; 16]),
            salt: [0; 4],
        };
        Cbc::new(&*software(), &keys).unwrap()
    }

    /// A fragment around any padded text, as only the holder of the keys can make it.
    fn fragment(cbc: &Cbc, padded: &[u8]) -> Vec<u8> {
        let iv = [9; BLOCK_BYTES];
        let mut encrypted = padded.to_vec();
        let (blocks, odd) = encrypted.as_chunks_mut();
        assert!(odd.is_empty());
        cbc.key.cbc_encrypt_blocks(&iv, blocks).unwrap();
        [&iv[..], &encrypted].concat()
    }

    /// Text, its tag when `tag_holds`, and padding of this length whose last byte tells another when
    /// it does not hold.
    fn padded(cbc: &Cbc, length: usize, padding: u8, tag_holds: bool, holds: bool) -> Vec<u8> {
        let text_bytes = length - TAG_BYTES - usize::from(padding) - 1;
        let text = vec![0x61; text_bytes];
        let header = associated_data(7, KIND, text_bytes);
        let mut tag = cbc.mac_key.mac(&[&header, &text]).unwrap();
        tag[0] ^= u8::from(!tag_holds);
        let mut padded = [&text[..], &tag].concat();
        padded.resize(length, padding);
        padded[length - 1] ^= u8::from(!holds);
        padded
    }

    #[test]
    fn every_padding_is_opened_and_every_fault_is_refused_alike() {
        let cbc = cbc();
        for length in [48, 64, 320, 512] {
            for padding in (0..=255).step_by(5) {
                if TAG_BYTES + usize::from(padding) + 1 > length {
                    continue;
                }
                let open = |tag_holds, holds| {
                    let padded = padded(&cbc, length, padding, tag_holds, holds);
                    let mut fragment = fragment(&cbc, &padded);
                    cbc.open(7, KIND, &mut fragment)
                };
                let text_bytes = length - TAG_BYTES - usize::from(padding) - 1;
                let text = BLOCK_BYTES..BLOCK_BYTES + text_bytes;
                assert_eq!(open(true, true), Ok(text), "{length} {padding}");
                assert_eq!(open(false, true), Err(OpenError::Refused));
                assert_eq!(open(true, false), Err(OpenError::Refused));
                assert_eq!(open(false, false), Err(OpenError::Refused));
            }
        }
        for length in [0, 15, 16, 17, 32, 48, 63] {
            assert_eq!(
                cbc.open(7, KIND, &mut vec![0; length]),
                Err(OpenError::Refused)
            );
        }
    }

    /// What Lucky Thirteen measures: whether refusing takes longer for one padding than for another.
    /// The measure is the time that one more hashed block costs, which the same stopwatch sees.
    #[test]
    fn the_time_of_a_refusal_does_not_tell_the_padding() {
        const ROUNDS: usize = 2000;
        const LENGTH: usize = 512;
        let cbc = cbc();
        let class = |length, padding, holds| {
            let padded = padded(&cbc, length, padding, false, holds);
            fragment(&cbc, &padded)
        };
        let fragments = [
            class(LENGTH, 0, true),
            class(LENGTH, 60, true),
            class(LENGTH, 255, true),
            class(LENGTH, 255, false),
            class(LENGTH, 0, false),
            // Longer by one block of SM3, which anybody can see anyway.
            class(LENGTH + 64, 0, true),
        ];
        let mut times_ns = fragments.clone().map(|_| Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            // In turns, so that whatever else the machine does falls on all alike.
            for (fragment, times_ns) in fragments.iter().zip(&mut times_ns) {
                let mut fragment = fragment.clone();
                let watch = Stopwatch::start();
                let opened = cbc.open(7, KIND, &mut fragment);
                times_ns.push(watch.elapsed().as_nanos());
                assert_eq!(opened, Err(OpenError::Refused));
            }
        }
        // Interruptions only add; the quick tenth is the work itself.
        let typical_ns = times_ns.map(|mut times_ns| {
            times_ns.sort_unstable();
            times_ns[ROUNDS / 10]
        });
        let [same @ .., longer] = typical_ns;
        let (least, most) = (same.iter().min().unwrap(), same.iter().max().unwrap());
        let block_ns = longer.saturating_sub(*least);
        assert!(block_ns > 0, "the stopwatch sees a block: {typical_ns:?}");
        assert!(
            (most - least) * 2 < block_ns,
            "paddings differ by {} ns, a block costs {block_ns} ns: {typical_ns:?}",
            most - least
        );
    }

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
