//! Whether fingerprint and face open a key, not only a branch in the code.
//!
//! The answer of `LAContext` is a boolean that an instrumented app turns round. An item of the
//! keychain under access control is opened by the system itself.
//!
//! Clauses: CJ-6.1.1.a, CJ-6.1.1.d, JR-6.1.4.c.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-local-authentication",
    title: words("Biometrics that open nothing", "生物识别未绑定密钥"),
    purpose: words(
        "A yes or no in the app is patched; a key that the system holds back is not.",
        "应用内的是非判断可被篡改，由系统保管的密钥则不能。",
    ),
    procedure: words(
        "Look for local authentication, and for access control of keychain items \
         beside it.",
        "查找本地认证，以及与之配合的钥匙串访问控制。",
    ),
    criterion: words(
        "Programs that ask for biometrics also bind keychain items to them.",
        "请求生物识别的程序同时将钥匙串条目与其绑定。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[287],
    maswe: &["MASWE-0020"],
    mastg: &["MASTG-TEST-0266"],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let asking: Vec<_> = programs
            .iter()
            .filter(|program| program.uses_class("LAContext"))
            .collect();
        if asking.is_empty() {
            return Outcome::NotApplicable(words("biometrics are not asked for", "未请求生物识别"));
        }
        let mut findings = Findings::new();
        for program in asking {
            if program.slice.imports(CONTROL) {
                findings.right.push(program.evidence_of(
                    words(
                        "items of the keychain are bound to the user",
                        "钥匙串条目与用户绑定",
                    ),
                    CONTROL,
                ));
            } else {
                findings.wrong.push(program.evidence_of(
                    words("biometrics decide a branch only", "生物识别仅决定分支"),
                    "LAContext",
                ));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_LAContext"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "biometrics decide a branch only: LAContext (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec![
                        "_OBJC_CLASS_$_LAContext",
                        "_SecAccessControlCreateWithFlags",
                    ],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const CONTROL: &str = "_SecAccessControlCreateWithFlags";
