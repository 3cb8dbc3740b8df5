//! Whether the client needs other apps to work.
//!
//! Clauses: CJ-5.6.b.

use crate::ask::components::is_of_library;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-other-apps",
    title: words("It relies on other apps", "依赖其他应用"),
    purpose: words(
        "A function that needs another app fails where that app is missing, and is only as safe as \
         that app.",
        "依赖其他应用的功能在其缺失时失效，其安全性也取决于该应用。",
    ),
    procedure: words(
        "List the packages and schemes of other apps that the package wants to see, and those that \
         code starts by name. Whether a function ends without them, only a run tells.",
        "列出安装包希望可见的其他应用的包名和方案，以及代码按名称启动的应用。缺失时功能是否中断需运行验证。",
    ),
    criterion: words("There is none.", "不存在此类依赖。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Manifest, Area::Code, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || queries("<package android:name=\"com.other.wallet\"/>"),
        evidence: &[
            "it wants to see this app: com.other.wallet in AndroidManifest.xml (/manifest/queries)",
        ],
        good: || queries(""),
        broken: || queries("").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn queries(queries: &str) -> Sample {
    Sample::apk(&format!("<queries>{queries}</queries><application/>"))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    let sees = words("it wants to see this app", "希望可见此应用");
    for manifest in facts.android.iter().flat_map(|android| &android.manifests) {
        findings
            .doubtful
            .extend(manifest.queried_packages.iter().map(|package| {
                Evidence::in_xml(sees, &manifest.file, "/manifest/queries").string(package)
            }));
    }
    let own = facts.application_id().unwrap_or_default();
    let starts = words("it starts this app by name", "按名称启动此应用");
    let manager = "android.content.pm.PackageManager";
    let launches = facts.code.calls_to(manager, "getLaunchIntentForPackage");
    let intent = "android.content.Intent";
    let narrows = ["setPackage", "setClassName"];
    let narrowed = narrows
        .iter()
        .flat_map(|name| facts.code.calls_to(intent, name));
    for call in launches.into_iter().chain(narrowed) {
        if is_of_library(&call.method().class().name()) {
            continue;
        }
        let foreign = call.texts(0).into_iter().filter(|package| {
            package.contains('.') && package != own && !package.starts_with("android")
        });
        let found: Vec<Evidence> = foreign
            .map(|package| Evidence::at(starts, &call.site()).string(package.into_owned()))
            .collect();
        findings.doubtful.extend(found);
    }
    let asks = words(
        "it asks whether this scheme's app is there",
        "查询此方案对应的应用是否存在",
    );
    let info = facts.ios.as_ref().and_then(|ios| ios.app()?.info.as_ref());
    if let Some(info) = info {
        findings
            .doubtful
            .extend(info.queried_schemes().into_iter().map(|scheme| {
                Evidence::in_xml(asks, &info.file, "LSApplicationQueriesSchemes").string(scheme)
            }));
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn queried_schemes_of_ios_count() {
        let schemes =
            "<key>LSApplicationQueriesSchemes</key><array><string>wallet</string></array>";
        let found = Sample::ipa(schemes).judged_by(&CHECK);
        assert!(matches!(
            found.verdict,
            Verdict::Partial | Verdict::Incomplete
        ));
        assert_eq!(found.evidence[0].string.as_deref(), Some("wallet"));
    }
}
