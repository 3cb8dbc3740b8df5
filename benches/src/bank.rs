//! The sample bank, whose echo route stands behind nginx and gateway alike.

use std::io::{self, Read as _, Write as _};

use hefu_example_bank::{Bank, Database};

use crate::Failure;

/// Serves until standard input ends; tells its address in one line.
///
/// # Errors
/// When it does not start.
pub(crate) async fn run() -> Result<(), Failure> {
    let bank = Bank::start(([127, 0, 0, 1], 0).into(), &Database::Memory).await?;
    let mut out = io::stdout();
    writeln!(out, "{}", bank.addr())?;
    out.flush()?;
    input_ends().await;
    bank.shutdown().await;
    Ok(())
}

/// Returns when standard input has ended: the process that started this one is gone, or is done.
pub(crate) async fn input_ends() {
    let (end, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = io::stdin().read_to_end(&mut rest);
        let _ = end.send(());
    });
    // The sender is gone only when the input has ended too.
    let _ = ended.await;
}
