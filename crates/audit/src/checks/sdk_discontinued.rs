//! Whether third-party code is used that nobody maintains any more.
//!
//! Clauses: CJ-4.3.2.g, AP-3.3.2, JR-6.1.3.b.c.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::inventory;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-discontinued",
    title: words("Discontinued SDKs", "已停止维护的 SDK"),
    purpose: words(
        "Nobody repairs what is found in them next, and rules that came later do not reach them.",
        "后续发现的漏洞无人修复，亦不满足新的合规要求。",
    ),
    procedure: words(
        "Compare the third-party code of the package with a list of lines that their makers ended.",
        "将包内第三方代码与已被官方终止的产品线清单比对。",
    ),
    criterion: words("No such line is used.", "未使用已终止的产品线。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[1104],
    maswe: &["MASWE-0044"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/squareup/okhttp/OkHttpClient;\n.super Ljava/lang/Object;\n",
            )
        },
        evidence: &[
            "its makers ended it: OkHttp 2, now OkHttp at com.squareup.okhttp.OkHttpClient",
        ],
        good: || Sample::code(".class public Lokhttp3/OkHttpClient;\n.super Ljava/lang/Object;\n"),
        broken: || {
            Sample::code(
                ".class public Lcom/squareup/okhttp/OkHttpClient;\n.super Ljava/lang/Object;\n",
            )
            .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let mut findings = Findings::new();
    for sdk in inventory(subject.facts) {
        let ended = ENDED.iter().find(|(name, _)| *name == sdk.name);
        if let Some((_, successor)) = ended {
            let place = sdk.evidence.first().cloned();
            let place = place.unwrap_or_else(|| Evidence::new(OLD)).saying(OLD);
            findings
                .doubtful
                .push(place.string(format!("{}, now {successor}", sdk.title())));
        }
    }
    findings.into()
}

const OLD: Words = words("its makers ended it", "官方已终止维护");

/// Lines that their makers ended, and what followed them.
const ENDED: &[(&str, &str)] = &[
    ("Android Support Library", "AndroidX"),
    ("OkHttp 2", "OkHttp"),
    ("Retrofit 1", "Retrofit"),
    ("RxJava 1", "RxJava 3"),
    ("RxJava 2", "RxJava 3"),
    ("Butter Knife", "view binding"),
    ("Otto", "EventBus or flows"),
    ("Universal Image Loader", "Glide or Coil"),
    ("Android Async HTTP", "OkHttp"),
    ("Stetho", "the tools of the platform"),
    ("Baidu Moplus", "nothing"),
    ("Spongy Castle", "Bouncy Castle"),
    ("DroidPlugin", "app bundles"),
    ("ExoPlayer", "Media3"),
];
