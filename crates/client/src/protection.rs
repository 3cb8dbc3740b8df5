//! Files with secrets: sealed by SM4-GCM under a passphrase or a key, readable by their owner alone.
//!
//! Clauses: JR-6.1.4.b.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::{self, SystemRng};
use hefu_gm::sm4::{self, gcm};
use hefu_gm::{Zeroizing, hkdf};
use serde::{Deserialize, Serialize};

use crate::key_store::KeyStoreError;

/// Longest file that is read, in bytes. Stops: a wrong path, such as a log or a device.
pub(crate) const FILE_BYTES_MAX: u64 = 256 * 1024;

const SALT_BYTES: usize = 16;
/// What is derived from a passphrase costs 19 MiB and two passes, OWASP's first choice for Argon2id.
/// The numbers belong to version 1 of the files, so that a file cannot ask for more.
const ARGON2_KIB: u32 = 19 * 1024;
const ARGON2_PASSES: u32 = 2;

/// What protects secrets in a file.
#[derive(Clone, Copy)]
pub enum Protection<'secret> {
    /// A passphrase, through Argon2id.
    Passphrase(&'secret str),
    /// A key of 32 random bytes, such as one that the phone's key store keeps.
    Key(&'secret [u8; 32]),
    /// Nothing but the file's mode 0600: for tests and demonstrations.
    DangerousNone,
}

impl fmt::Debug for Protection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase(redacted)",
            Self::Key(_) => "Key(redacted)",
            Self::DangerousNone => "DangerousNone",
        })
    }
}

/// A secret in a file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Protected {
    /// base64url of the secret.
    Plain(Zeroizing<String>),
    /// Sealed.
    Sealed(Sealed),
}

/// A sealed secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    /// How the key is derived.
    kdf: Kdf,
    salt: String,
    nonce: String,
    /// Ciphertext and tag.
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kdf {
    /// From a passphrase: Argon2id, 19 MiB, 2 passes, 1 lane; then HKDF-SM3.
    #[serde(rename = "argon2id-19m-2")]
    Argon2id,
    /// From a key: HKDF-SM3.
    #[serde(rename = "hkdf-sm3")]
    Hkdf,
}

impl Protected {
    /// Seals `secret`. `purpose` names what it is, so that no file passes for another.
    pub(crate) fn new(
        protection: Protection<'_>,
        purpose: &str,
        secret: &[u8],
    ) -> Result<Self, KeyStoreError> {
        let Some(kdf) = protection.kdf() else {
            return Ok(Self::Plain(Zeroizing::new(URL_SAFE_NO_PAD.encode(secret))));
        };
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; gcm::NONCE_BYTES]);
        for out in [&mut salt[..], &mut nonce[..]] {
            rng::fill(&mut SystemRng, out).map_err(|_| KeyStoreError::Failed)?;
        }
        let cipher = protection.cipher(&salt)?;
        let text = gcm::seal(&cipher, &nonce, purpose.as_bytes(), secret)
            .map_err(|_| KeyStoreError::Failed)?;
        Ok(Self::Sealed(Sealed {
            kdf,
            salt: URL_SAFE_NO_PAD.encode(salt),
            nonce: URL_SAFE_NO_PAD.encode(nonce),
            text: URL_SAFE_NO_PAD.encode(text),
        }))
    }

    /// Opens what [`new`](Self::new) made for the same purpose under the same protection. A plain
    /// secret is refused where a sealed one is expected: who can write the file must not choose.
    pub(crate) fn open(
        &self,
        protection: Protection<'_>,
        purpose: &str,
    ) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        match (self, protection.kdf()) {
            (Self::Plain(text), None) => decode(text).map(Zeroizing::new),
            (Self::Sealed(sealed), Some(kdf)) if sealed.kdf == kdf => {
                let salt = decode(&sealed.salt)?;
                let nonce: [u8; gcm::NONCE_BYTES] = decode(&sealed.nonce)?
                    .try_into()
                    .map_err(|_| KeyStoreError::Damaged)?;
                if salt.len() != SALT_BYTES {
                    return Err(KeyStoreError::Damaged);
                }
                let cipher = protection.cipher(&salt)?;
                gcm::open(&cipher, &nonce, purpose.as_bytes(), &decode(&sealed.text)?)
                    .map_err(|_| KeyStoreError::Damaged)
            }
            (Self::Plain(_) | Self::Sealed(_), _) => Err(KeyStoreError::Damaged),
        }
    }
}

impl Protection<'_> {
    const fn kdf(self) -> Option<Kdf> {
        match self {
            Self::Passphrase(_) => Some(Kdf::Argon2id),
            Self::Key(_) => Some(Kdf::Hkdf),
            Self::DangerousNone => None,
        }
    }

    fn cipher(self, salt: &[u8]) -> Result<sm4::Cipher, KeyStoreError> {
        let mut secret = Zeroizing::new([0; 32]);
        match self {
            Self::Passphrase(passphrase) => {
                let params = Params::new(ARGON2_KIB, ARGON2_PASSES, 1, Some(32))
                    .map_err(|_| KeyStoreError::Failed)?;
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(passphrase.as_bytes(), salt, secret.as_mut_slice())
                    .map_err(|_| KeyStoreError::Failed)?;
            }
            Self::Key(key) => secret.copy_from_slice(key),
            Self::DangerousNone => return Err(KeyStoreError::Failed),
        }
        let mut key = Zeroizing::new([0; sm4::KEY_BYTES]);
        hkdf::derive(
            secret.as_slice(),
            salt,
            b"hefu/1 file sm4-gcm",
            key.as_mut_slice(),
        )
        .map_err(|_| KeyStoreError::Failed)?;
        Ok(sm4::Cipher::new(&sm4::Key::from(*key)))
    }
}

fn decode(text: &str) -> Result<Vec<u8>, KeyStoreError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| KeyStoreError::Damaged)
}

/// Writes a file that its owner alone can read (mode 0600), whole or not at all: a crash in the
/// middle leaves the old file.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    // What a crash left behind may have another mode, or be a link.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// Reads a file of at most [`FILE_BYTES_MAX`].
pub(crate) fn read_private(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        Ok(bytes)
    } else {
        Err(io::Error::from(io::ErrorKind::FileTooLarge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Protection<'static> = Protection::Key(&[7; 32]);

    fn json(protected: &Protected) -> serde_json::Value {
        serde_json::to_value(protected).unwrap()
    }

    #[test]
    fn a_secret_opens_under_its_own_protection_and_purpose_only() {
        let passphrase = Protection::Passphrase("correct horse");
        for protection in [passphrase, KEY, Protection::DangerousNone] {
            let kept = Protected::new(protection, "key a", b"secret").unwrap();
            assert_eq!(*kept.open(protection, "key a").unwrap(), b"secret");
            let others = [
                Protection::Passphrase("wrong horse"),
                Protection::Key(&[8; 32]),
                Protection::DangerousNone,
            ];
            for other in others {
                let same = json(&kept).get("plain").is_some() && other.kdf().is_none();
                assert_eq!(kept.open(other, "key a").is_ok(), same, "{other:?}");
            }
        }
        let kept = Protected::new(KEY, "key a", b"secret").unwrap();
        assert!(kept.open(KEY, "key b").is_err());
    }

    #[test]
    fn an_altered_file_does_not_open() {
        let kept = json(&Protected::new(KEY, "key", b"secret").unwrap());
        for field in ["salt", "nonce", "text"] {
            for altered in ["AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA", "", "="] {
                let mut file = kept.clone();
                file["sealed"][field] = altered.into();
                let file: Protected = serde_json::from_value(file).unwrap();
                assert!(file.open(KEY, "key").is_err(), "{field} {altered}");
            }
        }
        let honest: Protected = serde_json::from_value(kept).unwrap();
        assert!(honest.open(KEY, "key").is_ok());
    }

    #[test]
    fn a_file_is_its_owners_and_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_private(&path, b"one").unwrap();
        write_private(&path, b"two").unwrap();
        assert_eq!(*read_private(&path).unwrap(), b"two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let long = vec![b' '; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
        write_private(&path, &long).unwrap();
        let error = read_private(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
