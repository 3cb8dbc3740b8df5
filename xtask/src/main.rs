//! The project's own chores.
//!
//! `cargo xtask ci` is the one gate; `layers` and `licences` are two of its steps. `cargo xtask bench`
//! measures.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a chore talks to the person who runs it"
)]

mod bench;
mod ci;
mod layers;
mod licences;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Chore {
    /// Run every check: formatting, layers, licences, lints, tests, documentation.
    Ci,
    /// Measure, in a release build.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Check that dependencies between the crates point the way docs/ARCHITECTURE.md says.
    Layers,
    /// Check that every dependency's licence is on the list in deny.toml.
    Licences,
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Bench(bench) => bench::run(&bench),
        Chore::Ci => ci::run(),
        Chore::Layers => layers::check(),
        Chore::Licences => licences::check(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
