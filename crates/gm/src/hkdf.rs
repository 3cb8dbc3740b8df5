//! HKDF-SM3: RFC 5869 over HMAC-SM3, from one agreed secret to keys with one purpose each.
//!
//! Clauses: CJ-4.2.2.b.

use ::hkdf::Hkdf;

/// Longest output in bytes: RFC 5869 numbers the blocks with one byte.
pub const OUTPUT_BYTES_MAX: usize = 255 * 32;

/// More was asked for than [`OUTPUT_BYTES_MAX`]: a mistake of the caller, never of a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("HKDF-SM3 gives at most {OUTPUT_BYTES_MAX} bytes")]
pub struct OutputTooLong;

/// Fills `out` from the secret `ikm`, separated by `salt` and by the purpose `info`.
///
/// ```
/// use hefu_gm::hkdf;
///
/// let mut key = [0; 32];
/// hkdf::derive(b"shared secret", b"salt", b"hefu session mac", &mut key)?;
/// # Ok::<(), hkdf::OutputTooLong>(())
/// ```
///
/// # Errors
/// [`OutputTooLong`] when `out` is longer than [`OUTPUT_BYTES_MAX`].
pub fn derive(ikm: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), OutputTooLong> {
    Hkdf::<::sm3::Sm3>::new(Some(salt), ikm)
        .expand(info, out)
        .map_err(|_| OutputTooLong)
}
