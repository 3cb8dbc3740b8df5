//! Whether pictures come by screen density, and no more often than that.
//!
//! Clauses: CJ-5.3.o.d.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, File, FileKind};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Pictures that are shown.
const SHOWN: usize = 20;

pub(crate) static CHECK: Check = Check {
    id: "package-densities",
    title: words("Pictures by density", "按密度提供图片"),
    purpose: words(
        "The same picture for several densities is dead weight; a large one for every density is \
         decoded in full on every phone.",
        "多个密度下的相同图片是无用体积；对所有密度使用同一大图则每台手机都要完整解码。",
    ),
    procedure: words(
        "Group the picture files of each resource by density and compare their contents.",
        "按密度对每个图片资源的文件分组并比较内容。",
    ),
    criterion: words(
        "No picture has the same content for several densities; large pictures name a density.",
        "同一图片在不同密度下内容不同；大图标明密度。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Resources],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || pictures("\u{1}\u{2}\u{3}", "\u{1}\u{2}\u{3}"),
        evidence: &[
            "the same picture for several densities: drawable-hdpi, drawable-xhdpi in \
             res/drawable-hdpi/logo.png",
        ],
        good: || pictures("\u{1}\u{2}\u{3}", "\u{1}\u{2}\u{4}"),
        broken: || pictures("\u{1}", "\u{2}").damaged("resources.arsc"),
    },
};

#[cfg(test)]
fn pictures(one: &str, other: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    table.add("drawable", "logo", "res/drawable-hdpi/logo.png");
    let picture = |content: &str| [&b"\x89PNG\r\n\x1a\n"[..], content.as_bytes()].concat();
    Sample::apk("<application/>")
        .file("resources.arsc", table.build())
        .file("res/drawable-hdpi/logo.png", picture(one))
        .file("res/drawable-xhdpi/logo.png", picture(other))
}

/// A picture that is worth a version for each density.
const LARGE_BYTES: u64 = 100 * 1024;

fn judge(subject: &Subject<'_>) -> Outcome {
    let mut pictures: BTreeMap<(&str, &str), Vec<(&str, &File)>> = BTreeMap::new();
    for file in subject.facts.files.iter() {
        let is_picture = matches!(file.kind, FileKind::Image)
            || matches!(
                file.extension().as_str(),
                "png" | "jpg" | "jpeg" | "webp" | "gif"
            );
        if let Some((folder, name)) = folder_and_name(&file.path).filter(|_| is_picture) {
            let key = (file.part.as_str(), name);
            pictures.entry(key).or_default().push((folder, file));
        }
    }
    if pictures.is_empty() {
        return Outcome::NotApplicable(words(
            "there are no pictures by density",
            "没有按密度存放的图片",
        ));
    }
    let mut findings = Findings::new();
    let mut copies = Vec::new();
    let mut waste = 0;
    for files in pictures.values() {
        let mut by_content: BTreeMap<[u8; 32], Vec<(&str, &File)>> = BTreeMap::new();
        for (folder, file) in files {
            if let Some(sha256) = file.sha256 {
                by_content.entry(sha256).or_default().push((folder, file));
            }
        }
        for same in by_content.values() {
            let folders: BTreeSet<&str> = same.iter().map(|(folder, _)| *folder).collect();
            if folders.len() < 2 {
                continue;
            }
            waste += same
                .iter()
                .skip(1)
                .map(|(_, file)| file.packed_size)
                .sum::<u64>();
            if let Some((_, first)) = same.first()
                && copies.len() < SHOWN
            {
                let what = words(
                    "the same picture for several densities",
                    "多个密度下的图片相同",
                );
                let shown: Vec<&str> = folders.into_iter().collect();
                copies.push(Evidence::in_file(what, first.location()).string(shown.join(", ")));
            }
        }
        if let [(folder, file)] = files.as_slice()
            && !folder.contains("dpi")
            && file.size > LARGE_BYTES
            && findings.doubtful.len() < SHOWN
        {
            let what = words("a large picture without a density", "未标明密度的大图");
            let shown = format!("{} bytes", file.size);
            findings
                .doubtful
                .push(Evidence::in_file(what, file.location()).string(shown));
        }
    }
    // A few of them come with every library.
    match waste > subject.configuration.thresholds.waste_bytes_max {
        true => findings.wrong.append(&mut copies),
        false => findings.doubtful.append(&mut copies),
    }
    findings.into()
}

/// `drawable-hdpi` and `logo.png` of `res/drawable-hdpi/logo.png`; `-v4`, which build tools add, is
/// no difference.
fn folder_and_name(path: &str) -> Option<(&str, &str)> {
    let rest = match path.strip_prefix("res/") {
        Some(rest) => rest,
        None => path.split_once("/res/").map(|(_, rest)| rest)?,
    };
    let (folder, name) = rest.split_once('/')?;
    let is_for_pictures = folder.starts_with("drawable") || folder.starts_with("mipmap");
    (is_for_pictures && !name.contains('/')).then_some((folder, name))
}
