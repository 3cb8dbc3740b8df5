//! One page with everything in it: no script, no resource from elsewhere, both languages, and it
//! prints.
//!
//! Every text passes through the template's escaping; nothing from a package is written any other
//! way. The policy in its head lets a browser load nothing even so.

use askama::Template;

use super::json::{Signature, hex};
use super::text::{severity, size, status_words};
use super::{RULES, Report, TOOL, VERSION, Wording, harmless, rule_count, totals};
use crate::audit::Audit;
use crate::check::{Evidence, Severity, Words, words};
use crate::judgement::{ClauseVerdict, Finding, Verdict};

/// Writes the page.
///
/// # Errors
/// None that this can have: the template's values can all be written.
pub fn write(report: &Report<'_>) -> Result<String, askama::Error> {
    let page = Page {
        language: report.language.tag(),
        tool: TOOL,
        version: VERSION,
        rules: RULES,
        rule_count: rule_count(),
        catalogue: &report.catalogue.sha256,
        catalogue_version: &report.catalogue.version,
        clause_count: report.catalogue.clauses.len(),
        date: report.date(),
        packages: report
            .audits
            .iter()
            .map(|audit| PackageView::of(audit, report))
            .collect(),
        reviews: report
            .reviews()
            .map(|(review, status, count)| ReviewView {
                check: harmless(&review.check),
                reason: harmless(&review.reason),
                owner: harmless(&review.owner),
                expires: review.expires.to_string(),
                status: status_words(status),
                count,
            })
            .collect(),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    language: &'static str,
    tool: &'static str,
    version: &'static str,
    rules: &'static str,
    rule_count: usize,
    catalogue: &'a str,
    catalogue_version: &'a str,
    clause_count: usize,
    date: String,
    packages: Vec<PackageView>,
    reviews: Vec<ReviewView>,
}

struct PackageView {
    path: String,
    sha256: String,
    error: Option<String>,
    facts: Vec<(Words, String)>,
    totals: Vec<(&'static str, Words, usize)>,
    clauses: Vec<ClauseView>,
    groups: Vec<Group>,
    skipped: Vec<(String, String, String)>,
    skipped_more: usize,
}

struct ClauseView {
    id: &'static str,
    wording: Wording,
    class: &'static str,
    verdict: Words,
    checks: Vec<&'static str>,
}

/// The findings with one verdict.
struct Group {
    class: &'static str,
    verdict: Words,
    is_open: bool,
    findings: Vec<FindingView>,
}

struct FindingView {
    id: &'static str,
    title: Words,
    purpose: Words,
    procedure: Words,
    criterion: Words,
    severity: Words,
    severity_class: &'static str,
    is_accepted: bool,
    references: String,
    reason: Option<Words>,
    missing: String,
    evidence: Vec<EvidenceView>,
    evidence_more: usize,
    reviewed: Vec<EvidenceView>,
}

struct EvidenceView {
    what: Words,
    string: Option<String>,
    place: String,
    fingerprint: String,
}

struct ReviewView {
    check: String,
    reason: String,
    owner: String,
    expires: String,
    status: Words,
    count: usize,
}

impl PackageView {
    fn of(audit: &Audit, report: &Report<'_>) -> Self {
        let shown = audit.coverage.skipped.len();
        Self {
            path: harmless(&audit.path),
            sha256: audit.sha256.map(|digest| hex(&digest)).unwrap_or_default(),
            error: audit.error.as_deref().map(harmless),
            facts: facts(audit),
            totals: totals(&audit.findings)
                .map(|(verdict, count)| (class(verdict), verdict.words(), count))
                .collect(),
            clauses: audit
                .clauses
                .iter()
                .map(|clause| ClauseView::of(clause, report))
                .collect(),
            groups: Verdict::ALL
                .into_iter()
                .rev()
                .map(|verdict| Group::of(verdict, audit))
                .filter(|group| !group.findings.is_empty())
                .collect(),
            skipped: audit
                .coverage
                .skipped
                .iter()
                .map(|skipped| {
                    let area = skipped.area.to_string();
                    (
                        area,
                        harmless(&skipped.what),
                        harmless(&skipped.why.to_string()),
                    )
                })
                .collect(),
            skipped_more: audit.coverage.skipped_total.saturating_sub(shown),
        }
    }
}

/// The first lines about a package.
fn facts(audit: &Audit) -> Vec<(Words, String)> {
    let mut facts = Vec::new();
    let mut add = |words, value: Option<String>| {
        facts.extend(value.map(|value| (words, harmless(&value))));
    };
    if let Some(summary) = &audit.summary {
        add(words("Application", "应用"), summary.package.clone());
        add(words("Version", "版本"), summary.version.clone());
        add(
            words("Version code", "版本号"),
            summary.version_code.clone(),
        );
        let range = summary.min_sdk.zip(summary.target_sdk);
        let range = range.map(|(min, target)| format!("{min}–{target}"));
        add(words("System versions", "系统版本"), range);
        add(words("Oldest iOS", "最低 iOS"), summary.min_os.clone());
    }
    let kind = audit.kind.map(|kind| kind.name().to_owned());
    add(words("Kind", "类型"), kind);
    add(words("Size", "大小"), audit.size.map(size));
    if let Some(signature) = audit.signature.as_ref().map(Signature::of) {
        let verified = match signature.verified {
            None => "–".to_owned(),
            Some(true) => format!("✓ {}", signature.schemes.join(", ")),
            Some(false) => format!("✗ {}", signature.reason.unwrap_or_default()),
        };
        add(words("Signature", "签名"), Some(verified));
        let mut signers: Vec<String> = signature
            .signers
            .into_iter()
            .map(|signer| {
                format!(
                    "{} ({})",
                    signer.certificate.subject, signer.certificate.sha256
                )
            })
            .collect();
        signers.dedup();
        for signer in signers {
            add(words("Signed by", "签名者"), Some(signer));
        }
    }
    let coverage = &audit.coverage;
    if audit.summary.is_some() {
        let looked = [
            (
                words("Files looked at", "已查看文件"),
                coverage.files_read,
                coverage.files_total,
            ),
            (
                words("Classes analysed", "已分析类"),
                coverage.classes_analysed,
                coverage.classes_total,
            ),
            (
                words("Methods analysed", "已分析方法"),
                coverage.methods_analysed,
                coverage.methods_total,
            ),
        ];
        for (words, done, total) in looked {
            add(words, Some(format!("{done} / {total}")));
        }
    }
    facts
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "fail",
        Verdict::Partial => "partial",
        Verdict::Incomplete => "incomplete",
        Verdict::Pass => "pass",
        Verdict::NotTestable => "untestable",
        Verdict::NotApplicable => "inapplicable",
    }
}

const fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low | Severity::Info => "low",
    }
}

impl ClauseView {
    fn of(clause: &ClauseVerdict, report: &Report<'_>) -> Self {
        let wording = report.catalogue.clauses.get(clause.id).cloned();
        Self {
            id: clause.id,
            wording: wording.unwrap_or_else(|| Wording {
                en: String::new(),
                zh: String::new(),
            }),
            class: class(clause.verdict),
            verdict: clause.verdict.words(),
            checks: clause.checks.clone(),
        }
    }
}

impl Group {
    fn of(verdict: Verdict, audit: &Audit) -> Self {
        let findings = audit.findings_of(verdict);
        Self {
            class: class(verdict),
            verdict: verdict.words(),
            is_open: matches!(
                verdict,
                Verdict::Fail | Verdict::Partial | Verdict::Incomplete
            ),
            findings: findings.into_iter().map(FindingView::of).collect(),
        }
    }
}

impl FindingView {
    fn of(finding: &Finding) -> Self {
        let check = finding.check;
        let view = |evidence: &Evidence| EvidenceView::of(evidence, check.id);
        let mut references: Vec<String> = check.clauses.iter().map(|id| (*id).to_owned()).collect();
        references.extend(check.cwe.iter().map(|number| format!("CWE-{number}")));
        let tests = check.maswe.iter().chain(check.mastg);
        references.extend(tests.map(|id| (*id).to_owned()));
        let missing: Vec<String> = finding.missing.iter().map(ToString::to_string).collect();
        Self {
            id: check.id,
            title: check.title,
            purpose: check.purpose,
            procedure: check.procedure,
            criterion: check.criterion,
            severity: severity(finding.severity),
            severity_class: severity_class(finding.severity),
            is_accepted: finding.verdict == Verdict::Fail && !finding.counts(),
            references: references.join(" · "),
            reason: finding.reason,
            missing: missing.join(", "),
            evidence: finding.evidence.iter().map(view).collect(),
            evidence_more: finding.evidence_left_out,
            reviewed: finding
                .reviewed
                .iter()
                .map(|reviewed| view(&reviewed.evidence))
                .collect(),
        }
    }
}

impl EvidenceView {
    fn of(evidence: &Evidence, check: &str) -> Self {
        let mut place = Vec::new();
        if let Some(class) = &evidence.class {
            place.push(match &evidence.method {
                Some(method) => format!("{class}.{method}"),
                None => class.clone(),
            });
        }
        place.extend(evidence.offset.map(|offset| format!("@{offset:#06x}")));
        place.extend(evidence.file.clone());
        place.extend(evidence.xml_path.clone());
        place.extend(evidence.bytes.map(|(from, to)| format!("{from}..{to}")));
        Self {
            what: evidence.what(),
            string: evidence.string.as_deref().map(harmless),
            place: harmless(&place.join(" · ")),
            fingerprint: evidence.fingerprint(check),
        }
    }
}
