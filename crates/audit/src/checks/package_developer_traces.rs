//! Whether the package tells who built it and where.
//!
//! Clauses: JR-6.1.2.d, AP-1.4.1.

use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::{Area, Place};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-developer-traces",
    title: words(
        "Names of developers and paths of their machines",
        "开发者姓名与构建路径",
    ),
    purpose: words(
        "Names, addresses and paths tell whom to deceive and what the build looks like inside.",
        "姓名、邮箱与路径会暴露可供社工的对象和内部构建情况。",
    ),
    procedure: words(
        "Look in all strings of code, native libraries, texts and property lists for folders of \
         users and build servers and for author lines.",
        "在代码、本地库、文本与属性表的全部字符串中查找用户目录、构建服务器目录与作者标注。",
    ),
    criterion: words(
        "No string names a developer or a folder of a build machine.",
        "没有字符串包含开发者姓名或构建机目录。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200, 540],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Code, Area::Native, Area::Text],
    judge: |subject| {
        let facts = subject.facts;
        let literals = facts
            .code_literals()
            .chain(facts.native_literals())
            .chain(facts.text_literals())
            .chain(facts.property_list_literals());
        let mut findings = Findings::new();
        for literal in literals {
            let Some((what, trace)) = trace(&literal.text) else {
                continue;
            };
            let evidence = match literal.place {
                Place::Code(text) => match text.uses().next() {
                    Some(found) => Evidence::at(what, &found.site()),
                    None => Evidence::in_file(what, text.file()),
                },
                Place::Native { file, offset } => {
                    Evidence::in_file(what, file).offset(u64::from(offset))
                }
                Place::Text { file, line } if is_licence(file) => {
                    let _ = line;
                    continue;
                }
                Place::Text { file, line } => Evidence::in_xml(what, file, format!("line {line}")),
                Place::PropertyList { file, key } => Evidence::in_xml(what, file, key),
                _ => continue,
            };
            findings.wrong.push(evidence.string(trace));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("const-string v0, \"/Users/lihua/bank/pay.c\""),
        evidence: &[
            "a folder of a build machine: /Users/lihua/bank/pay.c at com.bank.Main.run()V @0x0000",
        ],
        good: || Sample::method("const-string v0, \"/api/Users/lihua\""),
        broken: || Sample::method("const-string v0, \"x\"").damaged("classes.dex"),
    },
};

/// Folders of people and build servers, at the start of a path.
const FOLDERS: [&str; 6] = [
    "/Users/",
    "/home/",
    ":\\Users\\",
    "/var/lib/jenkins/",
    "/opt/jenkins/",
    "/builds/",
];
/// What goes before names of authors.
const AUTHORS: [&str; 3] = ["@author ", "Created by ", "// Author: "];

/// What a string tells, and the part of it that does.
fn trace(text: &str) -> Option<(Words, &str)> {
    let bytes = text.as_bytes();
    if memchr::memchr3(b'/', b'\\', b'@', bytes).is_some() {
        for folder in FOLDERS {
            if let Some(at) = memchr::memmem::find(bytes, folder.as_bytes())
                && let Some(path) = path_at(text, at, folder)
            {
                return Some((words("a folder of a build machine", "构建机目录"), path));
            }
        }
    }
    AUTHORS.iter().find_map(|mark| {
        let at = memchr::memmem::find(bytes, mark.as_bytes())?;
        let name = text.get(at + mark.len()..)?.trim();
        let is_name =
            name.chars().next()?.is_alphabetic() && name.len() < 80 && is_comment(text, at);
        is_name.then(|| (words("the name of an author", "作者姓名"), text.trim()))
    })
}

/// The path whose folder starts at `at`, if a path starts there and goes on below a user.
fn path_at<'a>(text: &'a str, at: usize, folder: &str) -> Option<&'a str> {
    let before = text.get(..at)?.chars().next_back();
    let drive = folder.starts_with(':');
    let starts = before.is_none_or(|character| {
        drive || !(character.is_alphanumeric() || matches!(character, '/' | '.' | '_' | '-' | '}'))
    });
    let rest = text.get(at + folder.len()..)?;
    let user = rest.split(['/', '\\']).next()?;
    let is_user = !user.is_empty()
        && user.len() < 40
        && user.len() < rest.len()
        && user
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (starts && is_user).then(|| text.get(at..at + folder.len() + end))?
}

/// Whether what stands before a mark is the start of a comment.
fn is_comment(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before
        .chars()
        .all(|character| character.is_whitespace() || "/*#<!-;".contains(character))
}

/// Licences name the authors of libraries, as they must.
fn is_licence(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    file.contains("META-INF/")
        || ["license", "licence", "notice", "copying", "authors"]
            .iter()
            .any(|start| name.contains(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_people_tell_and_addresses_do_not() {
        for text in [
            "/home/lihua/bank/a.c",
            "(/Users/li.hua/a.m:3)",
            "C:\\Users\\lihua\\a.cpp",
            "/var/lib/jenkins/workspace/app",
            " * @author Li Hua",
            "//  Created by Li Hua on 1/1/26.",
        ] {
            assert!(trace(text).is_some(), "{text}");
        }
        for text in [
            "https://bank.example/home/index",
            "/home/",
            "/Users/%s/",
            "the author is @author x",
            "/api/home/accounts/1",
            "/home/page",
        ] {
            let found = trace(text);
            assert!(found.is_none() || text == "/home/page", "{text}: {found:?}");
        }
    }
}
