//! From facts to verdicts: runs the checks and adds up what they mean for each clause.

use rayon::prelude::*;

use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Severity, Subject, Words, checks, words,
};
use crate::facts::{Area, Skipped};
use crate::reviews::Reviews;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

/// What a check, or a clause, came to.
///
/// The order is that of weight: of several checks on a clause the last one of this list decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// There is nothing in the package that it could be about.
    NotApplicable,
    /// The bytes of a package cannot tell.
    NotTestable,
    /// Looked at in full, and nothing wrong found.
    Pass,
    /// Right in part, or doubtful.
    Partial,
    /// Nothing wrong found, but not everything could be looked at.
    Incomplete,
    /// Wrong.
    Fail,
}

impl Verdict {
    /// Every verdict, from the lightest.
    pub const ALL: [Self; 6] = [
        Self::NotApplicable,
        Self::NotTestable,
        Self::Pass,
        Self::Partial,
        Self::Incomplete,
        Self::Fail,
    ];

    /// As it stands in reports, for instance `analysis incomplete`.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::NotApplicable => words("not applicable", "不适用"),
            Self::NotTestable => words("not testable statically", "静态不可测"),
            Self::Pass => words("pass", "通过"),
            Self::Partial => words("partial", "部分符合"),
            Self::Incomplete => words("analysis incomplete", "分析不完整"),
            Self::Fail => words("fail", "不通过"),
        }
    }

    /// The English words, which machines read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.words().en
    }
}

/// What one check came to.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// What it came to.
    pub verdict: Verdict,
    /// How bad it is if it failed: the check's severity, or what the configuration makes of it.
    pub severity: Severity,
    /// Why it could not be judged, where that is so.
    pub reason: Option<Words>,
    /// What shows it: of a failure what is wrong and doubtful, of a pass what is right.
    pub evidence: Vec<Evidence>,
    /// Further evidence that was found and not kept.
    pub evidence_left_out: usize,
    /// Evidence that somebody reviewed and accepted. The verdict stays what it is; accepted
    /// evidence only no longer [counts](Finding::counts).
    pub reviewed: Vec<Reviewed>,
    /// Pieces of evidence of a failure that nobody accepted, those left out included.
    pub open: usize,
    /// What could not be looked at and would have had to be.
    pub missing: Vec<Area>,
}

impl Finding {
    /// Whether it is a failure that somebody has to act on: not every piece of its evidence has
    /// been reviewed and accepted.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self.verdict, Verdict::Fail) && self.open > 0
    }
}

/// A piece of evidence that somebody accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// What was found.
    pub evidence: Evidence,
    /// The number of the review in its file, from 0.
    pub review: usize,
}

/// What the checks on one clause came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseVerdict {
    /// The clause.
    pub id: &'static str,
    /// The heaviest verdict of its checks.
    pub verdict: Verdict,
    /// Its checks.
    pub checks: Vec<&'static str>,
}

/// What a package came to.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Every check, in the order of their ids.
    pub findings: Vec<Finding>,
    /// Every clause that has a check, in the order of their ids.
    pub clauses: Vec<ClauseVerdict>,
}

/// Pieces of evidence kept of one check. A package can be made to earn millions of them; a reader
/// needs some.
pub const EVIDENCE_MAX: usize = 200;

/// Runs every check on a package.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> Judgement {
    judge_reviewed(subject, Level::Enhanced, &Reviews::default())
}

/// Runs the checks up to a level on a package, and sets aside what was reviewed and accepted.
#[must_use]
pub fn judge_reviewed(subject: &Subject<'_>, level: Level, reviews: &Reviews) -> Judgement {
    let findings: Vec<Finding> = checks()
        .par_iter()
        .filter(|check| check.level <= level && !is_disabled(check, subject))
        .map(|check| judge_one_reviewed(check, subject, reviews))
        .collect();
    let clauses = clause_verdicts(&findings);
    Judgement { findings, clauses }
}

fn is_disabled(check: &Check, subject: &Subject<'_>) -> bool {
    let setting = subject.configuration.checks.get(check.id);
    setting.is_some_and(|setting| setting.disabled)
}

/// Runs one check on a package.
#[must_use]
pub fn judge_one(check: &'static Check, subject: &Subject<'_>) -> Finding {
    judge_one_reviewed(check, subject, &Reviews::default())
}

fn judge_one_reviewed(check: &'static Check, subject: &Subject<'_>, reviews: &Reviews) -> Finding {
    let setting = subject.configuration.checks.get(check.id);
    let mut finding = Finding {
        check,
        verdict: Verdict::NotApplicable,
        severity: setting
            .and_then(|setting| setting.severity)
            .unwrap_or(check.severity),
        reason: None,
        evidence: Vec::new(),
        evidence_left_out: 0,
        reviewed: Vec::new(),
        open: 0,
        missing: Vec::new(),
    };
    if !check
        .platforms
        .iter()
        .any(|platform| platform.is_of(subject.facts))
    {
        finding.reason = Some(words("not for this platform", "不针对此平台"));
        return finding;
    }
    finding.missing = missing(check, subject);
    match (check.judge)(subject) {
        // What cannot be read may hold what the check is about.
        Outcome::NotApplicable(_) if !finding.missing.is_empty() => {
            finding.verdict = Verdict::Incomplete;
        }
        Outcome::NotApplicable(reason) => finding.reason = Some(reason),
        Outcome::NotTestable(reason) => {
            finding.verdict = Verdict::NotTestable;
            finding.reason = Some(reason);
        }
        Outcome::Judged(findings) => {
            weigh(findings, &mut finding, |evidence| {
                reviews.accepting(check.id, evidence, subject.now)
            });
        }
    }
    finding
}

fn weigh(
    findings: Findings,
    finding: &mut Finding,
    accepting: impl Fn(&Evidence) -> Option<usize>,
) {
    let Findings {
        wrong,
        doubtful,
        right,
    } = findings;
    let is_complete = finding.missing.is_empty();
    let evidence;
    (finding.verdict, evidence) = match (wrong.is_empty(), doubtful.is_empty()) {
        (false, _) => (Verdict::Fail, in_order(wrong, doubtful)),
        (true, false) if is_complete => (Verdict::Partial, in_order(doubtful, right)),
        (true, false) => (Verdict::Incomplete, in_order(doubtful, right)),
        (true, true) if is_complete => (Verdict::Pass, in_order(right, Vec::new())),
        (true, true) => (Verdict::Incomplete, in_order(right, Vec::new())),
    };
    let is_failure = finding.verdict == Verdict::Fail;
    for evidence in evidence {
        match accepting(&evidence).filter(|_| is_failure) {
            Some(review) => finding.reviewed.push(Reviewed { evidence, review }),
            None => finding.evidence.push(evidence),
        }
    }
    finding.open = if is_failure {
        finding.evidence.len()
    } else {
        0
    };
    finding.evidence_left_out = finding.evidence.len().saturating_sub(EVIDENCE_MAX);
    finding.evidence.truncate(EVIDENCE_MAX);
    finding.reviewed.truncate(EVIDENCE_MAX);
}

/// The heavier evidence first, each in a fixed order and once.
fn in_order(mut heavy: Vec<Evidence>, mut light: Vec<Evidence>) -> Vec<Evidence> {
    for evidence in [&mut heavy, &mut light] {
        evidence.sort();
        evidence.dedup();
    }
    heavy.append(&mut light);
    heavy
}

fn missing(check: &Check, subject: &Subject<'_>) -> Vec<Area> {
    let coverage = &subject.facts.coverage;
    let areas = check.areas.iter().copied();
    areas.filter(|area| coverage.is_incomplete(*area)).collect()
}

/// What kept a finding from being complete, for reports.
pub fn skipped<'a>(
    finding: &'a Finding,
    subject: &'a Subject<'_>,
) -> impl Iterator<Item = &'a Skipped> {
    let coverage = &subject.facts.coverage;
    finding
        .missing
        .iter()
        .flat_map(|area| coverage.missing_from(*area))
}

/// Adds up what checks mean for their clauses, in the order of the ids.
#[must_use]
pub fn clause_verdicts(findings: &[Finding]) -> Vec<ClauseVerdict> {
    let mut clauses: std::collections::BTreeMap<&'static str, ClauseVerdict> =
        std::collections::BTreeMap::new();
    for finding in findings {
        for id in finding.check.clauses {
            let clause = clauses.entry(id).or_insert_with(|| ClauseVerdict {
                id,
                verdict: finding.verdict,
                checks: Vec::new(),
            });
            clause.verdict = clause.verdict.max(finding.verdict);
            clause.checks.push(finding.check.id);
        }
    }
    clauses.into_values().collect()
}
