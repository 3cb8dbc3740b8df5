//! The `hefu` command.

use std::process::ExitCode;

use clap::Parser as _;

/// A request allocates many times, and this allocator takes about half of the C library's time for
/// it (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hefu::run(hefu::cli::Cli::parse())
}
