use std::{collections::BTreeSet, fs, path::Path};

use tempfile::TempDir;

use super::*;

/// A repository with one crate, `crates/bank`.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn manifest_dir(&self) -> PathBuf {
        self.root().join("crates/bank")
    }

    fn file(self, within_src: &str, text: &str) -> Self {
        let path = self.manifest_dir().join("src").join(within_src);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn citations(&self) -> Result<Vec<Citation>, Vec<ScanError>> {
        citations(self.root(), &self.manifest_dir())
    }

    /// What a file with this text is refused for.
    fn refusal(text: &str) -> Vec<String> {
        let errors = Self::new().file("lib.rs", text).citations().unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn headers_become_citations_sorted_by_file() {
    let repository = Repository::new()
        .file(
            "lib.rs",
            "#![doc = \"x\"]\n\n//! Clauses: CJ-4.2.2.b.\n\npub mod guards;\n",
        )
        .file(
            "guards/replay.rs",
            "//! Replay.\n//!\n//! Clauses: CJ-6.3.d.4,\n//! AN-1,\n//! JR-6.2.2.a.\n\nfn f() {}\n",
        )
        .file("guards/mod.rs", "//! Guards.\nmod replay;\n")
        .file("probes/replay.rs", "// A note.\n//! Clauses: AN-1.\n")
        .file("checks/secrets/mod.rs", "//! Clauses: AP-1.2.2.\n")
        .file(
            "checks/fixtures/readme.md",
            "//! Clauses: nothing to see.\n",
        );

    let found = repository.citations().unwrap();

    let found: Vec<_> = found
        .iter()
        .map(|c| {
            (
                c.file.as_str(),
                c.module.as_str(),
                c.kind,
                c.clauses.join(" "),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "crates/bank/src/checks/secrets/mod.rs",
                "checks::secrets",
                Kind::Check,
                "AP-1.2.2".into()
            ),
            (
                "crates/bank/src/guards/replay.rs",
                "guards::replay",
                Kind::Code,
                "CJ-6.3.d.4 AN-1 JR-6.2.2.a".into()
            ),
            (
                "crates/bank/src/lib.rs",
                "crate",
                Kind::Code,
                "CJ-4.2.2.b".into()
            ),
            (
                "crates/bank/src/probes/replay.rs",
                "probes::replay",
                Kind::Probe,
                "AN-1".into()
            ),
        ]
    );
}

#[test]
fn an_unknown_clause_is_refused_with_file_line_and_id() {
    assert_eq!(
        Repository::refusal("//! Bank.\n//! Clauses: AN-1,\n//! JR-6.2.2.z.\n"),
        [
            "crates/bank/src/lib.rs:3: the catalogue has no clause `JR-6.2.2.z`; `hefu standards list` prints all"
        ]
    );
}

#[test]
fn every_fault_is_refused_and_all_of_them_are_told_at_once() {
    let fault = |fault: HeaderFault, line: usize| {
        format!(
            "crates/bank/src/lib.rs:{line}: {fault}; the form is `//! Clauses: CJ-6.3.d.4, AN-1.`"
        )
    };
    let cases = [
        ("//! Clauses: AN-1\n", vec![fault(HeaderFault::Unended, 1)]),
        (
            "//! Clauses: AN-1,\n//!\n//! AN-2.\n",
            vec![fault(HeaderFault::Unended, 1)],
        ),
        (
            "//! Clauses: AN-1,\nfn f() {}\n",
            vec![fault(HeaderFault::Unended, 1)],
        ),
        ("//! Clauses: .\n", vec![fault(HeaderFault::MissingId, 1)]),
        (
            "//! Clauses: AN-1,, AN-2.\n",
            vec![fault(HeaderFault::MissingId, 1)],
        ),
        (
            "//! Clauses: AN-1.\n//! Clauses: AN-2.\n",
            vec![fault(HeaderFault::SecondList, 2)],
        ),
        (
            "fn f() {}\n\n//! Clauses: AN-1.\n",
            vec![fault(HeaderFault::BelowHeader, 3)],
        ),
        (
            "//! clauses: AN-1.\n",
            vec![fault(HeaderFault::Misspelt, 1)],
        ),
        ("//! Clause: AN-1.\n", vec![fault(HeaderFault::Misspelt, 1)]),
        (
            "//! Clauses: AN-1, AN-1.\n",
            vec!["crates/bank/src/lib.rs:1: clause `AN-1` is cited twice".into()],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(Repository::refusal(text), expected, "{text}");
    }

    let both = Repository::new()
        .file("a.rs", "//! Clauses: AN-1\n")
        .file("b.rs", "//! Clauses: AN-99.\n")
        .citations()
        .unwrap_err();
    assert_eq!(both.len(), 2);
}

#[test]
fn a_crate_without_clauses_has_an_empty_registry() {
    let found = Repository::new()
        .file("lib.rs", "//! Nothing.\n")
        .citations()
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(
        registry("hefu-bank", &found),
        "/// The source files of this crate that serve clauses, sorted by file.\n\
         pub static REGISTRY: &[::hefu_standards::Served] = &[\n];\n"
    );
}

#[test]
fn a_missing_source_folder_is_refused() {
    let errors = Repository::new().citations().unwrap_err();
    assert!(
        matches!(errors.as_slice(), [ScanError::Io { .. }]),
        "{errors:?}"
    );
}

#[test]
fn the_registry_is_rust_source() {
    let citation = Citation {
        module: "guards::replay".into(),
        file: "crates/bank/src/guards/replay.rs".into(),
        kind: Kind::Code,
        clauses: vec!["CJ-6.3.d.4".into(), "AN-1".into()],
    };
    assert_eq!(
        registry("hefu-bank", &[citation]),
        "/// The source files of this crate that serve clauses, sorted by file.\n\
         pub static REGISTRY: &[::hefu_standards::Served] = &[\n    \
         ::hefu_standards::Served { krate: \"hefu-bank\", module: \"guards::replay\", \
         file: \"crates/bank/src/guards/replay.rs\", kind: ::hefu_standards::Kind::Code, \
         clauses: &[\"CJ-6.3.d.4\", \"AN-1\"] },\n];\n"
    );
}

#[test]
fn a_folder_becomes_modules_and_a_list() {
    let repository = Repository::new()
        .file("probes/mod.rs", "")
        .file("probes/replay.rs", "")
        .file("probes/body_changed.rs", "")
        .file("probes/fixtures/deep.rs", "")
        .file("probes/notes.md", "");
    let probes = repository.manifest_dir().join("src/probes");

    let source = folder::source(&probes, "PROBE", "crate::probe::Probe").unwrap();

    let expected = format!(
        "#[path = {:?}]\npub(crate) mod body_changed;\n#[path = {:?}]\npub(crate) mod replay;\n\n\
         /// One of each file in this folder, sorted by file name.\n\
         pub(crate) static PROBES: &[&crate::probe::Probe] = &[\n    \
         &body_changed::PROBE,\n    &replay::PROBE,\n];\n",
        probes.join("body_changed.rs").display().to_string(),
        probes.join("replay.rs").display().to_string(),
    );
    assert_eq!(source, expected);
}

#[test]
fn a_file_that_cannot_be_a_module_is_refused() {
    let repository = Repository::new().file("probes/slow-body.rs", "");
    let refused = folder::source(
        &repository.manifest_dir().join("src/probes"),
        "PROBE",
        "Probe",
    );
    assert!(
        matches!(refused, Err(ScanError::NotAModuleName { .. })),
        "{refused:?}"
    );
}

#[test]
fn the_repository_is_the_workspace_or_else_the_package() {
    let repository = Repository::new().file("lib.rs", "");
    let script = BuildScript {
        manifest_dir: repository.manifest_dir(),
        out_dir: repository.root().to_owned(),
        package: "hefu-bank".into(),
    };
    fs::write(repository.manifest_dir().join("Cargo.toml"), "[package]\n").unwrap();
    assert_eq!(script.repository(), repository.manifest_dir());

    fs::write(repository.root().join("Cargo.toml"), "[workspace]\n").unwrap();
    assert_eq!(script.repository(), repository.root());
}

#[test]
fn the_scan_knows_every_id_once() {
    let ids: Vec<_> = catalogue_ids().collect();
    assert_eq!(ids.len(), 359);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 359);
}
