//! Whether films and longer recordings come with a text.
//!
//! A file of captions of the same name beside it, or a track inside of the page that shows it, will
//! do. What is loaded from a server cannot be seen.
//!
//! Clauses: CJ-4.4.g.

use std::collections::BTreeSet;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "access-media-summary",
    title: words("Media without captions or summary", "音视频缺少字幕或摘要"),
    purpose: words(
        "Whoever does not hear needs the words of a film in writing.",
        "听不见的用户需要视频内容的文字。",
    ),
    procedure: words(
        "Look for captions beside every film and longer recording in the package.",
        "查找包内每个视频与较长录音旁的字幕。",
    ),
    criterion: words("Every one has captions.", "均有字幕。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Text],
    judge: |subject| {
        let files = &subject.facts.files;
        let has_media = files
            .iter()
            .any(|file| needs_text(&file.extension(), file.size));
        if !has_media {
            return Outcome::NotApplicable(words(
                "there are no films or longer recordings",
                "没有视频或较长录音",
            ));
        }
        let captions: BTreeSet<&str> = files
            .iter()
            .filter(|file| CAPTIONS.contains(&file.extension().as_str()))
            .map(|file| stem(&file.path))
            .collect();
        let pages: Vec<&str> = subject
            .facts
            .texts
            .iter()
            .map(|file| file.text.as_str())
            .filter(|text| text.contains("<track"))
            .collect();
        let mut findings = Findings::new();
        for file in files
            .iter()
            .filter(|file| needs_text(&file.extension(), file.size))
        {
            let in_page = pages.iter().any(|page| page.contains(file.name()));
            let has_captions = captions.contains(stem(&file.path)) || in_page;
            let (what, found) = match has_captions {
                true => (
                    words("comes with captions", "带有字幕"),
                    &mut findings.right,
                ),
                false => (
                    words("comes without captions", "缺少字幕"),
                    &mut findings.doubtful,
                ),
            };
            found.push(Evidence::in_file(what, file.location()));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application/>").file("assets/intro.mp4", "film"),
        evidence: &["comes without captions in assets/intro.mp4"],
        good: || {
            Sample::apk("<application/>")
                .file("assets/intro.mp4", "film")
                .file("assets/intro.vtt", "WEBVTT")
        },
        broken: || Sample::apk("<application/>").archive(damaged_archive()),
    },
};

const CAPTIONS: [&str; 4] = ["srt", "ttml", "vtt", "ass"];

/// The path without its extension.
fn stem(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// Whether a file is a film, or a recording that is longer than a sound of a button.
fn needs_text(extension: &str, bytes: u64) -> bool {
    const SPEECH_BYTES_MIN: u64 = 256 * 1024;
    match extension {
        "mp4" | "m4v" | "mov" | "webm" | "mkv" | "3gp" => true,
        "mp3" | "m4a" | "aac" | "wav" | "ogg" | "amr" => bytes >= SPEECH_BYTES_MIN,
        _ => false,
    }
}

/// A package whose film cannot be unpacked.
#[cfg(test)]
fn damaged_archive() -> Vec<u8> {
    use crate::fixture::archive;
    let sample = Sample::apk("<application/>");
    let mut entries: Vec<_> = sample
        .files()
        .iter()
        .map(|(name, content)| archive::deflated(name, content))
        .collect();
    let mut page = archive::deflated("assets/help.html", b"<video><track></video>");
    page.packed.truncate(3);
    entries.push(page);
    archive::build(&entries).bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn sounds_of_buttons_need_no_text() {
        let sample = Sample::apk("<application/>").file("res/raw/beep.mp3", "beep");
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::NotApplicable);
    }
}
