//! For which versions of HarmonyOS the app is made.
//!
//! An interface version that is not final is refused by devices of customers.
//!
//! Clauses: CJ-5.2.e, JR-6.1.1.1.b.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::package::PackageKind;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-api-versions",
    title: words("HarmonyOS versions", "鸿蒙系统版本"),
    purpose: words(
        "An app that asks for the wrong version does not install, or runs without \
         protections.",
        "版本要求不当的应用无法安装，或缺少系统保护。",
    ),
    procedure: words(
        "Read oldest and target API version and the release type of every module.",
        "读取每个模块的最低与目标 API 版本及发布类型。",
    ),
    criterion: words(
        "All are there, the target is not older than the oldest, and the release is \
         final.",
        "三者齐备，目标不低于最低，且为正式发布。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        if subject.facts.kind == PackageKind::Source {
            return Outcome::NotApplicable(words(
                "sources name neither; the build adds them",
                "源码不含此信息，由构建添加",
            ));
        }
        ask::each_module(subject, |module, findings| {
            let evidence = |what, text: String| ask::in_module(what, module, "/app").string(text);
            match (module.min_api, module.target_api) {
                (Some(oldest), Some(target)) if target < oldest => {
                    findings.wrong.push(evidence(
                        words(
                            "made for an older version than it installs on",
                            "目标版本低于最低版本",
                        ),
                        format!("{target} < {oldest}"),
                    ));
                }
                (Some(oldest), Some(target)) => {
                    findings.right.push(evidence(
                        words("oldest and target API version", "最低与目标 API 版本"),
                        format!("{oldest}, {target}"),
                    ));
                }
                _ => findings.doubtful.push(ask::in_module(
                    words(
                        "oldest or target API version is not named",
                        "未声明最低或目标 API 版本",
                    ),
                    module,
                    "/app",
                )),
            }
            match module.api_release.as_deref() {
                None => {}
                Some(release) if release.starts_with("Release") => findings.right.push(evidence(
                    words("made with a final release", "使用正式发布版本"),
                    release.to_owned(),
                )),
                Some(release) => findings.wrong.push(evidence(
                    words(
                        "made with a release that is not final",
                        "使用非正式发布版本",
                    ),
                    release.to_owned(),
                )),
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample_of(
                r#","minAPIVersion":12,"targetAPIVersion":12,"apiReleaseType":"Beta1""#,
                "",
            )
        },
        evidence: &["made with a release that is not final: Beta1 in module.json (/app)"],
        good: || {
            ask::sample_of(
                r#","minAPIVersion":12,"targetAPIVersion":12,"apiReleaseType":"Release""#,
                "",
            )
        },
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_target_before_the_oldest_is_wrong() {
        let app = r#","minAPIVersion":12,"targetAPIVersion":9"#;
        assert_eq!(
            ask::sample_of(app, "").judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        assert_eq!(ask::sample("").judged_by(&CHECK).verdict, Verdict::Partial);
    }
}
