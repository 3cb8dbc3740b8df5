//! SM2, the elliptic-curve algorithms of GB/T 32918 on the recommended curve of GB/T 32918.5.
//!
//! | for | private | public |
//! |---|---|---|
//! | signatures | [`SigningKey`] | [`VerifyingKey`] |
//! | encryption | [`DecryptionKey`] | [`EncryptionKey`] |
//! | key agreement | [`EphemeralSecret`] | 65 bytes |
//! | key exchange with static keys | [`DecryptionKey`], [`KeyExchange`] | [`EncryptionKey`], 65 bytes |
//! | key files, no purpose yet | [`PrivateKey`] | [`PublicKey`] |
//!
//! A key has one purpose: a signature key never decrypts and an encryption key never signs, so the
//! types differ. A key file does not name the purpose; whoever loads it does, by turning
//! [`PrivateKey`] or [`PublicKey`] into a key for one purpose.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a, JR-6.1.8.b.

mod agreement;
mod der;
mod encryption;
mod exchange;
mod key;
mod key_stream;
mod signature;

pub use agreement::{AgreeError, EphemeralSecret, SharedSecret, agree};
pub use encryption::{DecryptError, DecryptionKey, EncryptError, EncryptionKey};
pub use exchange::{ExchangeError, ExchangePeer, ExchangeRole, ExchangedKey, KeyExchange};
pub use key::{EncryptedKeyError, KeyError, PrivateKey, PublicKey};
pub use signature::{SignError, Signature, SignatureError, SigningKey, VerifyError, VerifyingKey};

/// The distinguishing identifier where both sides agreed on no other (GB/T 35276).
pub const DEFAULT_ID: &[u8] = b"1234567812345678";

/// Longest distinguishing identifier in bytes: GB/T 32918.2 gives its length in bits in 16 bits, so
/// a longer one would have to be cut, and two signers could share one identity digest.
pub const ID_BYTES_MAX: usize = (u16::MAX / 8) as usize;

/// Length of a private key in bytes: a big-endian scalar.
pub const PRIVATE_KEY_BYTES: usize = 32;

/// Length of a public key in bytes: `0x04`, x and y. Compressed and hybrid points are refused, so
/// that one key has one encoding.
pub const PUBLIC_KEY_BYTES: usize = 65;

/// Length of a raw signature in bytes: r, then s.
pub const SIGNATURE_BYTES: usize = 64;

/// Longest DER signature in bytes; a longer one is refused before it is parsed.
pub const SIGNATURE_DER_BYTES_MAX: usize = 72;

/// Longest plaintext in bytes: 64 KiB. SM2 encrypts keys and short fields; the limit stops a
/// stranger from having the slow key stream of SM2 run over a whole body.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024;

/// What a raw ciphertext is longer than its plaintext: C1 (65 bytes) and C3 (32 bytes).
pub const CIPHERTEXT_OVERHEAD_BYTES: usize = PUBLIC_KEY_BYTES + 32;

/// Longest key in bytes that one key exchange gives: 1 KiB, far above what a protocol asks for. The
/// limit keeps a length that a stranger named from costing more than the exchange itself.
pub const EXCHANGED_KEY_BYTES_MAX: usize = 1024;

/// Longest key file in bytes: 16 KiB. A real one is under 1 KiB; the limit stops a wrong or hostile
/// file from being read into memory and parsed.
pub const KEY_FILE_BYTES_MAX: usize = 16 * 1024;
