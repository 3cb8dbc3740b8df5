//! Whether the app pins the certificates of its hosts.
//!
//! Pins stand in the property list, or code evaluates the trust of a connection itself. Whether
//! that code refuses a false certificate is not read.
//!
//! Clauses: JR-6.1.4.d, CJ-5.7.d, AP-5.2.

use crate::ask::absences;
use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-pinning",
    title: words("Certificate pins", "证书锁定"),
    purpose: words(
        "Without pins any authority that the device trusts can vouch for a false host.",
        "未锁定证书时，设备信任的任一机构都可为假冒主机背书。",
    ),
    procedure: words(
        "Read NSPinnedDomains, and look for the evaluation of trust in programs.",
        "读取 NSPinnedDomains，并在程序中查找信任评估。",
    ),
    criterion: words(
        "Hosts are pinned in the property list, or trust is evaluated by code.",
        "属性列表锁定主机，或由代码评估信任。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0028"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        let Some((_, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let mut findings = Findings::new();
        let pinned = info.transport_security().unwrap_or_default().pinned_domains;
        findings.right.extend(pinned.iter().map(|host| {
            ask::in_info(words("a host is pinned", "主机已锁定"), info, KEY).string(host.as_str())
        }));
        for program in ask::programs(subject.facts) {
            let evaluates = program.imports_of(&EVALUATING);
            if let (Some(function), Some(class)) = (
                evaluates.first(),
                CHALLENGED
                    .iter()
                    .find_map(|selector| program.implements(selector)),
            ) {
                findings.right.push(
                    program
                        .evidence_of(
                            words(
                                "code evaluates the trust of connections",
                                "代码评估连接信任",
                            ),
                            function,
                        )
                        .class(class.name.as_str()),
                );
            }
        }
        if findings.right.is_empty() {
            let evidence = ask::in_info(words("no host is pinned", "没有主机被锁定"), info, KEY);
            match subject.configuration.declared.pins_certificates {
                true => absences(subject, CHECK.areas, &mut findings).push(evidence),
                false => findings.doubtful.push(evidence),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample("", &native::Macho::default()),
        evidence: &[
            "no host is pinned in Payload/Bank.app/Info.plist (NSAppTransportSecurity/NSPinnedDomains)",
        ],
        good: || {
            ask::sample(
                "<key>NSAppTransportSecurity</key><dict><key>NSPinnedDomains</key><dict><key>bank.example</key><dict/></dict></dict>",
                &native::Macho::default(),
            )
        },
        broken: ask::damaged_program,
    },
};

const KEY: &str = "NSAppTransportSecurity/NSPinnedDomains";
const EVALUATING: [&str; 5] = [
    "_SecTrustEvaluate",
    "_SecTrustEvaluateWithError",
    "_SecTrustCopyKey",
    "_SecTrustGetCertificateAtIndex",
    "_SecTrustCopyCertificateChain",
];

/// Methods that are asked whether to trust a connection.
const CHALLENGED: [&str; 4] = [
    "URLSession:didReceiveChallenge:completionHandler:",
    "URLSession:task:didReceiveChallenge:completionHandler:",
    "connection:willSendRequestForAuthenticationChallenge:",
    "webView:didReceiveAuthenticationChallenge:completionHandler:",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn code_that_is_asked_and_evaluates_counts() {
        let judged = |selector| {
            let program = native::Macho {
                imports: vec!["_SecTrustEvaluateWithError"],
                classes: vec![("Pins", vec![selector])],
                ..native::Macho::default()
            };
            ask::sample("", &program).judged_by(&CHECK).verdict
        };
        assert_eq!(
            judged("URLSession:didReceiveChallenge:completionHandler:"),
            Verdict::Pass
        );
        assert_eq!(
            judged("URLSession:didBecomeInvalidWithError:"),
            Verdict::Partial
        );
    }

    #[test]
    fn claimed_pins_have_to_be_there() {
        let claimed = ask::sample("", &native::Macho::default())
            .declared("[declared]\npins_certificates = true");
        assert_eq!(claimed.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
