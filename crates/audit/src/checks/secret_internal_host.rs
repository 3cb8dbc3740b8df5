//! Whether addresses of private networks and of hosts for development are left in the app.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::ask::traces::{AREAS, Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, Words, words};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-internal-host",
    title: words("Internal addresses", "内网与测试地址"),
    purpose: words(
        "They tell attackers how the network inside looks, and lead the app into whatever network it is in.",
        "内网地址泄露网络结构，并使应用连接所在网络中的任意主机。",
    ),
    procedure: words(
        "Look in every string for addresses of private networks (10, 172.16, 192.168), for hosts with endings of private networks, and for hosts named for development and test. Declared hosts are left out.",
        "在全部字符串中查找私网地址、内网后缀主机与开发测试主机；已声明的主机不计。",
    ),
    criterion: words("There is none.", "不存在此类地址。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[200, 615],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &AREAS,
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("const-string v0, \"http://192.168.10.7:8080/login\""),
        evidence: &[
            "an address of a private network or of a host for development: http://192.168.10.7:8080/login at com.bank.Main.run()V @0x0000",
        ],
        good: || Sample::method("const-string v0, \"https://www.bank.cn/login\""),
        broken: || {
            Sample::method("const-string v0, \"http://192.168.10.7:8080/login\"")
                .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let declared = &subject.configuration.declared;
    let mut findings = Findings::new();
    for trace in traces(subject.facts).of(|kind| *kind == Kind::InternalHost) {
        if trace.is_of_declared_host(declared) {
            continue;
        }
        match trace.library {
            None => findings.wrong.extend(trace.evidence(INTERNAL)),
            Some(_) => findings.doubtful.extend(trace.evidence(IN_LIBRARY)),
        }
    }
    findings.into()
}

const INTERNAL: Words = words(
    "an address of a private network or of a host for development",
    "私网或开发测试主机地址",
);
const IN_LIBRARY: Words = words("an internal address in a library", "第三方库中的内网地址");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn declared_hosts_are_meant() {
        let sample = || Sample::method("const-string v0, \"https://uat.bank.example/x\"");
        assert_eq!(sample().judged_by(&CHECK).verdict, Verdict::Fail);
        let declared = "[declared]\nhosts = [\"uat.bank.example\"]";
        assert_eq!(
            sample().declared(declared).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
