//! Whether the package carries resources that nothing uses.
//!
//! Clauses: CJ-5.3.o.c, AP-1.4.1.

use std::collections::BTreeMap;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, File};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Files that are shown.
const SHOWN: usize = 20;

pub(crate) static CHECK: Check = Check {
    id: "package-unused-resources",
    title: words("Unused resources", "未使用的资源"),
    purpose: words(
        "Unused pictures and pages make the package larger, and tell about functions that are not \
         released.",
        "未使用的图片和页面增大体积，并会透露尚未发布的功能。",
    ),
    procedure: words(
        "Collect the resource ids that code, manifests and other resources name; add up the files \
         of those that nothing names. Where code looks resources up by name, this is only likely.",
        "收集代码、清单及其他资源引用的资源 ID，累计无人引用的资源文件；若代码按名称查找资源，则仅为可能。",
    ),
    criterion: words(
        "Files without use together stay below the configured limit (1 MiB).",
        "未使用文件合计低于配置的上限（1 MiB）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[561],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Resources, Area::Xml, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || picture(0),
        evidence: &[
            "nothing uses this resource: drawable/old, ",
            "in res/drawable/old.png",
        ],
        good: || picture(0x7f01_0000),
        broken: || picture(0).damaged("resources.arsc"),
    },
};

/// An app with a picture, and code that names a resource.
#[cfg(test)]
fn picture(named: u32) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    table.add("drawable", "old", "res/drawable/old.png");
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture
        .extend((0..2_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()));
    Sample::method(&format!("const v0, {named}"))
        .file("resources.arsc", table.build())
        .file("res/drawable/old.png", picture)
        .declared("[thresholds]\nwaste_bytes_max = 1000")
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let table = facts
        .android
        .as_ref()
        .and_then(|android| Some((android, android.resources.as_ref()?)));
    let Some((android, table)) = table else {
        return Outcome::NotApplicable(words("there are no resources", "没有资源"));
    };
    if let Some(absent) = crate::ask::code::absent(facts) {
        return absent;
    }
    let mut used = android.referenced_ids();
    used.append(&mut facts.code.resource_ids());
    let files: BTreeMap<&str, &File> = facts
        .files
        .iter()
        .filter(|file| file.part.is_empty())
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut unused: Vec<(u64, Evidence)> = Vec::new();
    let what = words("nothing uses this resource", "此资源未被使用");
    for (path, _, id, _) in table.files() {
        if let Some(file) = files.get(path.as_ref()).filter(|_| !used.contains(&id)) {
            let name = table.name_of(id).unwrap_or_default();
            let shown = format!("{name}, {} bytes", file.packed_size);
            unused.push((
                file.packed_size,
                Evidence::in_file(what, file.location()).string(shown),
            ));
        }
    }
    let waste: u64 = unused.iter().map(|(bytes, _)| bytes).sum();
    let max = subject.configuration.thresholds.waste_bytes_max;
    let total = words("files of unused resources, in all", "未使用资源文件合计");
    let total = Evidence::new(total).string(format!("{waste} bytes, limit {max}"));
    let mut findings = Findings::new();
    if waste <= max {
        findings.right.push(total);
        return findings.into();
    }
    unused.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let mut found: Vec<Evidence> = unused
        .into_iter()
        .take(SHOWN)
        .map(|(_, found)| found)
        .collect();
    found.push(total);
    let resources = "android.content.res.Resources";
    let by_name = facts
        .code
        .calls_to(resources, "getIdentifier")
        .into_iter()
        .find(|call| !crate::ask::components::is_of_library(&call.method().class().name()));
    match by_name {
        None => findings.wrong.append(&mut found),
        Some(call) => {
            let what = words(
                "code looks resources up by name here",
                "代码在此按名称查找资源",
            );
            found.push(Evidence::at(what, &call.site()));
            findings.doubtful.append(&mut found);
        }
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn looking_up_by_name_makes_it_doubtful() {
        let found = picture(0)
            .smali(
                ".class public Lcom/bank/R;\n.super Ljava/lang/Object;\n\
                 .method public static run(Landroid/content/res/Resources;Ljava/lang/String;)V\n.registers 6\n\
                 invoke-virtual {p0, p1, p1, p1}, Landroid/content/res/Resources;->getIdentifier(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)I\n\
                 return-void\n.end method\n",
            )
            .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Partial);
    }
}
