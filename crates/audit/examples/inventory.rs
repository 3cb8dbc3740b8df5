//! Prints the third-party code of a package, one line an SDK.
//!
//! ```text
//! cargo run -p hefu-audit --example inventory -- app.apk
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::path::Path;
use std::process::ExitCode;

use hefu_audit::inventory::inventory;
use hefu_audit::{Facts, Limits, Package};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: inventory PACKAGE");
        return ExitCode::from(2);
    };
    let limits = Limits::default();
    let package = match Package::open(Path::new(&path), &limits) {
        Ok(package) => package,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let facts = Facts::read(&package, &limits);
    for sdk in inventory(&facts) {
        let purpose = sdk.purpose.map_or("?", |purpose| purpose.words().en);
        let purl = sdk.versioned_purl().unwrap_or_default();
        println!(
            "{} ({purpose}, {} classes) {purl}",
            sdk.title(),
            sdk.classes
        );
        for evidence in &sdk.evidence {
            println!("    {evidence}");
        }
    }
    ExitCode::SUCCESS
}
