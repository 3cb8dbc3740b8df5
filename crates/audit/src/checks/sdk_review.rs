//! Whether every third-party SDK in the package is one that was reviewed.
//!
//! Clauses: AP-1.2.3.5, CJ-5.7.a, CJ-4.3.2.g.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::inventory;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-review",
    title: words("SDKs without review", "未经审核的 SDK"),
    purpose: words(
        "An SDK runs with all the rights of the app; one that nobody looked at does what nobody knows.",
        "SDK 拥有应用的全部权限，未经审核则其行为无人知晓。",
    ),
    procedure: words(
        "List the third-party code of the package with its versions and compare it with the declared list of reviewed SDKs.",
        "列出包内第三方代码及版本，与声明的已审核清单比对。",
    ),
    criterion: words(
        "Each SDK is declared in declared.sdks, with the version that was looked at or *.",
        "每个 SDK 均在 declared.sdks 中声明，版本与审核版本一致或为 *。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1357, 829],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[
        Area::Archive,
        Area::Code,
        Area::Native,
        Area::Text,
        Area::Ios,
    ],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/umeng/analytics/MobclickAgent;\n.super Ljava/lang/Object;\n",
            )
            .declared("[declared.sdks]\n\"JPush\" = \"*\"")
        },
        evidence: &[
            "an SDK that was not reviewed: UMeng Analytics at com.umeng.analytics.MobclickAgent in classes.dex",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/umeng/analytics/MobclickAgent;\n.super Ljava/lang/Object;\n",
            )
            .declared("[declared.sdks]\n\"UMeng Analytics\" = \"*\"")
        },
        broken: || {
            Sample::code(
                ".class public Lcom/umeng/analytics/MobclickAgent;\n.super Ljava/lang/Object;\n",
            )
            .declared("[declared.sdks]\n\"JPush\" = \"*\"")
            .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let sdks = inventory(subject.facts);
    let Some(reviewed) = &subject.configuration.declared.sdks else {
        return Outcome::NotTestable(words(
            "nobody declared which SDKs were reviewed",
            "未声明已审核的 SDK 清单",
        ));
    };
    let mut findings = Findings::new();
    for sdk in sdks {
        let purl = sdk.purl.as_deref().unwrap_or_default();
        let seen = reviewed.get(&sdk.name).or_else(|| reviewed.get(purl));
        let place = |what| {
            let place = sdk.evidence.first().cloned();
            let place = place.unwrap_or_else(|| Evidence::new(what)).saying(what);
            place.string(sdk.title())
        };
        match (seen.map(String::as_str), sdk.version.as_deref()) {
            (None, _) => findings.wrong.push(place(UNSEEN)),
            (Some("*"), _) => findings.right.push(place(SEEN)),
            (Some(version), Some(own)) if version == own => findings.right.push(place(SEEN)),
            (Some(_), Some(_)) => findings.wrong.push(place(OTHER)),
            (Some(_), None) => findings.doubtful.push(place(VERSIONLESS)),
        }
    }
    findings.into()
}

const UNSEEN: Words = words("an SDK that was not reviewed", "未经审核的 SDK");
const OTHER: Words = words(
    "another version than the one that was reviewed",
    "与审核版本不一致",
);
const VERSIONLESS: Words = words(
    "a reviewed SDK whose version does not show",
    "已审核，但包内未体现其版本",
);
const SEEN: Words = words("a reviewed SDK", "已审核的 SDK");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn versions_have_to_be_those_that_were_looked_at() {
        let text = ".class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n\
            .field public static final VERSION:Ljava/lang/String; = \"1.2.83\"\n";
        let verdict = |version: &str| {
            let declared =
                format!("[declared.sdks]\n\"pkg:maven/com.alibaba/fastjson\" = \"{version}\"");
            Sample::code(text)
                .declared(&declared)
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(verdict("1.2.83"), Verdict::Pass);
        assert_eq!(verdict("1.2.80"), Verdict::Fail);
        assert_eq!(
            Sample::code(text).judged_by(&CHECK).verdict,
            Verdict::NotTestable
        );
    }
}
