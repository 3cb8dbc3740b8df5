//! Whether sensitive screens take touches while another window covers them.
//!
//! Clauses: JR-6.1.3.b.b, JR-6.1.9.2.b.

use std::collections::BTreeSet;

use crate::ask::screens;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use super::android_screen_capture::{login, showing};
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

/// From this platform on, the system itself blocks touches through windows of other apps.
const BLOCKING_SDK: u32 = 31;

pub(crate) static CHECK: Check = Check {
    id: "android-tapjacking",
    title: words("Touches through other windows", "覆盖窗口点击劫持"),
    purpose: words(
        "A window of another app laid over the screen makes people confirm what they do not see.",
        "其他应用的窗口覆盖在页面上，可诱使用户确认其看不到的内容。",
    ),
    procedure: words(
        "For each sensitive screen look for filterTouchesWhenObscured in its layout or code, for an \
         own onFilterTouchEventForSecurity and for setHideOverlayWindows; platforms from Android 12 \
         on block such touches by themselves.",
        "对每个敏感页面，在布局或代码中查找 filterTouchesWhenObscured、自定义 onFilterTouchEventForSecurity \
         以及 setHideOverlayWindows；Android 12 及以上系统自行阻止此类点击。",
    ),
    criterion: words(
        "Each refuses touches while it is covered, or only platforms that do so are supported.",
        "被覆盖时拒绝点击，或仅支持自行阻止的平台。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1021],
    maswe: &["MASWE-0039"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code, Area::Xml, Area::Resources],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || login(""),
        evidence: &["takes touches while it is covered: res/layout/login.xml at com.bank.Login"],
        good: || {
            showing(
                "",
                "<EditText android:inputType=\"0x81\" android:filterTouchesWhenObscured=\"true\"/>",
                "",
            )
        },
        broken: || login("").damaged("classes.dex"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let screens = screens::sensitive(subject);
    if screens.is_empty() {
        return Outcome::NotApplicable(words(
            "no sensitive screen was declared or found",
            "未声明也未发现敏感页面",
        ));
    }
    let min_sdk = Android::manifest(android).map_or(0, |manifest| manifest.min_sdk.api);
    let mut findings = Findings::new();
    if min_sdk >= BLOCKING_SDK {
        let what = words(
            "the supported platforms block such touches",
            "支持的平台自行阻止此类点击",
        );
        findings
            .right
            .push(Evidence::new(what).string(format!("minSdkVersion {min_sdk}")));
        return findings.into();
    }
    let code = &subject.facts.code;
    let in_code = screens::obscured_touches_refused(code);
    let in_layout: BTreeSet<&str> = android
        .views()
        .filter(|view| view.filters_obscured_touches())
        .map(|view| view.file())
        .collect();
    for screen in screens {
        let layout = screen.layout.as_deref();
        let refuses = layout.is_some_and(|layout| in_layout.contains(layout))
            || in_code.covers(code, &screen.class);
        let at = |what| {
            let found = Evidence::new(what).class(&screen.class);
            match layout {
                Some(layout) => found.string(layout),
                None => found,
            }
        };
        match refuses {
            true => findings.right.push(at(words(
                "refuses touches while it is covered",
                "被覆盖时拒绝点击",
            ))),
            false => findings.wrong.push(at(words(
                "takes touches while it is covered",
                "被覆盖时仍接受点击",
            ))),
        }
    }
    findings.into()
}
