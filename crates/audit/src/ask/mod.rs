//! Questions that several checks ask of the facts, one file a topic.

pub(crate) mod harmony;
pub(crate) mod ios;
pub(crate) mod layout;
pub(crate) mod native;
pub(crate) mod time;
pub(crate) mod usage;

use crate::check::{Outcome, Subject, Words};
use crate::facts::Area;

/// The answer of a check that found nothing where bytes can only hint: they cannot tell.
///
/// If some of the areas are incomplete, the hint may stand in what is missing, and the judgement
/// makes "analysis incomplete" of the answer.
pub(crate) fn untestable(subject: &Subject<'_>, areas: &[Area], why: Words) -> Outcome {
    let coverage = &subject.facts.coverage;
    match areas.iter().any(|area| coverage.is_incomplete(*area)) {
        true => Outcome::NotApplicable(why),
        false => Outcome::NotTestable(why),
    }
}
