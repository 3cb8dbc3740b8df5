//! Dependencies between the crates point down the list of docs/ARCHITECTURE.md.

use cargo_metadata::DependencyKind;

use crate::workspace::{Failure, metadata};

/// Top to bottom: a crate may depend on those below it only. `hefu-testkit` stands apart.
const ORDER: &[&str] = &[
    "hefu",
    "hefu-console",
    "hefu-gateway",
    "hefu-assess",
    "hefu-audit",
    "hefu-identity",
    "hefu-business",
    "hefu-release",
    "hefu-evidence",
    "hefu-store",
    "hefu-client-ffi",
    "hefu-client",
    "hefu-tlcp",
    "hefu-tally",
    "hefu-gm",
    "hefu-standards",
];

/// Never what an app carries: the app's half and what it is built on know no server crate.
const SERVER_ONLY: &[&str] = &[
    "hefu-console",
    "hefu-gateway",
    "hefu-identity",
    "hefu-store",
    "hefu-evidence",
];

/// Checks every normal and build dependency between the project's own crates.
pub(crate) fn check() -> Result<(), Failure> {
    let metadata = metadata()?;
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let Some(from) = ORDER.iter().position(|name| *name == package.name.as_str()) else {
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development {
                continue;
            }
            let name = dependency.name.as_str();
            if name == "hefu-testkit" {
                wrong.push(format!("{}: hefu-testkit is for tests only", package.name));
            }
            let Some(to) = ORDER.iter().position(|known| *known == name) else {
                continue;
            };
            if to <= from {
                wrong.push(format!(
                    "{} depends on {name}, which is not below it",
                    package.name
                ));
            }
            if package.name.starts_with("hefu-client") && SERVER_ONLY.contains(&name) {
                wrong.push(format!(
                    "{} depends on {name}, a server crate",
                    package.name
                ));
            }
        }
    }
    for package in metadata.workspace_packages() {
        let directory = package
            .manifest_path
            .parent()
            .map(ToString::to_string)
            .unwrap_or_default();
        if directory.contains("/crates/")
            && package.name.as_str() != "hefu-testkit"
            && !ORDER.contains(&package.name.as_str())
        {
            wrong.push(format!(
                "{} has no place in the order of xtask/src/layers.rs",
                package.name
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Failed(wrong.join("; ")))
    }
}
