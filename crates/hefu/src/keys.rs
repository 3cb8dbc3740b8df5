//! The gateway's keys in the data folder: each private one sealed under the master key.
//!
//! | file | what |
//! |---|---|
//! | `keys/ca.pem` | the certificate of the authority for devices and the gateway itself |
//! | `keys/ca.key` | its key, sealed |
//! | `keys/tlcp-ca.pem` | the certificate of the SM2 authority for TLCP |
//! | `keys/tlcp-ca.key` | its key, sealed |
//! | `keys/signing.key` | signs responses; SM2, sealed |
//! | `keys/encryption.key` | opens sealed fields; SM2, sealed |
//! | `trust.json` | what the app ships |
//!
//! Clauses: JR-6.1.4.b, JR-6.2.3.b.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hefu_gm::Zeroizing;
use hefu_gm::provider::{self, ModuleError};
use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::sm2::{DecryptionKey, PrivateKey};
use hefu_gm::x509::{self, Certificate, Name, Validity, ValidityError};
use hefu_identity::StoreKey;
use hefu_identity::authority::{Authority, AuthorityError};
use hefu_identity::tlcp::TlcpAuthority;
use hefu_tally::clock::Timestamp;
use hefu_tally::key::{Algorithm, KeyError, SigningKey};
use hefu_tally::trust::TrustFile;

use crate::files::{self, FileError};
use crate::secret::{MasterKey, Purpose, SecretError};

/// How long the authority's certificate holds: ten years. Devices' are renewed long before.
const AUTHORITY_DAYS: u32 = 3_650;
const DAY_S: i64 = 86_400;
/// The authority for TLCP begins so much before it is made, in seconds: clocks differ.
const BACKDATED_S: i64 = 300;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A sealed key does not open, or cannot be sealed.
    #[error("{path}: {source}")]
    Sealed {
        /// The key's file.
        path: PathBuf,
        /// Why.
        source: SecretError,
    },
    /// A key file opens, and holds no key.
    #[error(
        "{path} holds no usable key; restore it from a backup, or start anew with `hefu init` in an empty folder"
    )]
    NoKey {
        /// The key's file.
        path: PathBuf,
    },
    /// The authority.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A signing key could not be made.
    #[error(transparent)]
    Signing(#[from] KeyError),
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The master key.
    #[error(transparent)]
    Master(#[from] SecretError),
    /// The authority for TLCP was not made.
    #[error("the SM2 authority cannot be made: {0}")]
    Tlcp(#[from] x509::IssueError),
    /// The clock says a date that no certificate can have.
    #[error("the SM2 authority cannot be made: {0}")]
    Dates(#[from] ValidityError),
    /// The cryptographic module.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

/// All keys of a gateway.
#[derive(Debug)]
pub struct Keys {
    /// Issues certificates, for TLCP too where it has an SM2 authority beside it.
    pub authority: Arc<Authority>,
    /// The key of the SM2 authority; none in a data folder from before there was TLCP.
    tlcp_key: Option<PrivateKey>,
    /// Signs responses.
    pub signing: Arc<SigningKey>,
    /// Opens sealed fields.
    pub encryption: DecryptionKey,
    /// Under which secrets lie in the store.
    pub store: StoreKey,
}

impl Keys {
    /// Makes new keys.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(master: &MasterKey, now: Timestamp) -> Result<Self, KeysError> {
        let tlcp_key = PrivateKey::make(&mut SystemRng)?;
        let authority = Authority::make("Hefu", AUTHORITY_DAYS, now, &mut SystemRng)?
            .with_tlcp(make_tlcp_authority(&tlcp_key, now)?);
        Ok(Self {
            authority: Arc::new(authority),
            tlcp_key: Some(tlcp_key),
            signing: Arc::new(SigningKey::make(Algorithm::Sm2Sm3)?),
            encryption: DecryptionKey::make(&mut SystemRng)?,
            store: store_key(master)?,
        })
    }

    /// Writes the keys into a data folder that has none.
    ///
    /// # Errors
    /// When a file exists or cannot be written.
    pub fn save(&self, folder: &Path, master: &MasterKey) -> Result<(), KeysError> {
        let keys = folder.join("keys");
        files::make_private_folder(&keys)?;
        files::write_new(
            &keys.join("ca.pem"),
            self.authority.certificate_pem().as_bytes(),
        )?;
        if let Some(tlcp) = self.authority.tlcp() {
            let pem = tlcp.certificate().to_pem();
            files::write_new(&keys.join("tlcp-ca.pem"), pem.as_bytes())?;
        }
        let encryption = self.encryption.dangerous_private_key().to_pkcs8_der();
        let tlcp = self.tlcp_key.as_ref().map(PrivateKey::to_pkcs8_der);
        let tlcp = tlcp.as_ref().map(|key| ("tlcp-ca.key", key.as_slice()));
        for (name, secret) in [
            ("ca.key", self.authority.dangerous_key_pem().as_bytes()),
            ("signing.key", self.signing.dangerous_pkcs8().as_slice()),
            ("encryption.key", encryption.as_slice()),
        ]
        .into_iter()
        .chain(tlcp)
        {
            let path = keys.join(name);
            let sealed =
                master
                    .seal(Purpose::KeyFile, secret)
                    .map_err(|source| KeysError::Sealed {
                        path: path.clone(),
                        source,
                    })?;
            files::write_private_new(&path, format!("{sealed}\n").as_bytes())?;
        }
        Ok(())
    }

    /// Reads the keys of a data folder.
    ///
    /// # Errors
    /// When one is missing, does not open under the master key, or is no key.
    pub fn load(folder: &Path, master: &MasterKey) -> Result<Self, KeysError> {
        let keys = folder.join("keys");
        let authority_key = open(&keys.join("ca.key"), master)?;
        let no_key = |name: &str| KeysError::NoKey {
            path: keys.join(name),
        };
        let authority_key = std::str::from_utf8(&authority_key).map_err(|_| no_key("ca.key"))?;
        let certificate = files::read(&keys.join("ca.pem"))?;
        let signing = open(&keys.join("signing.key"), master)?;
        let encryption = open(&keys.join("encryption.key"), master)?;
        let encryption =
            PrivateKey::from_pkcs8_der(&encryption).map_err(|_| no_key("encryption.key"))?;
        let mut authority = Authority::from_pem(&certificate, authority_key)?;
        let mut tlcp_key = None;
        if keys.join("tlcp-ca.pem").exists() {
            let der = open(&keys.join("tlcp-ca.key"), master)?;
            let key = PrivateKey::from_pkcs8_der(&der).map_err(|_| no_key("tlcp-ca.key"))?;
            let pem = files::read(&keys.join("tlcp-ca.pem"))?;
            let tlcp = read_tlcp_authority(&pem, &key).ok_or_else(|| no_key("tlcp-ca.pem"))?;
            authority = authority.with_tlcp(tlcp);
            tlcp_key = Some(key);
        }
        Ok(Self {
            authority: Arc::new(authority),
            tlcp_key,
            signing: Arc::new(
                SigningKey::from_pkcs8(Algorithm::Sm2Sm3, &signing)
                    .map_err(|_| no_key("signing.key"))?,
            ),
            encryption: encryption.into(),
            store: store_key(master)?,
        })
    }

    /// What the app ships.
    ///
    /// # Errors
    /// When the signing key has no usable public half.
    pub fn trust(&self, origin: &str) -> Result<TrustFile, KeysError> {
        let trust = TrustFile::new(
            origin.to_owned(),
            self.authority.certificate_pem().to_owned(),
            self.signing.public_key()?,
            *self.encryption.encryption_key(),
        );
        Ok(match self.authority.tlcp() {
            Some(tlcp) => trust.with_tlcp(tlcp.certificate().to_pem()),
            None => trust,
        })
    }
}

fn make_tlcp_authority(key: &PrivateKey, now: Timestamp) -> Result<TlcpAuthority, KeysError> {
    let provider = provider::software();
    let days = i64::from(AUTHORITY_DAYS);
    let validity = Validity::new(now.secs() - BACKDATED_S, now.secs() + days * DAY_S)?;
    let name = Name::parse("CN=Hefu SM2,O=Hefu").map_err(|_| x509::IssueError::Name)?;
    let handle = provider.signing_key(key.clone())?;
    let authority = x509::Authority::make_root(handle, &name, validity, 0, &mut SystemRng)?;
    Ok(TlcpAuthority::new(authority, provider))
}

fn read_tlcp_authority(certificate_pem: &str, key: &PrivateKey) -> Option<TlcpAuthority> {
    let provider = provider::software();
    let certificate = Certificate::from_pem(certificate_pem).ok()?;
    let handle = provider.signing_key(key.clone()).ok()?;
    let authority = x509::Authority::new(certificate, handle).ok()?;
    Some(TlcpAuthority::new(authority, provider))
}

fn open(path: &Path, master: &MasterKey) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let sealed = files::read_private(path)?;
    master
        .open(Purpose::KeyFile, &sealed)
        .map_err(|source| KeysError::Sealed {
            path: path.to_owned(),
            source,
        })
}

fn store_key(master: &MasterKey) -> Result<StoreKey, KeysError> {
    Ok(StoreKey::from_bytes(master.derive(b"hefu/1 store key")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_tally::clock::{Clock as _, SystemClock};

    #[test]
    fn keys_survive_their_files_and_open_under_their_master_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::make().unwrap();
        let keys = Keys::make(&master, SystemClock.now()).unwrap();
        keys.save(folder.path(), &master).unwrap();
        let read = Keys::load(folder.path(), &master).unwrap();
        assert_eq!(
            keys.trust("https://localhost").unwrap().to_json().unwrap(),
            read.trust("https://localhost").unwrap().to_json().unwrap(),
        );
        for name in ["ca.key", "tlcp-ca.key", "signing.key", "encryption.key"] {
            let text = std::fs::read_to_string(folder.path().join("keys").join(name)).unwrap();
            assert!(text.starts_with("sealed:1:"), "{name} is sealed");
        }
        let other = MasterKey::make().unwrap();
        assert!(matches!(
            Keys::load(folder.path(), &other),
            Err(KeysError::Sealed { .. })
        ));
        assert!(
            keys.save(folder.path(), &master).is_err(),
            "keys are never overwritten"
        );
    }
}
