//! Questions that several checks ask of the facts, one file a topic.

pub(crate) mod harmony;
pub(crate) mod ios;
pub(crate) mod layout;
pub(crate) mod native;
pub(crate) mod time;
pub(crate) mod usage;

use crate::check::{Evidence, Findings, Outcome, Subject, Words};
use crate::facts::Area;

/// The answer of a check that found nothing where bytes can only hint: they cannot tell.
///
/// If some of the areas are incomplete, the hint may stand in what is missing, and the judgement
/// makes "analysis incomplete" of the answer.
pub(crate) fn untestable(subject: &Subject<'_>, areas: &[Area], why: Words) -> Outcome {
    match is_complete(subject, areas) {
        true => Outcome::NotTestable(why),
        false => Outcome::NotApplicable(why),
    }
}

/// Whether everything in these areas could be looked at.
pub(crate) fn is_complete(subject: &Subject<'_>, areas: &[Area]) -> bool {
    let coverage = &subject.facts.coverage;
    !areas.iter().any(|area| coverage.is_incomplete(*area))
}

/// Where evidence of an absence goes: what is not there is wrong, but only doubtful if it may
/// stand in what could not be looked at.
pub(crate) fn absences<'f>(
    subject: &Subject<'_>,
    areas: &[Area],
    findings: &'f mut Findings,
) -> &'f mut Vec<Evidence> {
    match is_complete(subject, areas) {
        true => &mut findings.wrong,
        false => &mut findings.doubtful,
    }
}
