//! The clauses with what was last seen of each while running.

use hefu_standards::coverage::{Row, State};
use hefu_store::ClauseEvidence;
use serde::Serialize;
use std::collections::HashMap;

/// A clause, what serves it, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidencedRow {
    /// The clause and what serves it.
    #[serde(flatten)]
    pub row: Row,
    /// Where it stands by its code. Evidence never lifts it: that requests passed a guard does not
    /// show what nobody built.
    pub state: State,
    /// How many requests passed it.
    pub allowed: u64,
    /// When the last one did, in milliseconds since 1970.
    pub allowed_at_ms: Option<i64>,
    /// How many it refused.
    pub refused: u64,
    /// When the last one was, in milliseconds since 1970.
    pub refused_at_ms: Option<i64>,
}

/// Joins both, in the order of `rows`. Evidence for clauses that are not among them is left out.
#[must_use]
pub fn evidenced(rows: Vec<Row>, evidence: Vec<ClauseEvidence>) -> Vec<EvidencedRow> {
    let mut evidence: HashMap<_, _> = evidence
        .into_iter()
        .map(|seen| (seen.clause.clone(), seen))
        .collect();
    rows.into_iter()
        .map(|row| {
            let seen = evidence.remove(row.id.as_str());
            let at = |at: Option<hefu_tally::clock::Timestamp>| at.map(|at| at.millis());
            EvidencedRow {
                state: row.state(),
                row,
                allowed: seen.as_ref().map_or(0, |seen| seen.allowed),
                allowed_at_ms: at(seen.as_ref().and_then(|seen| seen.allowed_at)),
                refused: seen.as_ref().map_or(0, |seen| seen.refused),
                refused_at_ms: at(seen.as_ref().and_then(|seen| seen.refused_at)),
            }
        })
        .collect()
}
