//! Whether others choose which classes and methods run.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-reflection",
    title: words("Others choose which classes run", "类与方法由外部指定"),
    purpose: words(
        "A name from an intent or a link that becomes a class starts code that was never meant to \
         be reached.",
        "来自 Intent 或链接的名称若成为类名，可启动本不应到达的代码。",
    ),
    procedure: words(
        "Follow the names that Class.forName, loadClass, getMethod and Fragment.instantiate get to \
         extras and data of intents.",
        "追踪 Class.forName、loadClass、getMethod、Fragment.instantiate 的名称是否来自 Intent 数据。",
    ),
    criterion: words(
        "No class or method is looked up by a name from outside.",
        "不按外部名称查找类或方法。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[470],
    maswe: &[],
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
        let by_first = [
            ("java.lang.Class", "forName"),
            ("java.lang.Class", "getMethod"),
            ("java.lang.Class", "getDeclaredMethod"),
            ("java.lang.ClassLoader", "loadClass"),
            ("dalvik.system.DexClassLoader", "loadClass"),
        ];
        let by_second = [
            ("android.app.Fragment", "instantiate"),
            ("android.support.v4.app.Fragment", "instantiate"),
            ("androidx.fragment.app.Fragment", "instantiate"),
        ];
        let mut findings = Findings::new();
        for (calls, number) in [(&by_first[..], 0), (&by_second[..], 1)] {
            let calls = calls
                .iter()
                .flat_map(|(class, name)| code.calls_to(class, name));
            for sink in flow::sinks(calls, &[number]) {
                let mut names = sink.given();
                if let Some(extra) = names.find_map(flow::from_outside) {
                    let what = words(
                        "another app chooses the code that runs",
                        "运行的代码由其他应用指定",
                    );
                    findings
                        .wrong
                        .push(Evidence::at(what, &sink.call.site()).string(extra));
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(&reflect(
                "invoke-virtual {v0, v1}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
                 move-result-object v1",
            ))
        },
        evidence: &["another app chooses the code that runs: page at com.bank.Main.run()V @0x0007"],
        good: || Sample::method(&reflect("const-string v1, \"com.bank.Page\"")),
        broken: || {
            Sample::method(&reflect("const-string v1, \"com.bank.Page\"")).damaged("classes.dex")
        },
    },
};

#[cfg(test)]
fn reflect(name: &str) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"page\"\n{name}\n\
         invoke-static {{v1}}, Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;\n"
    )
}
