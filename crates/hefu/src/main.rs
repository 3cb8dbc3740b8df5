//! The `hefu` command.

use std::process::ExitCode;

use clap::Parser as _;

/// Each request allocates some sixty times: a tenth of the gateway's time under the C library's
/// allocator, a third of that under this one (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hefu::run(hefu::cli::Cli::parse())
}
