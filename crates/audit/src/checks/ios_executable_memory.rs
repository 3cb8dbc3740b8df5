//! Whether data can be run as code.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-executable-memory",
    title: words("Code runs from writable memory", "代码可在可写内存中执行"),
    purpose: words(
        "Where memory can be written and run, whoever writes into it runs code.",
        "内存可写且可执行时，写入者即可执行代码。",
    ),
    procedure: words(
        "Read the flags and segments of every program, and its entitlements.",
        "读取每个程序的标志、段及授权。",
    ),
    criterion: words(
        "The stack is not executable, no segment is writable and executable, and no \
         entitlement permits it.",
        "栈不可执行，无可写可执行段，且无授权允许。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native, Area::Ios],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let slice = program.slice;
            if slice.allows_stack_execution {
                findings
                    .wrong
                    .push(program.evidence(words("the stack is executable", "栈可执行")));
            }
            if slice.writable_code {
                findings.wrong.push(program.evidence(words(
                    "a segment is writable and executable at once",
                    "存在同时可写可执行的段",
                )));
            }
            let entitled = |key: &&str| {
                let value = slice
                    .entitlements
                    .as_ref()
                    .and_then(|values| values.get(key));
                value.and_then(Value::bool) == Some(true)
            };
            for key in PERMITTING.iter().filter(|key| entitled(key)) {
                findings.wrong.push(program.evidence_of(
                    words(
                        "an entitlement permits code that nobody signed",
                        "授权允许执行未签名代码",
                    ),
                    key,
                ));
            }
            if !slice.allows_stack_execution && !slice.writable_code {
                findings.right.push(program.evidence(words(
                    "neither stack nor data can be executed",
                    "栈与数据均不可执行",
                )));
            }
            if slice.no_heap_execution {
                findings.right.push(program.evidence(words(
                    "asks for a heap that is not executable",
                    "要求堆不可执行",
                )));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    executable_stack: true,
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["the stack is executable: arm64 at 0x0 in Payload/Bank.app/Bank"],
        good: || ask::sample("", &native::Macho::default()),
        broken: ask::damaged_program,
    },
};

/// Entitlements that let a program run what it writes, or load what nobody signed.
const PERMITTING: [&str; 5] = [
    "dynamic-codesigning",
    "com.apple.security.cs.allow-jit",
    "com.apple.security.cs.allow-unsigned-executable-memory",
    "com.apple.security.cs.disable-executable-page-protection",
    "com.apple.security.cs.disable-library-validation",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn segments_and_entitlements_are_found() {
        let segment = native::Macho {
            writable_code: true,
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &segment).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        let entitled = native::Macho {
            entitlements: Some(
                r#"<?xml version="1.0"?><plist><dict><key>dynamic-codesigning</key><true/></dict></plist>"#,
            ),
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &entitled).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
