//! HMAC-SM3 (GB/T 15852.2, the construction of RFC 2104): the cheap proof of an ordinary request.
//!
//! Clauses: CJ-4.2.2.a, CJ-4.2.2.b, JR-6.1.4.a.

mod hidden_length;

use ::hmac::{Hmac, KeyInit, Mac};
use core::fmt;
use hidden_length::BlockStates;
use subtle::ConstantTimeEq;

/// Length of a full tag in bytes; shorter tags are never accepted.
pub const TAG_BYTES: usize = 32;

/// An HMAC-SM3 key in its expanded form.
///
/// The two states after the key's inner and outer block are computed once in [`HmacSm3::new`]. A
/// tag then starts from copies of them, so that a request does not pay for the key again. The
/// states are erased when the key is dropped.
///
/// ```
/// use hefu_gm::hmac::HmacSm3;
///
/// let key = HmacSm3::new(b"a session key from the agreement");
/// let tag = key.mac(&[b"first part, ", b"second part"]);
/// assert!(key.verify(&[b"first part, second part"], &tag));
/// assert!(!key.verify(&[b"another message"], &tag));
/// ```
#[derive(Clone)]
pub struct HmacSm3 {
    mac: Hmac<::sm3::Sm3>,
    blocks: BlockStates,
}

impl HmacSm3 {
    /// Expands `key`, of any length; longer than 64 bytes is hashed first, as HMAC defines it.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "HMAC is defined for keys of every length"
    )]
    pub fn new(key: &[u8]) -> Self {
        Self {
            mac: Hmac::new_from_slice(key).expect("HMAC takes a key of any length"),
            blocks: BlockStates::new(key),
        }
    }

    /// The tag of the concatenation of `parts`.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let mut state = self.mac.clone();
        for part in parts {
            state.update(part);
        }
        state.finalize().into_bytes().into()
    }

    /// Whether `tag` is the full tag of `parts`, in time that does not depend on where they differ.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.mac(parts).as_slice().ct_eq(tag).into()
    }

    /// The tag of `head` and the first `body_bytes` of `body`, in time and memory accesses that
    /// depend on the lengths of `head` and `body` and on `body_bytes_min`, and not on `body_bytes`.
    ///
    /// For protocols that authenticate first and then pad and encrypt, where the length of the
    /// authenticated text is as secret as the padding. The closer the public lower bound
    /// `body_bytes_min` is to the end of `body`, the cheaper. Outside of
    /// `body_bytes_min..=body.len()` the tag is that of no text.
    #[must_use]
    pub fn mac_hiding_length(
        &self,
        head: &[u8],
        body: &[u8],
        body_bytes: usize,
        body_bytes_min: usize,
    ) -> [u8; TAG_BYTES] {
        self.blocks.mac(head, body, body_bytes, body_bytes_min)
    }
}

impl fmt::Debug for HmacSm3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSm3(redacted)")
    }
}
