//! What every chore needs to know of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

/// Why a chore failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// `cargo metadata` could not be read.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// A file of the project could not be read or written.
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file of the project does not have the shape the chore expects.
    #[error("{path}: {message}")]
    Shape { path: PathBuf, message: String },
    /// A command could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        command: String,
        source: std::io::Error,
    },
    /// A command, or several steps, failed.
    #[error("failed: {0}")]
    Failed(String),
}

/// The workspace as cargo resolves it.
pub(crate) fn metadata() -> Result<Metadata, Failure> {
    Ok(MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .exec()?)
}

/// The repository's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// Runs a command in the repository's root folder, showing its line first.
pub(crate) fn run_command(command: &mut Command) -> Result<(), Failure> {
    let line = format!("{command:?}");
    println!("+ {line}");
    let status = command
        .current_dir(root())
        .status()
        .map_err(|source| Failure::Start {
            command: line.clone(),
            source,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Failed(format!("{line} ({status})")))
    }
}
