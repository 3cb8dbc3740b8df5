//! What can be asked of the command. Every text here is what `--help` shows.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Hefu: a mobile finance app and its institution as two halves of one tally.
///
/// New here? `hefu demo` shows a bank under attack, on this machine, with nothing to configure.
/// Your own service? `hefu init` writes a configuration; then docs/QUICKSTART.md.
#[derive(Debug, Parser)]
#[command(
    name = "hefu",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a bank, its gateway and its phones on loopback, then attack them and show what held.
    Demo(DemoArguments),
    /// Write a commented configuration, keys and the trust file that your app ships.
    Init(InitArguments),
    /// Protect a service: run the gateway and the console.
    Serve(ConfigArgument),
    /// Users who may log in.
    #[command(subcommand)]
    User(UserCommand),
    /// Devices: codes for them, and enrolling one as an app would.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Call a function through the gateway, signed as an app would sign it.
    Call(CallArguments),
    /// Attack a running deployment, probe by probe, and show what held.
    Assess(AssessArguments),
    /// Judge app packages or their sources against the clauses before they ship.
    Audit(Box<AuditArguments>),
    /// The clauses, and what serves each of them.
    #[command(subcommand)]
    Standards(StandardsCommand),
    /// Keys and secrets.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copy the database of a running or stopped gateway into a new file.
    Backup(BackupArguments),
}

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// `hefu demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// End after the probes, with exit code 0 only if all that is honest passed and all attacks
    /// were refused.
    #[arg(long)]
    pub once: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: OutputFormat,
    /// Where keys and databases are kept; a folder of its own that goes away at the end when absent.
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Where the console listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8444")]
    pub console: SocketAddr,
    /// Where the gateway listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
}

/// `hefu init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Where to write; made when it does not exist, and never overwritten.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// The service's OpenAPI document.
    #[arg(long, value_name = "FILE", default_value = "openapi.yaml")]
    pub contract: PathBuf,
    /// Where the service listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub service: SocketAddr,
    /// The gateway's address as phones write it.
    #[arg(long, value_name = "ORIGIN", default_value = "https://localhost:8443")]
    pub origin: String,
}

/// The configuration of a deployment.
#[derive(Debug, Args)]
pub struct ConfigArgument {
    /// The configuration that `hefu init` wrote.
    #[arg(long, value_name = "FILE", default_value = "hefu.toml")]
    pub config: PathBuf,
}

/// `hefu user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is read from standard input.
    Add {
        /// The deployment.
        #[command(flatten)]
        config: ConfigArgument,
        /// The login name.
        name: String,
        /// The customer this user is at the service: what owner rules compare with.
        #[arg(long)]
        subject: String,
    },
}

/// `hefu device`.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Make a one-time enrolment code and print it.
    Code {
        /// The deployment.
        #[command(flatten)]
        config: ConfigArgument,
        /// Only this user can log in on the device; any user when absent.
        #[arg(long)]
        user: Option<String>,
    },
    /// Enrol this machine as a device, as an app would, and write what it got into a file.
    Enrol {
        /// The trust file of the deployment.
        #[arg(long, value_name = "FILE", default_value = "trust.json")]
        trust: PathBuf,
        /// The enrolment code; read from standard input when absent.
        #[arg(long)]
        code: Option<String>,
        /// What protects the device's channels.
        #[arg(long, value_enum, default_value_t)]
        channel: ChannelChoice,
        /// Where the device's keys and certificate go; readable by you alone.
        #[arg(long, value_name = "FILE", default_value = "device.json")]
        out: PathBuf,
    },
    /// Get new certificates for a device before its old ones end, as an app does when it starts. The
    /// old ones open nothing from then on. When they have ended, enrol again with a new code.
    Renew {
        /// The device, as `hefu device enrol` wrote it; its new certificates and keys take their place
        /// there.
        #[arg(long, value_name = "FILE", default_value = "device.json")]
        device: PathBuf,
        /// Only when less than this many days are left; at once when absent.
        #[arg(long, value_name = "DAYS")]
        within: Option<u32>,
    },
    /// Write the bundle that `hefu assess` needs: two phones of two users, and unused codes.
    Bundle(BundleArguments),
}

/// What protects a device's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ChannelChoice {
    /// TLS 1.3 or 1.2.
    #[default]
    Tls,
    /// TLCP; refused where the trust file names no authority for it.
    Tlcp,
}

impl ChannelChoice {
    /// What a device was enrolled for.
    #[must_use]
    pub fn of(enrolment: &hefu_client::Enrolment) -> Self {
        match enrolment.tlcp {
            Some(_) => Self::Tlcp,
            None => Self::Tls,
        }
    }
}

impl From<ChannelChoice> for hefu_client::Options {
    fn from(choice: ChannelChoice) -> Self {
        Self {
            channel: match choice {
                ChannelChoice::Tls => hefu_client::ChannelPolicy::Tls,
                ChannelChoice::Tlcp => hefu_client::ChannelPolicy::Tlcp,
            },
            ..Self::default()
        }
    }
}

/// `hefu device bundle`.
#[derive(Debug, Args)]
pub struct BundleArguments {
    /// The deployment.
    #[command(flatten)]
    pub config: ConfigArgument,
    /// What the probes may call: JSON, explained in docs/QUICKSTART.md.
    #[arg(long, value_name = "FILE")]
    pub functions: PathBuf,
    /// The honest user; the password is the first line of standard input.
    #[arg(long)]
    pub user: String,
    /// The user who attacks; the password is the second line of standard input.
    #[arg(long)]
    pub other: String,
    /// Where the bundle goes; it holds keys and passwords of test users.
    #[arg(long, value_name = "FILE", default_value = "bundle.json")]
    pub out: PathBuf,
}

/// `hefu call`.
#[derive(Debug, Args)]
pub struct CallArguments {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The function number.
    #[arg(long, value_name = "NUMBER")]
    pub function: String,
    /// The JSON body: a text, or @FILE.
    #[arg(long, value_name = "JSON")]
    pub data: Option<String>,
    /// A member of the body to seal, as JSON pointer; may be given several times.
    #[arg(long, value_name = "POINTER")]
    pub seal: Vec<String>,
    /// Sign with the device's key, as key business asks.
    #[arg(long)]
    pub key_business: bool,
    /// For how many seconds the request holds, where the function allows less than a minute.
    #[arg(long, value_name = "SECONDS")]
    pub window_s: Option<u16>,
    /// Makes the request safe to send again.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// The device that `hefu device enrol` wrote.
    #[arg(long, value_name = "FILE", default_value = "device.json")]
    pub device: PathBuf,
    /// Log in first; the password is read from standard input.
    #[arg(long)]
    pub user: Option<String>,
    /// Print the signature base and each header with its reason, and send nothing.
    #[arg(long)]
    pub explain: bool,
}

/// `hefu assess`.
#[derive(Debug, Args)]
pub struct AssessArguments {
    /// The deployment's origin, for example `https://gateway.example:8443`.
    #[arg(long, value_name = "URL")]
    pub target: String,
    /// What `hefu device bundle` wrote.
    #[arg(long, value_name = "FILE")]
    pub device_bundle: PathBuf,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: OutputFormat,
}

/// `hefu audit`.
///
/// Exit code: 0 nothing failed, 1 something failed, 2 something could not be analysed.
#[derive(Debug, Args)]
#[command(
    after_long_help = "First report in a minute, recipes for CI and what the auditor cannot see: docs/AUDIT.md"
)]
pub struct AuditArguments {
    /// APK, AAB, IPA, HAP, a folder of split APKs, or a folder of sources; several of them.
    #[arg(required_unless_present_any = ["diff", "list_checks", "explain"])]
    pub paths: Vec<PathBuf>,
    /// How the report is written; `markdown` is for --list-checks alone.
    #[arg(long, value_enum, default_value_t)]
    pub format: AuditFormat,
    /// Where the report goes; standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The language of texts for people. HTML pages have both, this one first.
    #[arg(long, value_enum, default_value_t)]
    pub language: ReportLanguage,
    /// The lightest failure that makes the exit code 1.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    pub fail_on: FailOn,
    /// `basic`: what every app has to pass. `enhanced`: all checks, for apps that move money.
    #[arg(long, value_enum, default_value_t)]
    pub level: AuditLevel,
    /// What the app's owners declare and demand.
    #[arg(long, value_name = "hefu-audit.toml")]
    pub config: Option<PathBuf>,
    /// Findings that somebody accepted, with reason, owner and last day.
    #[arg(long, value_name = "FILE")]
    pub reviews: Option<PathBuf>,
    /// The first Android version for which signatures are judged; the manifest's when absent.
    #[arg(long, value_name = "SDK")]
    pub min_sdk: Option<u32>,
    /// The last Android version for which signatures are judged.
    #[arg(long, value_name = "SDK")]
    pub max_sdk: Option<u32>,
    /// The v4 signature file of the package.
    #[arg(long, value_name = "FILE")]
    pub idsig: Option<PathBuf>,
    /// Judge the signature and nothing else.
    #[arg(long)]
    pub signature_only: bool,
    /// Show what changed from one version to the next.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["paths", "signature_only"])]
    pub diff: Option<Vec<PathBuf>>,
    /// Known vulnerabilities of libraries: a file or folder in OSV format.
    #[arg(long, value_name = "PATH")]
    pub advisories: Option<PathBuf>,
    /// The day of the audit, for what expires; today when absent. Fix it for reports that are equal
    /// to the byte.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<jiff::civil::Date>,
    /// Leave the texts of secrets out of the report.
    #[arg(long)]
    pub redact: bool,
    /// Whether text is coloured; by default when it goes to a terminal.
    #[arg(long, value_enum, default_value_t)]
    pub color: Color,
    /// List every check.
    #[arg(long, conflicts_with_all = ["paths", "diff"])]
    pub list_checks: bool,
    /// Explain one check: purpose, procedure, criterion, clauses.
    #[arg(long, value_name = "CHECK", conflicts_with_all = ["paths", "diff", "list_checks"])]
    pub explain: Option<String>,
}

/// How an audit is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people at a terminal.
    #[default]
    Text,
    /// Everything, for machines: docs/audit-report.schema.json.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// One page that prints well.
    Html,
    /// OSCAL assessment results.
    Oscal,
    /// CycloneDX 1.6: what the package is made of.
    Cyclonedx,
    /// The catalogue of checks.
    Markdown,
}

/// A language of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportLanguage {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// How bad a failure is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Worth knowing.
    Info,
    /// Weakens a defence that others back up.
    #[default]
    Low,
    /// Opens a way that needs another weakness.
    Medium,
    /// Opens a way by itself.
    High,
    /// Gives money, keys or identities away.
    Critical,
}

/// Which checks are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuditLevel {
    /// What every app has to pass.
    Basic,
    /// All.
    #[default]
    Enhanced,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// `hefu standards`.
#[derive(Debug, Subcommand)]
pub enum StandardsCommand {
    /// List every clause.
    List(ReportArguments),
    /// Show one clause in both languages, and what serves it.
    Show {
        /// The clause's id, for example CJ-6.3.d.4.
        id: String,
        /// How it is written.
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Show what serves each clause today, and what is missing.
    Coverage(ReportArguments),
    /// Write crates/standards/reasons.toml anew from what the code registers.
    Refresh {
        /// Only say whether the file is current.
        #[arg(long)]
        check: bool,
    },
}

/// How a report is written.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// text, json or markdown.
    #[arg(long, default_value = "text")]
    pub format: hefu_standards::report::Format,
}

/// `hefu keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Seal a secret for the configuration; it is read from standard input.
    Seal(ConfigArgument),
    /// Make an SM2 certificate authority: a root, or one below another.
    ///
    /// Writes ca.pem, the encrypted ca.key, chain.pem and an empty revocation list into a new folder.
    /// Keep the folder of a root offline; issue from an authority below it.
    Ca(CaArguments),
    /// Issue the pair of certificates that a TLCP server or client needs: one signs, one encrypts.
    ///
    /// Makes both keys, and writes sign.pem, sign.key, enc.pem, enc.key and chain.pem into a new
    /// folder. The keys are encrypted.
    Issue(IssueArguments),
    /// Issue a pair anew before it ends: the same subject and names, new keys.
    Renew(RenewArguments),
    /// Withdraw certificates: writes the authority's revocation list anew.
    ///
    /// Without a certificate the list only begins a new period. Give it to whoever verifies
    /// certificates before the old one ends: an outdated list refuses everybody.
    Revoke(RevokeArguments),
}

/// The password of the authority's key. It is never taken from the command line, where every list of
/// processes would show it.
#[derive(Debug, Args)]
pub struct PasswordArgument {
    /// The file with the password of the authority's key, readable by you alone; without it the file
    /// that `HEFU_KEY_PASSWORD_FILE` names, and without that the first line of standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// The password of new keys.
#[derive(Debug, Args)]
pub struct NewKeysArgument {
    /// The file with the password under which new keys are written, readable by you alone; without it
    /// the next line of standard input.
    #[arg(long, value_name = "FILE")]
    pub key_password_file: Option<PathBuf>,
    /// How keys are encrypted: `sm` is SM4 under HMAC-SM3, `aes` AES-256 under HMAC-SHA-256, which
    /// every program reads.
    #[arg(long, value_enum, default_value_t)]
    pub encryption: KeyEncryption,
    /// How often the password is hashed; more makes guessing it slower, and opening the key too.
    #[arg(long, value_name = "COUNT", default_value_t = hefu_gm::pbes2::ITERATIONS_DEFAULT)]
    pub iterations: u32,
}

/// How a key file is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyEncryption {
    /// SM4-CBC and PBKDF2 with HMAC-SM3.
    #[default]
    Sm,
    /// AES-256-CBC and PBKDF2 with HMAC-SHA-256.
    Aes,
}

/// `hefu keys ca`.
#[derive(Debug, Args)]
pub struct CaArguments {
    /// The new folder.
    #[arg(default_value = "ca")]
    pub folder: PathBuf,
    /// The authority's name, for example "CN=Example Root CA,O=Example Bank,C=CN".
    #[arg(long, value_name = "NAME")]
    pub subject: String,
    /// How many days it holds.
    #[arg(long, default_value_t = 3_650)]
    pub days: u32,
    /// The folder of the authority above it; a root when absent.
    #[arg(long, value_name = "FOLDER")]
    pub under: Option<PathBuf>,
    /// How many authorities may stand between it and a certificate of a server or client.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub path_length: u8,
    /// The password of the authority above, with --under.
    #[command(flatten)]
    pub password: PasswordArgument,
    /// The password of the new authority's key.
    #[command(flatten)]
    pub new_keys: NewKeysArgument,
}

/// In which part a pair of certificates appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PairRole {
    /// A TLCP server, such as the gateway.
    Server,
    /// A TLCP client, such as an app or another institution.
    Client,
}

/// `hefu keys issue`.
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// For whom.
    pub role: PairRole,
    /// The authority's folder.
    #[arg(long, value_name = "FOLDER", default_value = "ca")]
    pub ca: PathBuf,
    /// Whom it names, for example "CN=gateway.example,O=Example Bank,C=CN".
    #[arg(long, value_name = "NAME")]
    pub subject: String,
    /// A DNS name or address of a server; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
    /// How many days it holds.
    #[arg(long, default_value_t = 365)]
    pub days: u32,
    /// The new folder.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The password of the authority's key.
    #[command(flatten)]
    pub password: PasswordArgument,
    /// The password of the new keys.
    #[command(flatten)]
    pub new_keys: NewKeysArgument,
}

/// `hefu keys renew`.
#[derive(Debug, Args)]
pub struct RenewArguments {
    /// The folder of the pair that `hefu keys issue` wrote.
    pub pair: PathBuf,
    /// The authority's folder.
    #[arg(long, value_name = "FOLDER", default_value = "ca")]
    pub ca: PathBuf,
    /// How many days the new pair holds.
    #[arg(long, default_value_t = 365)]
    pub days: u32,
    /// The new folder; the old pair stays as it is and holds until it ends.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The password of the authority's key.
    #[command(flatten)]
    pub password: PasswordArgument,
    /// The password of the new keys.
    #[command(flatten)]
    pub new_keys: NewKeysArgument,
}

/// Why a certificate is withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RevokeReason {
    /// The key got into other hands.
    KeyCompromise,
    /// A new certificate took its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// The subject is another now.
    AffiliationChanged,
    /// A right was withdrawn.
    PrivilegeWithdrawn,
    /// No reason is given.
    #[default]
    Unspecified,
}

/// `hefu keys revoke`.
#[derive(Debug, Args)]
pub struct RevokeArguments {
    /// Certificates to withdraw; both of a pair are best named together.
    pub certificates: Vec<PathBuf>,
    /// The serial number of a certificate whose file is lost, in hexadecimal; may be given several
    /// times.
    #[arg(long, value_name = "HEX")]
    pub serial: Vec<String>,
    /// The authority's folder.
    #[arg(long, value_name = "FOLDER", default_value = "ca")]
    pub ca: PathBuf,
    /// Why.
    #[arg(long, value_enum, default_value_t)]
    pub reason: RevokeReason,
    /// How many days the list holds.
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// The password of the authority's key.
    #[command(flatten)]
    pub password: PasswordArgument,
}

/// `hefu backup`.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The deployment.
    #[command(flatten)]
    pub config: ConfigArgument,
    /// The new file.
    pub out: PathBuf,
}
