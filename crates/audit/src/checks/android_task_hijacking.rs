//! Whether another app can slip its windows into the app's tasks, or take over its own.
//!
//! Clauses: JR-6.1.3.b.b.

use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::Area;
use crate::facts::android::{Component, ComponentKind, Manifest};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// From this platform on, tasks can no longer be hijacked by affinity alone.
const SAFE_SDK: u32 = 30;
const SINGLE_TASK: i32 = 2;

pub(crate) static CHECK: Check = Check {
    id: "android-task-hijacking",
    title: words("Tasks can be hijacked", "任务栈可被劫持"),
    purpose: words(
        "Up to Android 10 an app that claims the same task affinity puts a faked login in front of \
         the real one, in the app's own task.",
        "在 Android 10 及以前，声明相同任务亲和性的应用可在本应用的任务中把伪造的登录页置于真实页面之前。",
    ),
    procedure: words(
        "Read taskAffinity, launchMode and allowTaskReparenting of every activity, and the oldest \
         supported platform.",
        "读取每个 Activity 的 taskAffinity、launchMode、allowTaskReparenting 以及最低支持平台。",
    ),
    criterion: words(
        "No activity may move to other tasks or claims a foreign affinity; where Android 10 or \
         older is supported, the affinity is empty.",
        "没有 Activity 可移入其他任务或声明他人的亲和性；若支持 Android 10 及以前，亲和性为空。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1021],
    maswe: &["MASWE-0041"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || activity("android:launchMode=\"2\""),
        evidence: &[
            "singleTask with the default affinity",
            "com.bank.Main in AndroidManifest.xml (/manifest/application/activity)",
        ],
        good: || activity("android:launchMode=\"2\" android:taskAffinity=\"\""),
        broken: || activity("android:launchMode=\"2\"").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn activity(attributes: &str) -> Sample {
    Sample::apk(&format!(
        "<uses-sdk android:minSdkVersion=\"24\" android:targetSdkVersion=\"34\"/><application>\
         <activity android:name=\".Main\" {attributes}><intent-filter>\
         <action android:name=\"android.intent.action.MAIN\"/>\
         <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter></activity>\
         </application>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let Some(manifest) = android.manifest() else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    let activities = android
        .components()
        .filter(|component| component.kind == ComponentKind::Activity);
    for activity in activities {
        match hijackable(manifest, activity) {
            Some((what, true)) => findings.wrong.push(evidence(what, activity)),
            Some((what, false)) => findings.doubtful.push(evidence(what, activity)),
            None if activity.task_affinity.as_deref() == Some("") => {
                let kept = words("the task affinity is empty", "任务亲和性为空");
                findings.right.push(evidence(kept, activity));
            }
            None => {}
        }
    }
    findings.into()
}

/// How an activity can be hijacked, and whether that is certain.
fn hijackable(manifest: &Manifest, activity: &Component) -> Option<(Words, bool)> {
    let affinity = activity.task_affinity.as_deref();
    let is_own = |affinity: &str| {
        affinity.starts_with(':') || affinity == manifest.package || {
            affinity
                .strip_prefix(&manifest.package)
                .is_some_and(|rest| rest.starts_with('.'))
        }
    };
    if activity.allow_task_reparenting && activity.exported {
        let what = words(
            "may move to the task of another app",
            "可移入其他应用的任务",
        );
        return Some((what, true));
    }
    if affinity
        .is_some_and(|affinity| !affinity.is_empty() && affinity.contains('.') && !is_own(affinity))
    {
        let what = words(
            "claims the task affinity of another app",
            "声明了其他应用的任务亲和性",
        );
        return Some((what, true));
    }
    if manifest.min_sdk.api >= SAFE_SDK || affinity.is_some_and(|affinity| affinity.is_empty()) {
        return None;
    }
    let reached = activity.exported && activity.enabled;
    if activity.launch_mode == SINGLE_TASK && reached {
        let what = words(
            "singleTask with the default affinity, on platforms where tasks can be hijacked",
            "singleTask 且使用默认亲和性，而支持的平台存在任务劫持",
        );
        return Some((what, true));
    }
    activity.is_launcher().then_some((
        words(
            "the start of the app has the default affinity, on platforms where tasks can be hijacked",
            "启动页使用默认亲和性，而支持的平台存在任务劫持",
        ),
        false,
    ))
}

fn evidence(what: Words, activity: &Component) -> Evidence {
    Evidence::in_xml(what, &activity.file, &activity.xml_path).class(&activity.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn verdict(min_sdk: u32, application: &str, attributes: &str) -> Verdict {
        Sample::apk(&format!(
            "<uses-sdk android:minSdkVersion=\"{min_sdk}\"/><application {application}>\
             <activity android:name=\".Main\" android:exported=\"true\" {attributes}/></application>"
        ))
        .judged_by(&CHECK)
        .verdict
    }

    #[test]
    fn the_platform_and_the_application_protect_too() {
        let single = "android:launchMode=\"2\"";
        assert_eq!(verdict(24, "", single), Verdict::Fail);
        assert_eq!(verdict(30, "", single), Verdict::Pass);
        assert_eq!(
            verdict(24, "android:taskAffinity=\"\"", single),
            Verdict::Pass
        );
        assert_eq!(verdict(24, "", ""), Verdict::Pass);
        let moving = "android:allowTaskReparenting=\"true\"";
        assert_eq!(verdict(30, "", moving), Verdict::Fail);
        let foreign = "android:taskAffinity=\"com.other\"";
        assert_eq!(verdict(30, "", foreign), Verdict::Fail);
        let own = "android:taskAffinity=\"com.bank.web\"";
        assert_eq!(verdict(30, "", own), Verdict::Pass);
    }
}
