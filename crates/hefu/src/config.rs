//! The configuration file: read, checked and turned into types before anything starts.
//!
//! This is the only place that reads the environment (`HEFU_MASTER_KEY_FILE`,
//! `HEFU_KEY_PASSWORD_FILE`).
//!
//! Clauses: JR-6.2.3.b, JR-6.1.6.3.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hefu_gateway::{Limits, Origin, OriginError};
use hefu_gm::Zeroizing;
use hefu_identity::{Identity, IdentityConfig};
use serde::Deserialize;

use crate::deployment;
use crate::files::{self, FileError};
use crate::keys::Keys;
use crate::secret::{MasterKey, Purpose, SecretError};

/// Names the master key's file when the configuration does not.
pub const MASTER_KEY_VARIABLE: &str = "HEFU_MASTER_KEY_FILE";

/// Names the file with the password of an authority's key.
pub const KEY_PASSWORD_VARIABLE: &str = "HEFU_KEY_PASSWORD_FILE";

/// Why a configuration cannot be used. Every message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file itself.
    #[error("{0}\nhelp: `hefu init` writes a commented configuration to start from")]
    File(#[from] FileError),
    /// Not TOML, an unknown or missing key, a value of another type.
    #[error(
        "{path}: {message}\nhelp: docs/QUICKSTART.md and the comments that `hefu init` writes explain every key"
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
    /// `gateway.origin` is not one.
    #[error(
        "{path}: gateway.origin: {source}\nhelp: write it as phones do, for example \"https://gateway.example:8443\""
    )]
    Origin {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OriginError,
    },
    /// An operator's page on an address that others reach.
    #[error(
        "{path}: console.listen: {listen} can be reached from outside this machine\n\
         help: use a loopback address, or set console.allow_public = true when another system keeps \
         strangers away (clause JR-6.1.6.3)"
    )]
    PublicConsole {
        /// The file.
        path: PathBuf,
        /// The address.
        listen: SocketAddr,
    },
    /// A number out of its range.
    #[error("{path}: {key} is {value}; it must be {range}")]
    Range {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What stands there.
        value: u64,
        /// What may stand there.
        range: &'static str,
    },
    /// A sealed value does not open.
    #[error("{path}: {key}: {source}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// Why.
        source: SecretError,
    },
    /// The master key does not load.
    #[error(transparent)]
    MasterKey(#[from] SecretError),
}

/// Everything that an operator sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where phones connect.
    pub gateway: GatewaySection,
    /// The national channel beside TLS.
    #[serde(default)]
    pub tlcp: TlcpSection,
    /// What is protected.
    pub service: ServiceSection,
    /// Where state and keys are.
    pub data: DataSection,
    /// The operators' pages.
    #[serde(default)]
    pub console: ConsoleSection,
    /// Sessions and enrolment.
    #[serde(default)]
    pub sessions: SessionsSection,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySection,
    #[serde(skip)]
    path: PathBuf,
}

/// Where phones connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySection {
    /// Address and port.
    pub listen: SocketAddr,
    /// As phones write it.
    pub origin: String,
    /// Names and addresses in the gateway's TLS certificate.
    pub names: Vec<String>,
    /// Threads that serve connections; 0 is one a core.
    #[serde(default)]
    pub workers: usize,
    /// What a stranger may take.
    #[serde(default)]
    pub limits: Limits,
}

/// The national channel (TLCP, GB/T 38636) beside TLS, on the same port.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlcpSection {
    /// Whether it is spoken. It needs the SM2 authority that `hefu init` makes.
    pub enabled: bool,
}

impl Default for TlcpSection {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// What is protected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSection {
    /// Where the service listens.
    pub address: SocketAddr,
    /// Its OpenAPI document, relative to the configuration.
    pub contract: PathBuf,
}

/// Where state and keys are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// The folder of database, spool and sealed keys, relative to the configuration.
    pub folder: PathBuf,
    /// The master key's file, relative to the configuration; `HEFU_MASTER_KEY_FILE` when absent.
    pub master_key: Option<PathBuf>,
}

/// The operators' pages, and health and metrics beside them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// Allow an address that other machines reach.
    pub allow_public: bool,
    /// The operator's password, sealed.
    pub password: Option<String>,
}

impl Default for ConsoleSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8444)),
            allow_public: false,
            password: None,
        }
    }
}

/// Sessions and enrolment.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsSection {
    /// A session ends after so long without a request.
    pub idle_s: u32,
    /// A session ends after so long in any case.
    pub lifetime_s: u32,
    /// Sessions of one user at once; the oldest ends when a newer one exceeds it.
    pub per_user_max: u32,
    /// A device certificate's validity.
    pub device_days: u32,
}

impl Default for SessionsSection {
    fn default() -> Self {
        Self {
            idle_s: 600,
            lifetime_s: 8 * 3600,
            per_user_max: 2,
            device_days: 90,
        }
    }
}

/// Logs and traces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySection {
    /// What is logged: `error`, `warn`, `info`, `debug`, or a tracing filter.
    pub log: Option<String>,
    /// Log lines as JSON.
    pub json: bool,
    /// An OpenTelemetry collector's OTLP/HTTP traces endpoint.
    pub otlp_endpoint: Option<String>,
}

impl Config {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// With the file, the place and what to do.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = files::read(path)?;
        let mut config: Self = toml::from_str(&text).map_err(|error| ConfigError::Shape {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        path.clone_into(&mut config.path);
        config.origin()?;
        config.refuse_public_console()?;
        config.check_ranges()?;
        Ok(config)
    }

    /// The gateway's origin.
    ///
    /// # Errors
    /// When it is not one.
    pub fn origin(&self) -> Result<Origin, ConfigError> {
        Origin::parse(&self.gateway.origin).map_err(|source| ConfigError::Origin {
            path: self.path.clone(),
            source,
        })
    }

    /// A path of the configuration, relative to its file.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.path
            .parent()
            .unwrap_or_else(|| Path::new("."))
            .join(path)
    }

    /// The data folder.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.resolve(&self.data.folder)
    }

    /// Loads the master key.
    ///
    /// # Errors
    /// When no file is named, or it does not hold one.
    pub fn master_key(&self) -> Result<MasterKey, ConfigError> {
        let path = self.data.master_key.as_deref().map_or_else(
            || {
                master_key_from_environment()
                    .unwrap_or_else(|| self.data_folder().join("master.key"))
            },
            |path| self.resolve(path),
        );
        Ok(MasterKey::load(&path)?)
    }

    /// The operator's password, opened; none when the configuration has none.
    ///
    /// # Errors
    /// When it is not sealed under the master key.
    pub fn console_password(
        &self,
        master: &MasterKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ConfigError> {
        let open = |sealed: &String| {
            master
                .open(Purpose::Configuration, sealed)
                .map_err(|source| ConfigError::Secret {
                    path: self.path.clone(),
                    key: "console.password",
                    source,
                })
        };
        self.console.password.as_ref().map(open).transpose()
    }

    /// Threads that serve connections.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.gateway.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            workers => workers,
        }
    }

    /// Rules for users, devices and sessions.
    #[must_use]
    pub fn identity(&self) -> IdentityConfig {
        let sessions = &self.sessions;
        let mut identity = IdentityConfig::default();
        identity.sessions.idle_s = sessions.idle_s;
        identity.sessions.lifetime_s = sessions.lifetime_s;
        identity.sessions.per_user_max = sessions.per_user_max;
        identity.enrolment.certificate_days = sessions.device_days;
        identity
    }

    /// Opens users, devices and sessions beside a gateway that may be running.
    ///
    /// # Errors
    /// When keys or database cannot be used.
    pub async fn open_identity(&self) -> Result<Arc<Identity>, Box<dyn std::error::Error>> {
        let keys = Keys::load(&self.data_folder(), &self.master_key()?)?;
        let store = deployment::open_store(&self.data_folder()).await?;
        Ok(deployment::open_identity(&store, &keys, self.identity()).await?)
    }

    fn refuse_public_console(&self) -> Result<(), ConfigError> {
        let listen = self.console.listen;
        if listen.ip().is_loopback() || self.console.allow_public {
            Ok(())
        } else {
            Err(ConfigError::PublicConsole {
                path: self.path.clone(),
                listen,
            })
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let sessions = &self.sessions;
        let within = |key, value: u32, low: u32, high: u32, range| {
            let value = u64::from(value);
            if (u64::from(low)..=u64::from(high)).contains(&value) {
                Ok(())
            } else {
                Err(ConfigError::Range {
                    path: self.path.clone(),
                    key,
                    value,
                    range,
                })
            }
        };
        within("sessions.idle_s", sessions.idle_s, 30, 3_600, "30 to 3600")?;
        within(
            "sessions.lifetime_s",
            sessions.lifetime_s,
            60,
            86_400,
            "60 to 86400",
        )?;
        within(
            "sessions.per_user_max",
            sessions.per_user_max,
            1,
            16,
            "1 to 16",
        )?;
        within(
            "sessions.device_days",
            sessions.device_days,
            1,
            825,
            "1 to 825",
        )?;
        let workers = u32::try_from(self.gateway.workers).unwrap_or(u32::MAX);
        within(
            "gateway.workers",
            workers,
            0,
            1_024,
            "0 (one a core) to 1024",
        )
    }
}

fn master_key_from_environment() -> Option<PathBuf> {
    path_from_environment(MASTER_KEY_VARIABLE)
}

/// The file with the password of an authority's key, where the environment names one.
#[must_use]
pub fn key_password_from_environment() -> Option<PathBuf> {
    path_from_environment(KEY_PASSWORD_VARIABLE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader of the environment"
)]
fn path_from_environment(variable: &str) -> Option<PathBuf> {
    std::env::var(variable).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [gateway]
        listen = "127.0.0.1:8443"
        origin = "https://localhost:8443"
        names = ["localhost"]
        [service]
        address = "127.0.0.1:8080"
        contract = "openapi.yaml"
        [data]
        folder = "hefu-data"
    "#;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hefu.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn a_small_configuration_is_enough() {
        let config = load(GOOD).unwrap();
        assert_eq!(config.sessions.idle_s, 600);
        assert!(config.console.listen.ip().is_loopback());
        assert!(config.data_folder().ends_with("hefu-data"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_do() {
        for (edit, expected) in [
            (("[data]", "[dat]"), "unknown field `dat`"),
            (("folder =", "foldr ="), "unknown field `foldr`"),
            (
                ("https://localhost", "https://local host"),
                "gateway.origin",
            ),
            (("127.0.0.1:8080", "here"), "invalid socket address"),
            (
                ("[data]", "[sessions]\nidle_s = 5\n[data]"),
                "sessions.idle_s is 5; it must be 30",
            ),
            (
                ("[data]", "[gateway.limits]\nhead_bytes = 1\n[data]"),
                "unknown field `head_bytes`",
            ),
        ] {
            let error = load(&GOOD.replace(edit.0, edit.1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{edit:?}: {error}");
            assert!(error.contains("hefu.toml"), "{error}");
        }
        let missing = Config::load(Path::new("/nowhere/hefu.toml"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("hefu init"), "{missing}");
    }

    #[test]
    fn a_public_console_is_refused_unless_allowed() {
        let with = |extra: &str| {
            load(&format!(
                "{GOOD}\n[console]\nlisten = \"0.0.0.0:8444\"\n{extra}"
            ))
        };
        assert!(matches!(with(""), Err(ConfigError::PublicConsole { .. })));
        assert!(with("allow_public = true").is_ok());
    }

    #[test]
    fn the_console_password_is_sealed_or_refused() {
        let master = MasterKey::make().unwrap();
        let sealed = master.seal(Purpose::Configuration, b"open sesame").unwrap();
        let config = load(&format!("{GOOD}\n[console]\npassword = \"{sealed}\"\n")).unwrap();
        assert_eq!(
            *config.console_password(&master).unwrap().unwrap(),
            b"open sesame"
        );

        let plain = load(&format!("{GOOD}\n[console]\npassword = \"open sesame\"\n")).unwrap();
        let error = plain.console_password(&master).unwrap_err().to_string();
        assert!(
            error.contains("console.password") && error.contains("hefu keys seal"),
            "{error}"
        );
        assert!(!error.contains("sesame"), "{error}");
    }
}
