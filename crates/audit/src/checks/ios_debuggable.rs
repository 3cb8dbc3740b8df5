//! Whether a debugger may attach to the installed app.
//!
//! Clauses: JR-6.1.2.d, AP-1.4.1, AP-3.2.1, CJ-4.2.3.a.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-debuggable",
    title: words("The app can be debugged", "应用可被调试"),
    purpose: words(
        "A debugger reads every key, password and decision of the running app.",
        "调试器可读取运行中应用的密钥、口令与判断结果。",
    ),
    procedure: words(
        "Read get-task-allow in the entitlements of the programs and of the \
         provisioning profiles.",
        "读取程序授权与描述文件授权中的 get-task-allow。",
    ),
    criterion: words("It is absent or false.", "该项不存在或为 false。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &["MASWE-0063"],
    mastg: &["MASTG-TEST-0261"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        ask::each_application(subject, |bundle, _, findings| {
            let program = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            let of_program = bundle
                .entitlements()
                .and_then(|values| values.get(KEY))
                .and_then(Value::bool);
            let of_profile = bundle
                .profile
                .as_ref()
                .and_then(|profile| Some((profile.file.as_str(), profile.get_task_allow()?)));
            let both = of_program
                .map(|value| (program, value))
                .into_iter()
                .chain(of_profile);
            for (file, allowed) in both {
                if allowed {
                    findings.wrong.push(Evidence::in_xml(
                        words("a debugger may attach", "允许调试器附加"),
                        file,
                        KEY,
                    ));
                } else {
                    findings.right.push(Evidence::in_xml(
                        words("no debugger may attach", "不允许调试器附加"),
                        file,
                        KEY,
                    ));
                }
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>get-task-allow</key><true/></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["a debugger may attach in Payload/Bank.app/Bank (get-task-allow)"],
        good: || ask::sample("", &native::Macho::default()),
        broken: ask::damaged_program,
    },
};

const KEY: &str = "get-task-allow";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_profile_for_development_counts_too() {
        let profile = "<?xml version=\"1.0\"?><plist><dict><key>Entitlements</key><dict>\
                       <key>get-task-allow</key><true/></dict></dict></plist>";
        let finding = ask::sample("", &native::Macho::default())
            .file("Payload/Bank.app/embedded.mobileprovision", profile)
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
    }
}
