//! Secrets at rest: sealed under the master key, opened only into types that do not print.
//!
//! A sealed secret reads `sealed:1:<base64url>`: an SM4-GCM nonce and ciphertext under a key that is
//! derived from the master key for one purpose, so that a sealed password cannot be put where a
//! sealed key file belongs.
//!
//! Clauses: JR-6.1.4.b, JR-6.2.3.b.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::{self, RngError, SystemRng};
use hefu_gm::sm4::{self, gcm};
use hefu_gm::{Zeroizing, hkdf};
use zeroize::ZeroizeOnDrop;

use crate::files::{self, FileError};

const PREFIX: &str = "sealed:1:";

/// Longest sealed text that is opened: 64 KiB. A configuration is written by its operator, but a
/// mistaken file should be refused, not decoded.
const SEALED_BYTES_MAX: usize = 64 * 1024;

/// What a sealed text is for; each has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A value in the configuration.
    Configuration,
    /// A private key's file.
    KeyFile,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::Configuration => b"hefu/1 sealed configuration",
            Self::KeyFile => b"hefu/1 sealed key file",
        }
    }
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The master key's file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The master key's file holds something else.
    #[error(
        "{path} is not a master key: it holds 64 hexadecimal digits and nothing else. `hefu init` makes one"
    )]
    MasterKey {
        /// The file.
        path: PathBuf,
    },
    /// Not of the form `sealed:1:…`.
    #[error("the value is not sealed; `hefu keys seal` turns a value into a sealed one")]
    NotSealed,
    /// Altered, sealed for another purpose, or under another master key.
    #[error(
        "the sealed value does not open under this master key; seal it again with `hefu keys seal`"
    )]
    Refused,
    /// Longer than a sealed value may be.
    #[error("the value is longer than {SEALED_BYTES_MAX} bytes")]
    TooLong,
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
}

/// The key under which everything else at rest is sealed: 32 bytes in a file that only the gateway's
/// account may read, best on another volume than the data.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn make() -> Result<Self, RngError> {
        let mut bytes = [0; 32];
        rng::fill(&mut SystemRng, &mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the key's file.
    ///
    /// # Errors
    /// When it cannot be read, may be read by others, or holds anything but 64 hexadecimal digits.
    pub fn load(path: &Path) -> Result<Self, SecretError> {
        let text = files::read_private(path)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim_end(), &mut bytes).map_err(|_| SecretError::MasterKey {
            path: path.to_owned(),
        })?;
        Ok(Self(bytes))
    }

    /// Writes the key into a new file that only its owner may read.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SecretError> {
        let text = Zeroizing::new(hex::encode(self.0) + "\n");
        Ok(files::write_private_new(path, text.as_bytes())?)
    }

    /// Seals a text.
    ///
    /// # Errors
    /// When it is too long, or the system gives no randomness.
    pub fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<String, SecretError> {
        let mut nonce = [0; gcm::NONCE_BYTES];
        rng::fill(&mut SystemRng, &mut nonce)?;
        let sealed = gcm::seal(&self.cipher(purpose)?, &nonce, purpose.info(), plain)
            .map_err(|_| SecretError::TooLong)?;
        let text = format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
        );
        if text.len() > SEALED_BYTES_MAX {
            Err(SecretError::TooLong)
        } else {
            Ok(text)
        }
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// When it is not one, or was not sealed under this key for this purpose.
    pub fn open(&self, purpose: Purpose, text: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let encoded = text
            .trim_end()
            .strip_prefix(PREFIX)
            .ok_or(SecretError::NotSealed)?;
        if text.len() > SEALED_BYTES_MAX {
            return Err(SecretError::TooLong);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| SecretError::Refused)?;
        let (nonce, sealed) = bytes
            .split_first_chunk::<{ gcm::NONCE_BYTES }>()
            .ok_or(SecretError::Refused)?;
        gcm::open(&self.cipher(purpose)?, nonce, purpose.info(), sealed)
            .map_err(|_| SecretError::Refused)
    }

    /// Bytes for one purpose of the running program, for example the key under which the
    /// store seals session keys.
    ///
    /// # Errors
    /// Never for purposes of ordinary length.
    pub fn derive<const BYTES: usize>(
        &self,
        info: &[u8],
    ) -> Result<Zeroizing<[u8; BYTES]>, SecretError> {
        let mut key = Zeroizing::new([0; BYTES]);
        hkdf::derive(&self.0, b"hefu/1 master", info, key.as_mut_slice())
            .map_err(|_| SecretError::TooLong)?;
        Ok(key)
    }

    fn cipher(&self, purpose: Purpose) -> Result<sm4::Cipher, SecretError> {
        Ok(sm4::Cipher::new(&sm4::Key::from(
            *self.derive(purpose.info())?,
        )))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_under_its_key_only() {
        let key = MasterKey::make().unwrap();
        let sealed = key.seal(Purpose::Configuration, b"s3cret").unwrap();
        assert!(sealed.starts_with("sealed:1:"));
        assert_eq!(
            *key.open(Purpose::Configuration, &sealed).unwrap(),
            b"s3cret"
        );

        let other = MasterKey::make().unwrap();
        assert!(matches!(
            key.open(Purpose::KeyFile, &sealed),
            Err(SecretError::Refused)
        ));
        assert!(matches!(
            other.open(Purpose::Configuration, &sealed),
            Err(SecretError::Refused)
        ));
        assert!(matches!(
            key.open(Purpose::Configuration, "s3cret"),
            Err(SecretError::NotSealed)
        ));
        for at in PREFIX.len()..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            if altered != sealed {
                assert!(
                    key.open(Purpose::Configuration, &altered).is_err(),
                    "byte {at}"
                );
            }
        }
    }

    #[test]
    fn one_value_is_never_sealed_alike_twice() {
        let key = MasterKey::make().unwrap();
        let seal = || key.seal(Purpose::Configuration, b"s3cret").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_master_key_survives_its_file_and_does_not_print() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let key = MasterKey::make().unwrap();
        key.save(&path).unwrap();
        let sealed = key.seal(Purpose::KeyFile, b"k").unwrap();
        assert_eq!(
            *MasterKey::load(&path)
                .unwrap()
                .open(Purpose::KeyFile, &sealed)
                .unwrap(),
            b"k"
        );
        assert!(
            key.save(&path).is_err(),
            "an existing key is never overwritten"
        );
        assert_eq!(format!("{key:?}"), "MasterKey(redacted)");

        std::fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            MasterKey::load(&path),
            Err(SecretError::MasterKey { .. })
        ));
    }
}
