//! Whether resources switch features on that users should not have.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::ask::{own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::Call;
use crate::facts::{Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-hidden-features",
    title: words(
        "Hidden features behind a resource",
        "由资源开关控制的隐藏功能",
    ),
    purpose: words(
        "A switch in the package is turned by whoever repacks it; what is behind it was shipped.",
        "安装包中的开关可被重打包者翻转，其背后的功能已随包发布。",
    ),
    procedure: words(
        "Look where code reads strings and booleans of the resource table whose names are about \
         administrators, debugging, tests or developers.",
        "查找代码读取名称涉及管理员、调试、测试或开发者的字符串与布尔资源之处。",
    ),
    criterion: words(
        "No resource decides whether such features are there.",
        "不由资源决定此类功能是否可用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[489, 912],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Resources],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let names = ["getString", "getBoolean", "getText", "getInteger"];
        let calls = names.iter().flat_map(|name| facts.code.calls_named(name));
        Findings::wrong(calls.filter_map(|call| {
            let site = call.site();
            if !own.may_have_written(&site.class) {
                return None;
            }
            let switch = switch(facts, &call)?;
            let what = words(
                "a resource switches a hidden feature",
                "资源开关控制隐藏功能",
            );
            Some(Evidence::at(what, &site).string(switch))
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || sample("is_admin"),
        evidence: &[
            "a resource switches a hidden feature: string/is_admin=no at com.bank.Main.run()V @0x0004",
        ],
        good: || sample("is_tablet"),
        broken: || sample("is_admin").damaged("resources.arsc"),
    },
};

/// Name and value of the switch that a call reads.
fn switch(facts: &Facts, call: &Call<'_>) -> Option<String> {
    let table = facts.android.as_ref()?.resources.as_ref()?;
    let ids = call.ints(0).into_iter();
    let ids = ids.filter_map(|id| u32::try_from(id & 0xffff_ffff).ok());
    let mut resources = ids.filter_map(|id| table.resource(id));
    let found = resources.find(|resource| is_switch(&resource.name()))?;
    // A switch is on or off; other texts speak of administrators to people.
    let value = found.default_value().map(|value| value.to_string());
    let is_state = |value: &String| {
        let state = value.to_lowercase();
        matches!(
            state.as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1" | "y" | "n"
        )
    };
    let value = value.filter(is_state)?;
    let name = format!("{}/{}", found.type_name(), found.name());
    Some(format!("{name}={value}"))
}

/// Names of the form `is_admin`, `enable_debug_menu`, `dev_mode`.
fn is_switch(name: &str) -> bool {
    const ASKS: [&str; 8] = [
        "is", "has", "enable", "enabled", "show", "allow", "mode", "menu",
    ];
    const ABOUT: [&str; 8] = [
        "admin",
        "debug",
        "dev",
        "developer",
        "internal",
        "test",
        "backdoor",
        "root",
    ];
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(['_', '.', '-']).collect();
    words.iter().any(|word| ASKS.contains(word)) && words.iter().any(|word| ABOUT.contains(word))
}

#[cfg(test)]
fn sample(name: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    table.add("string", name, "no");
    let code = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run()V\n.registers 2\nconst/4 v0, 0\nconst v1, 0x7f010000\n\
         invoke-virtual {v0, v1}, Landroid/content/res/Resources;->getString(I)Ljava/lang/String;\n\
         return-void\n.end method\n";
    Sample::code(code).file("resources.arsc", table.build())
}
