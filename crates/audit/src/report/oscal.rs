//! OSCAL assessment results: for each package a result, for each piece of what was found an
//! observation, for each clause a finding.
//!
//! OSCAL knows two states of an objective. A clause is satisfied if it passes and not satisfied if
//! it fails, holds in part, or could not be looked at in full; the reason tells them apart. What is
//! not applicable or cannot be told from bytes is no finding, and stands in the remarks.

use serde_json::{Value, json};

use super::json::hex;
use super::{RULES, Report, TOOL, VERSION, rule_count, uuid};
use crate::audit::Audit;
use crate::check::Evidence;
use crate::judgement::{ClauseVerdict, Finding, Verdict};

const OSCAL_VERSION: &str = "1.1.2";
const NAMESPACE: &str = "https://hefu.example/ns/oscal";

/// Writes the report.
///
/// # Errors
/// None that this can have: the report holds nothing that JSON cannot say.
pub fn write(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let results: Vec<Value> = report
        .audits
        .iter()
        .enumerate()
        .map(|(number, audit)| result(number, audit, report))
        .collect();
    let identity = identity(report);
    let plan = uuid(&format!("plan {RULES}"));
    let party = uuid("party");
    let document = json!({
        "assessment-results": {
            "uuid": uuid(&format!("assessment-results {identity}")),
            "metadata": {
                "title": "Static audit of app packages",
                "last-modified": report.moment(),
                "version": VERSION,
                "oscal-version": OSCAL_VERSION,
                "parties": [{ "uuid": party, "type": "organization", "name": TOOL }],
                "remarks": "Evidence for clauses from the bytes of packages. It declares nobody's compliance.",
            },
            "import-ap": { "href": format!("#{plan}") },
            "results": results,
            "back-matter": { "resources": [{
                "uuid": plan,
                "title": "Checks of the auditor",
                "description": format!("{} checks of {TOOL} {VERSION}, as `hefu audit --list-checks` lists them", rule_count()),
                "props": [
                    { "name": "rules-sha256", "ns": NAMESPACE, "value": RULES },
                    { "name": "catalogue-sha256", "ns": NAMESPACE, "value": known(&report.catalogue.sha256) },
                    { "name": "catalogue-version", "ns": NAMESPACE, "value": known(&report.catalogue.version) },
                ],
            }] },
        }
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// What makes this report another one.
fn identity(report: &Report<'_>) -> String {
    let mut identity = format!("{RULES} {} {}", report.catalogue.sha256, report.date());
    for audit in report.audits {
        identity += &format!(" {} {:?}", audit.path, audit.sha256);
    }
    identity
}

/// OSCAL takes no empty values.
fn known(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

fn result(number: usize, audit: &Audit, report: &Report<'_>) -> Value {
    let scope = format!(
        "{} {number} {} {:?}",
        report.date(),
        audit.path,
        audit.sha256
    );
    let observations: Vec<Value> = audit
        .findings
        .iter()
        .filter(|finding| !matches!(finding.verdict, Verdict::NotApplicable))
        .map(|finding| observation(&scope, finding, audit, report))
        .collect();
    let findings: Vec<Value> = audit
        .clauses
        .iter()
        .filter_map(|clause| finding(&scope, clause, audit, report))
        .collect();
    let controls: Vec<Value> = audit
        .clauses
        .iter()
        .map(|clause| json!({ "control-id": clause.id }))
        .collect();
    let selection = if controls.is_empty() {
        json!({ "description": "Nothing could be judged.", "include-all": {} })
    } else {
        json!({ "include-controls": controls })
    };
    let sha256 = audit
        .sha256
        .map_or_else(|| "unknown".to_owned(), |digest| hex(&digest));
    let mut result = json!({
        "uuid": uuid(&format!("result {scope}")),
        "title": format!("Audit of {}", audit.path),
        "description": audit.error.clone().unwrap_or_else(|| "Facts read from the package, and checks on them.".to_owned()),
        "start": report.moment(),
        "end": report.moment(),
        "props": [
            { "name": "package-sha256", "ns": NAMESPACE, "value": sha256 },
            { "name": "package-kind", "ns": NAMESPACE, "value": audit.kind.map_or("unknown", crate::PackageKind::name) },
        ],
        "reviewed-controls": { "control-selections": [selection] },
    });
    if let Some(members) = result.as_object_mut() {
        if !observations.is_empty() {
            members.insert("observations".to_owned(), observations.into());
        }
        if !findings.is_empty() {
            members.insert("findings".to_owned(), findings.into());
        }
        members.insert("remarks".to_owned(), remarks(audit).into());
    }
    result
}

fn remarks(audit: &Audit) -> String {
    let of = |verdict| {
        let clauses = audit.clauses.iter();
        let ids = clauses.filter(move |clause| clause.verdict == verdict);
        ids.map(|clause| clause.id).collect::<Vec<_>>().join(" ")
    };
    format!(
        "Not applicable: {}. Not testable statically: {}. Skipped while reading: {}.",
        of(Verdict::NotApplicable),
        of(Verdict::NotTestable),
        audit.coverage.skipped_total
    )
}

fn observation_id(scope: &str, check: &str) -> String {
    uuid(&format!("observation {scope} {check}"))
}

fn observation(scope: &str, finding: &Finding, audit: &Audit, report: &Report<'_>) -> Value {
    let check = finding.check;
    let verdict = finding.verdict.name();
    let reason = finding.reason.map(|reason| report.words(reason));
    let description = match reason {
        Some(reason) => format!("{verdict}: {reason}"),
        None => format!("{verdict}: {}", report.words(check.criterion)),
    };
    let evidence: Vec<Value> = finding
        .evidence
        .iter()
        .chain(finding.reviewed.iter().map(|reviewed| &reviewed.evidence))
        .map(|evidence| relevant(evidence, check.id, report))
        .collect();
    let mut observation = json!({
        "uuid": observation_id(scope, check.id),
        "title": report.words(check.title),
        "description": description,
        "props": [
            { "name": "check", "ns": NAMESPACE, "value": check.id },
            { "name": "verdict", "ns": NAMESPACE, "value": verdict },
            { "name": "severity", "ns": NAMESPACE, "value": finding.severity.name() },
        ],
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": [{
            "subject-uuid": uuid(&format!("package {} {:?}", audit.path, audit.sha256)),
            "type": "component",
            "title": audit.path,
        }],
        "collected": report.moment(),
    });
    if let Some(members) = observation.as_object_mut()
        && !evidence.is_empty()
    {
        members.insert("relevant-evidence".to_owned(), evidence.into());
    }
    observation
}

fn relevant(evidence: &Evidence, check: &str, report: &Report<'_>) -> Value {
    let mut description = report.words(evidence.what()).to_owned();
    let place = [
        ("string", evidence.string.clone()),
        ("file", evidence.file.clone()),
        ("class", evidence.class.clone()),
        ("method", evidence.method.clone()),
        (
            "offset",
            evidence.offset.map(|offset| format!("{offset:#x}")),
        ),
        ("path", evidence.xml_path.clone()),
    ];
    for (name, value) in place {
        if let Some(value) = value {
            description += &format!("; {name}: {value}");
        }
    }
    json!({
        "description": description,
        "props": [{
            "name": "fingerprint",
            "ns": NAMESPACE,
            "value": evidence.fingerprint(check),
        }],
    })
}

fn finding(
    scope: &str,
    clause: &ClauseVerdict,
    audit: &Audit,
    report: &Report<'_>,
) -> Option<Value> {
    let (state, reason) = match clause.verdict {
        Verdict::Pass => ("satisfied", "pass"),
        Verdict::Fail => ("not-satisfied", "fail"),
        Verdict::Partial | Verdict::Incomplete => ("not-satisfied", "other"),
        Verdict::NotApplicable | Verdict::NotTestable => return None,
    };
    let looked = audit.findings.iter().filter(|finding| {
        clause.checks.contains(&finding.check.id) && finding.verdict != Verdict::NotApplicable
    });
    let related: Vec<Value> = looked
        .map(|finding| json!({ "observation-uuid": observation_id(scope, finding.check.id) }))
        .collect();
    let wording = report.catalogue.words_of(clause.id, report.language);
    Some(json!({
        "uuid": uuid(&format!("finding {scope} {}", clause.id)),
        "title": clause.id,
        "description": known(wording),
        "target": {
            "type": "objective-id",
            "target-id": clause.id,
            "status": { "state": state, "reason": reason, "remarks": clause.verdict.name() },
        },
        "related-observations": related,
    }))
}
