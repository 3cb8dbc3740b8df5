//! SARIF 2.1.0, for code scanning.
//!
//! A result is one piece of evidence, so that a tracker can follow it from build to build by its
//! fingerprint. Failures are results of kind `fail`; what is doubtful is a `note`; what could not
//! be looked at is `open`, which no tool takes for a pass.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{RULES, Report, TOOL, VERSION};
use crate::audit::Audit;
use crate::check::{Check, Evidence, Severity, checks};
use crate::judgement::{Finding, Verdict};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the report.
///
/// # Errors
/// None that this can have: the report holds nothing that JSON cannot say.
pub fn write(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let mut artifacts = Artifacts::default();
    let mut results = Vec::new();
    for audit in report.audits {
        let package = artifacts.package(audit);
        for finding in &audit.findings {
            results.extend(results_of(finding, report, package, &mut artifacts));
        }
    }
    let rules: Vec<Value> = checks().iter().map(|check| rule(check, report)).collect();
    let notifications: Vec<Value> = report.audits.iter().flat_map(notifications).collect();
    let analysed = report.audits.iter().all(|audit| audit.error.is_none());
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": TOOL,
                "semanticVersion": VERSION,
                "version": format!("{VERSION}+{}", RULES.get(..12).unwrap_or(RULES)),
                "language": report.language.tag(),
                "rules": rules,
                "properties": {
                    "rulesSha256": RULES,
                    "catalogue": report.catalogue.name,
                    "catalogueVersion": report.catalogue.version,
                    "catalogueSha256": report.catalogue.sha256,
                },
            }},
            "invocations": [{
                "executionSuccessful": analysed,
                "toolExecutionNotifications": notifications,
                "properties": { "date": report.date() },
            }],
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts.list,
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn rule(check: &Check, report: &Report<'_>) -> Value {
    let clauses: Vec<String> = check
        .clauses
        .iter()
        .map(|id| format!("{id}: {}", report.catalogue.words_of(id, report.language)))
        .collect();
    let say = |words| report.words(words);
    let help = [
        say(check.purpose).to_owned(),
        say(check.procedure).to_owned(),
        say(check.criterion).to_owned(),
        clauses.join("\n"),
    ];
    let cwe = check.cwe.iter();
    let mut tags: Vec<String> = cwe
        .map(|number| format!("external/cwe/cwe-{number:03}"))
        .collect();
    let named = check.maswe.iter().chain(check.mastg).chain(check.clauses);
    tags.extend(named.map(|id| (*id).to_owned()));
    tags.insert(0, "security".to_owned());
    json!({
        "id": check.id,
        "name": pascal_case(check.id),
        "shortDescription": { "text": say(check.title) },
        "fullDescription": { "text": say(check.purpose) },
        "help": { "text": help.join("\n\n") },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": {
            "tags": tags,
            "security-severity": score(check.severity),
            "level": check.level.name(),
        },
    })
}

/// Names of rules are identifiers without separators.
fn pascal_case(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    words.collect()
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of the range that code scanning gives to the severity's name.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.0",
    }
}

fn results_of(
    finding: &Finding,
    report: &Report<'_>,
    package: usize,
    artifacts: &mut Artifacts,
) -> Vec<Value> {
    let (kind, level) = match finding.verdict {
        Verdict::Fail => ("fail", level(finding.severity)),
        Verdict::Partial => ("fail", "note"),
        Verdict::Incomplete => return vec![open(finding, report, package)],
        Verdict::Pass | Verdict::NotTestable | Verdict::NotApplicable => return Vec::new(),
    };
    let check = finding.check;
    let open = finding.evidence.iter().map(|evidence| (evidence, None));
    let reviewed = finding
        .reviewed
        .iter()
        .map(|reviewed| (&reviewed.evidence, Some(reviewed.review)));
    open.chain(reviewed)
        .map(|(evidence, review)| {
            let mut result = json!({
                "ruleId": check.id,
                "ruleIndex": rule_index(check),
                "kind": kind,
                "level": level,
                "message": { "text": message(evidence, report) },
                "locations": [artifacts.location(evidence, package)],
                "partialFingerprints": { "hefuAudit/v1": evidence.fingerprint(check.id) },
                "properties": {
                    "verdict": finding.verdict.name(),
                    "severity": finding.severity.name(),
                },
            });
            if let (Some(review), Some(members)) = (review, result.as_object_mut()) {
                members.insert("suppressions".to_owned(), suppression(report, review));
            }
            result
        })
        .collect()
}

fn rule_index(check: &Check) -> usize {
    checks()
        .iter()
        .position(|known| known.id == check.id)
        .unwrap_or_default()
}

/// A finding about which the package cannot tell, since it could not be read in full.
fn open(finding: &Finding, report: &Report<'_>, package: usize) -> Value {
    let missing: Vec<String> = finding.missing.iter().map(ToString::to_string).collect();
    let title = report.words(finding.check.title);
    let verdict = report.words(finding.verdict.words());
    json!({
        "ruleId": finding.check.id,
        "ruleIndex": rule_index(finding.check),
        "kind": "open",
        "level": "none",
        "message": { "text": format!("{title}: {verdict} ({})", missing.join(", ")) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "index": package } } }],
        "properties": { "verdict": finding.verdict.name(), "severity": finding.severity.name() },
    })
}

fn suppression(report: &Report<'_>, review: usize) -> Value {
    let review = report.settings.reviews.all().get(review);
    let justification = review.map_or_else(String::new, |review| {
        format!(
            "{} ({}, until {})",
            review.reason, review.owner, review.expires
        )
    });
    json!([{ "kind": "external", "status": "accepted", "justification": justification }])
}

fn message(evidence: &Evidence, report: &Report<'_>) -> String {
    let what = report.words(evidence.what());
    match &evidence.string {
        Some(string) => format!("{what}: {string}"),
        None => what.to_owned(),
    }
}

/// The packages and the files inside of them, each once.
#[derive(Default)]
struct Artifacts {
    list: Vec<Value>,
    inside: BTreeMap<(usize, String), usize>,
}

impl Artifacts {
    fn package(&mut self, audit: &Audit) -> usize {
        let mut artifact = json!({
            "location": { "uri": uri(&audit.path) },
            "roles": ["analysisTarget"],
        });
        if let Some(members) = artifact.as_object_mut() {
            if let Some(size) = audit.size {
                members.insert("length".to_owned(), size.into());
            }
            if let Some(sha256) = &audit.sha256 {
                let hashes = json!({ "sha-256": super::json::hex(sha256) });
                members.insert("hashes".to_owned(), hashes);
            }
        }
        self.list.push(artifact);
        self.list.len() - 1
    }

    fn inside(&mut self, package: usize, file: &str) -> usize {
        if let Some(index) = self.inside.get(&(package, file.to_owned())) {
            return *index;
        }
        let index = self.list.len();
        self.list.push(json!({
            "location": { "uri": uri(file) },
            "parentIndex": package,
        }));
        self.inside.insert((package, file.to_owned()), index);
        index
    }

    fn location(&mut self, evidence: &Evidence, package: usize) -> Value {
        let index = match &evidence.file {
            Some(file) => self.inside(package, file),
            None => package,
        };
        let mut physical = json!({ "artifactLocation": { "index": index } });
        let in_bytes = evidence.offset.filter(|_| evidence.method.is_none());
        let region = match (evidence.bytes, in_bytes) {
            (Some((from, to)), _) => {
                Some(json!({ "byteOffset": from, "byteLength": to.saturating_sub(from) }))
            }
            (None, Some(offset)) => Some(json!({ "byteOffset": offset, "byteLength": 0 })),
            (None, None) => None,
        };
        if let (Some(region), Some(members)) = (region, physical.as_object_mut()) {
            members.insert("region".to_owned(), region);
        }
        let mut location = json!({ "physicalLocation": physical });
        if let (Some(logical), Some(members)) = (logical(evidence), location.as_object_mut()) {
            members.insert("logicalLocations".to_owned(), json!([logical]));
        }
        location
    }
}

/// Where it is in terms of the language.
fn logical(evidence: &Evidence) -> Option<Value> {
    let (name, kind) = match (&evidence.class, &evidence.method, &evidence.xml_path) {
        (Some(class), Some(method), _) => (format!("{class}.{method}"), "function"),
        (_, _, Some(path)) => (path.clone(), "element"),
        (Some(class), None, None) => (class.clone(), "type"),
        (None, _, None) => return None,
    };
    let mut logical = json!({ "fullyQualifiedName": name, "kind": kind });
    let offset = evidence.offset.filter(|_| evidence.method.is_some());
    if let (Some(offset), Some(members)) = (offset, logical.as_object_mut()) {
        members.insert("properties".to_owned(), json!({ "codeUnit": offset }));
    }
    Some(logical)
}

/// A path as a relative or absolute reference: every byte that is not plain is encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' => uri.push('/'),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

fn notifications(audit: &Audit) -> Vec<Value> {
    let error = audit.error.iter().map(|error| {
        json!({
            "level": "error",
            "message": { "text": format!("{}: {error}", audit.path) },
        })
    });
    let skipped = audit.coverage.skipped.iter().map(|skipped| {
        json!({
            "level": "warning",
            "message": { "text": format!(
                "{}: {} ({}): {}", audit.path, skipped.what, skipped.area, skipped.why
            ) },
        })
    });
    error.chain(skipped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/合.apk"), "a%20b/%E5%90%88.apk");
        assert_eq!(uri("c:\\x#y"), "c%3A/x%23y");
        assert_eq!(pascal_case("android-debuggable"), "AndroidDebuggable");
    }
}
