//! Registers the clauses that the checks judge, collects the checks from their folder, and takes the
//! digest of the rules, which reports name.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() {
    hefu_standards::scan::emit();
    hefu_standards::scan::emit_folder("checks", "CHECK", "crate::check::Check");
    println!(
        "cargo::rustc-env=HEFU_AUDIT_RULES={}",
        digest(Path::new("src"))
    );
}

/// SHA-256 over the sources: a verdict depends on how facts are read as much as on the checks.
fn digest(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let content = std::fs::read(&file).unwrap_or_default();
        let name = file.to_string_lossy().replace('\\', "/");
        for part in [name.as_bytes(), &content] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
