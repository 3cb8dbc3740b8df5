#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "figures are for the person who measures"
)]

mod bank;
mod cpu;
mod load;
mod measure;
mod phones;
mod processes;
mod report;
mod serve;

use std::process::ExitCode;

use clap::Parser;

/// As the `hefu` command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What goes wrong in a measurement, in words for the person who measures.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures the gateway beside nginx; see docs/PERFORMANCE.md.
#[derive(Parser)]
enum Role {
    /// Run the whole comparison: this process is the load, and starts the others.
    Gateway(measure::Arguments),
    /// Be the gateway under test.
    #[command(hide = true)]
    Serve(serve::ServeArguments),
    /// Be the sample bank.
    #[command(hide = true)]
    Bank,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Role::parse() {
        Role::Gateway(arguments) => measure::run(&arguments).await,
        Role::Serve(arguments) => serve::run(&arguments).await,
        Role::Bank => bank::run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("hefu-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}
