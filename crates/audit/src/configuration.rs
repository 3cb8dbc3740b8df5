//! What the owners of an app declare about it and demand of it: `hefu-audit.toml`.
//!
//! ```
//! use hefu_audit::configuration::Configuration;
//!
//! let configuration = Configuration::parse(
//!     r#"
//!     [declared]
//!     hosts = ["*.bank.example"]
//!     exported = ["com.bank.PushReceiver"]
//!
//!     [declared.permissions]
//!     "android.permission.CAMERA" = "scans payment codes"
//!
//!     [thresholds]
//!     package_bytes_max = 50_000_000
//!     "#,
//! )?;
//! assert!(configuration.declared.allows_host("api.bank.example"));
//! assert!(!configuration.declared.allows_host("bank.example.attacker.net"));
//! # Ok::<(), hefu_audit::configuration::ConfigurationError>(())
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::Severity;

/// Bytes of a configuration. Stops a file that is no configuration from being read as one.
pub const CONFIGURATION_BYTES_MAX: usize = 1 << 20;

/// Why a text is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// Longer than [`CONFIGURATION_BYTES_MAX`].
    #[error("the configuration is longer than {CONFIGURATION_BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or with keys that are not known.
    #[error("{0}")]
    Syntax(String),
    /// A setting for a check that there is none of.
    #[error("there is no check {id:?}; `hefu audit --list-checks` names them all")]
    UnknownCheck {
        /// The id.
        id: String,
    },
}

/// What applies to one app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// What the app is declared to need and to be.
    pub declared: Declared,
    /// Where checks draw lines.
    pub thresholds: Thresholds,
    /// Settings of single checks, by id.
    pub checks: BTreeMap<String, CheckSetting>,
}

/// What the owners say that the app needs and is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Declared {
    /// Permissions that it needs, with the business reason. `None` if nobody declared anything:
    /// then over-reach cannot be told from need.
    pub permissions: Option<BTreeMap<String, String>>,
    /// Classes of components that other apps have to reach.
    pub exported: Vec<String>,
    /// Hosts that it talks to; `*.` at the start stands for any subdomain.
    pub hosts: Vec<String>,
    /// Schemes of custom URLs that it has to answer.
    pub url_schemes: Vec<String>,
    /// Classes of activities or view controllers that show or take passwords, money or identities.
    pub sensitive_screens: Vec<String>,
    /// Packages whose code is initialised at start, with good reason.
    pub initialised_at_start: Vec<String>,
    /// Third-party SDKs that passed review, by name or package URL, each with the version that was
    /// looked at or `*`. `None` if nobody keeps such a list.
    pub sdks: Option<BTreeMap<String, String>>,
    /// Texts that look like secrets and are none.
    pub not_secret: Vec<String>,
    /// Whether SM2, SM3 and SM4 are claimed to be used.
    pub uses_sm_algorithms: bool,
    /// Whether the app pins the certificates of its hosts.
    pub pins_certificates: bool,
}

impl Declared {
    /// Whether a host is declared, itself or as a subdomain of one with `*.`.
    #[must_use]
    pub fn allows_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        !host.is_empty()
            && self.hosts.iter().any(|allowed| {
                let allowed = allowed.to_ascii_lowercase();
                match allowed.strip_prefix("*.") {
                    Some(parent) => host
                        .strip_suffix(parent)
                        .is_some_and(|start| start.ends_with('.') && start.len() > 1),
                    None => host == allowed,
                }
            })
    }

    /// Whether a component may be exported.
    #[must_use]
    pub fn allows_export(&self, class: &str) -> bool {
        self.exported.iter().any(|allowed| allowed == class)
    }
}

/// Where checks draw lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Bytes of the package (CJ-5.3.a).
    pub package_bytes_max: u64,
    /// The oldest SDK version of Android that may be supported; older ones lack protections.
    pub android_min_sdk: u32,
    /// The SDK version of Android that the app has to be built for, at least.
    pub android_target_sdk: u32,
    /// The oldest iOS that has to be supported (CJ-5.2.b), `major.minor`.
    pub ios_supported: String,
    /// Bits of RSA keys.
    pub rsa_bits_min: u32,
    /// Bits of elliptic curves.
    pub curve_bits_min: u32,
    /// Rounds of PBKDF2.
    pub pbkdf2_rounds_min: u32,
    /// Bytes of salts.
    pub salt_bytes_min: u32,
    /// Share of the app's own classes, in percent, whose names have to be obfuscated.
    pub obfuscated_percent_min: u32,
    /// Bytes of all dex files together (CJ-5.3.o.g).
    pub dex_bytes_max: u64,
    /// Third-party libraries (CJ-5.3.o.g).
    pub sdks_max: u32,
    /// Bytes of duplicate and unused resources that are tolerated.
    pub waste_bytes_max: u64,
    /// Days for which the signing certificate has to be valid still.
    pub certificate_days_min: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            package_bytes_max: 100 * 1024 * 1024,
            android_min_sdk: 24,
            android_target_sdk: 33,
            ios_supported: "9.0".to_owned(),
            rsa_bits_min: 2048,
            curve_bits_min: 224,
            pbkdf2_rounds_min: 10_000,
            salt_bytes_min: 8,
            obfuscated_percent_min: 50,
            dex_bytes_max: 64 * 1024 * 1024,
            sdks_max: 80,
            waste_bytes_max: 1024 * 1024,
            certificate_days_min: 365,
        }
    }
}

/// How one check counts for this app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSetting {
    /// Another severity.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Whether it is left out.
    #[serde(default)]
    pub disabled: bool,
    /// Why. Without a reason nobody can review it.
    pub reason: String,
}

impl Configuration {
    /// Reads `hefu-audit.toml`.
    ///
    /// # Errors
    /// [`ConfigurationError`], with the line where TOML knows it.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        if text.len() > CONFIGURATION_BYTES_MAX {
            return Err(ConfigurationError::TooLarge);
        }
        let configuration: Self =
            toml::from_str(text).map_err(|error| ConfigurationError::Syntax(error.to_string()))?;
        let known = |id: &str| crate::check::checks().iter().any(|check| check.id == id);
        match configuration.checks.keys().find(|id| !known(id)) {
            Some(id) => Err(ConfigurationError::UnknownCheck { id: id.clone() }),
            None => Ok(configuration),
        }
    }
}
