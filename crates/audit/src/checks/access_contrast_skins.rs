//! Whether users can choose a skin with more contrast.
//!
//! The contrast itself is not measured: a dark skin is right only in part, one that is named for
//! its contrast counts.
//!
//! Clauses: CJ-4.4.d.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "access-contrast-skins",
    title: words("Skins of high contrast", "高对比度皮肤"),
    purpose: words(
        "Users with weak sight read only what stands out from its ground.",
        "视力较弱者只能看清与背景对比强烈的内容。",
    ),
    procedure: words(
        "Look for resources of dark mode, and for themes named for darkness or \
         contrast, outside of libraries.",
        "查找库以外的深色模式资源，以及以深色或对比度命名的主题。",
    ),
    criterion: words(
        "There is a skin named for its contrast beside the ordinary one.",
        "除普通皮肤外，另有以对比度命名的皮肤。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Resources],
    judge: |subject| {
        let Some(table) = subject
            .facts
            .android
            .as_ref()
            .and_then(|android| android.resources.as_ref())
        else {
            return Outcome::NotApplicable(words("there are no resources", "没有资源"));
        };
        let mut findings = Findings::new();
        let mut night = None;
        for resource in table.resources() {
            let name = resource.name();
            if is_of_library(&name) {
                continue;
            }
            let place = || format!("{}/{name}", resource.type_name());
            let evidence = |what| Evidence::in_xml(what, "resources.arsc", place());
            let has_contrast =
                contains_any(&name, &["highcontrast", "high_contrast", "hicontrast"]);
            if has_contrast
                && matches!(
                    resource.type_name(),
                    "style" | "color" | "string" | "xml" | "bool"
                )
            {
                findings.right.push(evidence(words(
                    "a skin named for its contrast",
                    "以对比度命名的皮肤",
                )));
            } else if resource.type_name() == "style"
                && contains_any(&name, &["theme", "skin"])
                && contains_any(&name, &["dark", "night", "black"])
            {
                findings.doubtful.push(evidence(words(
                    "a dark theme, of unknown contrast",
                    "深色主题，对比度未知",
                )));
            } else if night.is_none()
                && resource.type_name() == "color"
                && resource.values().iter().any(|(config, _)| config.night)
            {
                night = Some(evidence(words(
                    "colours for dark mode, of unknown contrast",
                    "深色模式颜色，对比度未知",
                )));
            }
        }
        findings.doubtful.extend(night);
        if !findings.right.is_empty() {
            findings.right.append(&mut findings.doubtful);
        } else if findings.doubtful.is_empty() {
            findings.wrong.push(Evidence::in_file(
                words("there is one skin only", "仅有一种皮肤"),
                "resources.arsc",
            ));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_styles(&["Theme.Bank", "Theme.AppCompat.Dark"]),
        evidence: &["there is one skin only in resources.arsc"],
        good: || with_styles(&["Theme.Bank", "Theme.Bank.HighContrast"]),
        broken: || with_styles(&["Theme.Bank"]).damaged("resources.arsc"),
    },
};

fn contains_any(name: &str, parts: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    parts.iter().any(|part| name.contains(part))
}

/// Whether a resource is of the libraries that nearly every app is built with.
fn is_of_library(name: &str) -> bool {
    const STARTS: [&str; 22] = [
        "abc_",
        "mtrl_",
        "m3_",
        "material_",
        "design_",
        "cardview_",
        "common_google_",
        "exo_",
        "mr_",
        "preference_",
        "notification_",
        "Theme.AppCompat",
        "Theme.Material",
        "Theme.Design",
        "Theme.MediaRouter",
        "ThemeOverlay.",
        "Base.",
        "Widget.",
        "TextAppearance.",
        "Platform.",
        "CardView",
        "WalletFragment",
    ];
    STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
fn with_styles(names: &[&str]) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    for name in names {
        table.add("style", name, "1");
    }
    Sample::apk("<application/>").file("resources.arsc", table.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn darkness_is_partly_right() {
        assert_eq!(
            with_styles(&["Theme.Bank", "Theme.Bank.Dark"])
                .judged_by(&CHECK)
                .verdict,
            Verdict::Partial
        );
        let mut table = crate::fixture::table::Table::default();
        table.add("color", "ground", "1");
        table.add_for("night", "color", "ground", "2");
        let night = Sample::apk("<application/>").file("resources.arsc", table.build());
        assert_eq!(night.judged_by(&CHECK).verdict, Verdict::Partial);
    }
}
