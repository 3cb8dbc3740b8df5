//! Whether other apps can read or write the app's files and preferences.
//!
//! Clauses: JR-6.1.7.1, CJ-4.3.2.e, CJ-4.2.4.a.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::{Call, Code};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-world-readable",
    title: words(
        "Files and preferences open to other apps",
        "文件或配置对其他应用开放",
    ),
    purpose: words(
        "Whatever other apps can read is given away; what they can write cannot be trusted.",
        "其他应用可读即等于泄露，可写即不可信任。",
    ),
    procedure: words(
        "Read the mode of getSharedPreferences, openFileOutput, openOrCreateDatabase and getDir, \
         and calls of File.setReadable, setWritable and setExecutable for everybody.",
        "读取 getSharedPreferences、openFileOutput、openOrCreateDatabase、getDir 的模式，以及对所有人放开的 File.setReadable/setWritable/setExecutable。",
    ),
    criterion: words(
        "No file, database, folder or preference is opened for the world.",
        "不以全局可读或可写方式打开任何文件、数据库、目录或配置。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[276, 732],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let modes = with_modes(code);
        let by_mode = modes.into_iter().filter_map(|(call, number)| {
            let modes = call.ints(number);
            let what = match modes.iter().find(|mode| **mode & 3 != 0)? & 3 {
                1 => words("opened readable for every app", "以所有应用可读方式打开"),
                2 => words("opened writable for every app", "以所有应用可写方式打开"),
                _ => words(
                    "opened readable and writable for every app",
                    "以所有应用可读写方式打开",
                ),
            };
            let evidence = Evidence::at(what, &call.site());
            Some(match call.texts(0).into_iter().next() {
                Some(name) => evidence.string(name),
                None => evidence,
            })
        });
        let names = ["setReadable", "setWritable", "setExecutable"];
        let by_flag = flow::calls_to_any(code, "java.io.File", &names);
        let by_flag = by_flag
            .into_iter()
            .filter(|call| call.ints(0).contains(&1) && call.ints(1).contains(&0))
            .map(|call| {
                let what = words("access is given to every app", "向所有应用授予访问权限");
                Evidence::at(what, &call.site()).string(call.target().name())
            });
        Findings::wrong(by_mode.chain(by_flag)).into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&preferences(1)),
        evidence: &["opened readable for every app: accounts at com.bank.Main.run()V @0x0004"],
        good: || Sample::method(&preferences(0)),
        broken: || Sample::method(&preferences(1)).damaged("classes.dex"),
    },
};

/// Calls of methods that take a mode, and which argument it is.
fn with_modes(code: &Code) -> Vec<(Call<'_>, usize)> {
    let names = [
        "getSharedPreferences",
        "openFileOutput",
        "openOrCreateDatabase",
        "getDir",
    ];
    names
        .iter()
        .flat_map(|name| code.calls_to("android.content.Context", name))
        .map(|call| (call, 1))
        .chain(
            code.calls_to("android.app.Activity", "getPreferences")
                .into_iter()
                .map(|call| (call, 0)),
        )
        .collect()
}

#[cfg(test)]
fn preferences(mode: u8) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"accounts\"\nconst/4 v2, {mode}\n\
         invoke-virtual {{v0, v1, v2}}, Landroid/app/Activity;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn multi_process_and_append_modes_are_private() {
        for mode in ["const/4 v2, 4", "const v2, 32768"] {
            let body = preferences(0).replace("const/4 v2, 0", mode);
            assert_eq!(
                Sample::method(&body).judged_by(&CHECK).verdict,
                Verdict::Pass
            );
        }
    }

    #[test]
    fn files_for_everybody_are_found() {
        let body = |owner: u8| {
            format!(
                "const/4 v0, 0\nconst/4 v1, 1\nconst/4 v2, {owner}\n\
                 invoke-virtual {{v0, v1, v2}}, Ljava/io/File;->setReadable(ZZ)Z\n"
            )
        };
        assert_eq!(
            Sample::method(&body(0)).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        assert_eq!(
            Sample::method(&body(1)).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
