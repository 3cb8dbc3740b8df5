//! One file a command. A command prints its result and says with its exit code whether all is well;
//! what goes wrong is an error whose message tells the next step.

mod assess;
mod audit;
mod backup;
mod call;
mod demo;
mod device;
mod init;
mod input;
mod keys;
mod serve;
mod standards;
mod user;

use std::process::ExitCode;

pub(crate) use init::make_password;

use crate::cli::{Cli, Command};

/// What a command ends in: whatever went wrong, in words for the person who ran it.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// Runs a command.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::User(command) => user::run(command),
        Command::Device(command) => device::run(command),
        Command::Call(arguments) => call::run(arguments),
        Command::Assess(arguments) => assess::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Standards(command) => standards::run(command),
        Command::Keys(command) => keys::run(command),
        Command::Backup(arguments) => backup::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(source) = cause {
                eprintln!("  because: {source}");
                cause = source.source();
            }
            ExitCode::from(2)
        }
    }
}

/// A runtime for one command.
fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    Ok(result)
}

/// Writes a result to standard output. A reader that went away (`hefu … | head`) is no error.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
