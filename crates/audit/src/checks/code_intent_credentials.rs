//! Whether credentials travel in the extras of intents.
//!
//! Clauses: CJ-4.3.4.b, JR-6.1.7.1.

use crate::ask::{flow, sensitive, sensitive::Kind, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-intent-credentials",
    title: words("Credentials in intents", "Intent 携带鉴别信息"),
    purpose: words(
        "Extras are kept by the system for recent tasks and restarts, and are dumped by bug reports.",
        "系统会为最近任务与重启保留 Intent 附加数据，并写入错误报告。",
    ),
    procedure: words(
        "Follow the keys and values of Intent.putExtra to passwords, PINs and tokens.",
        "追踪 Intent.putExtra 的键和值是否为口令、PIN 或令牌。",
    ),
    criterion: words("No intent carries a credential.", "Intent 不携带鉴别信息。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[927, 522],
    maswe: &["MASWE-0032"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let calls = facts.code.calls_to("android.content.Intent", "putExtra");
        // Only texts: a key `pin` with a number is a map pin more often than not.
        let calls = calls.into_iter().filter(|call| {
            let descriptor = call.target().descriptor();
            descriptor.contains("Ljava/lang/String;Ljava/lang/String;")
                || descriptor.contains("Ljava/lang/CharSequence;")
                || descriptor.contains("[B")
                || descriptor.contains("[C")
        });
        let mut findings = Findings::new();
        for sink in flow::sinks(calls, &[0, 1]) {
            let site = sink.call.site();
            let by_key = sink.value(0).and_then(|key| {
                let keys = key.resolve().into_iter();
                let mut keys = keys.filter_map(|key| key.text());
                keys.find(|key| sensitive::kind_of_name(key) == Some(Kind::Credential))
            });
            let value = sink.value(1);
            let by_value = || {
                let named = flow::named(facts, value?)?;
                let counts = named.kind == Kind::Credential && !named.is_harmless_in(&site.class);
                counts.then_some(named.name)
            };
            // Sessions of media players let nobody in.
            let by_key = by_key.filter(|key| !key.starts_with("android.media."));
            let name = by_key.map(|key| key.into_owned()).or_else(by_value);
            if let Some(name) = name
                && !value.is_some_and(flow::is_protected)
            {
                let what = words("an intent carries a credential", "Intent 携带鉴别信息");
                findings.wrong.push(Evidence::at(what, &site).string(name));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&extra("passed_password")),
        evidence: &[
            "an intent carries a credential: passed_password at com.bank.Main.run()V @0x0005",
        ],
        good: || Sample::method(&extra("passed_page")),
        broken: || Sample::method(&extra("passed_password")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn extra(key: &str) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"{key}\"\n\
         sget-object v2, Lcom/bank/Main;->text:Ljava/lang/String;\n\
         invoke-virtual {{v0, v1, v2}}, Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;\n"
    )
}
