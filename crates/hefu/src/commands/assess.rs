//! `hefu assess`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use hefu_assess::bundle::Bundle;
use hefu_assess::range::Range;

use super::{Outcome, print};
use crate::cli::{AssessArguments, OutputFormat};
use crate::files;
use crate::table::{Bar, table};

pub(super) fn run(arguments: &AssessArguments) -> Outcome {
    let json = files::read_private(&arguments.device_bundle)?;
    let range = Range::new(&arguments.target, Bundle::from_json(json.as_bytes())?)?;
    let bar = Bar::new(std::io::stderr().is_terminal(), hefu_assess::probes().len());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let assessment = runtime.block_on(hefu_assess::assess(&range, &bar));
    bar.finish();
    match arguments.format {
        OutputFormat::Text => print(&table(&assessment))?,
        OutputFormat::Json => print(&(serde_json::to_string_pretty(&assessment)? + "\n"))?,
    }
    Ok(if assessment.held() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
