//! The rules that hold between the catalogue, what the crates registered, and the reasons.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{Catalogue, Clause, ClauseId, Kind, Reasons, Served};

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A file cites a clause that the catalogue does not have.
    UnknownClause {
        /// The file.
        file: String,
        /// What it cites.
        id: String,
    },
    /// A file is in the registries more than once.
    RegisteredTwice {
        /// The file.
        file: String,
    },
    /// Something that the clause asks for is missing, and no reason is written.
    Unexplained {
        /// The clause.
        id: ClauseId,
        /// What is missing.
        missing: Kind,
    },
    /// A reason is written for something that is there.
    StaleReason {
        /// The clause.
        id: ClauseId,
        /// What is there.
        present: Kind,
    },
    /// A reason is written for something that the clause does not ask for.
    NeedlessReason {
        /// The clause.
        id: ClauseId,
        /// What it is written for.
        kind: Kind,
    },
    /// A reason without words.
    EmptyReason {
        /// The clause.
        id: ClauseId,
        /// What is missing.
        missing: Kind,
    },
    /// A reason is written for a clause that the catalogue does not have.
    UnknownReason {
        /// The id.
        id: ClauseId,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownClause { file, id } => write!(f, "{file} cites {id}, which is no clause"),
            Self::RegisteredTwice { file } => write!(f, "{file} is registered twice"),
            Self::Unexplained { id, missing } => {
                write!(
                    f,
                    "{id} has no {missing} and no reason for that in reasons.toml"
                )
            }
            Self::StaleReason { id, present } => {
                write!(
                    f,
                    "{id} has {present}: delete its [{present}] line in reasons.toml"
                )
            }
            Self::NeedlessReason { id, kind } => {
                write!(
                    f,
                    "{id} asks for no {kind}: delete its [{kind}] line in reasons.toml"
                )
            }
            Self::EmptyReason { id, missing } => {
                write!(f, "{id} has an empty [{missing}] reason in reasons.toml")
            }
            Self::UnknownReason { id } => write!(f, "reasons.toml names {id}, which is no clause"),
        }
    }
}

/// Every rule that is broken; empty when all hold.
///
/// Every cited clause exists; every E clause has code and a probe, and every C clause a check, or
/// a written reason; no reason is stale. That ids are unique holds by the catalogue's making.
#[must_use]
pub fn verify(
    catalogue: &Catalogue,
    registries: &[&[Served]],
    reasons: &Reasons,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut files = BTreeSet::new();
    for served in registries.iter().copied().flatten() {
        if !files.insert(served.file) {
            violations.push(Violation::RegisteredTwice {
                file: served.file.to_owned(),
            });
        }
        for id in served
            .clauses
            .iter()
            .filter(|id| catalogue.clause(id).is_none())
        {
            let (file, id) = (served.file.to_owned(), (*id).to_owned());
            violations.push(Violation::UnknownClause { file, id });
        }
    }
    let index = Index::of(registries);
    for kind in Kind::ALL {
        let table = reasons.table(kind);
        for clause in catalogue.clauses() {
            let reason = table.get(&clause.id).map(|reason| reason.trim());
            violations.extend(judge(clause, kind, reason, index.is_gap(clause, kind)));
        }
        let unknown = table
            .keys()
            .filter(|id| catalogue.clause(id.as_str()).is_none());
        violations.extend(unknown.map(|id| Violation::UnknownReason { id: id.clone() }));
    }
    violations
}

fn judge(clause: &Clause, kind: Kind, reason: Option<&str>, is_gap: bool) -> Option<Violation> {
    let id = clause.id.clone();
    match (is_gap, reason) {
        (true, None) => Some(Violation::Unexplained { id, missing: kind }),
        (true, Some("")) => Some(Violation::EmptyReason { id, missing: kind }),
        (false, Some(_)) if !asks_for(clause, kind) => Some(Violation::NeedlessReason { id, kind }),
        (false, Some(_)) => Some(Violation::StaleReason { id, present: kind }),
        (true, Some(_)) | (false, None) => None,
    }
}

/// E asks for code and for a probe that attacks it, C for a check; A for neither.
fn asks_for(clause: &Clause, kind: Kind) -> bool {
    match kind {
        Kind::Code | Kind::Probe => clause.how.enforced,
        Kind::Check => clause.how.checked,
    }
}

/// Which files serve a clause.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    files: BTreeMap<(&'a str, Kind), BTreeSet<&'a str>>,
}

impl<'a> Index<'a> {
    pub(crate) fn of(registries: &[&'a [Served]]) -> Self {
        let mut files: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for served in registries.iter().copied().flatten() {
            for id in served.clauses {
                files
                    .entry((*id, served.kind))
                    .or_default()
                    .insert(served.file);
            }
        }
        Self { files }
    }

    /// The files of that kind that cite the clause, sorted.
    pub(crate) fn files(&self, clause: &Clause, kind: Kind) -> Vec<String> {
        let files = self.files.get(&(clause.id.as_str(), kind));
        files
            .into_iter()
            .flatten()
            .map(|file| (*file).to_owned())
            .collect()
    }

    /// Whether the clause asks for something of that kind, and nothing is there.
    pub(crate) fn is_gap(&self, clause: &Clause, kind: Kind) -> bool {
        asks_for(clause, kind) && !self.files.contains_key(&(clause.id.as_str(), kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reasons::refresh,
        testing::{served, small},
    };

    fn violations(registry: &[Served], reasons: &str) -> Vec<String> {
        let reasons = Reasons::parse(reasons).unwrap();
        verify(&small(), &[registry], &reasons)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_gap_wants_a_reason() {
        assert_eq!(
            violations(&[], ""),
            [
                "AN-1 has no code and no reason for that in reasons.toml",
                "AN-2 has no code and no reason for that in reasons.toml",
                "AN-3 has no code and no reason for that in reasons.toml",
                "AN-6 has no code and no reason for that in reasons.toml",
                "AN-1 has no probe and no reason for that in reasons.toml",
                "AN-2 has no probe and no reason for that in reasons.toml",
                "AN-3 has no probe and no reason for that in reasons.toml",
                "AN-6 has no probe and no reason for that in reasons.toml",
                "AN-2 has no check and no reason for that in reasons.toml",
                "AN-5 has no check and no reason for that in reasons.toml",
            ]
        );
    }

    #[test]
    fn what_refresh_writes_breaks_no_rule() {
        let registry = [
            served(Kind::Code, "a.rs", &["AN-1", "AN-4"]),
            served(Kind::Probe, "p.rs", &["AN-1"]),
            served(Kind::Check, "c.rs", &["AN-5"]),
        ];
        let text = refresh(&small(), &[&registry], &Reasons::default());
        assert_eq!(violations(&registry, &text), [""; 0]);
    }

    #[test]
    fn a_reason_that_says_nothing_needed_is_a_violation() {
        let registry = [served(Kind::Code, "a.rs", &["AN-1"])];
        let text = refresh(&small(), &[&registry], &Reasons::default())
            .replace(
                "[code]\n",
                "[code]\n\"AN-1\" = \"planned\"\n\"AN-4\" = \"planned\"\n\"AN-9\" = \"planned\"\n",
            )
            .replace(
                "[check]\n\"AN-2\" = \"planned\"\n",
                "[check]\n\"AN-2\" = \" \"\n",
            );
        assert_eq!(
            violations(&registry, &text),
            [
                "AN-1 has code: delete its [code] line in reasons.toml",
                "AN-4 asks for no code: delete its [code] line in reasons.toml",
                "reasons.toml names AN-9, which is no clause",
                "AN-2 has an empty [check] reason in reasons.toml",
            ]
        );
    }

    #[test]
    fn a_registry_that_cites_nonsense_or_comes_twice_is_a_violation() {
        let registry = [
            served(Kind::Code, "a.rs", &["AN-9"]),
            served(Kind::Code, "a.rs", &[]),
        ];
        let text = refresh(&small(), &[&registry], &Reasons::default());
        assert_eq!(
            violations(&registry, &text),
            [
                "a.rs cites AN-9, which is no clause",
                "a.rs is registered twice"
            ]
        );
    }

    #[test]
    fn a_probe_is_no_code_and_a_check_is_no_probe() {
        let registry = [
            served(Kind::Probe, "p.rs", &["AN-1", "AN-5"]),
            served(Kind::Check, "c.rs", &["AN-6"]),
            served(Kind::Code, "a.rs", &["AN-2"]),
        ];
        let index = Index::of(&[&registry]);
        let catalogue = small();
        let gap = |id, kind| index.is_gap(catalogue.clause(id).unwrap(), kind);
        assert!(gap("AN-1", Kind::Code));
        assert!(!gap("AN-1", Kind::Probe));
        assert!(gap("AN-5", Kind::Check));
        assert!(gap("AN-6", Kind::Code) && gap("AN-6", Kind::Probe));
        assert!(gap("AN-2", Kind::Check) && !gap("AN-2", Kind::Code));
    }
}
