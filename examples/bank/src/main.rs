//! The example bank as a process.
#![forbid(unsafe_code)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use hefu_example_bank::{Bank, Database};

/// A small bank without security of its own. Never expose it: put the gateway before it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7000")]
    listen: SocketAddr,
    /// Where the books are kept; in memory when left out.
    #[arg(long)]
    database: Option<PathBuf>,
    /// Make the demo's customers alice, bob and carol.
    #[arg(long)]
    seed: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hefu-example-bank: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if !arguments.listen.ip().is_loopback() {
        eprintln!(
            "hefu-example-bank: {} is not loopback, and there is no security here",
            arguments.listen
        );
    }
    let database = arguments.database.map_or(Database::Memory, Database::File);
    let bank = Bank::start(arguments.listen, &database).await?;
    if arguments.seed {
        bank.seed().await?;
    }
    eprintln!("hefu-example-bank: listening on http://{}", bank.addr());
    tokio::signal::ctrl_c().await?;
    bank.shutdown().await;
    Ok(())
}
