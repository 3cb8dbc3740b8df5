//! Whether the app is spread over several processes that have to talk to each other.
//!
//! Clauses: CJ-5.3.o.h.

use std::collections::BTreeMap;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Processes beside the main one that an app can have good reason for: one for pages, one for
/// messages.
const PROCESSES_MAX: usize = 2;

pub(crate) static CHECK: Check = Check {
    id: "package-processes",
    title: words("Communication between processes", "进程间通信"),
    purpose: words(
        "Each process costs memory and start time, and what goes between them can be listened to \
         and gets lost.",
        "每个进程都消耗内存和启动时间，进程间传递的内容可能被监听或丢失。",
    ),
    procedure: words(
        "List the processes that components are put into.",
        "列出组件所属的进程。",
    ),
    criterion: words(
        "There are at most two processes beside the main one; isolated ones do not count.",
        "除主进程外至多两个进程；隔离进程不计。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || services(&[":a", ":b", ":c"]),
        evidence: &[
            "a process of its own: :c at com.bank.S2 in AndroidManifest.xml (/manifest/application/service[4])",
        ],
        good: || services(&[]),
        broken: || services(&[":a"]).damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn services(processes: &[&str]) -> Sample {
    let services: String = processes
        .iter()
        .enumerate()
        .map(|(number, process)| {
            format!("<service android:name=\".S{number}\" android:process=\"{process}\"/>")
        })
        .collect();
    Sample::apk(&format!(
        "<application><service android:name=\".Main\"/>{services}</application>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let main = android
        .manifest()
        .map_or("", |manifest| manifest.package.as_str());
    let mut processes: BTreeMap<&str, Evidence> = BTreeMap::new();
    let mut isolated = Vec::new();
    for component in android.components() {
        let Some(process) = component.process.as_deref().filter(|name| *name != main) else {
            continue;
        };
        let at = |what| {
            Evidence::in_xml(what, &component.file, &component.xml_path)
                .class(&component.name)
                .string(process)
        };
        if component.isolated_process {
            isolated.push(at(words("an isolated process", "隔离进程")));
            continue;
        }
        let what = words("a process of its own", "独立进程");
        processes.entry(process).or_insert_with(|| at(what));
    }
    let mut findings = Findings {
        right: isolated,
        ..Findings::new()
    };
    let few = processes.len() <= PROCESSES_MAX;
    let found = processes.into_values();
    match few {
        true => findings.right.extend(found),
        false => findings.wrong.extend(found),
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn two_are_few() {
        assert_eq!(
            services(&[":web", ":push"]).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        // Several components of one process are one process.
        assert_eq!(
            services(&[":a", ":a", ":a"]).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
