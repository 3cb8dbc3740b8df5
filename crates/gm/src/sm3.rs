//! SM3, the hash of GB/T 32905-2016: any number of bytes to 32.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a.

use ::sm3::Digest;

/// Length of a digest in bytes.
pub const DIGEST_BYTES: usize = 32;

/// The digest of the concatenation of `parts`.
///
/// ```
/// use hefu_gm::sm3;
///
/// assert_eq!(sm3::digest(&[b"ab", b"c"]), sm3::digest(&[b"abc"]));
/// ```
#[must_use]
pub fn digest(parts: &[&[u8]]) -> [u8; DIGEST_BYTES] {
    let mut sm3 = Sm3::new();
    for part in parts {
        sm3.update(part);
    }
    sm3.finalize()
}

/// SM3 over bytes that come piece by piece. Its state is erased when it is dropped.
#[derive(Clone, Debug, Default)]
pub struct Sm3(::sm3::Sm3);

impl Sm3 {
    /// The state before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the message.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Ends the message and gives its digest.
    #[must_use]
    pub fn finalize(self) -> [u8; DIGEST_BYTES] {
        self.0.finalize().into()
    }
}
