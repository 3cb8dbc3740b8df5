//! `hefu audit`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use hefu_audit::advisories::Advisories;
use hefu_audit::audit::{Audit, Settings, audit_all, conclusion};
use hefu_audit::check::{Level, Severity};
use hefu_audit::compare::Comparison;
use hefu_audit::configuration::Configuration;
use hefu_audit::report::{self, ClauseCatalogue, Language, Report};
use hefu_audit::reviews::Reviews;
use hefu_audit::signature::SdkRange;
use hefu_tally::clock::{Clock as _, SystemClock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Outcome, print};
use crate::clauses::clause_catalogue;
use crate::cli::{AuditArguments, AuditFormat, AuditLevel, Color, FailOn, ReportLanguage};
use crate::files;

/// Longest v4 signature file: its tree of hashes takes 1/127 of the package.
const IDSIG_BYTES_MAX: u64 = 64 << 20;

/// Why nothing was audited.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error("there is no check {id:?}; `hefu audit --list-checks` names them all")]
    UnknownCheck { id: String },
    #[error("--format {format} is not for {what}; it takes {takes}")]
    WrongFormat {
        format: &'static str,
        what: &'static str,
        takes: &'static str,
    },
    #[error("{path}: {message}")]
    File { path: String, message: String },
    #[error("--idsig belongs to one package; {count} are given")]
    SeveralPackages { count: usize },
}

pub(super) fn run(arguments: &AuditArguments) -> Outcome {
    let catalogue = clause_catalogue();
    if arguments.list_checks {
        return list_checks(arguments, &catalogue);
    }
    if let Some(id) = &arguments.explain {
        let text = report::catalogue::explain(id, &catalogue, language(arguments));
        let text = text.ok_or_else(|| AuditError::UnknownCheck { id: id.clone() })?;
        return write(arguments, &text).map(|()| ExitCode::SUCCESS);
    }
    let settings = settings(arguments)?;
    if let Some(paths) = &arguments.diff {
        return diff(arguments, paths, &settings);
    }
    if arguments.format == AuditFormat::Markdown {
        return Err(wrong_format(arguments, "audits", "the other formats").into());
    }
    let audits = audits(&arguments.paths, arguments, &settings);
    let fail_on = fail_on(arguments);
    let report = Report {
        audits: &audits,
        settings: &settings,
        catalogue: &catalogue,
        language: language(arguments),
        fail_on,
    };
    let text = match arguments.format {
        AuditFormat::Text | AuditFormat::Markdown => {
            report::text::write(&report, is_coloured(arguments))
        }
        AuditFormat::Json => report::json::write(&report)?,
        AuditFormat::Sarif => report::sarif::write(&report)?,
        AuditFormat::Html => report::html::write(&report)?,
        AuditFormat::Oscal => report::oscal::write(&report)?,
        AuditFormat::Cyclonedx => report::cyclonedx::write(&report)?,
    };
    write(arguments, &text)?;
    for audit in &audits {
        if let Some(error) = &audit.error {
            eprintln!("error: {}: {error}", audit.path);
        }
    }
    let conclusion = conclusion(&audits, &settings, fail_on);
    Ok(ExitCode::from(conclusion.exit_code()))
}

fn settings(arguments: &AuditArguments) -> Result<Settings, Box<dyn std::error::Error>> {
    let named = |path: &Path, message: String| AuditError::File {
        path: path.display().to_string(),
        message,
    };
    let mut settings = Settings {
        level: match arguments.level {
            AuditLevel::Basic => Level::Basic,
            AuditLevel::Enhanced => Level::Enhanced,
        },
        range: SdkRange {
            min: arguments.min_sdk,
            max: arguments.max_sdk,
        },
        signature_only: arguments.signature_only,
        now: now(arguments),
        ..Settings::default()
    };
    if let Some(path) = &arguments.config {
        settings.configuration = Configuration::parse(&files::read(path)?)
            .map_err(|error| named(path, error.to_string()))?;
    }
    if let Some(path) = &arguments.reviews {
        settings.reviews =
            Reviews::parse(&files::read(path)?).map_err(|error| named(path, error.to_string()))?;
    }
    if let Some(path) = &arguments.advisories {
        settings.advisories = Some(Advisories::load(path)?.into());
    }
    if let Some(path) = &arguments.idsig {
        if arguments.paths.len() != 1 {
            let count = arguments.paths.len();
            return Err(AuditError::SeveralPackages { count }.into());
        }
        let size = std::fs::metadata(path).map_err(|error| named(path, error.to_string()))?;
        if size.len() > IDSIG_BYTES_MAX {
            return Err(named(path, format!("larger than {IDSIG_BYTES_MAX} bytes")).into());
        }
        let bytes = std::fs::read(path).map_err(|error| named(path, error.to_string()))?;
        settings.idsig = Some(bytes);
    }
    Ok(settings)
}

/// The day of the audit, at its beginning, so that two audits of a day are equal.
fn now(arguments: &AuditArguments) -> i64 {
    const DAY_SECONDS: i64 = 86_400;
    let given = arguments.date.and_then(|date| {
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(start.timestamp().as_second())
    });
    given.unwrap_or_else(|| {
        let now = SystemClock.now().secs();
        now - now.rem_euclid(DAY_SECONDS)
    })
}

fn audits<P: AsRef<Path> + Sync>(
    paths: &[P],
    arguments: &AuditArguments,
    settings: &Settings,
) -> Vec<Audit> {
    let bar = progress(paths.len());
    let mut audits = audit_all(paths, settings, |audit| {
        bar.set_message(report_name(&audit.path));
        bar.inc(1);
    });
    bar.finish_and_clear();
    if arguments.redact {
        audits.iter_mut().for_each(Audit::redact);
    }
    audits
}

fn progress(packages: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(packages as u64), target);
    // A template that does not parse leaves the library's own style.
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {bar:32} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

/// A path as a progress bar may show it: its last part, without what a terminal would obey.
fn report_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn diff(arguments: &AuditArguments, paths: &[std::path::PathBuf], settings: &Settings) -> Outcome {
    let audits = audits(paths, arguments, settings);
    let [old, new] = audits.as_slice() else {
        return Ok(ExitCode::from(2));
    };
    let comparison = Comparison::of(old, new);
    let text = match arguments.format {
        AuditFormat::Text => comparison.text(language(arguments)),
        AuditFormat::Json => serde_json::to_string_pretty(&comparison)? + "\n",
        _ => return Err(wrong_format(arguments, "--diff", "text or json").into()),
    };
    write(arguments, &text)?;
    let is_analysed = old.error.is_none() && new.error.is_none();
    Ok(ExitCode::from(match (is_analysed, comparison.is_worse()) {
        (false, _) => 2,
        (true, true) => 1,
        (true, false) => 0,
    }))
}

fn list_checks(arguments: &AuditArguments, catalogue: &ClauseCatalogue) -> Outcome {
    let language = language(arguments);
    let text = match arguments.format {
        AuditFormat::Text => report::catalogue::text(language),
        AuditFormat::Json => report::catalogue::json(catalogue)?,
        AuditFormat::Markdown => report::catalogue::markdown(),
        _ => {
            let takes = "text, json or markdown";
            return Err(wrong_format(arguments, "--list-checks", takes).into());
        }
    };
    write(arguments, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn wrong_format(arguments: &AuditArguments, what: &'static str, takes: &'static str) -> AuditError {
    AuditError::WrongFormat {
        format: match arguments.format {
            AuditFormat::Text => "text",
            AuditFormat::Json => "json",
            AuditFormat::Sarif => "sarif",
            AuditFormat::Html => "html",
            AuditFormat::Oscal => "oscal",
            AuditFormat::Cyclonedx => "cyclonedx",
            AuditFormat::Markdown => "markdown",
        },
        what,
        takes,
    }
}

fn write(arguments: &AuditArguments, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    match &arguments.output {
        None => Ok(print(text)?),
        Some(path) => Ok(
            std::fs::write(path, text).map_err(|error| AuditError::File {
                path: path.display().to_string(),
                message: error.to_string(),
            })?,
        ),
    }
}

fn is_coloured(arguments: &AuditArguments) -> bool {
    match arguments.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if arguments.output.is_some() => false,
        Color::Auto => {
            let choice = anstream::AutoStream::choice(&std::io::stdout());
            choice != anstream::ColorChoice::Never
        }
    }
}

const fn language(arguments: &AuditArguments) -> Language {
    match arguments.language {
        ReportLanguage::En => Language::En,
        ReportLanguage::Zh => Language::Zh,
    }
}

const fn fail_on(arguments: &AuditArguments) -> Severity {
    match arguments.fail_on {
        FailOn::Info => Severity::Info,
        FailOn::Low => Severity::Low,
        FailOn::Medium => Severity::Medium,
        FailOn::High => Severity::High,
        FailOn::Critical => Severity::Critical,
    }
}
