//! Folders in which adding one is adding one file.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use super::ScanError;

/// The Rust source that declares the modules of `folder` and lists the `item` of each.
pub(super) fn source(folder: &Path, item: &str, element: &str) -> Result<String, ScanError> {
    let modules = modules(folder)?;
    let list = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_uppercase();
    // Writing to a String cannot fail. Debug output of a path is a Rust literal.
    let mut source = String::new();
    for (name, path) in &modules {
        let _ = writeln!(
            source,
            "#[path = {:?}]\npub(crate) mod {name};",
            path.display().to_string()
        );
    }
    let _ = writeln!(
        source,
        "\n/// One of each file in this folder, sorted by file name."
    );
    let _ = writeln!(source, "pub(crate) static {list}: &[&{element}] = &[");
    for (name, _) in &modules {
        let _ = writeln!(source, "    &{name}::{item},");
    }
    source.push_str("];\n");
    Ok(source)
}

/// The `.rs` files directly in `folder` but `mod.rs`, with their module names, sorted.
fn modules(folder: &Path) -> Result<Vec<(String, PathBuf)>, ScanError> {
    let failed = |source| ScanError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let is_source = path.extension().is_some_and(|end| end == "rs");
        if !is_source || !entry.file_type().map_err(failed)?.is_file() {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == "mod" {
            continue;
        }
        if !is_module_name(&name) {
            return Err(ScanError::NotAModuleName { path });
        }
        modules.push((name, path));
    }
    modules.sort();
    Ok(modules)
}

fn is_module_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
