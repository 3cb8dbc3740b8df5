//! Measurements of whole processes.

use std::process::Command;

use crate::workspace::{Failure, root, run_command};

/// Measures `hefu audit` on the test apps beside the workspace, and other tools beside it.
pub(crate) fn audit() -> Result<(), Failure> {
    let arguments = ["build", "--release", "--package", "hefu"];
    run_command(Command::new(env!("CARGO")).args(arguments))?;
    let target = &crate::workspace::metadata()?.target_directory;
    run_command(
        Command::new("python3")
            .arg(root().join("conformance/bench_audit.py"))
            .arg(target.join("release/hefu"))
            .arg(root().join("../shared/apps"))
            .arg(target.join("bench-audit")),
    )
}
