//! Measurements, with other implementations beside ours in the same run where they are there.

use std::process::Command;

use clap::Subcommand;

use crate::workspace::{Failure, root};

/// Where a comparison with gotlcp lives: a Go program that prints its own table.
const GOTLCP: &str = "conformance/gotlcp/bench";

/// What is measured.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Subject {
    /// TLCP: handshakes by suite and side, bulk data, primitives; and gotlcp beside it.
    Tlcp,
}

/// Measures, and prints tables.
pub(crate) fn run(subject: Subject) -> Result<(), Failure> {
    match subject {
        Subject::Tlcp => {
            let ours = ["run", "--release", "-p", "hefu-tlcp", "--example", "bench"];
            run_command(Command::new(env!("CARGO")).args(ours).current_dir(root()))?;
            gotlcp()
        }
    }
}

fn gotlcp() -> Result<(), Failure> {
    let folder = root().join(GOTLCP);
    if !folder.is_dir() {
        println!("\nSKIPPED  gotlcp: there is no {GOTLCP}");
        return Ok(());
    }
    if Command::new("go").arg("version").output().is_err() {
        println!("\nSKIPPED  gotlcp: go is not installed");
        return Ok(());
    }
    println!("\ngotlcp\n");
    run_command(Command::new("go").args(["run", "."]).current_dir(folder))
}

fn run_command(command: &mut Command) -> Result<(), Failure> {
    let line = format!("{command:?}");
    let status = command.status().map_err(|source| Failure::Start {
        command: line.clone(),
        source,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Failed(format!("{line} ({status})")))
    }
}
