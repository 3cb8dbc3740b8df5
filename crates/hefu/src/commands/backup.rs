//! `hefu backup`.
//!
//! Clauses: JR-6.2.3.d.

use std::process::ExitCode;

use hefu_store::sqlite::SqliteStore;

use super::{Outcome, block_on, print};
use crate::cli::BackupArguments;
use crate::config::Config;

pub(super) fn run(arguments: &BackupArguments) -> Outcome {
    let config = Config::load(&arguments.config.config)?;
    let database = config.data_folder().join("hefu.db");
    block_on(async {
        let store = SqliteStore::open(&database).await?;
        store.backup(&arguments.out).await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    print(&format!(
        "Copied the database to {}. It holds no key: keep hefu-data/keys and the master key too, \
         apart from each other.\n",
        arguments.out.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
