//! The report for machines, described by `docs/audit-report.schema.json`.

use serde::Serialize;

use crate::audit::Audit;
use crate::certificate::Certificate;
use crate::check::Evidence;
use crate::facts::{Area, Coverage};
use crate::judgement::{Finding, Verdict};
use crate::report::{RULES, Report, TOOL, VERSION, rule_count};
use crate::reviews::Review;
use crate::signature::hap::HapVerification;
use crate::signature::ios::IpaVerification;
use crate::signature::{Lineage, Note, PackageSignature, Scheme, SourceStamp, Verification};
use crate::summary::Summary;

/// Writes the report, with a line break at its end.
///
/// # Errors
/// None that this can have: the report holds nothing that JSON cannot say.
pub fn write(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let document = Document {
        tool: Tool::this(),
        catalogue: Catalogue::of(report),
        date: report.date(),
        files: report
            .audits
            .iter()
            .map(|audit| File::of(audit, report))
            .collect(),
        reviews: report
            .reviews()
            .map(|(review, status, evidence)| ReviewLine::of(review, status.name(), evidence))
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

#[derive(Serialize)]
struct Document<'a> {
    tool: Tool,
    catalogue: Catalogue<'a>,
    date: String,
    files: Vec<File<'a>>,
    reviews: Vec<ReviewLine<'a>>,
}

/// Who made a report.
#[derive(Debug, Serialize)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    rules: Rules,
}

#[derive(Debug, Serialize)]
struct Rules {
    count: usize,
    sha256: &'static str,
}

impl Tool {
    pub(crate) fn this() -> Self {
        Self {
            name: TOOL,
            version: VERSION,
            rules: Rules {
                count: rule_count(),
                sha256: RULES,
            },
        }
    }
}

#[derive(Serialize)]
struct Catalogue<'a> {
    name: &'a str,
    version: &'a str,
    clauses: usize,
    sha256: &'a str,
}

impl<'a> Catalogue<'a> {
    fn of(report: &Report<'a>) -> Self {
        let catalogue = report.catalogue;
        Self {
            name: &catalogue.name,
            version: &catalogue.version,
            clauses: catalogue.clauses.len(),
            sha256: &catalogue.sha256,
        }
    }
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    sha256: Option<String>,
    size: Option<u64>,
    kind: Option<&'static str>,
    error: Option<&'a str>,
    facts: Option<&'a Summary>,
    signature: Option<Signature>,
    findings: Vec<FindingLine<'a>>,
    clauses: Vec<ClauseLine<'a>>,
    coverage: CoverageLine,
}

impl<'a> File<'a> {
    fn of(audit: &'a Audit, report: &Report<'_>) -> Self {
        Self {
            path: &audit.path,
            sha256: audit.sha256.map(|digest| hex(&digest)),
            size: audit.size,
            kind: audit.kind.map(crate::PackageKind::name),
            error: audit.error.as_deref(),
            facts: audit.summary.as_ref(),
            signature: audit.signature.as_ref().map(Signature::of),
            findings: audit
                .findings
                .iter()
                .map(|finding| FindingLine::of(finding, report))
                .collect(),
            clauses: audit
                .clauses
                .iter()
                .map(|clause| ClauseLine {
                    id: clause.id,
                    verdict: clause.verdict.name(),
                    checks: &clause.checks,
                })
                .collect(),
            coverage: CoverageLine::of(audit),
        }
    }
}

#[derive(Serialize)]
struct FindingLine<'a> {
    check: &'static str,
    title: &'static str,
    clauses: &'static [&'static str],
    cwe: Vec<String>,
    maswe: &'static [&'static str],
    mastg: &'static [&'static str],
    verdict: &'static str,
    severity: &'static str,
    level: &'static str,
    /// Whether the exit code counts it as a failure.
    counts: bool,
    reason: Option<&'static str>,
    missing: Vec<String>,
    evidence: Vec<EvidenceLine<'a>>,
    evidence_left_out: usize,
    reviewed: Vec<ReviewedLine<'a>>,
}

impl<'a> FindingLine<'a> {
    fn of(finding: &'a Finding, report: &Report<'_>) -> Self {
        let check = finding.check;
        let line = |evidence| EvidenceLine::of(evidence, check.id, report);
        Self {
            check: check.id,
            title: report.words(check.title),
            clauses: check.clauses,
            cwe: check
                .cwe
                .iter()
                .map(|number| format!("CWE-{number}"))
                .collect(),
            maswe: check.maswe,
            mastg: check.mastg,
            verdict: finding.verdict.name(),
            severity: finding.severity.name(),
            level: check.level.name(),
            counts: finding.counts(),
            reason: finding.reason.map(|reason| report.words(reason)),
            missing: finding.missing.iter().map(Area::to_string).collect(),
            evidence: finding.evidence.iter().map(line).collect(),
            evidence_left_out: finding.evidence_left_out,
            reviewed: finding
                .reviewed
                .iter()
                .map(|reviewed| ReviewedLine {
                    review: reviewed.review,
                    evidence: line(&reviewed.evidence),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct ReviewedLine<'a> {
    review: usize,
    #[serde(flatten)]
    evidence: EvidenceLine<'a>,
}

#[derive(Serialize)]
struct EvidenceLine<'a> {
    what: &'static str,
    file: Option<&'a str>,
    class: Option<&'a str>,
    method: Option<&'a str>,
    offset: Option<u64>,
    xml_path: Option<&'a str>,
    bytes: Option<(u64, u64)>,
    string: Option<&'a str>,
    secret: bool,
    fingerprint: String,
}

impl<'a> EvidenceLine<'a> {
    fn of(evidence: &'a Evidence, check: &str, report: &Report<'_>) -> Self {
        Self {
            what: report.words(evidence.what()),
            file: evidence.file.as_deref(),
            class: evidence.class.as_deref(),
            method: evidence.method.as_deref(),
            offset: evidence.offset,
            xml_path: evidence.xml_path.as_deref(),
            bytes: evidence.bytes,
            string: evidence.string.as_deref(),
            secret: evidence.is_secret,
            fingerprint: evidence.fingerprint(check),
        }
    }
}

#[derive(Serialize)]
struct ClauseLine<'a> {
    id: &'static str,
    verdict: &'static str,
    checks: &'a [&'static str],
}

#[derive(Serialize)]
struct CoverageLine {
    classes_total: usize,
    classes_analysed: usize,
    methods_total: usize,
    methods_analysed: usize,
    methods_approximated: usize,
    files_total: usize,
    files_read: usize,
    skipped: Vec<SkippedLine>,
    skipped_total: usize,
    verdicts: std::collections::BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct SkippedLine {
    area: Option<String>,
    what: String,
    why: String,
}

impl CoverageLine {
    fn of(audit: &Audit) -> Self {
        let coverage: &Coverage = &audit.coverage;
        let mut skipped: Vec<_> = coverage
            .skipped
            .iter()
            .map(|skipped| SkippedLine {
                area: Some(skipped.area.to_string()),
                what: skipped.what.clone(),
                why: skipped.why.to_string(),
            })
            .collect();
        skipped.extend(audit.error.as_ref().map(|error| SkippedLine {
            area: None,
            what: audit.path.clone(),
            why: error.clone(),
        }));
        Self {
            classes_total: coverage.classes_total,
            classes_analysed: coverage.classes_analysed,
            methods_total: coverage.methods_total,
            methods_analysed: coverage.methods_analysed,
            methods_approximated: coverage.methods_approximated,
            files_total: coverage.files_total,
            files_read: coverage.files_read,
            skipped_total: coverage.skipped_total + usize::from(audit.error.is_some()),
            skipped,
            verdicts: super::totals(&audit.findings)
                .map(|(verdict, count): (Verdict, usize)| (verdict.name(), count))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct ReviewLine<'a> {
    check: &'a str,
    fingerprint: Option<&'a str>,
    class: Option<&'a str>,
    file: Option<&'a str>,
    reason: &'a str,
    owner: &'a str,
    expires: String,
    status: &'static str,
    /// Pieces of evidence that it accepts, or that count again because it expired.
    evidence: usize,
}

impl<'a> ReviewLine<'a> {
    fn of(review: &'a Review, status: &'static str, evidence: usize) -> Self {
        Self {
            check: &review.check,
            fingerprint: review.fingerprint.as_deref(),
            class: review.class.as_deref(),
            file: review.file.as_deref(),
            reason: &review.reason,
            owner: &review.owner,
            expires: review.expires.to_string(),
            status,
            evidence,
        }
    }
}

/// A signature as machines and other formats read it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Signature {
    /// `None` for what is not signed in the form that phones install.
    pub(crate) verified: Option<bool>,
    /// The schemes by which all parts are verified.
    pub(crate) schemes: Vec<String>,
    /// The first reason for which it is not verified.
    pub(crate) reason: Option<String>,
    pub(crate) present: Vec<String>,
    pub(crate) issues: Vec<IssueLine>,
    pub(crate) warnings: Vec<IssueLine>,
    pub(crate) signers: Vec<SignerLine>,
    pub(crate) lineage: Vec<CertificateLine>,
    pub(crate) janus: JanusLine,
    pub(crate) source_stamp: Option<StampLine>,
}

#[derive(Debug, Serialize)]
pub(crate) struct IssueLine {
    pub(crate) part: String,
    pub(crate) issue: String,
    pub(crate) meaning: String,
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SignerLine {
    pub(crate) part: String,
    pub(crate) scheme: String,
    #[serde(flatten)]
    pub(crate) certificate: CertificateLine,
    pub(crate) algorithms: Vec<String>,
    pub(crate) has_weak_digest: bool,
    pub(crate) sdk_versions: Option<(i32, i32)>,
    pub(crate) block: Option<String>,
    pub(crate) manifest_digests: Vec<String>,
    pub(crate) promised_schemes: Option<String>,
    pub(crate) chain: Vec<CertificateLine>,
}

/// A certificate.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateLine {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    pub(crate) sha256: String,
    pub(crate) key: String,
    pub(crate) key_bits: u32,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) signature_algorithm: String,
    pub(crate) is_android_debug: bool,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct JanusLine {
    pub(crate) payload: bool,
    pub(crate) exposed: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct StampLine {
    status: &'static str,
    issues: Vec<&'static str>,
    certificate: Option<CertificateLine>,
    timestamp: Option<u64>,
}

impl CertificateLine {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            serial: certificate.serial.clone(),
            sha256: certificate.sha256.clone(),
            key: certificate.key_algorithm.clone(),
            key_bits: certificate.key_bits,
            not_before: moment(certificate.not_before),
            not_after: moment(certificate.not_after),
            signature_algorithm: certificate.signature_algorithm.clone(),
            is_android_debug: certificate.is_android_debug,
        }
    }
}

/// Unix seconds as RFC 3339; what no calendar holds as the number.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |moment| moment.to_string())
}

impl Signature {
    pub(crate) fn of(signature: &PackageSignature) -> Self {
        let mut line = match signature {
            PackageSignature::Android(parts) => Self::of_apks(parts),
            PackageSignature::Ios(Some(ipa)) => Self::of_ipa(ipa),
            PackageSignature::Harmony(parts) => Self::of_haps(parts),
            PackageSignature::Ios(None) | PackageSignature::NotJudged => Self::default(),
        };
        line.verified = signature.verified();
        let reason = line.issues.first().map(|line| line.issue.clone());
        line.reason = match line.verified {
            Some(false) => reason.or_else(|| Some("nothing that is signed can be read".to_owned())),
            _ => None,
        };
        if line.verified != Some(true) {
            line.schemes.clear();
        }
        line
    }

    fn of_apks(parts: &[(String, Verification)]) -> Self {
        let mut line = Self::default();
        let names = |schemes: Vec<Scheme>| schemes.iter().map(ToString::to_string).collect();
        line.schemes = names(in_all(parts.iter().map(|(_, part)| &part.schemes)));
        line.present = names(in_all(parts.iter().map(|(_, part)| &part.present)));
        for (name, part) in parts {
            line.issues.extend(issues(name, &part.issues));
            line.warnings.extend(issues(name, &part.warnings));
            line.signers
                .extend(part.signers.iter().map(|signer| apk_signer(name, signer)));
            line.janus.payload |= part.janus.payload;
            line.janus.exposed |= part.janus.exposed;
        }
        let lineage = parts.iter().find_map(|(_, part)| part.lineage.as_ref());
        let nodes = lineage.map(Lineage::nodes).unwrap_or_default();
        line.lineage = nodes
            .iter()
            .map(|node| CertificateLine::of(&node.certificate))
            .collect();
        let stamp = parts
            .iter()
            .find_map(|(_, part)| part.source_stamp.as_ref());
        line.source_stamp = stamp.map(StampLine::of);
        line
    }

    fn of_ipa(ipa: &IpaVerification) -> Self {
        const SCHEME: &str = "apple-code-signature";
        let mut line = Self {
            schemes: vec![SCHEME.to_owned()],
            ..Self::default()
        };
        for bundle in &ipa.bundles {
            let mut add = |issue: String| {
                line.issues.push(IssueLine {
                    part: bundle.path.clone(),
                    meaning: issue.clone(),
                    issue,
                    subject: None,
                });
            };
            for slice in &bundle.slices {
                slice.issues.iter().for_each(|issue| add(issue.to_string()));
            }
            match &bundle.seal {
                None => add("the files of the bundle are not sealed".to_owned()),
                Some(seal) => {
                    for changed in &seal.changed {
                        add(format!("{changed} was changed after signing"));
                    }
                    for missing in &seal.missing {
                        add(format!("{missing} was removed after signing"));
                    }
                    for added in &seal.unsealed {
                        add(format!("{added} was added after signing"));
                    }
                }
            }
            for slice in &bundle.slices {
                if !slice.directories.is_empty() {
                    line.present = vec![SCHEME.to_owned()];
                }
                let signer = slice.chain.split_first();
                line.signers.extend(signer.map(|(first, rest)| {
                    signer_line(&bundle.path, SCHEME, first, rest, slice.algorithm.as_ref())
                }));
            }
        }
        line
    }

    fn of_haps(parts: &[(String, HapVerification)]) -> Self {
        const SCHEME: &str = "hap";
        let mut line = Self {
            schemes: vec![SCHEME.to_owned()],
            ..Self::default()
        };
        for (name, part) in parts {
            line.issues
                .extend(part.issues.iter().map(|issue| IssueLine {
                    part: name.clone(),
                    issue: issue.to_string(),
                    meaning: issue.to_string(),
                    subject: None,
                }));
            if !part.parts.is_empty() {
                line.present = vec![SCHEME.to_owned()];
            }
            let signer = part.chain.split_first();
            line.signers.extend(signer.map(|(first, rest)| {
                signer_line(name, SCHEME, first, rest, part.algorithm.as_ref())
            }));
        }
        line
    }
}

/// The schemes that all parts have, in the order of the first.
fn in_all<'a>(mut parts: impl Iterator<Item = &'a Vec<Scheme>>) -> Vec<Scheme> {
    let Some(first) = parts.next() else {
        return Vec::new();
    };
    let mut schemes = first.clone();
    for part in parts {
        schemes.retain(|scheme| part.contains(scheme));
    }
    schemes
}

fn issues<'a>(part: &'a str, notes: &'a [Note]) -> impl Iterator<Item = IssueLine> + 'a {
    notes.iter().map(|note| IssueLine {
        part: part.to_owned(),
        issue: note.issue.name().to_owned(),
        meaning: note.issue.meaning().to_owned(),
        subject: note.subject.clone(),
    })
}

fn apk_signer(part: &str, signer: &crate::signature::Signer) -> SignerLine {
    let mut line = signer_line(
        part,
        signer.scheme.name(),
        &signer.certificate,
        &signer.chain,
        &signer.algorithms,
    );
    line.has_weak_digest = signer.has_weak_digest;
    line.sdk_versions = signer.sdk_versions;
    if let Some(jar) = &signer.jar {
        line.block = Some(jar.block.clone());
        line.manifest_digests.clone_from(&jar.manifest_digests);
        line.promised_schemes.clone_from(&jar.promised_schemes);
    }
    line
}

fn signer_line<'a>(
    part: &str,
    scheme: &str,
    certificate: &Certificate,
    chain: &[Certificate],
    algorithms: impl IntoIterator<Item = &'a String>,
) -> SignerLine {
    SignerLine {
        part: part.to_owned(),
        scheme: scheme.to_owned(),
        certificate: CertificateLine::of(certificate),
        algorithms: algorithms.into_iter().cloned().collect(),
        has_weak_digest: false,
        sdk_versions: None,
        block: None,
        manifest_digests: Vec::new(),
        promised_schemes: None,
        chain: chain.iter().map(CertificateLine::of).collect(),
    }
}

impl StampLine {
    fn of(stamp: &SourceStamp) -> Self {
        Self {
            status: stamp.status.name(),
            issues: stamp.issues.iter().map(|note| note.issue.name()).collect(),
            certificate: stamp.certificate.as_ref().map(CertificateLine::of),
            timestamp: stamp.timestamp,
        }
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    crate::signature::hash::hex(bytes)
}
