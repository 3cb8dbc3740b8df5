//! Whether data of a native library can be run as code.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-executable-memory",
    title: words(
        "Native code runs from writable memory",
        "本机代码可在可写内存中执行",
    ),
    purpose: words(
        "Where the stack or data are executable, an overflow that writes bytes runs them.",
        "若栈或数据段可执行，溢出写入的字节即可被执行。",
    ),
    procedure: words(
        "Read the GNU_STACK header and the protection of every loaded segment of each \
         native library.",
        "读取每个本机库的 GNU_STACK 头及各装载段的保护属性。",
    ),
    criterion: words(
        "The stack is marked as not executable, and no segment is writable and \
         executable at once.",
        "栈标记为不可执行，且没有同时可写可执行的段。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            if !library.elf.nx {
                findings.wrong.push(ask::about(
                    words(
                        "the stack is executable, or no header says that it is not",
                        "栈可执行，或没有头声明其不可执行",
                    ),
                    library,
                ));
            }
            if library.elf.writable_code {
                findings.wrong.push(ask::about(
                    words(
                        "a segment is writable and executable at once",
                        "存在同时可写可执行的段",
                    ),
                    library,
                ));
            }
            if library.elf.nx && !library.elf.writable_code {
                findings.right.push(ask::about(
                    words(
                        "neither stack nor data can be executed",
                        "栈与数据均不可执行",
                    ),
                    library,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                executable_stack: true,
                ..native::Elf::default()
            })
        },
        evidence: &[
            "the stack is executable, or no header says that it is not in lib/arm64-v8a/libpay.so",
        ],
        good: || ask::sample(&native::Elf::default()),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn segments_that_are_written_and_run_are_found() {
        let library = native::Elf {
            writable_code: true,
            ..native::Elf::default()
        };
        let finding = ask::sample(&library).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.evidence.len(), 1);
    }
}
