//! Whether pages and services were shipped that nobody can open.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use std::collections::HashSet;

use crate::ask::{own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::dex::access;
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-unused-components",
    title: words(
        "Pages and services that are not declared",
        "未声明的页面与服务",
    ),
    purpose: words(
        "Code that nobody can reach is code that nobody looks after, and tells of features to come \
         or gone.",
        "无人可达的代码无人维护，还会透露将来或已下线的功能。",
    ),
    procedure: words(
        "Compare the activities and services of the app's own code with the manifests, and list \
         declared components that are switched off.",
        "将应用自身代码中的 Activity 与 Service 同清单比对，并列出已声明但停用的组件。",
    ),
    criterion: words(
        "Every page and service is declared and switched on.",
        "所有页面与服务均已声明并启用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[561],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let components: Vec<_> = facts.android.iter().flat_map(Android::components).collect();
        let mut declared: HashSet<&str> = components
            .iter()
            .map(|component| component.name.as_str())
            .collect();
        declared.extend(
            components
                .iter()
                .filter_map(|component| component.target_activity.as_deref()),
        );
        let kinds = ["android.app.Activity", "android.app.Service"];
        let classes: Vec<_> = kinds
            .iter()
            .flat_map(|kind| facts.code.descendants_of(kind))
            .collect();
        let parents: HashSet<_> = classes
            .iter()
            .filter_map(|class| class.superclass())
            .collect();
        let mut findings = Findings::new();
        for class in &classes {
            let name = class.name();
            let is_base = class.access() & access::ABSTRACT != 0 || parents.contains(&name);
            if !is_base && own.wrote(&name) && !declared.contains(name.as_ref()) {
                let what = words("no manifest declares it", "未在清单中声明");
                findings
                    .doubtful
                    .push(Evidence::in_file(what, class.file()).class(name));
            }
        }
        let off = components
            .iter()
            .filter(|component| !component.enabled && own.wrote(&component.name));
        findings.doubtful.extend(off.map(|component| {
            let what = words("it is switched off", "已停用");
            Evidence::in_xml(what, &component.file, &component.xml_path)
                .string(component.name.clone())
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || sample(".Main"),
        evidence: &["no manifest declares it at com.bank.Login in classes.dex"],
        good: || sample(".Login"),
        broken: || sample(".Main").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn sample(activity: &str) -> Sample {
    Sample::apk(&format!(
        "<application><activity android:name=\"{activity}\"/></application>"
    ))
    .smali(
        ".class public Lcom/bank/Login;\n.super Landroid/app/Activity;\n\
         .method public run()V\n.registers 1\nreturn-void\n.end method\n",
    )
}
