//! Where native libraries look for the libraries that they need.
//!
//! `$ORIGIN` is the folder of the library itself, which nobody else writes to.
//!
//! Clauses: AP-3.2.1, JR-6.1.3.b.b, JR-7.3.6.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-search-paths",
    title: words(
        "Native libraries loaded from foreign paths",
        "从外部路径加载本机库",
    ),
    purpose: words(
        "A search path that others can write to loads their code into the app.",
        "他人可写的搜索路径会将其代码载入应用。",
    ),
    procedure: words(
        "Read RPATH, RUNPATH and the names of needed libraries of each native library.",
        "读取每个本机库的 RPATH、RUNPATH 与所需库名。",
    ),
    criterion: words(
        "No search path other than $ORIGIN, and no needed library by a path.",
        "除 $ORIGIN 外无搜索路径，且不以路径引用所需库。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[426],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            let elf = &library.elf;
            for path in [&elf.rpath, &elf.runpath].into_iter().flatten() {
                for entry in path.split(':') {
                    let (what, found) = match Place::of(entry) {
                        Place::Own => (
                            words("looks for libraries beside itself", "在自身目录查找库"),
                            &mut findings.right,
                        ),
                        Place::Above => (
                            words(
                                "looks for libraries above its own folder",
                                "在自身目录之上查找库",
                            ),
                            &mut findings.doubtful,
                        ),
                        Place::Foreign => (
                            words("looks for libraries in", "在此查找库"),
                            &mut findings.wrong,
                        ),
                    };
                    found.push(ask::about(what, library).string(entry));
                }
            }
            if elf.rpath.is_none() && elf.runpath.is_none() {
                findings.right.push(ask::about(
                    words("no search path of its own", "无自带搜索路径"),
                    library,
                ));
            }
            for needed in elf.needed.iter().filter(|needed| needed.contains('/')) {
                findings.wrong.push(
                    ask::about(
                        words("needs a library by its path", "以路径引用所需库"),
                        library,
                    )
                    .string(needed.as_str()),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                rpath: Some("/data/local/tmp"),
                ..native::Elf::default()
            })
        },
        evidence: &["looks for libraries in: /data/local/tmp in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                rpath: Some("$ORIGIN"),
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};

/// Where a search path leads.
enum Place {
    /// The folder of the library, or below it.
    Own,
    /// Out of that folder again.
    Above,
    /// Anywhere else.
    Foreign,
}

impl Place {
    fn of(entry: &str) -> Self {
        let below = ["$ORIGIN", "${ORIGIN}"]
            .iter()
            .find_map(|own| entry.strip_prefix(own));
        match below {
            Some(rest) if rest.contains("..") => Self::Above,
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Own,
            _ => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_path_that_leads_out_again_is_doubtful() {
        let judged = |rpath| {
            let library = native::Elf {
                rpath: Some(rpath),
                ..native::Elf::default()
            };
            ask::sample(&library).judged_by(&CHECK).verdict
        };
        assert_eq!(judged("$ORIGIN/../lib"), Verdict::Partial);
        assert_eq!(judged("$ORIGIN/lib:$ORIGINAL"), Verdict::Fail);
    }
}
