//! What a check is: a question to the facts of a package, and the answers it can have.
//!
//! A check is one file in `checks/`, registered by the folder. It reads a [`Subject`] and nothing
//! else, and answers with an [`Outcome`]; the [judgement](crate::judgement) turns that into a
//! [`Verdict`](crate::judgement::Verdict), taking into account what could not be read. A check
//! yields evidence for clauses; it does not declare that anybody complies with them.

use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::advisories::Advisories;
use crate::configuration::Configuration;
use crate::facts::{Area, Facts, Site};
use crate::signature::PackageSignature;

/// A text in both languages of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

/// The same text in English and in Chinese.
#[must_use]
pub const fn words(en: &'static str, zh: &'static str) -> Words {
    Words { en, zh }
}

/// A check. One file each in `checks/`, registered by the folder.
pub struct Check {
    /// Permanent, and the name of its file with `-` for `_`.
    pub id: &'static str,
    /// What it looks at, in a few words.
    pub title: Words,
    /// Why it matters (目的).
    pub purpose: Words,
    /// How it looks (流程).
    pub procedure: Words,
    /// When a package passes (通过要求).
    pub criterion: Words,
    /// The clauses that it yields evidence for, from the header of its file.
    pub clauses: &'static [&'static str],
    /// Weaknesses of the CWE list that it finds.
    pub cwe: &'static [u16],
    /// Weaknesses of OWASP's list that it finds, as version 1.0 numbers them: `MASWE-0063`.
    pub maswe: &'static [&'static str],
    /// Tests of the OWASP guide that ask the same, for instance `MASTG-TEST-0226`.
    pub mastg: &'static [&'static str],
    /// How bad it is if it fails.
    pub severity: Severity,
    /// Whether every app has to pass it.
    pub level: Level,
    /// The kinds of package that it can judge.
    pub platforms: &'static [Platform],
    /// The facts that it depends on: if some are missing and it finds nothing, it does not pass.
    pub areas: &'static [Area],
    /// Looks.
    pub judge: fn(&Subject<'_>) -> Outcome,
    /// Packages that show that it can fail, can pass, and is not fooled by damage.
    #[cfg(test)]
    pub(crate) fixtures: crate::judgement::fixtures::Fixtures,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Every check, sorted by file name.
#[must_use]
pub fn checks() -> &'static [&'static Check] {
    crate::checks::CHECKS
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Weakens a defence that others back up.
    Low,
    /// Opens a way that needs another weakness.
    Medium,
    /// Opens a way by itself.
    High,
    /// Gives money, keys or identities away.
    Critical,
}

impl Severity {
    /// `info`, `low`, `medium`, `high` or `critical`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Which apps have to pass a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every app.
    Basic,
    /// Apps that move money or hold identities.
    Enhanced,
}

impl Level {
    /// `basic` or `enhanced`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Enhanced => "enhanced",
        }
    }
}

/// Where an app runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Android: APK, splits, AAB, sources.
    Android,
    /// iOS: IPA, sources.
    Ios,
    /// HarmonyOS: HAP, APP, sources.
    Harmony,
}

impl Platform {
    /// Whether the package is for this platform.
    #[must_use]
    pub fn is_of(self, facts: &Facts) -> bool {
        match self {
            Self::Android => facts.is_android(),
            Self::Ios => facts.is_ios(),
            Self::Harmony => facts.is_harmony(),
        }
    }
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the package contains.
    pub facts: &'a Facts,
    /// Who signed it, and whether rightly.
    pub signature: &'a PackageSignature,
    /// What its owners declared about it, and what they demand.
    pub configuration: &'a Configuration,
    /// Published vulnerabilities, if a database was given.
    pub advisories: Option<&'a Advisories>,
    /// Now, in Unix seconds, for what expires.
    pub now: i64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The package has nothing that the check could be about; with the reason.
    NotApplicable(Words),
    /// The package's bytes cannot tell; with the reason.
    NotTestable(Words),
    /// The check looked.
    Judged(Findings),
}

/// What a check found where it looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is wrong. Any of it is a failure.
    pub wrong: Vec<Evidence>,
    /// What is doubtful, or wrong only in part.
    pub doubtful: Vec<Evidence>,
    /// What is right: for people who ask why it passes.
    pub right: Vec<Evidence>,
}

impl Findings {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            wrong: Vec::new(),
            doubtful: Vec::new(),
            right: Vec::new(),
        }
    }

    /// Only what is wrong.
    #[must_use]
    pub fn wrong(wrong: impl IntoIterator<Item = Evidence>) -> Self {
        Self {
            wrong: wrong.into_iter().collect(),
            ..Self::new()
        }
    }
}

impl From<Findings> for Outcome {
    fn from(findings: Findings) -> Self {
        Self::Judged(findings)
    }
}

/// One thing that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The file in the package, split APKs with their part before it.
    pub file: Option<String>,
    /// The class, as in Java.
    pub class: Option<String>,
    /// The method: name and descriptor.
    pub method: Option<String>,
    /// Where, as disassemblers print it: in a method of Android in code units, in one of iOS the
    /// address; in other files in bytes.
    pub offset: Option<u64>,
    /// Where in an XML document or property list.
    pub xml_path: Option<String>,
    /// A range of bytes in the file.
    pub bytes: Option<(u64, u64)>,
    /// The text in question: a permission, a host, a key. Of a component its class.
    pub string: Option<String>,
    /// Whether [`Evidence::string`] is a secret, which reports can be asked to hide.
    pub is_secret: bool,
    /// What it shows, English.
    what_en: &'static str,
    /// What it shows, Chinese.
    what_zh: &'static str,
}

impl Evidence {
    /// Evidence about the package as a whole.
    #[must_use]
    pub const fn new(what: Words) -> Self {
        Self {
            file: None,
            class: None,
            method: None,
            offset: None,
            xml_path: None,
            bytes: None,
            string: None,
            is_secret: false,
            what_en: what.en,
            what_zh: what.zh,
        }
    }

    /// Evidence in code.
    #[must_use]
    pub fn at(what: Words, site: &Site) -> Self {
        Self {
            file: Some(site.file.clone()),
            class: Some(site.class.clone()),
            method: Some(site.method.clone()),
            offset: Some(u64::from(site.offset)),
            ..Self::new(what)
        }
    }

    /// Evidence in a file.
    #[must_use]
    pub fn in_file(what: Words, file: impl Into<String>) -> Self {
        Self {
            file: Some(file.into()),
            ..Self::new(what)
        }
    }

    /// Evidence in an XML document or property list: a path, or the keys that lead there.
    #[must_use]
    pub fn in_xml(what: Words, file: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            xml_path: Some(path.into()),
            ..Self::in_file(what, file)
        }
    }

    /// Names a class.
    #[must_use]
    pub fn class(mut self, class: impl Into<String>) -> Self {
        self.class = Some(class.into());
        self
    }

    /// Names the text in question.
    #[must_use]
    pub fn string(mut self, string: impl Into<String>) -> Self {
        self.string = Some(shortened(string.into()));
        self
    }

    /// Names the text in question, a secret.
    #[must_use]
    pub fn secret(self, string: impl Into<String>) -> Self {
        Self {
            is_secret: true,
            ..self.string(string)
        }
    }

    /// Names an offset in bytes.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Names a range of bytes.
    #[must_use]
    pub fn bytes(mut self, range: &Range<u64>) -> Self {
        self.bytes = Some((range.start, range.end));
        self
    }

    /// What stays the same from build to build: 16 hexadecimal digits, by which
    /// [reviews](crate::reviews) name a piece of evidence. Offsets move with every change of the
    /// code around and dex files with every new class, so neither is part of it; nor is the text of
    /// a secret, which could be guessed from it.
    #[must_use]
    pub fn fingerprint(&self, check: &str) -> String {
        const DIGEST_BYTES: usize = 8;
        let file = self.file.as_deref().filter(|_| self.class.is_none());
        let string = self.string.as_deref().filter(|_| !self.is_secret);
        let parts = [
            Some(check),
            Some(self.what_en),
            file,
            self.class.as_deref(),
            self.method.as_deref(),
            self.xml_path.as_deref(),
            string,
        ];
        let mut digest = Sha256::new();
        for part in parts {
            let text = part.unwrap_or_default();
            digest.update([u8::from(part.is_some())]);
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        let digest = digest.finalize();
        let bytes = digest.iter().take(DIGEST_BYTES);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same place, showing something else.
    #[must_use]
    pub(crate) fn saying(mut self, what: Words) -> Self {
        (self.what_en, self.what_zh) = (what.en, what.zh);
        self
    }

    /// What it shows.
    #[must_use]
    pub const fn what(&self) -> Words {
        words(self.what_en, self.what_zh)
    }
}

/// Characters kept of a text. A package can contain texts of megabytes.
const STRING_CHARS_MAX: usize = 512;

/// What a package says may hold line breaks and commands to terminals; a report shows them as
/// escapes.
fn shortened(text: String) -> String {
    let is_plain = text.len() <= STRING_CHARS_MAX && !text.contains(char::is_control);
    if is_plain {
        return text;
    }
    let mut kept = String::new();
    for (number, char) in text.chars().enumerate() {
        if number == STRING_CHARS_MAX {
            kept.push('…');
            break;
        }
        match char.is_control() {
            true => kept.extend(char.escape_default()),
            false => kept.push(char),
        }
    }
    kept
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what_en)?;
        if let Some(string) = &self.string {
            write!(f, ": {string}")?;
        }
        match (&self.class, &self.method, self.offset) {
            (Some(class), Some(method), Some(offset)) => {
                write!(f, " at {class}.{method} @{offset:#06x}")?;
            }
            (Some(class), Some(method), None) => write!(f, " at {class}.{method}")?,
            (Some(class), None, _) => write!(f, " at {class}")?,
            (None, _, Some(offset)) => write!(f, " at {offset:#x}")?,
            (None, _, None) => {}
        }
        if let Some(file) = &self.file {
            write!(f, " in {file}")?;
        }
        if let Some(path) = &self.xml_path {
            write!(f, " ({path})")?;
        }
        Ok(())
    }
}
