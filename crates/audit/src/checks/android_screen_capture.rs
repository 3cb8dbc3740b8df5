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
    maswe: &["MASWE-0038"],
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
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let screens = screens::sensitive(subject);
    let named = screens::named_for_money(android);
    if screens.is_empty() && named.is_empty() {
        return Outcome::NotApplicable(words(
            "no sensitive screen was declared or found",
            "未声明也未发现敏感页面",
        ));
    }
    let code = &subject.facts.code;
    let secure = screens::secure(code);
    let mut findings = Findings::new();
    for screen in &screens {
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
    let is_known = |class: &str| screens.iter().any(|screen| screen.class == class);
    for activity in named
        .into_iter()
        .filter(|activity| !is_known(&activity.name))
    {
        let at =
            |what| Evidence::in_xml(what, &activity.file, &activity.xml_path).class(&activity.name);
        match secure.covers(code, &activity.name) {
            true => findings
                .right
                .push(at(words("FLAG_SECURE is set", "已设置 FLAG_SECURE"))),
            false => findings.doubtful.push(at(words(
                "to go by its name this screen is about money or passwords, and can be captured",
                "从名称看此页面涉及资金或口令，且可被截屏录屏",
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
    fn a_name_makes_a_screen_doubtful_and_no_more() {
        let found = showing("", "<EditText android:inputType=\"1\"/>", "").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Partial);
        let other = Sample::apk("<application><activity android:name=\".Help\"/></application>")
            .smali(".class public Lcom/bank/Help;\n.super Landroid/app/Activity;\n");
        assert_eq!(other.judged_by(&CHECK).verdict, Verdict::NotApplicable);
    }

    #[test]
    fn a_helper_that_starts_call_protects_their_screens() {
        let helper = ".class public Lcom/bank/Guard;\n.super Ljava/lang/Object;\n\
             .method public static protect(Landroid/view/Window;)V\n.registers 4\n\
             const/16 v0, 0x2000\ninvoke-virtual {p0, v0}, Landroid/view/Window;->addFlags(I)V\n\
             return-void\n.end method\n";
        let call = "const/4 v1, 0\n\
             invoke-static {v1}, Lcom/bank/Guard;->protect(Landroid/view/Window;)V\n";
        assert_eq!(
            login(call).smali(helper).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        // A helper that nobody calls from this screen does not.
        let other = ".class public Lcom/bank/Other;\n.super Landroid/app/Activity;\n\
             .method public onCreate(Landroid/os/Bundle;)V\n.registers 4\nconst/4 v1, 0\n\
             invoke-static {v1}, Lcom/bank/Guard;->protect(Landroid/view/Window;)V\n\
             return-void\n.end method\n";
        let found = login("")
            .smali(&format!("{helper}{other}"))
            .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
    }
}
