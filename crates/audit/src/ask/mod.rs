//! Questions that several checks ask the facts, one file a topic.

pub(crate) mod cleartext;
pub(crate) mod code;
pub(crate) mod compared;
pub(crate) mod components;
pub(crate) mod crypto;
pub(crate) mod environment;
pub(crate) mod flow;
pub(crate) mod harmony;
pub(crate) mod intents;
pub(crate) mod ios;
pub(crate) mod layout;
pub(crate) mod log;
pub(crate) mod named;
pub(crate) mod naming;
pub(crate) mod native;
pub(crate) mod obfuscation;
pub(crate) mod own;
pub(crate) mod packer;
pub(crate) mod personal;
pub(crate) mod pieces;
pub(crate) mod screens;
pub(crate) mod sensitive;
pub(crate) mod signers;
pub(crate) mod time;
pub(crate) mod traces;
pub(crate) mod trust;
pub(crate) mod usage;
pub(crate) mod webview;
pub(crate) mod written;

use crate::check::{Outcome, Subject, Words, words};
use crate::facts::Area;

/// Why a check of Android code is not applicable.
pub(crate) const NO_CODE: Words = words("there is no Android code", "没有 Android 代码");

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
