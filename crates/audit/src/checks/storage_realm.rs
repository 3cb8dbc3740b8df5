//! Whether Realm databases are opened without a key.
//!
//! Clauses: JR-6.1.7.1, CJ-4.2.4.a.

use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-realm",
    title: words("Realm without encryption", "Realm 未加密"),
    purpose: words(
        "A Realm file without a key is read with any Realm tool.",
        "未设密钥的 Realm 文件可被任何 Realm 工具读取。",
    ),
    procedure: words(
        "For each RealmConfiguration.Builder that is built, look for encryptionKey on it.",
        "检查每个 RealmConfiguration.Builder 构建前是否调用 encryptionKey。",
    ),
    criterion: words(
        "Every Realm configuration has an encryption key.",
        "所有 Realm 配置均设置加密密钥。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[311],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        let builds = code.calls_to("io.realm.RealmConfiguration$Builder", "build");
        let builds = builds
            .into_iter()
            .filter(|call| !call.method().class().name().starts_with("io.realm."));
        let mut builds = builds.peekable();
        if builds.peek().is_none() {
            let unused = Outcome::NotApplicable(words("Realm is not used", "未使用 Realm"));
            return without_code(subject.facts).unwrap_or(unused);
        }
        let mut findings = Findings::new();
        for call in builds {
            let others = call.on_same_object();
            let key = others
                .iter()
                .find(|other| other.target().name() == "encryptionKey");
            match key {
                Some(key) => findings.right.push(Evidence::at(
                    words("the database has a key", "数据库设有密钥"),
                    &key.site(),
                )),
                None => findings.wrong.push(Evidence::at(
                    words("a Realm is configured without a key", "Realm 配置未设密钥"),
                    &call.site(),
                )),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&realm("")),
        evidence: &["a Realm is configured without a key at com.bank.Main.run()V @0x0006"],
        good: || {
            Sample::method(&realm(
                "invoke-virtual {v0, v1}, Lio/realm/RealmConfiguration$Builder;->encryptionKey([B)Lio/realm/RealmConfiguration$Builder;\n",
            ))
        },
        broken: || Sample::method(&realm("")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn realm(key: &str) -> String {
    format!(
        "const/4 v1, 0\nnew-instance v0, Lio/realm/RealmConfiguration$Builder;\n\
         invoke-direct {{v0}}, Lio/realm/RealmConfiguration$Builder;-><init>()V\n{key}\
         invoke-virtual {{v0}}, Lio/realm/RealmConfiguration$Builder;->build()Lio/realm/RealmConfiguration;\n"
    )
}
