//! Keys in software: in memory, or in a folder of files.
//!
//! Clauses: AN-5, JR-6.1.4.b.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hefu_gm::Zeroizing;
use hefu_gm::provider;
use hefu_gm::sm2::PrivateKey;
use hefu_tally::key::{Algorithm, PublicKey, Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

use crate::key_store::{KeyRef, KeyStore, KeyStoreError, Purpose, TlcpKeys};
use crate::protection::{Protected, Protection, read_private, write_private};

/// Keys in software, for tests, simulated phones and phones without secure hardware.
///
/// Whoever controls the process can take them. In a folder each key is one file, readable by its
/// owner alone, and sealed as the [`Protection`] says.
pub struct SoftwareKeyStore {
    keys: Mutex<BTreeMap<KeyRef, Arc<SigningKey>>>,
    folder: Option<Folder>,
}

struct Folder {
    path: PathBuf,
    secret: FolderSecret,
}

/// A [`Protection`] that is kept for later files.
enum FolderSecret {
    Passphrase(Zeroizing<String>),
    Key(Zeroizing<[u8; 32]>),
    None,
}

/// A key in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    alg: Algorithm,
    pkcs8: Protected,
}

impl SoftwareKeyStore {
    /// Keys that end with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            keys: Mutex::default(),
            folder: None,
        }
    }

    /// Keys in a folder, which is made with mode 0700 when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, protection: Protection<'_>) -> Result<Self, KeyStoreError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let secret = match protection {
            Protection::Passphrase(text) => {
                FolderSecret::Passphrase(Zeroizing::new(text.to_owned()))
            }
            Protection::Key(key) => FolderSecret::Key(Zeroizing::new(*key)),
            Protection::DangerousNone => FolderSecret::None,
        };
        Ok(Self {
            keys: Mutex::default(),
            folder: Some(Folder {
                path: folder.to_owned(),
                secret,
            }),
        })
    }

    /// Takes in a key that was made elsewhere (PKCS#8, DER), such as one from a device bundle.
    ///
    /// # Errors
    /// When it is no key of that algorithm, or the purpose does not take it.
    pub fn import(
        &self,
        key: &KeyRef,
        algorithm: Algorithm,
        pkcs8: &[u8],
    ) -> Result<(), KeyStoreError> {
        if !key.purpose().takes(algorithm) {
            return Err(KeyStoreError::Algorithm);
        }
        let secret =
            SigningKey::from_pkcs8(algorithm, pkcs8).map_err(|_| KeyStoreError::Damaged)?;
        self.keep(key, Arc::new(secret))
    }

    /// The secret as PKCS#8 (DER), for a device bundle.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn dangerous_export(
        &self,
        key: &KeyRef,
    ) -> Result<(Algorithm, Zeroizing<Vec<u8>>), KeyStoreError> {
        let secret = self.find(key)?;
        Ok((secret.algorithm(), secret.dangerous_pkcs8()))
    }

    fn keep(&self, key: &KeyRef, secret: Arc<SigningKey>) -> Result<(), KeyStoreError> {
        if let Some(folder) = &self.folder {
            folder.write(key, &secret)?;
        }
        self.keys().insert(key.clone(), secret);
        Ok(())
    }

    fn find(&self, key: &KeyRef) -> Result<Arc<SigningKey>, KeyStoreError> {
        if let Some(secret) = self.keys().get(key) {
            return Ok(Arc::clone(secret));
        }
        let folder = self.folder.as_ref().ok_or(KeyStoreError::Missing)?;
        let secret = Arc::new(folder.read(key)?);
        self.keys().insert(key.clone(), Arc::clone(&secret));
        Ok(secret)
    }

    fn private_key(&self, key: &KeyRef) -> Result<PrivateKey, KeyStoreError> {
        let secret = self.find(key)?.dangerous_pkcs8();
        PrivateKey::from_pkcs8_der(&secret).map_err(|_| KeyStoreError::Damaged)
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<KeyRef, Arc<SigningKey>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for SoftwareKeyStore {
    fn make_key(&self, purpose: Purpose, algorithm: Algorithm) -> Result<KeyRef, KeyStoreError> {
        if !purpose.takes(algorithm) {
            return Err(KeyStoreError::Algorithm);
        }
        let secret = SigningKey::make(algorithm).map_err(|_| KeyStoreError::Failed)?;
        let public = secret.public_key().map_err(|_| KeyStoreError::Failed)?;
        // Its own thumbprint tells a key apart; the prefix of a device's id says nothing here.
        let id = public.device_id().to_string();
        let name = id.strip_prefix("d-").unwrap_or(&id);
        let key = KeyRef::new(purpose, name).map_err(|_| KeyStoreError::Failed)?;
        self.keep(&key, Arc::new(secret))?;
        Ok(key)
    }

    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, KeyStoreError> {
        self.find(key)?
            .public_key()
            .map_err(|_| KeyStoreError::Failed)
    }

    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.find(key)?
            .sign(message)
            .map_err(|_| KeyStoreError::Failed)
    }

    fn tlcp_keys(&self, sign: &KeyRef, encryption: &KeyRef) -> Result<TlcpKeys, KeyStoreError> {
        let purposes = (sign.purpose(), encryption.purpose());
        if purposes != (Purpose::TlcpSign, Purpose::TlcpEncryption) {
            return Err(KeyStoreError::Algorithm);
        }
        let (sign, encryption) = (self.private_key(sign)?, self.private_key(encryption)?);
        let provider = provider::software();
        let failed = |_| KeyStoreError::Failed;
        Ok(TlcpKeys {
            signing: provider.signing_key(sign).map_err(failed)?,
            decrypting: provider.decryption_key(encryption).map_err(failed)?,
        })
    }

    fn delete_key(&self, key: &KeyRef) -> Result<(), KeyStoreError> {
        self.keys().remove(key);
        match self
            .folder
            .as_ref()
            .map(|folder| fs::remove_file(folder.file(key)))
        {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Some(Ok(()) | Err(_)) | None => Ok(()),
        }
    }
}

impl fmt::Debug for SoftwareKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.as_ref().map(|folder| &folder.path);
        f.debug_struct("SoftwareKeyStore")
            .field("folder", &folder)
            .finish_non_exhaustive()
    }
}

impl Folder {
    fn protection(&self) -> Protection<'_> {
        match &self.secret {
            FolderSecret::Passphrase(text) => Protection::Passphrase(text),
            FolderSecret::Key(key) => Protection::Key(key),
            FolderSecret::None => Protection::DangerousNone,
        }
    }

    fn file(&self, key: &KeyRef) -> PathBuf {
        self.path.join(format!("{key}.json"))
    }

    fn write(&self, key: &KeyRef, secret: &SigningKey) -> Result<(), KeyStoreError> {
        let alg = secret.algorithm();
        let file = KeyFile {
            version: 1,
            alg,
            pkcs8: Protected::new(
                self.protection(),
                &purpose(key, alg),
                &secret.dangerous_pkcs8(),
            )?,
        };
        let json = serde_json::to_vec(&file).map_err(|_| KeyStoreError::Failed)?;
        write_private(&self.file(key), &Zeroizing::new(json))?;
        Ok(())
    }

    fn read(&self, key: &KeyRef) -> Result<SigningKey, KeyStoreError> {
        let json = match read_private(&self.file(key)) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyStoreError::Missing);
            }
            Err(error) => return Err(error.into()),
        };
        let file: KeyFile = serde_json::from_slice(&json).map_err(|_| KeyStoreError::Damaged)?;
        if file.version != 1 || !key.purpose().takes(file.alg) {
            return Err(KeyStoreError::Damaged);
        }
        let pkcs8 = file
            .pkcs8
            .open(self.protection(), &purpose(key, file.alg))?;
        SigningKey::from_pkcs8(file.alg, &pkcs8).map_err(|_| KeyStoreError::Damaged)
    }
}

/// What a key file is sealed for: no other key's file, and no other algorithm, passes for it.
fn purpose(key: &KeyRef, algorithm: Algorithm) -> String {
    format!("hefu/1 key {key} {algorithm}")
}
