//! Prints what the checks say about a package, one line a piece of evidence.
//!
//! ```text
//! cargo run -p hefu-audit --example judge -- app.apk [CHECK…]
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::path::Path;
use std::process::ExitCode;

use hefu_audit::check::Subject;
use hefu_audit::configuration::Configuration;
use hefu_audit::judgement::judge;
use hefu_audit::signature::{PackageSignature, SdkRange};
use hefu_audit::{Facts, Limits, Package};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((path, wanted)) = arguments.split_first() else {
        eprintln!("usage: judge PACKAGE [CHECK…]");
        return ExitCode::from(2);
    };
    let limits = Limits::default();
    let package = match Package::open(Path::new(path), &limits) {
        Ok(package) => package,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let facts = Facts::read(&package, &limits);
    let judgement = judge(&Subject {
        facts: &facts,
        signature: &PackageSignature::of(&package, None, SdkRange::default(), &limits),
        configuration: &Configuration::default(),
        advisories: None,
        now: 1_767_225_600,
    });
    for finding in &judgement.findings {
        if !wanted.is_empty() && !wanted.iter().any(|id| id == finding.check.id) {
            continue;
        }
        println!("{}: {}", finding.check.id, finding.verdict.name());
        for evidence in &finding.evidence {
            println!("    {evidence}");
        }
    }
    ExitCode::SUCCESS
}
