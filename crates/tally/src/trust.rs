//! The trust file: all that an app has to know of its gateway before the first connection
//! (docs/PROTOCOL.md, section 1).
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, JR-6.1.4.d.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::sm2::EncryptionKey;
use serde::{Deserialize, Serialize};

use crate::ids::{EncryptionKeyId, GatewayKeyId};
use crate::key::{Algorithm, PublicKey};
use crate::sealed;

/// Longest trust file, in bytes.
pub const TRUST_FILE_BYTES_MAX: usize = 64 * 1024;

/// Why a trust file is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Over its limit.
    #[error("the trust file is larger than {TRUST_FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not the JSON of one.
    #[error("the trust file cannot be read: {0}")]
    Shape(#[from] serde_json::Error),
    /// Another version than 1.
    #[error("the trust file has a version that is not known here")]
    Version,
    /// The origin is not scheme, host and port alone.
    #[error("the trust file's origin is not of the form https://host:port")]
    Origin,
    /// One key serves as both: a decryption could then be made to look like a signature.
    #[error("the trust file's two keys are the same")]
    SameKey,
    /// A key is malformed, or its id is not its own.
    #[error("the trust file's {0} key is malformed or has another id")]
    Key(&'static str),
}

/// A trust file whose keys have been checked against their ids.
#[derive(Clone, Debug)]
pub struct TrustFile {
    /// Scheme, host and port of the gateway.
    pub origin: String,
    /// The only root that is trusted for the gateway's TLS certificate.
    pub ca_pem: String,
    /// The only root that is trusted for the gateway's TLCP certificates; none where it speaks no
    /// TLCP.
    pub tlcp_ca_pem: Option<String>,
    /// The id of the gateway's signing key.
    pub signing_key_id: GatewayKeyId,
    /// Verifies responses.
    pub signing_key: PublicKey,
    /// The id of the gateway's encryption key.
    pub encryption_key_id: EncryptionKeyId,
    /// Fields are sealed to it.
    pub encryption_key: EncryptionKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    version: u32,
    origin: String,
    ca_pem: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlcp_ca_pem: Option<String>,
    signing_key: KeyOnDisk,
    encryption_key: KeyOnDisk,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyOnDisk {
    id: String,
    alg: String,
    public: String,
}

impl TrustFile {
    /// Of a gateway's public keys.
    #[must_use]
    pub fn new(
        origin: String,
        ca_pem: String,
        signing_key: PublicKey,
        encryption_key: EncryptionKey,
    ) -> Self {
        Self {
            origin,
            ca_pem,
            tlcp_ca_pem: None,
            signing_key_id: signing_key.gateway_key_id(),
            signing_key,
            encryption_key_id: sealed::key_id(&encryption_key),
            encryption_key,
        }
    }

    /// With a root for TLCP beside the one for TLS.
    #[must_use]
    pub fn with_tlcp(mut self, ca_pem: String) -> Self {
        self.tlcp_ca_pem = Some(ca_pem);
        self
    }

    /// Reads a trust file.
    ///
    /// # Errors
    /// When it is no trust file, or a key does not have the id that it states.
    pub fn from_json(json: &[u8]) -> Result<Self, TrustError> {
        if json.len() > TRUST_FILE_BYTES_MAX {
            return Err(TrustError::TooLarge);
        }
        let file: OnDisk = serde_json::from_slice(json)?;
        if file.version != 1 {
            return Err(TrustError::Version);
        }
        let signing = TrustError::Key("signing");
        let Some(signing_key) = read_signing_key(&file.signing_key) else {
            return Err(signing);
        };
        let encryption = TrustError::Key("encryption");
        let Some(encryption_key) = read_encryption_key(&file.encryption_key) else {
            return Err(encryption);
        };
        if !is_origin(&file.origin) {
            return Err(TrustError::Origin);
        }
        if signing_key.to_bytes() == encryption_key.to_sec1() {
            return Err(TrustError::SameKey);
        }
        let mut trust = Self::new(file.origin, file.ca_pem, signing_key, encryption_key);
        trust.tlcp_ca_pem = file.tlcp_ca_pem;
        if trust.signing_key_id.to_string() != file.signing_key.id {
            return Err(signing);
        }
        if trust.encryption_key_id.to_string() != file.encryption_key.id {
            return Err(encryption);
        }
        Ok(trust)
    }

    /// Writes it.
    ///
    /// # Errors
    /// Never: every part is text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let file = OnDisk {
            version: 1,
            origin: self.origin.clone(),
            ca_pem: self.ca_pem.clone(),
            tlcp_ca_pem: self.tlcp_ca_pem.clone(),
            signing_key: KeyOnDisk {
                id: self.signing_key_id.to_string(),
                alg: self.signing_key.algorithm().as_str().to_owned(),
                public: URL_SAFE_NO_PAD.encode(self.signing_key.to_bytes()),
            },
            encryption_key: KeyOnDisk {
                id: self.encryption_key_id.to_string(),
                alg: "sm2".to_owned(),
                public: URL_SAFE_NO_PAD.encode(self.encryption_key.to_sec1()),
            },
        };
        serde_json::to_string_pretty(&file)
    }
}

/// Scheme, host in lower case and port alone: every target URI begins with the origin, so both
/// halves have to write it in one way. A client decides by itself whether it takes `http`.
fn is_origin(origin: &str) -> bool {
    let authority = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    let belongs = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
    };
    authority.is_some_and(|authority| !authority.is_empty() && authority.bytes().all(belongs))
}

fn read_signing_key(key: &KeyOnDisk) -> Option<PublicKey> {
    let algorithm: Algorithm = key.alg.parse().ok()?;
    PublicKey::from_bytes(algorithm, &URL_SAFE_NO_PAD.decode(&key.public).ok()?).ok()
}

fn read_encryption_key(key: &KeyOnDisk) -> Option<EncryptionKey> {
    if key.alg != "sm2" {
        return None;
    }
    EncryptionKey::from_sec1(&URL_SAFE_NO_PAD.decode(&key.public).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;
    use hefu_gm::rng::SystemRng;
    use hefu_gm::sm2::DecryptionKey;

    #[test]
    fn a_trust_file_survives_and_a_changed_key_or_id_does_not() {
        let signing = SigningKey::make(Algorithm::Sm2Sm3)
            .unwrap()
            .public_key()
            .unwrap();
        let encryption = *DecryptionKey::make(&mut SystemRng)
            .unwrap()
            .encryption_key();
        let trust = TrustFile::new(
            "https://localhost".into(),
            "pem".into(),
            signing,
            encryption,
        );
        let json = trust.to_json().unwrap();
        let read = TrustFile::from_json(json.as_bytes()).unwrap();
        assert_eq!(read.signing_key, trust.signing_key);
        assert_eq!(read.encryption_key, trust.encryption_key);
        assert_eq!(read.tlcp_ca_pem, None);
        let with = trust.clone().with_tlcp("sm2 pem".into()).to_json().unwrap();
        let with = TrustFile::from_json(with.as_bytes()).unwrap();
        assert_eq!(with.tlcp_ca_pem.as_deref(), Some("sm2 pem"));

        let id = trust.signing_key_id.to_string();
        let other = json.replace(&id, "g-AAAAAAAAAAAAAAAAAAAAAA");
        assert!(matches!(
            TrustFile::from_json(other.as_bytes()),
            Err(TrustError::Key("signing"))
        ));
        let newer = json.replace("\"version\": 1", "\"version\": 2");
        assert!(matches!(
            TrustFile::from_json(newer.as_bytes()),
            Err(TrustError::Version)
        ));
    }

    #[test]
    fn an_origin_is_written_in_one_way() {
        for good in [
            "https://gateway.example",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
            "http://127.0.0.1:8080",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for wrong in [
            "",
            "https://",
            "gateway.example",
            "ftp://gateway.example",
            "https://gateway.example/",
            "https://Gateway.example",
            "https://user@gateway.example",
            "https://gateway.example?x",
            "https://gateway.example\n",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn one_key_cannot_serve_as_both() {
        let encryption = *DecryptionKey::make(&mut SystemRng)
            .unwrap()
            .encryption_key();
        let signing = PublicKey::from_bytes(Algorithm::Sm2Sm3, &encryption.to_sec1()).unwrap();
        let origin = "https://localhost".to_owned();
        let trust = TrustFile::new(origin, "pem".into(), signing, encryption);
        assert!(matches!(
            TrustFile::from_json(trust.to_json().unwrap().as_bytes()),
            Err(TrustError::SameKey)
        ));
    }
}
