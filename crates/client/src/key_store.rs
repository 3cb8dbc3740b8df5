//! Where the device's two keys live: one that signs requests, one that opens channels.
//!
//! A store makes keys, signs with them and deletes them; it never gives one out. What asks for a
//! signature knows a name only, and the name says what the key is for: a channel key signs no
//! request and a signature key opens no channel.
//!
//! Clauses: AN-5, JR-6.1.4.c.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use hefu_gm::provider::{DecryptSm2, SignSm2};
use hefu_tally::key::{Algorithm, PublicKey, SignFailed, Signer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name of a key, in characters.
pub const KEY_NAME_CHARS_MAX: usize = 64;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Signs requests. Its public half is the device's identity.
    Signature,
    /// Proves the device when a TLS channel is opened. Always `ecdsa-p256-sha256`.
    Channel,
    /// Proves the device when a TLCP channel is opened. Always SM2.
    TlcpSign,
    /// Decrypts and agrees on keys when a TLCP channel is opened. Always SM2.
    TlcpEncryption,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [
        Self::Signature,
        Self::Channel,
        Self::TlcpSign,
        Self::TlcpEncryption,
    ];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Signature => "signature-",
            Self::Channel => "channel-",
            Self::TlcpSign => "tlcp-sign-",
            Self::TlcpEncryption => "tlcp-enc-",
        }
    }

    /// Whether a key of `algorithm` can serve it.
    #[must_use]
    pub const fn takes(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Signature => !matches!(algorithm, Algorithm::HmacSm3),
            Self::Channel => matches!(algorithm, Algorithm::EcdsaP256Sha256),
            Self::TlcpSign | Self::TlcpEncryption => matches!(algorithm, Algorithm::Sm2Sm3),
        }
    }
}

/// The name of a key in its store: `signature-…`, `channel-…`, `tlcp-sign-…` or `tlcp-enc-…`. It is no secret, and safe as the
/// name of a file or of an entry in a phone's key store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef {
    purpose: Purpose,
    text: String,
}

/// A text is no name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is called signature-…, channel-…, tlcp-sign-… or tlcp-enc-… and 1 to {KEY_NAME_CHARS_MAX} of A-Z a-z 0-9 _ -"
)]
pub struct InvalidKeyRef;

impl KeyRef {
    /// The name of a key for `purpose`; `name` is what the store tells its keys apart by.
    ///
    /// # Errors
    /// Unless `name` has 1 to 64 characters of `A–Z a–z 0–9 _ -`.
    pub fn new(purpose: Purpose, name: &str) -> Result<Self, InvalidKeyRef> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=KEY_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed) {
            let text = format!("{}{name}", purpose.prefix());
            Ok(Self { purpose, text })
        } else {
            Err(InvalidKeyRef)
        }
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for KeyRef {
    type Err = InvalidKeyRef;

    fn from_str(text: &str) -> Result<Self, InvalidKeyRef> {
        Purpose::ALL
            .into_iter()
            .find_map(|purpose| {
                let name = text.strip_prefix(purpose.prefix())?;
                Some(Self::new(purpose, name))
            })
            .unwrap_or(Err(InvalidKeyRef))
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for KeyRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for KeyRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a key store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// There is no such key. The device has to be enrolled again.
    #[error("the key store has no such key")]
    Missing,
    /// The store, or the purpose, does not take keys of that algorithm.
    #[error("the key store makes no key of that algorithm for that purpose")]
    Algorithm,
    /// The user has to unlock the key first (fingerprint, face, screen lock).
    #[error("the key is locked; the user has to unlock it")]
    Locked,
    /// The key is there but cannot be read: another passphrase, or an altered file.
    #[error("the key cannot be read: wrong passphrase or key, or an altered file")]
    Damaged,
    /// No key could be made, or the store refused to sign.
    #[error("the key store failed")]
    Failed,
    /// Its storage failed.
    #[error("the key store's storage failed: {0}")]
    Storage(#[from] io::Error),
    /// What the phone's own key store says.
    #[error("the phone's key store failed: {0}")]
    Phone(Box<dyn std::error::Error + Send + Sync>),
}

/// Handles of a device's keys for TLCP.
#[derive(Clone, Debug)]
pub struct TlcpKeys {
    /// Signs handshakes.
    pub signing: Arc<dyn SignSm2>,
    /// Decrypts and agrees on keys.
    pub decrypting: Arc<dyn DecryptSm2>,
}

/// Makes and keeps the device's keys, and signs with them.
///
/// An implementation on a phone's secure hardware has a handle behind each [`KeyRef`].
/// [`SoftwareKeyStore`](crate::SoftwareKeyStore) is for tests, simulated phones and phones without.
/// The calls may block for as long as the hardware takes; nothing else of the same task runs then.
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// Makes a new key; those that are there stay.
    ///
    /// # Errors
    /// [`KeyStoreError::Algorithm`] when it does not make such keys (see [`Purpose::takes`]).
    fn make_key(&self, purpose: Purpose, algorithm: Algorithm) -> Result<KeyRef, KeyStoreError>;

    /// The public half of a key.
    ///
    /// # Errors
    /// [`KeyStoreError::Missing`] when there is no such key.
    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, KeyStoreError>;

    /// Signs a message of any length: 64 bytes, `r‖s` or an Ed25519 signature. Hashing, and for SM2
    /// the identity `1234567812345678`, belong to the algorithm and so to the store.
    ///
    /// # Errors
    /// When there is no such key, or it is locked.
    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Vec<u8>, KeyStoreError>;

    /// Handles of a TLCP pair: of the key that signs, and of the one that decrypts. The keys stay
    /// where they are. A store without SM2 has no such keys, and the device then speaks TLS only.
    ///
    /// # Errors
    /// [`KeyStoreError::Algorithm`] from a store that has no such keys.
    fn tlcp_keys(&self, sign: &KeyRef, encryption: &KeyRef) -> Result<TlcpKeys, KeyStoreError> {
        let _ = (sign, encryption);
        Err(KeyStoreError::Algorithm)
    }

    /// Deletes a key. One that is not there is deleted already.
    ///
    /// # Errors
    /// When the storage fails.
    fn delete_key(&self, key: &KeyRef) -> Result<(), KeyStoreError>;
}

/// A key of a store, as the wire contract's signer. The store's own reason for a failure is kept for
/// whoever asked.
#[derive(Debug)]
pub(crate) struct StoredKey {
    store: Arc<dyn KeyStore>,
    key: KeyRef,
    algorithm: Algorithm,
    failure: Mutex<Option<KeyStoreError>>,
}

impl StoredKey {
    pub(crate) fn new(store: Arc<dyn KeyStore>, key: KeyRef, algorithm: Algorithm) -> Self {
        Self {
            store,
            key,
            algorithm,
            failure: Mutex::new(None),
        }
    }

    pub(crate) fn take_failure(&self) -> Option<KeyStoreError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Signer for StoredKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.store.sign(&self.key, message).map_err(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            SignFailed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_its_key_is_for_and_is_safe_as_a_file_name() {
        let key = KeyRef::new(Purpose::Channel, "Ab_-9").unwrap();
        assert_eq!(key.as_str(), "channel-Ab_-9");
        assert_eq!("channel-Ab_-9".parse(), Ok(key));
        for wrong in [
            "",
            "channel-",
            "other-a",
            "signature-../x",
            "signature-a/b",
            "signature-a.b",
            &format!("signature-{}", "a".repeat(KEY_NAME_CHARS_MAX + 1)),
        ] {
            assert_eq!(wrong.parse::<KeyRef>(), Err(InvalidKeyRef), "{wrong}");
        }
    }
}
