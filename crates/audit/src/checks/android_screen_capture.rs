//! Whether screens for passwords and money keep others from taking pictures of them.
//!
//! Clauses: CJ-4.2.5.e.

use crate::ask::screens;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-screen-capture",
    title: words("Sensitive screens can be captured", "敏感页面可被截屏录屏"),
    purpose: words(
        "Other apps, remote support tools and recordings see whatever a screen shows, passwords as \
         they are typed included.",
        "其他应用、远程协助工具和录屏可看到页面全部内容，包括正在输入的口令。",
    ),
    procedure: words(
        "Take the screens that were declared and those that show a password input; look for \
         FLAG_SECURE set as they come up, by themselves, by what they extend, or for all screens.",
        "对已声明的敏感页面和含口令输入的页面，查找其自身、父类或全局在页面启动时设置的 FLAG_SECURE。",
    ),
    criterion: words("Each of them sets FLAG_SECURE.", "均设置 FLAG_SECURE。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code, Area::Xml, Area::Resources],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || login(""),
        evidence: &[
            "this sensitive screen can be captured: res/layout/login.xml at com.bank.Login",
        ],
        good: || login(SECURE),
        broken: || login(SECURE).damaged("classes.dex"),
    },
};

/// Sets FLAG_SECURE in `onCreate`.
#[cfg(test)]
const SECURE: &str = "invoke-virtual {p0}, Lcom/bank/Login;->getWindow()Landroid/view/Window;\nmove-result-object v1\n\
     const/16 v2, 0x2000\n\
     invoke-virtual {v1, v2, v2}, Landroid/view/Window;->setFlags(II)V\n";

/// An APK whose activity `com.bank.Login` shows a layout with a password input; `body` runs before.
#[cfg(test)]
pub(crate) fn login(body: &str) -> Sample {
    showing(body, "<EditText android:inputType=\"0x81\"/>", "")
}

#[cfg(test)]
pub(crate) fn showing(body: &str, view: &str, activity: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    let id = table.add("layout", "login", "res/layout/login.xml");
    Sample::apk(&format!(
        "<application><activity android:name=\".Login\" {activity}/></application>"
    ))
    .file("resources.arsc", table.build())
    .xml(
        "res/layout/login.xml",
        &format!(
            "<LinearLayout xmlns:android=\"{}\">{view}</LinearLayout>",
            crate::xml::ANDROID_NAMESPACE
        ),
    )
    .smali(&format!(
        ".class public Lcom/bank/Login;\n.super Landroid/app/Activity;\n\
             .method public onCreate(Landroid/os/Bundle;)V\n.registers 6\n{body}\
             const v0, {id}\n\
             invoke-virtual {{p0, v0}}, Lcom/bank/Login;->setContentView(I)V\n\
             return-void\n.end method\n"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let screens = screens::sensitive(subject);
    if screens.is_empty() {
        return Outcome::NotApplicable(words(
            "no sensitive screen was declared or found",
            "未声明也未发现敏感页面",
        ));
    }
    let code = &subject.facts.code;
    let secure = screens::secure(code);
    let mut findings = Findings::new();
    for screen in screens {
        let at = |what| {
            let found = Evidence::new(what).class(&screen.class);
            match &screen.layout {
                Some(layout) => found.string(layout),
                None => found,
            }
        };
        match secure.covers(code, &screen.class) {
            true => findings
                .right
                .push(at(words("FLAG_SECURE is set", "已设置 FLAG_SECURE"))),
            false => findings.wrong.push(at(words(
                "this sensitive screen can be captured",
                "此敏感页面可被截屏录屏",
            ))),
        }
    }
    let set = words("FLAG_SECURE is set here", "此处设置 FLAG_SECURE");
    let calls = screens::secure_calls(code);
    findings
        .right
        .extend(calls.iter().map(|call| Evidence::at(set, &call.site())));
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    const BASE: &str = ".class public Lcom/bank/Base;\n.super Landroid/app/Activity;\n\
         .method public onCreate(Landroid/os/Bundle;)V\n.registers 6\n\
         invoke-virtual {p0}, Lcom/bank/Base;->getWindow()Landroid/view/Window;\nmove-result-object v1\n\
         const/16 v2, 0x2000\ninvoke-virtual {v1, v2}, Landroid/view/Window;->addFlags(I)V\n\
         return-void\n.end method\n";

    #[test]
    fn a_class_above_protects_and_another_does_not() {
        let declared = "[declared]\nsensitive_screens = [\"com.bank.Pay\"]";
        let verdict = |superclass: &str| {
            Sample::apk("<application><activity android:name=\".Pay\"/></application>")
                .smali(&format!(
                    "{BASE}.class public Lcom/bank/Pay;\n.super {superclass}\n"
                ))
                .declared(declared)
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(verdict("Lcom/bank/Base;"), Verdict::Pass);
        assert_eq!(verdict("Landroid/app/Activity;"), Verdict::Fail);
    }

    #[test]
    fn other_flags_are_not_the_flag() {
        let other = SECURE.replace("0x2000", "0x400");
        assert_eq!(login(&other).judged_by(&CHECK).verdict, Verdict::Fail);
    }

    #[test]
    fn a_screen_without_passwords_needs_nothing() {
        let found = showing("", "<EditText android:inputType=\"1\"/>", "").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::NotApplicable);
    }
}
