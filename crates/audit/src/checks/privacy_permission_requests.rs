//! Whether the app asks for permissions one by one, and can explain them.
//!
//! Permissions of one group, such as both of location, are one question to the user. Calls from the
//! support libraries to each other are left out.
//!
//! Clauses: CJ-4.3.2.b, CJ-4.3.2.d, JR-6.1.6.2.a.

use std::collections::BTreeSet;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::{Call, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "privacy-permission-requests",
    title: words("How permissions are asked for", "权限申请方式"),
    purpose: words(
        "Users who are asked for everything at once, without a word, learn to say yes \
         to anything.",
        "一次性无说明地索取全部权限，会使用户习惯于一律同意。",
    ),
    procedure: words(
        "Follow the lists that are passed to requests for permissions, and look for \
         the question whether to explain.",
        "追踪权限申请传入的列表，并查找是否询问应否解释。",
    ),
    criterion: words(
        "A request asks for one group at a time, and the app asks whether to explain.",
        "一次申请仅含一组权限，且应用询问是否需要解释。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0066"],
    mastg: &["MASTG-TEST-0256"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        let launches = code
            .calls_named("launch")
            .filter(|call| call.target().class_name() == LAUNCHER && !groups_of(call).is_empty());
        let requests: Vec<Call<'_>> = code
            .calls_named("requestPermissions")
            .chain(launches)
            .filter(is_of_app)
            .collect();
        if requests.is_empty() {
            return Outcome::NotApplicable(words(
                "no permission is asked for by code",
                "代码未申请权限",
            ));
        }
        let mut findings = Findings::new();
        for request in &requests {
            let groups = groups_of(request);
            let evidence = |what| {
                Evidence::at(what, &request.site())
                    .string(groups.iter().copied().collect::<Vec<_>>().join(", "))
            };
            match groups.len() {
                0 => {}
                1 => findings.right.push(evidence(words(
                    "asks for one group of permissions",
                    "申请一组权限",
                ))),
                2 => findings.doubtful.push(evidence(words(
                    "asks for two groups of permissions at once",
                    "一次申请两组权限",
                ))),
                _ => findings.wrong.push(evidence(words(
                    "asks for many groups of permissions at once",
                    "一次申请多组权限",
                ))),
            }
        }
        if !code
            .calls_named("shouldShowRequestPermissionRationale")
            .any(|call| is_of_app(&call))
        {
            let sites = requests.iter().map(|request| {
                Evidence::at(
                    words(
                        "asked for, and never whether to explain",
                        "申请权限但从不询问是否解释",
                    ),
                    &request.site(),
                )
            });
            findings.doubtful.extend(sites);
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || asking_for(&["CAMERA", "READ_CONTACTS", "ACCESS_FINE_LOCATION"]),
        evidence: &[
            "asks for many groups of permissions at once: camera, contacts, location at com.bank.Pay.ask()V",
        ],
        good: || asking_for(&["ACCESS_COARSE_LOCATION", "ACCESS_FINE_LOCATION"]),
        broken: || asking_for(&["CAMERA"]).damaged("classes.dex"),
    },
};

/// Asks for permissions too, among other things.
const LAUNCHER: &str = "androidx.activity.result.ActivityResultLauncher";

/// Whether a call is not one of the support libraries' own.
fn is_of_app(call: &Call<'_>) -> bool {
    let class = call.method().class().name();
    !class.starts_with("androidx.") && !class.starts_with("android.support.")
}

/// The groups of the permissions that a request lists, as far as its list is constant.
fn groups_of(request: &Call<'_>) -> BTreeSet<&'static str> {
    let origins = request.arguments().flat_map(|argument| argument.resolve());
    let elements = origins.flat_map(|origin| match origin {
        Origin::Array(array) => array.elements().unwrap_or_default(),
        single => vec![single],
    });
    elements
        .filter_map(|element| group_of(&element.text()?))
        .collect()
}

/// The question that the user is asked for a permission; `None` for one that is not asked.
fn group_of(permission: &str) -> Option<&'static str> {
    const GROUPS: [(&str, &[&str]); 10] = [
        ("location", &["LOCATION"]),
        ("contacts", &["CONTACTS", "GET_ACCOUNTS"]),
        ("calendar", &["CALENDAR"]),
        ("call log", &["CALL_LOG", "PROCESS_OUTGOING_CALLS"]),
        ("messages", &["SMS", "MMS", "WAP_PUSH"]),
        ("phone", &["PHONE", "VOICEMAIL", "USE_SIP"]),
        ("camera", &["CAMERA"]),
        ("microphone", &["RECORD_AUDIO"]),
        ("files", &["EXTERNAL_STORAGE", "READ_MEDIA"]),
        ("sensors", &["BODY_SENSORS", "ACTIVITY_RECOGNITION"]),
    ];
    let name = permission.strip_prefix("android.permission.")?;
    let group = GROUPS
        .iter()
        .find(|(_, parts)| parts.iter().any(|part| name.contains(part)));
    group.map(|(group, _)| *group)
}

/// An app that asks for these permissions at once, and whether to explain.
#[cfg(test)]
fn asking_for(permissions: &[&str]) -> Sample {
    let elements = permissions.iter().enumerate().map(|(number, permission)| {
        format!(
            "const/4 v1, {number}
             const-string v2, \"android.permission.{permission}\"
             aput-object v2, v0, v1
             "
        )
    });
    let elements: String = elements.collect();
    let count = permissions.len();
    Sample::code(&format!(
        r#"
        .class public Lcom/bank/Pay;
        .super Landroid/app/Activity;
        .method public ask()V
            .registers 5
            const/4 v0, {count}
            new-array v0, v0, [Ljava/lang/String;
            {elements}
            const/4 v1, 1
            invoke-virtual {{p0, v0, v1}}, Lcom/bank/Pay;->requestPermissions([Ljava/lang/String;I)V
            const-string v2, "android.permission.CAMERA"
            invoke-virtual {{p0, v2}}, Lcom/bank/Pay;->shouldShowRequestPermissionRationale(Ljava/lang/String;)Z
            return-void
        .end method
        "#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn launchers_of_results_ask_too() {
        let smali = r#"
            .class public Lcom/bank/Pay;
            .super Landroid/app/Activity;
            .method public ask(Landroidx/activity/result/ActivityResultLauncher;)V
            .registers 3
            const-string v0, "android.permission.CAMERA"
            invoke-virtual {p1, v0}, Landroidx/activity/result/ActivityResultLauncher;->launch(Ljava/lang/Object;)V
            return-void
            .end method
        "#;
        let finding = Sample::code(smali).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
        assert!(
            finding
                .evidence
                .iter()
                .any(|evidence| evidence.string.as_deref() == Some("camera"))
        );
    }

    #[test]
    fn a_request_that_is_never_explained_is_doubtful() {
        let smali = ".class public Lcom/bank/Pay;\n.super Landroid/app/Activity;\n\
             .method public ask([Ljava/lang/String;)V\n.registers 3\nconst/4 v0, 1\n\
             invoke-virtual {p0, p1, v0}, Lcom/bank/Pay;->requestPermissions([Ljava/lang/String;I)V\nreturn-void\n.end method\n";
        assert_eq!(
            Sample::code(smali).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
