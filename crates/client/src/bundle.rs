//! An enrolled device in one file: trust file, enrolment and keys. For simulated phones, developers
//! and testers; a phone keeps its keys in its own key store.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::Zeroizing;
use hefu_tally::key::Algorithm;
use hefu_tally::trust::{TrustError, TrustFile};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Client, SetupError};
use crate::enrolment::Enrolment;
use crate::key_store::{KeyRef, KeyStoreError};
use crate::options::Options;
use crate::protection::{Protected, Protection, read_private, write_private};
use crate::software_key_store::SoftwareKeyStore;

/// What the keys in a bundle are sealed for.
const PURPOSE: &str = "hefu/1 device bundle keys";

/// Why a bundle cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file cannot be read or written.
    #[error("the device bundle cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// Not the JSON of a bundle of version 1.
    #[error("the file is not a device bundle of version 1")]
    Shape,
    /// Its trust file is refused.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The keys cannot be opened: another passphrase, or an altered file.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// Its parts do not fit together.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// An enrolled device with its keys.
pub struct DeviceBundle {
    /// What the institution shipped.
    pub trust: TrustFile,
    /// What enrolment gave.
    pub enrolment: Enrolment,
    /// The device's keys.
    pub keys: Arc<SoftwareKeyStore>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    version: u32,
    trust: Value,
    enrolment: Enrolment,
    keys: Protected,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyOnDisk {
    key: KeyRef,
    alg: Algorithm,
    /// base64url of DER.
    pkcs8: Zeroizing<String>,
}

impl DeviceBundle {
    /// Writes the bundle, readable by its owner alone.
    ///
    /// # Errors
    /// When a key is missing or the file cannot be written.
    pub fn save(&self, path: &Path, protection: Protection<'_>) -> Result<(), BundleError> {
        let keys = self.enrolment.keys().into_iter().map(|key| {
            let (alg, pkcs8) = self.keys.dangerous_export(key)?;
            Ok::<_, KeyStoreError>(KeyOnDisk {
                key: key.clone(),
                alg,
                pkcs8: Zeroizing::new(URL_SAFE_NO_PAD.encode(pkcs8)),
            })
        });
        let keys: Vec<KeyOnDisk> = keys.collect::<Result<_, _>>()?;
        let keys = serde_json::to_vec(&keys).map_err(|_| BundleError::Shape)?;
        let trust = self.trust.to_json().map_err(|_| BundleError::Shape)?;
        let file = OnDisk {
            version: 1,
            trust: serde_json::from_str(&trust).map_err(|_| BundleError::Shape)?,
            enrolment: self.enrolment.clone(),
            keys: Protected::new(protection, PURPOSE, &Zeroizing::new(keys))?,
        };
        let json = serde_json::to_vec_pretty(&file).map_err(|_| BundleError::Shape)?;
        write_private(path, &Zeroizing::new(json))?;
        Ok(())
    }

    /// Reads a bundle. Its keys are then in memory only.
    ///
    /// # Errors
    /// When it is no bundle, or does not open under that protection.
    pub fn load(path: &Path, protection: Protection<'_>) -> Result<Self, BundleError> {
        let json = read_private(path)?;
        let file: OnDisk = serde_json::from_slice(&json).map_err(|_| BundleError::Shape)?;
        if file.version != 1 {
            return Err(BundleError::Shape);
        }
        let trust = TrustFile::from_json(file.trust.to_string().as_bytes())?;
        let opened = file.keys.open(protection, PURPOSE)?;
        let on_disk: Vec<KeyOnDisk> =
            serde_json::from_slice(&opened).map_err(|_| BundleError::Shape)?;
        let keys = SoftwareKeyStore::in_memory();
        for key in &on_disk {
            let pkcs8 = URL_SAFE_NO_PAD
                .decode(key.pkcs8.as_bytes())
                .map_err(|_| BundleError::Shape)?;
            keys.import(&key.key, key.alg, &Zeroizing::new(pkcs8))?;
        }
        Ok(Self {
            trust,
            enrolment: file.enrolment,
            keys: Arc::new(keys),
        })
    }

    /// A client that is this device.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn client(&self, options: Options) -> Result<Client, BundleError> {
        let keys: Arc<SoftwareKeyStore> = Arc::clone(&self.keys);
        let client = Client::new(self.trust.clone(), keys, options)?;
        Ok(client.with_enrolment(self.enrolment.clone())?)
    }
}

impl fmt::Debug for DeviceBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceBundle")
            .field("device", &self.enrolment.device)
            .finish_non_exhaustive()
    }
}
