//! The `hefu` command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    hefu::run(hefu::cli::Cli::parse())
}
