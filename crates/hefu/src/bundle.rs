//! Phones for the assessor: enrolled with the real client, their keys put into its bundle.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hefu_assess::bundle::{ChannelBundle, PhoneBundle, TlcpBundle};
use hefu_client::{
    Client, DeviceBundle, DeviceInfo, EnrolError, KeyRef, KeyStoreError, Options, SetupError,
    SoftwareKeyStore,
};
use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::sm2::PrivateKey;
use hefu_identity::authority::{Authority, ChannelRequest, IssueError, RequestRefused};
use hefu_identity::tlcp::PairRequest;
use hefu_tally::clock::Timestamp;
use hefu_tally::ids::DeviceId;
use hefu_tally::messages::Platform;
use hefu_tally::trust::TrustFile;
use rcgen::{CertificateParams, KeyPair};

/// Why there is no phone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// The client could not be set up from the trust file.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The gateway did not enrol it.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// Its keys could not be taken out of the key store.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The authority refused a certificate request.
    #[error(transparent)]
    Request(#[from] RequestRefused),
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The authority issued nothing.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// Enrols a new phone with a code; its keys are in memory.
///
/// # Errors
/// When the gateway refuses or is not reached.
pub async fn enrol(
    trust: &TrustFile,
    code: &str,
    model: &str,
    options: Options,
) -> Result<DeviceBundle, PhoneError> {
    let keys = Arc::new(SoftwareKeyStore::in_memory());
    let client = Client::new(trust.clone(), keys.clone(), options)?;
    let info = DeviceInfo {
        platform: Platform::Other,
        model: model.to_owned(),
    };
    let enrolment = client.enrol(code, &info).await?;
    Ok(DeviceBundle {
        trust: trust.clone(),
        enrolment,
        keys,
    })
}

/// A phone as the assessor takes it.
///
/// # Errors
/// When a key is not in the phone's key store.
pub fn for_assessor(
    phone: &DeviceBundle,
    user: &str,
    password: &str,
) -> Result<PhoneBundle, PhoneError> {
    let enrolment = &phone.enrolment;
    let (algorithm, signature_key) = phone.keys.dangerous_export(&enrolment.signature_key)?;
    let (_, channel_key) = phone.keys.dangerous_export(&enrolment.channel_key)?;
    Ok(PhoneBundle {
        user: user.to_owned(),
        password: password.to_owned(),
        device: enrolment.device,
        algorithm,
        signature_key: URL_SAFE_NO_PAD.encode(&*signature_key),
        channel: ChannelBundle {
            certificate_pem: enrolment.certificate_pem.clone(),
            key_pem: pem("PRIVATE KEY", &channel_key),
        },
        tlcp: match &enrolment.tlcp {
            Some(tlcp) => Some(TlcpBundle {
                sign_pem: tlcp.sign_pem.clone(),
                sign_key_pem: export(phone, &tlcp.sign_key)?,
                encryption_pem: tlcp.encryption_pem.clone(),
                encryption_key_pem: export(phone, &tlcp.encryption_key)?,
                chain_pem: tlcp.chain_pem.clone(),
            }),
            None => None,
        },
    })
}

fn export(phone: &DeviceBundle, key: &KeyRef) -> Result<String, PhoneError> {
    let (_, pkcs8) = phone.keys.dangerous_export(key)?;
    Ok(pem("PRIVATE KEY", &pkcs8))
}

/// As [`expired`], a pair for TLCP; none where the authority issues none.
///
/// # Errors
/// When the authority did not exist yet then.
pub fn expired_tlcp(
    authority: &Authority,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<TlcpBundle>, PhoneError> {
    let Some(authority) = authority.tlcp() else {
        return Ok(None);
    };
    let (sign, encryption) = (
        PrivateKey::make(&mut SystemRng)?,
        PrivateKey::make(&mut SystemRng)?,
    );
    let request = PairRequest::of(*sign.public_key(), *encryption.public_key())?;
    let channel = (&[0; 32], now.plus_secs(-86_400));
    let two_days_ago = now.plus_secs(-2 * 86_400);
    let pair = authority.issue_device(device, channel, &request, two_days_ago, &mut SystemRng)?;
    Ok(Some(TlcpBundle {
        sign_pem: pair.sign.to_pem(),
        sign_key_pem: sign.to_pkcs8_pem().to_string(),
        encryption_pem: pair.encryption.to_pem(),
        encryption_key_pem: encryption.to_pkcs8_pem().to_string(),
        chain_pem: authority.certificate().to_pem(),
    }))
}

/// A certificate of the authority for `device` that ended yesterday: only an authority's owner can
/// make one, and the assessor needs one.
///
/// # Errors
/// When the authority did not exist yet then.
pub fn expired(
    authority: &Authority,
    device: DeviceId,
    now: Timestamp,
) -> Result<ChannelBundle, PhoneError> {
    let key = KeyPair::generate()?;
    let request = CertificateParams::default().serialize_request(&key)?;
    let request = ChannelRequest::parse(request.der())?;
    let two_days_ago = now.plus_secs(-2 * 86_400);
    let issued = authority.issue_device(device, &request, 1, two_days_ago, &mut SystemRng)?;
    Ok(ChannelBundle {
        certificate_pem: issued.pem,
        key_pem: key.serialize_pem(),
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while let Some((line, after)) = rest.split_at_checked(64) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
