//! Runs the probes and keeps what they found.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hefu_tally::clock::Stopwatch;
use serde::Serialize;

use crate::probe::{Finding, Pace, Probe};
use crate::probes::PROBES;
use crate::range::Range;

/// Every probe, sorted by file name.
#[must_use]
pub fn probes() -> &'static [&'static Probe] {
    PROBES
}

/// What one probe found.
#[derive(Clone, Debug, Serialize)]
pub struct AttackResult {
    /// The probe's permanent id.
    pub id: &'static str,
    /// What was tried.
    pub title: &'static str,
    /// The clauses that it tries.
    pub clauses: &'static [&'static str],
    /// Whether the attack was refused.
    pub refused: bool,
    /// Whether the honest twin passed.
    pub twin_passed: bool,
    /// What came back to the attack, in a few words.
    pub answer: String,
    /// How long attack and twin took.
    pub millis: u64,
}

impl AttackResult {
    /// Whether all is as it should be.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.refused && self.twin_passed
    }
}

/// A whole assessment, in the order of the probes.
#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    /// What was assessed.
    pub target: String,
    /// Every probe's result.
    pub attacks: Vec<AttackResult>,
    /// How long it took.
    pub millis: u64,
}

impl Assessment {
    /// Whether every attack was refused and every honest twin passed. An assessment without probes
    /// has shown nothing.
    #[must_use]
    pub fn held(&self) -> bool {
        !self.attacks.is_empty() && self.attacks.iter().all(AttackResult::held)
    }
}

/// What happens while probes run.
pub trait Progress: Send + Sync {
    /// A probe is done; `done` of `total`.
    fn probed(&self, result: &AttackResult, done: usize, total: usize);
}

/// Nobody watches.
impl Progress for () {
    fn probed(&self, _: &AttackResult, _: usize, _: usize) {}
}

/// Runs every probe against the range: those that wait beside those that run in turn, and those
/// that measure or flood alone at the end.
pub async fn assess(range: &Range, progress: &dyn Progress) -> Assessment {
    let watch = Stopwatch::start();
    let mut attacks: Vec<AttackResult> = Vec::with_capacity(PROBES.len());
    let mut keep = |result: AttackResult| {
        progress.probed(&result, attacks.len() + 1, PROBES.len());
        attacks.push(result);
    };
    let of = |pace| PROBES.iter().filter(move |probe| probe.pace == pace);

    let mut waiting: FuturesUnordered<_> =
        of(Pace::Waiting).map(|probe| run(probe, range)).collect();
    let mut in_turn = of(Pace::InTurn);
    let mut next = in_turn.next();
    while let Some(probe) = next {
        let running = run(probe, range);
        tokio::pin!(running);
        loop {
            tokio::select! {
                result = &mut running => {
                    keep(result);
                    break;
                }
                Some(result) = waiting.next() => keep(result),
            }
        }
        next = in_turn.next();
    }
    while let Some(result) = waiting.next().await {
        keep(result);
    }
    for probe in of(Pace::Alone) {
        keep(run(probe, range).await);
    }

    let place = |id| PROBES.iter().position(|probe| probe.id == id);
    attacks.sort_by_key(|result| place(result.id));
    let millis = watch.elapsed_micros() / 1_000;
    Assessment {
        target: range.trust.origin.clone(),
        attacks,
        millis,
    }
}

async fn run(probe: &'static Probe, range: &Range) -> AttackResult {
    let watch = Stopwatch::start();
    let finding = (probe.run)(range)
        .await
        .unwrap_or_else(|error| Finding::judged(false, false, error.to_string()));
    AttackResult {
        id: probe.id,
        title: probe.title,
        clauses: probe.clauses,
        refused: finding.refused,
        twin_passed: finding.twin_passed,
        answer: finding.answer,
        millis: watch.elapsed_micros() / 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_those_of_their_files() {
        let mut ids: Vec<&str> = probes().iter().map(|probe| probe.id).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for probe in probes() {
            let file = format!("probes/{}.rs", probe.id.replace('-', "_"));
            let served = crate::REGISTRY
                .iter()
                .any(|served| served.file.ends_with(&file));
            assert!(served, "{} is not in {file}", probe.id);
        }
    }
}
