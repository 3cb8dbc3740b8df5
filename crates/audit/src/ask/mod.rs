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
pub(crate) mod objc;
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

use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::{Area, Facts};
use crate::package::PackageKind;

/// Why a check of Android code is not applicable.
pub(crate) const NO_CODE: Words = words("there is no Android code", "没有 Android 代码");

/// What a check of Android code answers where there is none: sources are not judged before they
/// are built, and a package may have no code.
pub(crate) fn without_code(facts: &Facts) -> Option<Outcome> {
    if !facts.code.files().is_empty() {
        return None;
    }
    Some(match facts.kind {
        PackageKind::Source => Outcome::NotTestable(words(
            "code is judged in the package that is built from the sources",
            "代码在由源码构建的安装包中评判",
        )),
        _ => Outcome::NotApplicable(NO_CODE),
    })
}

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
