//! Whether code is loaded that is not in the package.
//!
//! Clauses: AP-1.2.3.5, JR-6.1.3.b.a, JR-7.3.6.a.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-dynamic-loading",
    title: words("Code is loaded while running", "运行时动态加载代码"),
    purpose: words(
        "Code from elsewhere was never reviewed, and whoever can write where it lies is the app.",
        "外来代码未经评审，能写入其位置的人即可控制应用。",
    ),
    procedure: words(
        "List the class loaders that are made with paths or bytes of their own, and follow the \
         paths to external storage and to other apps.",
        "列出使用自有路径或字节创建的类加载器，并追踪路径是否位于外部存储或由其他应用指定。",
    ),
    criterion: words(
        "No code is loaded from where others write; other loaders are known and reviewed.",
        "不从他人可写位置加载代码；其他加载器已知并经评审。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[94, 494, 829],
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
        let loaders = LOADERS
            .iter()
            .flat_map(|(class, name)| code.calls_to(class, name));
        let mut findings = Findings::new();
        for call in loaders {
            let path = call.argument(0);
            let site = call.site();
            let loader = call.target().class_name().into_owned();
            let evidence = |what| Evidence::at(what, &site).string(loader.clone());
            if path.as_ref().is_some_and(flow::is_on_external_storage) {
                let what = words("code is loaded from external storage", "从外部存储加载代码");
                findings.wrong.push(evidence(what));
            } else if path.as_ref().and_then(flow::from_outside).is_some() {
                let what = words(
                    "another app chooses the code that is loaded",
                    "加载的代码由其他应用指定",
                );
                findings.wrong.push(evidence(what));
            } else {
                findings.doubtful.push(evidence(words(
                    "code is loaded while running",
                    "运行时加载代码",
                )));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&load("Ldalvik/system/DexClassLoader;")),
        evidence: &[
            "code is loaded from external storage: dalvik.system.DexClassLoader at com.bank.Main.run()V @0x0005",
        ],
        good: || Sample::method(&load("Lcom/bank/Loader;")),
        broken: || Sample::method(&load("Ldalvik/system/DexClassLoader;")).damaged("classes.dex"),
    },
};

const LOADERS: [(&str, &str); 6] = [
    ("dalvik.system.DexClassLoader", "<init>"),
    ("dalvik.system.PathClassLoader", "<init>"),
    ("dalvik.system.DelegateLastClassLoader", "<init>"),
    ("dalvik.system.InMemoryDexClassLoader", "<init>"),
    ("dalvik.system.BaseDexClassLoader", "<init>"),
    ("dalvik.system.DexFile", "loadDex"),
];

#[cfg(test)]
fn load(loader: &str) -> String {
    format!(
        "const/4 v4, 0\nconst-string v1, \"/sdcard/plugin.apk\"\nnew-instance v0, {loader}\n\
         invoke-direct {{v0, v1, v4, v4, v4}}, {loader}-><init>(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Ljava/lang/ClassLoader;)V\n"
    )
}
