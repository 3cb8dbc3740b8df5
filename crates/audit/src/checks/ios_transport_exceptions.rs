//! Whether single hosts are excepted from what App Transport Security demands.
//!
//! Clauses: JR-6.1.5.2.a, CJ-6.3.d.1, CJ-5.7.d, JR-6.1.8.b.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-transport-exceptions",
    title: words(
        "Hosts excepted from transport security",
        "个别主机被豁免传输安全要求",
    ),
    purpose: words(
        "One host in the clear or with old TLS is enough to read or change what is sent.",
        "只要有一台主机使用明文或旧版 TLS，数据即可被读取或篡改。",
    ),
    procedure: words(
        "Read the rules of every host in NSExceptionDomains.",
        "读取 NSExceptionDomains 中每台主机的规则。",
    ),
    criterion: words(
        "No host may be reached in the clear, with TLS before 1.2 or without forward \
         secrecy.",
        "没有主机可使用明文、低于 1.2 的 TLS 或无前向保密。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319, 326],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        ask::each_application(subject, |_, info, findings| {
            let security = info.transport_security().unwrap_or_default();
            for exception in security
                .exceptions
                .iter()
                .filter(|exception| !is_local(&exception.domain))
            {
                let key = |name: &str| {
                    format!(
                        "NSAppTransportSecurity/NSExceptionDomains/{}/{name}",
                        exception.domain
                    )
                };
                if exception.insecure_http {
                    findings.wrong.push(
                        ask::in_info(
                            words("may be reached in the clear", "可明文访问"),
                            info,
                            &key("NSExceptionAllowsInsecureHTTPLoads"),
                        )
                        .string(exception.domain.as_str()),
                    );
                }
                if exception.minimum_tls.as_deref().is_some_and(is_old) {
                    findings.wrong.push(
                        ask::in_info(
                            words(
                                "may be reached with TLS before 1.2",
                                "可使用低于 1.2 的 TLS 访问",
                            ),
                            info,
                            &key("NSExceptionMinimumTLSVersion"),
                        )
                        .string(exception.domain.as_str()),
                    );
                }
                if !exception.forward_secrecy {
                    findings.doubtful.push(
                        ask::in_info(
                            words("may be reached without forward secrecy", "可无前向保密访问"),
                            info,
                            &key("NSExceptionRequiresForwardSecrecy"),
                        )
                        .string(exception.domain.as_str()),
                    );
                }
            }
            if security.exceptions.is_empty() {
                findings.right.push(ask::in_info(
                    words("no host is excepted", "没有主机被豁免"),
                    info,
                    "NSAppTransportSecurity",
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::ipa(
                "<key>NSAppTransportSecurity</key><dict><key>NSExceptionDomains</key><dict><key>pay.bank.example</key><dict><key>NSExceptionAllowsInsecureHTTPLoads</key><true/></dict></dict></dict>",
            )
        },
        evidence: &[
            "may be reached in the clear: pay.bank.example in Payload/Bank.app/Info.plist (NSAppTransportSecurity/NSExceptionDomains/pay.bank.example/NSExceptionAllowsInsecureHTTPLoads)",
        ],
        good: || {
            Sample::ipa(
                "<key>NSAppTransportSecurity</key><dict><key>NSExceptionDomains</key><dict><key>pay.bank.example</key><dict><key>NSExceptionMinimumTLSVersion</key><string>TLSv1.3</string></dict></dict></dict>",
            )
        },
        broken: || {
            Sample::ipa("<key>NSAppTransportSecurity</key><dict><key>NSExceptionDomains</key><dict><key>pay.bank.example</key><dict><key>NSExceptionAllowsInsecureHTTPLoads</key><true/></dict></dict></dict>").damaged("Payload/Bank.app/Info.plist")
        },
    },
};

/// Whether a host is this device or its network.
fn is_local(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1" || host.ends_with(".local")
}

fn is_old(version: &str) -> bool {
    matches!(version, "TLSv1.0" | "TLSv1.1" | "TLSv1" | "SSLv3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn rules(rules: &str) -> Verdict {
        let info = format!(
            "<key>NSAppTransportSecurity</key><dict><key>NSExceptionDomains</key><dict>{rules}</dict></dict>"
        );
        Sample::ipa(&info).judged_by(&CHECK).verdict
    }

    #[test]
    fn old_versions_and_lost_secrecy_are_found() {
        let old = "<key>a.example</key><dict><key>NSExceptionMinimumTLSVersion</key><string>TLSv1.1</string></dict>";
        assert_eq!(rules(old), Verdict::Fail);
        let secrecy =
            "<key>a.example</key><dict><key>NSExceptionRequiresForwardSecrecy</key><false/></dict>";
        assert_eq!(rules(secrecy), Verdict::Partial);
    }

    #[test]
    fn the_device_itself_may_be_reached_in_the_clear() {
        let local =
            "<key>localhost</key><dict><key>NSExceptionAllowsInsecureHTTPLoads</key><true/></dict>";
        assert_eq!(rules(local), Verdict::Pass);
    }
}
