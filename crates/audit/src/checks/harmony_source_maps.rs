//! Whether a HarmonyOS package carries what leads back to its sources.
//!
//! The build tool leaves maps beside the bytecode unless it is told to obfuscate.
//!
//! Clauses: JR-6.1.2.d, JR-6.1.2.a, AP-1.4.1.

use crate::ask::harmony as ask;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::package::PackageKind;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-source-maps",
    title: words(
        "Source maps left in the HarmonyOS package",
        "鸿蒙包中遗留源码映射",
    ),
    purpose: words(
        "Maps give names, files and lines of the sources back to whoever takes the \
         package apart.",
        "映射文件会把源码的名称、文件与行号还给逆向者。",
    ),
    procedure: words(
        "Look for source maps, name caches and sources among the files.",
        "在文件中查找源码映射、名称缓存与源码。",
    ),
    criterion: words("None is there.", "均不存在。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[540],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Archive, Area::Harmony],
    judge: |subject| {
        if ask::harmony(subject).is_none() {
            return ask::NO_MODULE;
        }
        if subject.facts.kind == PackageKind::Source {
            return Outcome::NotApplicable(words("sources are what this is", "本身即为源码"));
        }
        let telling = subject.facts.files.iter().filter(|file| {
            let name = file.name();
            name.ends_with(".map")
                || name.ends_with(".ets")
                || matches!(name, "nameCache.json" | "systemApiCache.json")
        });
        Findings::wrong(telling.map(|file| {
            Evidence::in_file(
                words("leads back to the sources", "可还原源码"),
                file.location(),
            )
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample("").file("ets/sourceMaps.map", "{}"),
        evidence: &["leads back to the sources in ets/sourceMaps.map"],
        good: || ask::sample("").file("ets/modules.abc", "PANDA"),
        broken: ask::damaged,
    },
};
