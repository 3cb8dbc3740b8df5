//! What serves each clause, and where that leaves it.

use std::fmt;

use serde::Serialize;

use crate::{
    Catalogue, Clause, ClauseId, Home, How, Kind, PLANNED, Reasons, Served, registry::Index,
};

/// A clause with the files that serve it.
///
/// Serialised it is exactly
/// `{"id","how","home","code":[…],"probes":[…],"checks":[…],"reason":null}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The clause.
    pub id: ClauseId,
    /// How it is met.
    pub how: How,
    /// Where it belongs.
    pub home: Home,
    /// The files that enforce it, relative to the repository, sorted.
    pub code: Vec<String>,
    /// The files that attack it in a running deployment, sorted.
    pub probes: Vec<String>,
    /// The files that judge a build by it, sorted.
    pub checks: Vec<String>,
    /// Why something that it asks for is missing; none when nothing is.
    pub reason: Option<String>,
    #[serde(skip)]
    gaps: Vec<Gap>,
}

/// Something that a clause asks for and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What is missing.
    pub missing: Kind,
    /// The written reason. None is a [`Violation`](crate::registry::Violation), and counts as planned.
    pub reason: Option<String>,
}

impl Gap {
    /// Whether it is to be filled, as against being left with a reason.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.reason
            .as_deref()
            .is_none_or(|reason| reason == PLANNED)
    }
}

/// Where a clause stands.
///
/// Where several ways have to hold together, the weakest one decides: no clause is shown as better
/// than its worst part. A missing probe does not undo enforcement; it is shown as a gap of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Code enforces it; where the clause also asks for a check, that is there too.
    Enforced,
    /// A check judges builds by it, and nothing more is asked for.
    Checked,
    /// What can be built is there, but people have to attest the rest. Never to be shown as
    /// passed: only evidence that has not expired says more.
    Attested,
    /// Something is missing, with a written reason to stay without.
    Excepted,
    /// Something is there, and something not built yet.
    PartlyPlanned,
    /// Nothing is built yet.
    Planned,
}

impl State {
    /// Every state, the best first.
    pub const ALL: [Self; 6] = [
        Self::Enforced,
        Self::Checked,
        Self::Attested,
        Self::Excepted,
        Self::PartlyPlanned,
        Self::Planned,
    ];

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Checked => "checked",
            Self::Attested => "attested",
            Self::Excepted => "excepted",
            Self::PartlyPlanned => "partly planned",
            Self::Planned => "planned",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many clauses are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All of them; the others add up to it.
    pub clauses: usize,
    /// In [`State::Enforced`].
    pub enforced: usize,
    /// In [`State::Checked`].
    pub checked: usize,
    /// In [`State::Attested`].
    pub attested: usize,
    /// In [`State::Excepted`].
    pub excepted: usize,
    /// In [`State::PartlyPlanned`].
    pub partly_planned: usize,
    /// In [`State::Planned`].
    pub planned: usize,
}

impl Totals {
    /// Counts `rows`.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut totals = Self::default();
        for row in rows {
            totals.clauses += 1;
            *match row.state() {
                State::Enforced => &mut totals.enforced,
                State::Checked => &mut totals.checked,
                State::Attested => &mut totals.attested,
                State::Excepted => &mut totals.excepted,
                State::PartlyPlanned => &mut totals.partly_planned,
                State::Planned => &mut totals.planned,
            } += 1;
        }
        totals
    }

    /// How many are in `state`.
    #[must_use]
    pub fn in_state(&self, state: State) -> usize {
        match state {
            State::Enforced => self.enforced,
            State::Checked => self.checked,
            State::Attested => self.attested,
            State::Excepted => self.excepted,
            State::PartlyPlanned => self.partly_planned,
            State::Planned => self.planned,
        }
    }
}

/// A row for each clause, in the order of the catalogue.
///
/// ```
/// use hefu_standards::{Kind, Served, catalogue, coverage, coverage::State, reasons};
///
/// let registry = [Served {
///     krate: "hefu-gateway",
///     module: "guards::replay",
///     file: "crates/gateway/src/guards/replay.rs",
///     kind: Kind::Code,
///     clauses: &["AN-1"],
/// }];
/// let rows = coverage(catalogue(), &[&registry], reasons());
///
/// let row = rows.iter().find(|row| row.id.as_str() == "AN-1").unwrap();
/// assert_eq!(row.code, ["crates/gateway/src/guards/replay.rs"]);
/// assert_eq!(row.state(), State::Enforced);
/// ```
#[must_use]
pub fn coverage(catalogue: &Catalogue, registries: &[&[Served]], reasons: &Reasons) -> Vec<Row> {
    let index = Index::of(registries);
    catalogue
        .clauses()
        .iter()
        .map(|clause| Row::new(clause, &index, reasons))
        .collect()
}

impl Row {
    fn new(clause: &Clause, index: &Index<'_>, reasons: &Reasons) -> Self {
        let gaps: Vec<Gap> = Kind::ALL
            .into_iter()
            .filter(|kind| index.is_gap(clause, *kind))
            .map(|missing| Gap {
                missing,
                reason: reasons.table(missing).get(&clause.id).cloned(),
            })
            .collect();
        Self {
            id: clause.id.clone(),
            how: clause.how,
            home: clause.home,
            code: index.files(clause, Kind::Code),
            probes: index.files(clause, Kind::Probe),
            checks: index.files(clause, Kind::Check),
            reason: joined_reason(&gaps),
            gaps,
        }
    }

    /// What the clause asks for and is not there.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The gap of that kind.
    #[must_use]
    pub fn gap(&self, kind: Kind) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.missing == kind)
    }

    /// Where the clause stands.
    #[must_use]
    pub fn state(&self) -> State {
        let parts = [
            (self.how.enforced, Kind::Code),
            (self.how.checked, Kind::Check),
        ];
        let built: Vec<_> = parts.into_iter().filter(|(asked, _)| *asked).collect();
        let gaps: Vec<_> = built
            .iter()
            .filter_map(|(_, kind)| self.gap(*kind))
            .collect();
        let planned = gaps.iter().filter(|gap| gap.is_planned()).count();
        if planned > 0 && planned == built.len() {
            State::Planned
        } else if planned > 0 {
            State::PartlyPlanned
        } else if !gaps.is_empty() {
            State::Excepted
        } else if self.how.attested {
            State::Attested
        } else if self.how.enforced {
            State::Enforced
        } else {
            State::Checked
        }
    }
}

/// The reasons of all gaps in one text; each named only where they differ.
fn joined_reason(gaps: &[Gap]) -> Option<String> {
    let text = |gap: &Gap| {
        gap.reason
            .clone()
            .unwrap_or_else(|| "no reason written".to_owned())
    };
    let first = text(gaps.first()?);
    if gaps.iter().all(|gap| text(gap) == first) {
        return Some(first);
    }
    let named: Vec<_> = gaps
        .iter()
        .map(|gap| format!("{}: {}", gap.missing, text(gap)))
        .collect();
    Some(named.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reasons::refresh,
        testing::{served, small},
    };

    fn rows(registry: &[Served], longer: &str) -> Vec<Row> {
        let text = refresh(&small(), &[registry], &Reasons::parse(longer).unwrap());
        coverage(&small(), &[registry], &Reasons::parse(&text).unwrap())
    }

    fn states(rows: &[Row]) -> Vec<&'static str> {
        rows.iter().map(|row| row.state().as_str()).collect()
    }

    #[test]
    fn with_nothing_built_all_is_planned_but_what_people_attest() {
        let rows = rows(&[], "");
        assert_eq!(
            states(&rows),
            [
                "planned", "planned", "planned", "attested", "planned", "planned"
            ]
        );
        assert_eq!(rows[0].reason.as_deref(), Some("planned"));
        assert_eq!(rows[3].reason, None);
    }

    #[test]
    fn the_weakest_part_decides() {
        let code: &'static [&'static str] = &["AN-1", "AN-2", "AN-3", "AN-4"];
        let half = rows(&[served(Kind::Code, "a.rs", code)], "");
        assert_eq!(
            states(&half),
            [
                "enforced",
                "partly planned",
                "attested",
                "attested",
                "planned",
                "planned"
            ]
        );

        let whole = rows(
            &[
                served(Kind::Code, "a.rs", code),
                served(Kind::Check, "c.rs", &["AN-2", "AN-5"]),
            ],
            "",
        );
        assert_eq!(
            states(&whole),
            [
                "enforced", "enforced", "attested", "attested", "checked", "planned"
            ]
        );
    }

    #[test]
    fn a_written_reason_is_an_exception_and_no_plan() {
        let longer = "[code]\n\"AN-6\" = \"the system does it\"\n\"AN-3\" = \"the store does it\"\n\
                      [probe]\n\"AN-6\" = \"not testable from outside: local\"\n\
                      [check]\n\"AN-2\" = \"by hand\"\n";
        let rows = rows(
            &[
                served(Kind::Code, "a.rs", &["AN-2"]),
                served(Kind::Probe, "p.rs", &["AN-2"]),
            ],
            longer,
        );
        assert_eq!(
            states(&rows),
            [
                "planned", "excepted", "excepted", "attested", "planned", "excepted"
            ]
        );
        assert_eq!(rows[1].reason.as_deref(), Some("by hand"));
        assert_eq!(
            rows[5].reason.as_deref(),
            Some("code: the system does it; probe: not testable from outside: local")
        );
    }

    #[test]
    fn a_gap_without_a_reason_is_never_null() {
        let rows = coverage(&small(), &[], &Reasons::default());
        assert_eq!(rows[0].reason.as_deref(), Some("no reason written"));
        assert_eq!(rows[0].state(), State::Planned);
    }

    #[test]
    fn a_row_serialises_to_exactly_these_fields() {
        let registry = [
            served(Kind::Code, "b.rs", &["AN-1"]),
            served(Kind::Code, "a.rs", &["AN-1"]),
            served(Kind::Probe, "p.rs", &["AN-1"]),
        ];
        let rows = rows(&registry, "");
        assert_eq!(
            serde_json::to_string(&rows[..2]).unwrap(),
            r#"[{"id":"AN-1","how":"E","home":"signing","code":["a.rs","b.rs"],"probes":["p.rs"],"checks":[],"reason":null},{"id":"AN-2","how":"E+C","home":"harden","code":[],"probes":[],"checks":[],"reason":"planned"}]"#
        );
    }

    #[test]
    fn totals_add_up() {
        let rows = rows(&[served(Kind::Code, "a.rs", &["AN-1", "AN-2"])], "");
        let totals = Totals::of(&rows);
        assert_eq!(totals.clauses, 6);
        assert_eq!(
            State::ALL.map(|state| totals.in_state(state)),
            [1, 0, 1, 0, 1, 3]
        );
    }
}
