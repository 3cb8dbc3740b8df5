//! Which custom URL schemes the app answers.
//!
//! The system does not say which of several apps a scheme belongs to: another app can register it
//! and take what is meant for this one, and any page can call this one. Schemes that third-party
//! logins and payments call back on have to be there.
//!
//! Clauses: JR-6.1.3.a.a, JR-6.1.3.b.b, AP-1.2.3.3.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-url-schemes",
    title: words("Custom URL schemes", "自定义 URL Scheme"),
    purpose: words(
        "Links with a custom scheme can be taken by other apps, and be sent by any page.",
        "自定义 Scheme 链接可被其他应用截获，也可由任意网页发起。",
    ),
    procedure: words(
        "List the schemes of CFBundleURLTypes and compare them with the declared ones.",
        "列出 CFBundleURLTypes 中的 Scheme 并与声明比较。",
    ),
    criterion: words(
        "Every scheme is declared, or the callback of a third party.",
        "每个 Scheme 均已声明，或为第三方回调。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[939],
    maswe: &["MASWE-0029"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        let declared = &subject.configuration.declared.url_schemes;
        ask::each_application(subject, |_, info, findings| {
            let schemes: Vec<String> = info
                .url_types()
                .into_iter()
                .flat_map(|kind| kind.schemes)
                .collect();
            for scheme in &schemes {
                let is_declared = declared
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(scheme));
                let (what, found) = if is_declared {
                    (
                        words("answers a declared scheme", "响应已声明的 Scheme"),
                        &mut findings.right,
                    )
                } else if is_callback(scheme) {
                    (
                        words("answers the callback of a third party", "响应第三方回调"),
                        &mut findings.right,
                    )
                } else if declared.is_empty() {
                    (
                        words(
                            "answers a scheme that other apps can register too",
                            "响应其他应用也可注册的 Scheme",
                        ),
                        &mut findings.doubtful,
                    )
                } else {
                    (
                        words(
                            "answers a scheme that is not declared",
                            "响应未声明的 Scheme",
                        ),
                        &mut findings.wrong,
                    )
                };
                found.push(ask::in_info(what, info, KEYS).string(scheme.as_str()));
            }
            if schemes.is_empty() {
                findings.right.push(ask::in_info(
                    words("no custom scheme", "无自定义 Scheme"),
                    info,
                    "CFBundleURLTypes",
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::ipa(
                "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>mybank</string></array></dict></array>",
            )
        },
        evidence: &[
            "answers a scheme that other apps can register too: mybank in Payload/Bank.app/Info.plist (CFBundleURLTypes/CFBundleURLSchemes)",
        ],
        good: || {
            Sample::ipa("<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>mybank</string></array></dict></array>").declared("[declared]\nurl_schemes = [\"mybank\"]")
        },
        broken: || {
            Sample::ipa("<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>mybank</string></array></dict></array>").damaged("Payload/Bank.app/Info.plist")
        },
    },
};

const KEYS: &str = "CFBundleURLTypes/CFBundleURLSchemes";

/// Whether a scheme is made of the number that a third party gave this app, so that its own app
/// can call back: `wx` and 16 digits, `tencent` or `fb` and digits, and the like.
fn is_callback(scheme: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    let number_after = |prefix: &str, digits_min: usize| {
        scheme.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= digits_min && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    [
        ("wx", 16),
        ("qq", 8),
        ("tencent", 8),
        ("fb", 10),
        ("wb", 8),
        ("ap", 16),
        ("ding", 16),
        ("up", 12),
    ]
    .iter()
    .any(|(prefix, digits_min)| number_after(prefix, *digits_min))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn callbacks_of_third_parties_have_a_number_in_them() {
        assert!(is_callback("wx0123456789abcdef") && is_callback("tencent1104466820"));
        assert!(!is_callback("wxpay") && !is_callback("mybank") && !is_callback("fb"));
    }

    #[test]
    fn what_is_not_declared_is_wrong_where_others_are() {
        let finding = Sample::ipa(
            "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key>\
             <array><string>mybank</string></array></dict></array>",
        )
        .declared("[declared]\nurl_schemes = [\"other\"]")
        .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
    }
}
