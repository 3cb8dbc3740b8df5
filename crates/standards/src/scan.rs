//! The build-time scan: the headers of source files become a registry.
//!
//! Called from a crate's `build.rs`. It is pure std and knows of the catalogue only the ids, so a
//! cited clause that does not exist stops the build, with file, line and id.

mod folder;
mod header;

use std::{
    env,
    ffi::OsString,
    fmt::{self, Write as _},
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::Kind;

/// The documents of the catalogue, in their order.
pub(crate) const DOCUMENTS: [&str; 4] = [
    include_str!("../clauses/alipay-plus.toml"),
    include_str!("../clauses/q-027-cjsc001-2023.toml"),
    include_str!("../clauses/jr-t-0225-2021.toml"),
    include_str!("../clauses/bank-app-attack.toml"),
];

/// A source file with the clauses that its header cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The module below the crate root, such as `guards::replay`; `crate` for the root itself.
    pub module: String,
    /// The file, relative to the repository, with forward slashes.
    pub file: String,
    /// What the folder says the file is.
    pub kind: Kind,
    /// The cited ids, in the order of the header.
    pub clauses: Vec<String>,
}

/// Why a crate could not be scanned.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScanError {
    /// A variable that cargo sets for build scripts is missing.
    NotInBuildScript {
        /// Its name.
        variable: &'static str,
    },
    /// A file or folder could not be read or written.
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A header cites a clause that the catalogue does not have.
    UnknownClause {
        /// The file, relative to the repository.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        id: String,
    },
    /// A header cites the same clause twice.
    RepeatedClause {
        /// The file, relative to the repository.
        file: String,
        /// The line of the second, from 1.
        line: usize,
        /// The clause.
        id: String,
    },
    /// A `Clauses:` line is not of the one form.
    Malformed {
        /// The file, relative to the repository.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        fault: HeaderFault,
    },
    /// The name of a file in a scanned folder cannot be a module name.
    NotAModuleName {
        /// The file.
        path: PathBuf,
    },
}

/// What can be wrong with a `Clauses:` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// No full stop before the header or its paragraph ends.
    Unended,
    /// No id at all, or nothing between two commas.
    MissingId,
    /// A second list in one file.
    SecondList,
    /// Below the file's header, where it would be overlooked.
    BelowHeader,
    /// `clauses:` or `Clause:`, which the scan does not take.
    Misspelt,
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unended => "the list of clauses does not end with a full stop",
            Self::MissingId => "a clause id is missing",
            Self::SecondList => "a file has one list of clauses; join the two",
            Self::BelowHeader => "the list of clauses stands below the header; move it to the top",
            Self::Misspelt => "the line must begin with `//! Clauses:`",
        })
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInBuildScript { variable } => {
                write!(
                    f,
                    "{variable} is not set; call hefu_standards::scan from a build.rs"
                )
            }
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::UnknownClause { file, line, id } => write!(
                f,
                "{file}:{line}: the catalogue has no clause `{id}`; `hefu standards list` prints all"
            ),
            Self::RepeatedClause { file, line, id } => {
                write!(f, "{file}:{line}: clause `{id}` is cited twice")
            }
            Self::Malformed { file, line, fault } => {
                write!(
                    f,
                    "{file}:{line}: {fault}; the form is `//! Clauses: CJ-6.3.d.4, AN-1.`"
                )
            }
            Self::NotAModuleName { path } => write!(
                f,
                "{}: the file's name must be a module name: lower-case letters, digits and _",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ScanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Writes `$OUT_DIR/registry.rs` for the crate whose build script calls it.
///
/// The file declares `pub static REGISTRY: &[::hefu_standards::Served]` with an entry for each
/// source file that cites clauses, sorted by file; [`registry!`](crate::registry!) includes it.
/// What is wrong is told to cargo, which then fails the build.
pub fn emit() {
    tell(
        BuildScript::from_environment()
            .map_err(|error| vec![error])
            .and_then(|script| {
                let citations = citations(&script.repository(), &script.manifest_dir)?;
                write(
                    &script.out_dir.join("registry.rs"),
                    &registry(&script.package, &citations),
                )
                .map_err(|error| vec![error])
            }),
    );
}

/// Writes `$OUT_DIR/{folder}.rs` for a folder in which adding one is adding one file.
///
/// Each `.rs` file directly in `src/{folder}` but `mod.rs` becomes a module, and holds an item of
/// the name `item`. The generated file declares the modules and, under the folder's name in
/// capitals, the list of the items, sorted by file name:
///
/// ```text
/// pub(crate) static PROBES: &[&crate::probe::Probe] = &[&body_changed::PROBE, &replay::PROBE];
/// ```
///
/// [`folder!`](crate::folder) includes it. `element` is any type, so also `dyn crate::Check`.
pub fn emit_folder(folder: &str, item: &str, element: &str) {
    tell(
        BuildScript::from_environment()
            .and_then(|script| {
                let source =
                    folder::source(&script.manifest_dir.join("src").join(folder), item, element)?;
                write(&script.out_dir.join(format!("{folder}.rs")), &source)
            })
            .map_err(|error| vec![error]),
    );
}

/// Every source file below `manifest_dir/src` that cites clauses, sorted by file.
///
/// `repository` is the folder that the file paths are relative to.
///
/// # Errors
/// All that is wrong in any file, so that one build shows everything.
pub fn citations(repository: &Path, manifest_dir: &Path) -> Result<Vec<Citation>, Vec<ScanError>> {
    let src = manifest_dir.join("src");
    let files = source_files(&src).map_err(|error| vec![error])?;
    let mut citations = Vec::new();
    let mut errors = Vec::new();
    for path in files {
        let file = with_slashes(path.strip_prefix(repository).unwrap_or(&path));
        let within = with_slashes(path.strip_prefix(&src).unwrap_or(&path));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => {
                errors.push(ScanError::Io { path, source });
                continue;
            }
        };
        match header::clauses(&file, &text) {
            Ok(clauses) if clauses.is_empty() => {}
            Ok(clauses) => {
                citations.push(Citation {
                    module: module(&within),
                    file,
                    kind: kind(&within),
                    clauses,
                });
            }
            Err(faults) => errors.extend(faults),
        }
    }
    if errors.is_empty() {
        Ok(citations)
    } else {
        Err(errors)
    }
}

/// The ids of the catalogue, in its order.
///
/// Reads the lines `id = "…"` of the data itself, so that the scan needs no TOML parser; a test
/// holds that the parsed catalogue has the same ids.
pub(crate) fn catalogue_ids() -> impl Iterator<Item = &'static str> {
    DOCUMENTS
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'))
}

/// The Rust source of the registry.
fn registry(package: &str, citations: &[Citation]) -> String {
    let mut source = String::from(
        "/// The source files of this crate that serve clauses, sorted by file.\n\
         pub static REGISTRY: &[::hefu_standards::Served] = &[\n",
    );
    for Citation {
        module,
        file,
        kind,
        clauses,
    } in citations
    {
        // Writing to a String cannot fail. Debug output of a str is a Rust literal.
        let _ = writeln!(
            source,
            "    ::hefu_standards::Served {{ krate: {package:?}, module: {module:?}, file: {file:?}, \
             kind: ::hefu_standards::Kind::{kind:?}, clauses: &{clauses:?} }},"
        );
    }
    source.push_str("];\n");
    source
}

/// What cargo tells a build script.
struct BuildScript {
    manifest_dir: PathBuf,
    out_dir: PathBuf,
    package: String,
}

impl BuildScript {
    fn from_environment() -> Result<Self, ScanError> {
        let variable = |variable: &'static str| -> Result<OsString, ScanError> {
            env::var_os(variable).ok_or(ScanError::NotInBuildScript { variable })
        };
        let script = Self {
            manifest_dir: variable("CARGO_MANIFEST_DIR")?.into(),
            out_dir: variable("OUT_DIR")?.into(),
            package: variable("CARGO_PKG_NAME")?.to_string_lossy().into_owned(),
        };
        instruct(
            "rerun-if-changed",
            &script.manifest_dir.join("src").display().to_string(),
        );
        Ok(script)
    }

    /// The folder of the workspace, or of the package where there is none.
    fn repository(&self) -> PathBuf {
        self.manifest_dir
            .ancestors()
            .find(|folder| {
                fs::read_to_string(folder.join("Cargo.toml"))
                    .is_ok_and(|manifest| manifest.lines().any(|line| line.trim() == "[workspace]"))
            })
            .unwrap_or(&self.manifest_dir)
            .to_owned()
    }
}

fn tell(outcome: Result<(), Vec<ScanError>>) {
    for error in outcome.err().into_iter().flatten() {
        // An `error` instruction makes cargo show the text and fail the build.
        instruct("error", &error.to_string());
    }
}

fn instruct(key: &str, value: &str) {
    // If standard output is closed then cargo is gone, and nobody is left to be told.
    let _ = writeln!(io::stdout(), "cargo::{key}={value}");
}

fn write(path: &Path, source: &str) -> Result<(), ScanError> {
    fs::write(path, source).map_err(|source| ScanError::Io {
        path: path.to_owned(),
        source,
    })
}

/// All `.rs` files below `folder`, sorted; symbolic links are not followed.
fn source_files(folder: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| ScanError::Io {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let file_type = entry.file_type().map_err(failed)?;
            let path = entry.path();
            if file_type.is_dir() {
                folders.push(path);
            } else if file_type.is_file() && path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// `guards/replay.rs` and `guards/replay/mod.rs` are both `guards::replay`.
fn module(within_src: &str) -> String {
    let path = within_src.trim_end_matches(".rs").trim_end_matches("/mod");
    match path {
        "lib" | "main" => "crate".to_owned(),
        path => path.replace('/', "::"),
    }
}

fn kind(within_src: &str) -> Kind {
    let mut folders: Vec<&str> = within_src.split('/').collect();
    folders.pop();
    if folders.contains(&"probes") {
        Kind::Probe
    } else if folders.contains(&"checks") {
        Kind::Check
    } else {
        Kind::Code
    }
}

#[cfg(test)]
mod tests;
