//! Why something that a clause asks for is not there.
//!
//! `reasons.toml` has three tables, `[code]`, `[probe]` and `[check]`, from clause id to reason.
//! What is simply not built yet has the reason `planned`; so what is missing is visible, counted,
//! and goes away line by line.

use std::{collections::BTreeMap, fmt, fmt::Write as _, sync::LazyLock};

use serde::Deserialize;

use crate::{Catalogue, ClauseId, Kind, Served, registry::Index};

/// The reason of what is not built yet.
pub const PLANNED: &str = "planned";

/// A written reason for each gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    /// Why an E clause has no code.
    #[serde(default)]
    pub code: BTreeMap<ClauseId, String>,
    /// Why an E clause has no probe.
    #[serde(default)]
    pub probe: BTreeMap<ClauseId, String>,
    /// Why a C clause has no check.
    #[serde(default)]
    pub check: BTreeMap<ClauseId, String>,
}

/// The text is no `reasons.toml`.
#[derive(Clone, Debug)]
pub struct ReasonsError(toml::de::Error);

impl fmt::Display for ReasonsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ReasonsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// The reasons of the product, parsed once.
#[must_use]
pub fn reasons() -> &'static Reasons {
    static REASONS: LazyLock<Reasons> = LazyLock::new(|| {
        #[expect(
            clippy::expect_used,
            reason = "the data is part of the program and a test parses it"
        )]
        Reasons::parse(include_str!("../reasons.toml")).expect("the embedded reasons are valid")
    });
    &REASONS
}

impl Reasons {
    /// Reads the text of a `reasons.toml`.
    ///
    /// # Errors
    /// The text is not TOML, has an unknown table, a key that is no clause id, or a key twice.
    pub fn parse(text: &str) -> Result<Self, ReasonsError> {
        toml::from_str(text).map_err(ReasonsError)
    }

    /// The table for gaps of that kind.
    #[must_use]
    pub fn table(&self, kind: Kind) -> &BTreeMap<ClauseId, String> {
        match kind {
            Kind::Code => &self.code,
            Kind::Probe => &self.probe,
            Kind::Check => &self.check,
        }
    }
}

/// The text of a `reasons.toml` that fits `registries` exactly.
///
/// Reasons in `written` stay as long as their gap does; stale ones go; a gap without a reason is
/// `planned`. The order is the catalogue's, so that a diff shows what was built.
#[must_use]
pub fn refresh(catalogue: &Catalogue, registries: &[&[Served]], written: &Reasons) -> String {
    let index = Index::of(registries);
    let mut text = String::from(
        "# Why an E clause has no code or no probe, and a C clause no check.\n\
         # `planned` is what is not built yet; anything else is a reason to stay without.\n\
         # Generated from the registries; longer reasons are kept when it is generated again.\n",
    );
    for kind in Kind::ALL {
        let _ = writeln!(text, "\n[{kind}]");
        for clause in catalogue.clauses() {
            let id = &clause.id;
            if !index.is_gap(clause, kind) {
                continue;
            }
            let reason = written.table(kind).get(id).map(|reason| reason.trim());
            let reason = reason
                .filter(|reason| !reason.is_empty())
                .unwrap_or(PLANNED);
            let _ = writeln!(text, "\"{id}\" = {}", toml::Value::from(reason));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{served, small};

    #[test]
    fn refresh_keeps_longer_reasons_drops_stale_ones_and_adds_planned() {
        let written = Reasons::parse(
            "[code]\n\"AN-1\" = \"stale, for there is code\"\n\
             [probe]\n\"AN-1\" = \"not testable from outside: \\\"local\\\"\"\n\
             [check]\n\"AN-1\" = \"needless, for AN-1 asks for no check\"\n\"AN-5\" = \" \"\n",
        )
        .unwrap();
        let registry = [
            served(Kind::Code, "a.rs", &["AN-1", "AN-2"]),
            served(Kind::Probe, "p.rs", &["AN-6"]),
        ];

        let text = refresh(&small(), &[&registry], &written);

        assert_eq!(
            text.split_once("\n\n").unwrap().1,
            "[code]\n\"AN-3\" = \"planned\"\n\"AN-6\" = \"planned\"\n\n\
             [probe]\n\"AN-1\" = 'not testable from outside: \"local\"'\n\"AN-2\" = \"planned\"\n\"AN-3\" = \"planned\"\n\n\
             [check]\n\"AN-2\" = \"planned\"\n\"AN-5\" = \"planned\"\n"
        );
        let again = refresh(&small(), &[&registry], &Reasons::parse(&text).unwrap());
        assert_eq!(again, text);
    }

    #[test]
    fn what_are_no_reasons_is_refused() {
        for text in [
            "[codes]\n",
            "[code]\n\"x\" = \"y\"\n",
            "[code]\n\"AN-1\" = \"a\"\n\"AN-1\" = \"b\"\n",
            "[code]\n\"AN-1\" = 1\n",
        ] {
            assert!(Reasons::parse(text).is_err(), "{text}");
        }
        assert_eq!(Reasons::parse("").unwrap(), Reasons::default());
    }
}
