//! The gate: every check, in the order that finds the cheapest mistakes first.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use crate::workspace::{Failure, root, run_command};
use crate::{layers, licences};

/// Runs all steps, also after one failed, and reports them together.
pub(crate) fn run() -> Result<(), Failure> {
    let mut report = Report::default();

    if available("fmt") {
        report.step("formatting", cargo(&["fmt", "--all", "--check"]));
        report.step("formatting of collected folders", format_collected());
    } else {
        report.skip("formatting", "rustfmt is not installed");
    }
    report.step("layers", layers::check());
    report.step("licences", licences::check());
    if available("clippy") {
        let arguments = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        report.step("lints", cargo(&arguments));
    } else {
        report.skip("lints", "clippy is not installed");
    }
    if available("deny") {
        let arguments = ["deny", "--offline", "check", "licenses", "bans", "sources"];
        report.step("cargo deny", cargo(&arguments));
    } else {
        report.skip(
            "cargo deny",
            "cargo-deny is not installed; the licences were checked above",
        );
    }
    report.step("documentation", documentation());
    report.step("tests", cargo(&["test", "--workspace", "--no-fail-fast"]));

    println!("\n{report}");
    report.verdict()
}

#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: Vec<&'static str>,
}

impl Report {
    fn step(&mut self, name: &'static str, done: Result<(), Failure>) {
        match done {
            Ok(()) => self.lines.push(format!("ok       {name}")),
            Err(failure) => {
                self.lines.push(format!("FAILED   {name}: {failure}"));
                self.failed.push(name);
            }
        }
    }

    fn skip(&mut self, name: &'static str, why: &str) {
        println!("SKIPPED  {name}: {why}");
        self.lines.push(format!("SKIPPED  {name}: {why}"));
    }

    fn verdict(self) -> Result<(), Failure> {
        if self.failed.is_empty() {
            Ok(())
        } else {
            Err(Failure::Failed(self.failed.join(", ")))
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

/// Whether `cargo <subcommand>` exists here.
fn available(subcommand: &str) -> bool {
    Command::new(env!("CARGO"))
        .args([subcommand, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    run_command(Command::new(env!("CARGO")).args(arguments))
}

/// Files in folders that a build script collects (one probe, one check a file) are in no `mod`
/// line that rustfmt could follow, so they are named to it.
fn format_collected() -> Result<(), Failure> {
    let mut files = Vec::new();
    for folder in ["crates/assess/src/probes", "crates/audit/src/checks"] {
        files.extend(rust_files(&root().join(folder))?);
    }
    if files.is_empty() {
        return Ok(());
    }
    run_command(
        Command::new("rustfmt")
            .args(["--check", "--edition", "2024"])
            .args(files),
    )
}

fn rust_files(folder: &std::path::Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |source| Failure::File {
        path: folder.to_owned(),
        source,
    };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn documentation() -> Result<(), Failure> {
    run_command(
        Command::new(env!("CARGO"))
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ])
            .env(
                "RUSTDOCFLAGS",
                "-D warnings -A rustdoc::private_intra_doc_links",
            ),
    )
}
