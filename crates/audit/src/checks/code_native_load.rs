//! Whether native libraries are loaded from where others write.
//!
//! Clauses: AP-1.2.3.5, JR-7.3.6.a.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-native-load",
    title: words("Native libraries from elsewhere", "加载外来本地库"),
    purpose: words(
        "A library that somebody else put there runs with all rights of the app.",
        "他人放置的本地库会以应用的全部权限运行。",
    ),
    procedure: words(
        "Follow the paths of System.load and Runtime.load; libraries by name come from the package.",
        "追踪 System.load 与 Runtime.load 的路径；按名称加载的库来自安装包。",
    ),
    criterion: words(
        "Libraries are loaded by name; paths stay within private storage.",
        "按名称加载本地库；使用路径时限于私有存储。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[114, 426],
    maswe: &["MASWE-0049"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        let classes = ["java.lang.System", "java.lang.Runtime"];
        let by_path = classes
            .iter()
            .flat_map(|class| code.calls_to(class, "load"));
        for sink in flow::sinks(by_path, &[0]) {
            let Some(path) = sink.value(0) else {
                continue;
            };
            let site = sink.call.site();
            if flow::is_on_external_storage(path) {
                let what = words(
                    "a library is loaded from external storage",
                    "从外部存储加载本地库",
                );
                findings.wrong.push(Evidence::at(what, &site));
            } else if let Some(extra) = flow::from_outside(path) {
                let what = words("another app chooses the library", "本地库由其他应用指定");
                findings.wrong.push(Evidence::at(what, &site).string(extra));
            } else if !path.resolve().iter().all(Origin::is_constant)
                && !matches!(path, Origin::Parameter(_))
            {
                let what = words("a library is loaded by its path", "按路径加载本地库");
                findings.doubtful.push(Evidence::at(what, &site));
            }
        }
        let by_name = classes
            .iter()
            .flat_map(|class| code.calls_to(class, "loadLibrary"));
        findings.right.extend(by_name.map(|call| {
            let name = call.texts(0).into_iter().next().unwrap_or_default();
            let what = words("a library of the package is loaded", "加载包内本地库");
            Evidence::at(what, &call.site()).string(name)
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&load("/sdcard/libpay.so", "load")),
        evidence: &["a library is loaded from external storage at com.bank.Main.run()V @0x0002"],
        good: || Sample::method(&load("pay", "loadLibrary")),
        broken: || Sample::method(&load("pay", "loadLibrary")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn load(name: &str, method: &str) -> String {
    format!(
        "const-string v0, \"{name}\"\n\
         invoke-static {{v0}}, Ljava/lang/System;->{method}(Ljava/lang/String;)V\n"
    )
}
