//! What an assessment is given: the trust file that the app ships, two enrolled phones of two
//! customers, unused enrolment codes, and which functions of the service to use.
//!
//! Nothing of it is inside knowledge: each part is what an app, a customer or a tester has.

use std::fmt;

use hefu_tally::ids::DeviceId;
use hefu_tally::key::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest bundle that is read, in bytes.
pub const BUNDLE_BYTES_MAX: usize = 1 << 20;

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Over its limit.
    #[error("the bundle is larger than {BUNDLE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not the JSON of one.
    #[error("the bundle cannot be read: {0}")]
    Shape(#[from] serde_json::Error),
    /// Another version than 1.
    #[error("the bundle has a version that is not known here; this hefu reads version 1")]
    Version,
    /// Fewer than two phones.
    #[error("the bundle needs two phones of two customers: probes try to reach one from the other")]
    Phones,
}

/// An assessment's means.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// 1.
    pub version: u32,
    /// The trust file, as the app ships it.
    pub trust: Value,
    /// The first is the customer whose phone is honest; the second attacks as another customer.
    pub phones: Vec<PhoneBundle>,
    /// Unused enrolment codes; each assessment uses up two.
    pub codes: Vec<String>,
    /// A device certificate of the deployment's own authority that has expired.
    pub expired: Option<ChannelBundle>,
    /// A device's pair for TLCP of the deployment's own authority that has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_tlcp: Option<TlcpBundle>,
    /// What to call.
    pub functions: Functions,
}

/// An enrolled phone with its customer's login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneBundle {
    /// The customer's user name.
    pub user: String,
    /// The customer's password.
    pub password: String,
    /// The device's id.
    pub device: DeviceId,
    /// Of its signature key.
    pub algorithm: Algorithm,
    /// Its signature key: base64url of PKCS#8.
    pub signature_key: String,
    /// Its channel.
    pub channel: ChannelBundle,
    /// Its pair for TLCP, where the deployment speaks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlcp: Option<TlcpBundle>,
}

impl fmt::Debug for PhoneBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneBundle")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// A TLS certificate and its key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelBundle {
    /// The certificate, and those of its authority.
    pub certificate_pem: String,
    /// Its key, PKCS#8.
    pub key_pem: String,
}

impl fmt::Debug for ChannelBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBundle(redacted)")
    }
}

/// A pair of TLCP certificates and their keys.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlcpBundle {
    /// The certificate that signs.
    pub sign_pem: String,
    /// Its key, PKCS#8.
    pub sign_key_pem: String,
    /// The certificate that encrypts.
    pub encryption_pem: String,
    /// Its key, PKCS#8.
    pub encryption_key_pem: String,
    /// The certificates above them.
    pub chain_pem: String,
}

impl fmt::Debug for TlcpBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlcpBundle(redacted)")
    }
}

/// Functions of the service that probes may call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Functions {
    /// Reads something of the customer's own.
    pub read: Read,
    /// Shows sensitive data, masked.
    pub sensitive: Sensitive,
    /// A key-business function that changes something.
    pub write: Write,
    /// A function with a body in which probes break one rule at a time.
    pub schema: Schema,
    /// A function behind which the service fails, if the deployment has one for tests.
    pub failing: Option<Failing>,
}

/// A `GET` of an object that belongs to a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Function number.
    pub function: String,
    /// Of the first phone's customer.
    pub own: String,
    /// Of the second phone's customer.
    pub foreign: String,
    /// Of nobody.
    pub missing: String,
}

/// A `GET` whose response has masked members.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    /// Function number.
    pub function: String,
    /// Of the first phone's customer.
    pub path: String,
    /// JSON pointers of members that must be masked, and how much of each may be seen.
    pub masked: Vec<Masked>,
}

/// A masked member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Where in the response.
    pub pointer: String,
    /// Which mask.
    pub mask: String,
    /// The value as the service holds it, so that the probe can see that it does not come through.
    pub value: String,
}

/// A `POST` of key business.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Function number.
    pub function: String,
    /// Where.
    pub path: String,
    /// A body that the first phone's customer may send.
    pub body: Value,
    /// The same for an object of the second phone's customer.
    pub foreign_body: Value,
    /// JSON pointers of members to be sealed.
    pub sealed: Vec<String>,
    /// How long the function's requests may hold, in seconds.
    #[serde(default = "window_s_default")]
    pub window_s: u16,
}

const fn window_s_default() -> u16 {
    hefu_tally::time::WINDOW_S_DEFAULT
}

/// A `POST` of ordinary business, and bodies that each break one rule of its schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Function number.
    pub function: String,
    /// Where.
    pub path: String,
    /// A body that fits.
    pub body: Value,
    /// A text member of the body, as JSON pointer, that takes ordinary words.
    pub text: String,
    /// A whole-number member of the body, as JSON pointer.
    pub number: String,
    /// A member with a format or pattern, as JSON pointer.
    pub format: String,
}

/// A `GET` behind which the service fails with details.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Function number.
    pub function: String,
    /// Where.
    pub path: String,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// When it is none, or too small for the probes.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        if json.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLarge);
        }
        let bundle: Self = serde_json::from_slice(json)?;
        if bundle.version != 1 {
            return Err(BundleError::Version);
        }
        if bundle.phones.len() < 2 {
            return Err(BundleError::Phones);
        }
        Ok(bundle)
    }
}
