//! The report for people at a terminal: the worst first, what held in one line.

use std::fmt::Write as _;

use super::json::Signature;
use super::{Language, RULES, Report, TOOL, VERSION, harmless, rule_count, totals};
use crate::audit::Audit;
use crate::check::{Evidence, Severity, Words, words};
use crate::judgement::{Finding, Verdict};
use crate::reviews::ReviewStatus;

/// Pieces of evidence shown of a finding; the other formats have all that are kept.
const EVIDENCE_SHOWN: usize = 8;
/// Skipped things shown of a package.
const SKIPPED_SHOWN: usize = 8;
/// Width of a line of ids.
const WIDTH: usize = 100;

/// How a text is emphasised.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Plain,
    Bold,
    Dim,
    Bad,
    Doubtful,
    Good,
}

/// Writes with colours, or without them.
#[derive(Debug, Clone, Copy)]
struct Palette {
    colour: bool,
}

impl Palette {
    fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => "",
            Tone::Bold => "1",
            Tone::Dim => "2",
            Tone::Bad => "1;31",
            Tone::Doubtful => "33",
            Tone::Good => "32",
        };
        if !self.colour || code.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Writes the report.
#[must_use]
pub fn write(report: &Report<'_>, colour: bool) -> String {
    let mut writer = Writer {
        report,
        palette: Palette { colour },
        text: String::new(),
    };
    writer.head();
    for audit in report.audits {
        writer.audit(audit);
    }
    writer.reviews();
    writer.text
}

struct Writer<'a> {
    report: &'a Report<'a>,
    palette: Palette,
    text: String,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn say(&self, words: Words) -> &'static str {
        self.report.words(words)
    }

    fn head(&mut self) {
        let catalogue = self.report.catalogue;
        let short = |digest: &str| digest.get(..12).unwrap_or(digest).to_owned();
        let line = match self.report.language {
            Language::En => format!(
                "{TOOL} {VERSION}, {} rules {}, {} clauses {}, {}",
                rule_count(),
                short(RULES),
                catalogue.clauses.len(),
                short(&catalogue.sha256),
                self.report.date()
            ),
            Language::Zh => format!(
                "{TOOL} {VERSION}，规则 {} 条 {}，条款 {} 条 {}，{}",
                rule_count(),
                short(RULES),
                catalogue.clauses.len(),
                short(&catalogue.sha256),
                self.report.date()
            ),
        };
        let line = self.palette.paint(Tone::Dim, &line);
        self.line(&line);
    }

    fn audit(&mut self, audit: &Audit) {
        let path = self.palette.paint(Tone::Bold, &harmless(&audit.path));
        self.line(&format!("\n{path}"));
        if let Some(error) = &audit.error {
            let word = self.say(words("not analysed", "无法分析"));
            let error = format!("  {word}: {}", harmless(error));
            let error = self.palette.paint(Tone::Bad, &error);
            self.line(&error);
        }
        self.identity(audit);
        self.signature(audit);
        for verdict in [Verdict::Fail, Verdict::Partial, Verdict::Incomplete] {
            for finding in audit.findings_of(verdict) {
                self.finding(finding);
            }
        }
        for verdict in [Verdict::Pass, Verdict::NotTestable, Verdict::NotApplicable] {
            let found = audit.findings_of(verdict);
            let ids: Vec<&str> = found.iter().map(|finding| finding.check.id).collect();
            self.list(self.say(verdict.words()), &ids);
        }
        self.coverage(audit);
        self.totals(audit);
    }

    fn identity(&mut self, audit: &Audit) {
        let mut parts = Vec::new();
        if let Some(summary) = &audit.summary {
            let name = summary.package.as_deref().unwrap_or("?");
            let version = summary.version.as_deref().unwrap_or("?");
            parts.push(format!("{} {}", harmless(name), harmless(version)));
            if let (Some(min), Some(target)) = (summary.min_sdk, summary.target_sdk) {
                parts.push(format!("SDK {min}–{target}"));
            }
            if let Some(min) = &summary.min_os {
                parts.push(format!("iOS ≥ {}", harmless(min)));
            }
        }
        parts.extend(audit.kind.map(|kind| kind.name().to_owned()));
        parts.extend(audit.size.map(size));
        if !parts.is_empty() {
            self.line(&format!("  {}", parts.join(", ")));
        }
        if let Some(digest) = &audit.sha256 {
            self.line(&format!("  sha256 {}", super::json::hex(digest)));
        }
    }

    fn signature(&mut self, audit: &Audit) {
        let Some(signature) = audit.signature.as_ref().map(Signature::of) else {
            return;
        };
        let (tone, text) = match signature.verified {
            None => (
                Tone::Dim,
                self.say(words("signature not judged", "不判断签名"))
                    .to_owned(),
            ),
            Some(true) => (
                Tone::Good,
                format!(
                    "{} {}",
                    self.say(words("signature verified:", "签名有效：")),
                    signature.schemes.join(", ")
                ),
            ),
            Some(false) => (
                Tone::Bad,
                format!(
                    "{} {}",
                    self.say(words("signature refused:", "签名无效：")),
                    harmless(signature.reason.as_deref().unwrap_or_default())
                ),
            ),
        };
        let text = self.palette.paint(tone, &text);
        self.line(&format!("  {text}"));
        let mut seen = Vec::new();
        for signer in &signature.signers {
            let certificate = &signer.certificate;
            if !seen.contains(&certificate.sha256.as_str()) {
                seen.push(certificate.sha256.as_str());
                let line = format!(
                    "    {}, {} {}, {}",
                    harmless(&certificate.subject),
                    certificate.key,
                    certificate.key_bits,
                    certificate.sha256
                );
                self.line(&line);
            }
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let check = finding.check;
        let tone = match finding.verdict {
            Verdict::Fail if finding.counts() => Tone::Bad,
            Verdict::Fail => Tone::Dim,
            _ => Tone::Doubtful,
        };
        let mut verdict = self.say(finding.verdict.words()).to_owned();
        if finding.verdict == Verdict::Fail && !finding.counts() {
            verdict += self.say(words(" (accepted)", "（已接受）"));
        }
        let verdict = self.palette.paint(tone, &verdict);
        let severity = self.say(severity(finding.severity));
        let title = self.palette.paint(Tone::Bold, self.say(check.title));
        self.line(&format!("\n  {verdict}, {severity}: {title}"));
        let mut ids = vec![check.id.to_owned()];
        ids.extend(check.clauses.iter().map(|id| (*id).to_owned()));
        ids.extend(check.cwe.iter().map(|number| format!("CWE-{number}")));
        ids.extend(check.maswe.iter().map(|id| (*id).to_owned()));
        let ids = self.palette.paint(Tone::Dim, &ids.join(" "));
        self.line(&format!("    {ids}"));
        if finding.verdict == Verdict::Incomplete {
            let areas: Vec<String> = finding.missing.iter().map(ToString::to_string).collect();
            let word = self.say(words("not fully read", "未完整读取"));
            self.line(&format!("    {word}: {}", areas.join(", ")));
        }
        for evidence in finding.evidence.iter().take(EVIDENCE_SHOWN) {
            let line = self.evidence(evidence);
            self.line(&format!("    · {line}"));
        }
        let more = finding.evidence.len().saturating_sub(EVIDENCE_SHOWN);
        let more = more + finding.evidence_left_out;
        if more > 0 {
            let line = match self.report.language {
                Language::En => format!("    … and {more} more"),
                Language::Zh => format!("    …… 另有 {more} 处"),
            };
            self.line(&line);
        }
        if !finding.reviewed.is_empty() {
            let word = self.say(words("accepted by review", "经评审接受"));
            self.line(&format!("    {word}: {}", finding.reviewed.len()));
        }
    }

    fn evidence(&self, evidence: &Evidence) -> String {
        let mut line = self.say(evidence.what()).to_owned();
        if let Some(string) = &evidence.string {
            let _ = write!(line, ": {}", harmless(string));
        }
        let mut place = String::new();
        if let Some(class) = &evidence.class {
            let _ = write!(place, " {}", harmless(class));
            if let Some(method) = &evidence.method {
                let _ = write!(place, ".{}", harmless(method));
            }
        }
        if let Some(offset) = evidence.offset {
            let _ = write!(place, " @{offset:#06x}");
        }
        if let Some(file) = &evidence.file {
            let _ = write!(place, " [{}]", harmless(file));
        }
        if let Some(path) = &evidence.xml_path {
            let _ = write!(place, " {}", harmless(path));
        }
        if let Some((from, to)) = evidence.bytes {
            let _ = write!(place, " {from}..{to}");
        }
        line + &self.palette.paint(Tone::Dim, &place)
    }

    /// A heading with ids behind it, in lines of a readable width.
    fn list(&mut self, heading: &str, ids: &[&str]) {
        if ids.is_empty() {
            return;
        }
        let mut line = format!("\n  {heading} ({}):", ids.len());
        for id in ids {
            let width = line.rsplit('\n').next().map_or(0, str::len);
            if width + id.len() > WIDTH {
                line.push_str("\n   ");
            }
            let _ = write!(line, " {id}");
        }
        let tone = Tone::Plain;
        let line = self.palette.paint(tone, &line);
        self.line(&line);
    }

    fn coverage(&mut self, audit: &Audit) {
        let coverage = &audit.coverage;
        if audit.summary.is_none() {
            return;
        }
        let line = match self.report.language {
            Language::En => format!(
                "\n  looked at {} of {} files, {} of {} classes, {} of {} methods",
                coverage.files_read,
                coverage.files_total,
                coverage.classes_analysed,
                coverage.classes_total,
                coverage.methods_analysed,
                coverage.methods_total
            ),
            Language::Zh => format!(
                "\n  已查看 {} / {} 个文件，{} / {} 个类，{} / {} 个方法",
                coverage.files_read,
                coverage.files_total,
                coverage.classes_analysed,
                coverage.classes_total,
                coverage.methods_analysed,
                coverage.methods_total
            ),
        };
        self.line(&line);
        for skipped in coverage.skipped.iter().take(SKIPPED_SHOWN) {
            let word = self.say(words("skipped", "跳过"));
            let line = format!(
                "    {word}: {} ({}): {}",
                harmless(&skipped.what),
                skipped.area,
                harmless(&skipped.why.to_string())
            );
            let line = self.palette.paint(Tone::Doubtful, &line);
            self.line(&line);
        }
        let more = coverage.skipped_total.saturating_sub(SKIPPED_SHOWN);
        if more > 0 {
            let line = match self.report.language {
                Language::En => format!("    … and {more} more"),
                Language::Zh => format!("    …… 另有 {more} 处"),
            };
            self.line(&line);
        }
    }

    fn totals(&mut self, audit: &Audit) {
        if audit.findings.is_empty() {
            return;
        }
        let checks: Vec<String> = totals(&audit.findings)
            .map(|(verdict, count)| format!("{count} {}", self.say(verdict.words())))
            .collect();
        let clauses: Vec<String> = Verdict::ALL
            .into_iter()
            .rev()
            .map(|verdict| {
                let with = audit.clauses.iter();
                let count = with.filter(|clause| clause.verdict == verdict).count();
                format!("{count} {}", self.say(verdict.words()))
            })
            .collect();
        let words = [words("checks", "检查"), words("clauses", "条款")];
        for (word, counts) in words.into_iter().zip([checks, clauses]) {
            self.line(&format!("  {}: {}", self.say(word), counts.join(", ")));
        }
    }

    fn reviews(&mut self) {
        let reviews: Vec<_> = self.report.reviews().collect();
        for (review, status, count) in reviews {
            if status == ReviewStatus::Applied {
                continue;
            }
            let line = format!(
                "{}: {} {} ({}, {}, {count})",
                self.say(words("review", "评审")),
                review.check,
                self.say(status_words(status)),
                harmless(&review.owner),
                review.expires,
            );
            let line = self.palette.paint(Tone::Doubtful, &line);
            self.line(&line);
        }
    }
}

pub(super) const fn status_words(status: ReviewStatus) -> Words {
    match status {
        ReviewStatus::Applied => words("applied", "生效"),
        ReviewStatus::Expired => {
            words("expired, what it accepted counts again", "已过期，重新计入")
        }
        ReviewStatus::TooLong => words("holds for too long and is ignored", "有效期过长，不予采用"),
        ReviewStatus::Unused => words("unused", "未使用"),
        ReviewStatus::UnknownCheck => {
            words("names a check that there is none of", "所指检查不存在")
        }
    }
}

pub(super) const fn severity(severity: Severity) -> Words {
    match severity {
        Severity::Info => words("info", "提示"),
        Severity::Low => words("low", "低"),
        Severity::Medium => words("medium", "中"),
        Severity::High => words("high", "高"),
        Severity::Critical => words("critical", "严重"),
    }
}

/// A size for people.
pub(super) fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{}.{} KiB", bytes / KIB, bytes % KIB * 10 / KIB),
        MIB.. => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}
