//! Measurements, in a release build and apart from the tests: they need a quiet machine, and their
//! figures are for people.

use std::process::Command;

use clap::{Args, Subcommand};

use crate::workspace::{Failure, metadata, run_command};

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The gateway beside nginx as a plain reverse proxy, on one core, in one run.
    Gateway(Gateway),
    /// The single steps: signatures, nonces, schemas, masks, events (criterion).
    Steps(Steps),
}

/// How the gateway is measured.
#[derive(Args)]
pub(crate) struct Gateway {
    /// The core of the bank and of the load; nginx and the gateway have the server's core.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// The core of nginx and of the gateway.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// A short run that shows that everything works; its figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// For hefu-bench: `-- --rounds 9 --seconds 5`.
    #[arg(last = true)]
    more: Vec<String>,
}

/// How steps are measured.
#[derive(Args)]
pub(crate) struct Steps {
    /// Few samples of each.
    #[arg(long)]
    quick: bool,
}

/// The criterion benches, each with its crate.
const STEPS: [(&str, &str); 7] = [
    ("hefu-gm", "gm"),
    ("hefu-tally", "tally"),
    ("hefu-store", "nonces"),
    ("hefu-store", "events"),
    ("hefu-evidence", "record"),
    ("hefu-client", "client"),
    ("hefu-gateway", "contract"),
];

pub(crate) fn run(bench: &Bench) -> Result<(), Failure> {
    match bench {
        Bench::Gateway(gateway) => beside_nginx(gateway),
        Bench::Steps(steps) => by_criterion(steps),
    }
}

fn beside_nginx(gateway: &Gateway) -> Result<(), Failure> {
    let build = ["build", "--release", "--package", "hefu-bench"];
    run_command(Command::new(env!("CARGO")).args(build))?;
    let mut command = Command::new("taskset");
    command
        .args(["-c", &gateway.load_core.to_string()])
        .arg(metadata()?.target_directory.join("release/hefu-bench"))
        .arg("gateway")
        .args(["--load-core", &gateway.load_core.to_string()])
        .args(["--server-core", &gateway.server_core.to_string()])
        .args(&gateway.more);
    if gateway.quick {
        command.arg("--quick");
    }
    run_command(&mut command)
}

fn by_criterion(steps: &Steps) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command.arg("bench");
    // Each by its name: `--benches` would run the unit tests of the crates as well.
    for (package, bench) in STEPS {
        command.args(["--package", package, "--bench", bench]);
    }
    if steps.quick {
        command.args(["--", "--quick"]);
    }
    run_command(&mut command)
}
