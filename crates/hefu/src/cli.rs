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
        /// Where the device's keys and certificate go; readable by you alone.
        #[arg(long, value_name = "FILE", default_value = "device.json")]
        out: PathBuf,
    },
    /// Write the bundle that `hefu assess` needs: two phones of two users, and unused codes.
    Bundle(BundleArguments),
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
