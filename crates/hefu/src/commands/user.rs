//! `hefu user`.

use std::process::ExitCode;

use hefu_gm::rng::SystemRng;
use hefu_identity::password::NewPassword;
use hefu_tally::clock::{Clock as _, SystemClock};

use super::input::secret_line;
use super::{Outcome, block_on, print};
use crate::cli::UserCommand;
use crate::config::Config;

pub(super) fn run(command: UserCommand) -> Outcome {
    let UserCommand::Add {
        config,
        name,
        subject,
    } = command;
    let config = Config::load(&config.config)?;
    let password = NewPassword::parse(secret_line("the user's password")?)?;
    block_on(async {
        let identity = config.open_identity().await?;
        let now = SystemClock.now();
        identity
            .users
            .add(&name, &subject, password, now, &mut SystemRng)
            .await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    print(&format!(
        "{name} may log in now, as the service's customer {subject}.\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}
