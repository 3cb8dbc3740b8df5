//! Whether the app fits all sizes of screens.
//!
//! Clauses: CJ-5.2.c.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::android::{ComponentKind, Manifest};
use crate::facts::ios::InfoPlist;
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-screens",
    title: words("Sizes of screens", "屏幕尺寸适配"),
    purpose: words(
        "Where the app does not fit the screen, people do not see what they confirm.",
        "页面不适配屏幕时，用户看不到其确认的内容。",
    ),
    procedure: words(
        "Read which screens the manifest rules out and which activities refuse to be resized; of \
         iOS apps the launch screen, without which they are shown in a box.",
        "读取清单排除的屏幕、拒绝缩放的 Activity；iOS 应用读取启动屏（缺失时以框显示）。",
    ),
    criterion: words(
        "No screen is ruled out, and no activity refuses to be resized.",
        "未排除任何屏幕，且没有 Activity 拒绝缩放。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Manifest, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || screens("android:smallScreens=\"false\""),
        evidence: &[
            "these screens are ruled out: small in AndroidManifest.xml (/manifest/supports-screens)",
        ],
        good: || screens("android:smallScreens=\"true\""),
        broken: || screens("").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn screens(attributes: &str) -> Sample {
    Sample::apk(&format!("<supports-screens {attributes}/><application/>"))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    if let Some(manifest) = facts.android.as_ref().and_then(Android::manifest) {
        android(manifest, &mut findings);
    }
    let info = facts.ios.as_ref().and_then(|ios| ios.app()?.info.as_ref());
    if let Some(info) = info {
        ios(info, &mut findings);
    }
    findings.into()
}

fn android(manifest: &Manifest, findings: &mut Findings) {
    let at = |what, path: &str| Evidence::in_xml(what, &manifest.file, path);
    if !manifest.excluded_screens.is_empty() {
        let what = words("these screens are ruled out", "排除了这些屏幕");
        let found = at(what, "/manifest/supports-screens");
        findings
            .wrong
            .push(found.string(manifest.excluded_screens.join(", ")));
    }
    let root = manifest.document.root();
    let children = root.iter().flat_map(|root| root.children());
    for node in children.filter(|node| node.name() == "compatible-screens") {
        let what = words("only screens on a list are supported", "仅支持列表中的屏幕");
        findings.wrong.push(at(what, &node.path()));
    }
    let rigid = manifest
        .components
        .iter()
        .filter(|component| component.kind == ComponentKind::Activity)
        .filter(|component| component.resizeable == Some(false));
    let what = words(
        "this activity refuses to be resized",
        "此 Activity 拒绝缩放",
    );
    findings.doubtful.extend(rigid.map(|component| {
        Evidence::in_xml(what, &component.file, &component.xml_path).class(&component.name)
    }));
}

fn ios(info: &InfoPlist, findings: &mut Findings) {
    let launches = [
        "UILaunchStoryboardName",
        "UILaunchScreen",
        "UILaunchStoryboards",
        "UILaunchImages",
    ];
    let launch = launches.iter().find(|key| info.value(key).is_some());
    match launch {
        Some(key) => {
            let what = words("a launch screen for all sizes", "适配各尺寸的启动屏");
            findings
                .right
                .push(Evidence::in_xml(what, &info.file, *key));
        }
        None => {
            let what = words(
                "no launch screen: the app is shown in a box on new phones",
                "没有启动屏：在新手机上以框显示",
            );
            findings
                .wrong
                .push(Evidence::in_xml(what, &info.file, "UILaunchStoryboardName"));
        }
    }
    if info.device_families() == [1] {
        let what = words(
            "made for phones: enlarged on tablets",
            "仅面向手机：在平板上放大显示",
        );
        findings
            .doubtful
            .push(Evidence::in_xml(what, &info.file, "UIDeviceFamily"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn ios_needs_a_launch_screen() {
        assert_eq!(Sample::ipa("").judged_by(&CHECK).verdict, Verdict::Fail);
        let found = Sample::ipa("<key>UILaunchStoryboardName</key><string>Launch</string>");
        assert_ne!(found.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
