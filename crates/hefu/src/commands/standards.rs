//! `hefu standards`.

use std::path::Path;
use std::process::ExitCode;

use hefu_standards::{catalogue, coverage, reasons, report};

use super::{Outcome, print};
use crate::cli::StandardsCommand;
use crate::registries::registries;

pub(super) fn run(command: StandardsCommand) -> Outcome {
    let rows = || coverage(catalogue(), &registries(), reasons());
    match command {
        StandardsCommand::List(arguments) => {
            print(&report::list(arguments.format, catalogue()))?;
        }
        StandardsCommand::Show {
            id,
            report: arguments,
        } => {
            print(&report::show(arguments.format, catalogue(), &rows(), &id)?)?;
        }
        StandardsCommand::Coverage(arguments) => {
            print(&report::coverage(arguments.format, catalogue(), &rows()))?;
        }
        StandardsCommand::Refresh { check } => return refresh(check),
    }
    Ok(ExitCode::SUCCESS)
}

fn refresh(check: bool) -> Outcome {
    let path = Path::new("crates/standards/reasons.toml");
    let written = crate::files::read(path)?;
    let fresh = reasons::refresh(catalogue(), &registries(), reasons());
    if written == fresh {
        print("crates/standards/reasons.toml is current\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    if check {
        print("crates/standards/reasons.toml is stale: run `cargo run -- standards refresh`\n")?;
        return Ok(ExitCode::FAILURE);
    }
    std::fs::write(path, fresh)?;
    print("wrote crates/standards/reasons.toml\n")?;
    Ok(ExitCode::SUCCESS)
}
