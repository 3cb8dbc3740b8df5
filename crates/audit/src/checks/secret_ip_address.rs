//! Whether servers are addressed by number.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d, JR-6.1.8.a.

use crate::ask::traces::{AREAS, Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, Words, words};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-ip-address",
    title: words("IPv4 addresses", "硬编码 IPv4 地址"),
    purpose: words(
        "An address by number cannot move, hardly has a certificate, and shows attackers where servers stand.",
        "数字地址无法迁移、难以配置证书，并暴露服务器位置。",
    ),
    procedure: words(
        "Look in every string for IPv4 addresses of the open network; versions and object identifiers of the same shape are left out. Declared hosts count as meant.",
        "在全部字符串中查找公网 IPv4 地址，形似的版本号与对象标识不计；已声明的主机视为有意。",
    ),
    criterion: words("Servers are addressed by name.", "以域名访问服务器。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[547],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &AREAS,
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("const-string v0, \"https://47.98.12.34/api\""),
        evidence: &[
            "a server addressed by number: https://47.98.12.34/api at com.bank.Main.run()V @0x0000",
        ],
        good: || Sample::method("const-string v0, \"https://api.bank.cn/\""),
        broken: || {
            Sample::method("const-string v0, \"https://47.98.12.34/api\"").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let declared = &subject.configuration.declared;
    let mut findings = Findings::new();
    for trace in traces(subject.facts).of(|kind| *kind == Kind::Ipv4) {
        if trace.is_of_declared_host(declared) {
            continue;
        }
        findings.doubtful.extend(trace.evidence(NUMBER));
    }
    findings.into()
}

const NUMBER: Words = words("a server addressed by number", "以数字地址访问的服务器");
