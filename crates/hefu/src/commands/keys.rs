//! `hefu keys`.

use std::process::ExitCode;

use super::input::secret_line;
use super::{Outcome, print};
use crate::cli::KeysCommand;
use crate::config::Config;
use crate::secret::Purpose;

pub(super) fn run(command: KeysCommand) -> Outcome {
    match command {
        KeysCommand::Seal(arguments) => {
            let master = Config::load(&arguments.config)?.master_key()?;
            let secret = secret_line("the secret to seal")?;
            print(&format!(
                "{}\n",
                master.seal(Purpose::Configuration, secret.as_bytes())?
            ))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
