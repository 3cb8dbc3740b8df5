//! One package from its path to what is reported about it.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::advisories::Advisories;
use crate::check::{Evidence, Level, Severity, Subject};
use crate::configuration::Configuration;
use crate::facts::{Coverage, Facts};
use crate::judgement::{ClauseVerdict, Finding, Judgement, Verdict, judge_reviewed};
use crate::limits::Limits;
use crate::package::{OpenError, Package, PackageKind};
use crate::reviews::{ReviewStatus, Reviews};
use crate::signature::{PackageSignature, SdkRange, Verification};
use crate::summary::Summary;

/// How packages are audited.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the app's owners declare and demand.
    pub configuration: Configuration,
    /// What they accept for a while.
    pub reviews: Reviews,
    /// The checks that are run: the basic ones, or all.
    pub level: Level,
    /// The Android versions for which signatures are judged.
    pub range: SdkRange,
    /// Whether nothing but the signature is judged.
    pub signature_only: bool,
    /// The v4 signature file of the package, where only one is audited.
    pub idsig: Option<Vec<u8>>,
    /// Published vulnerabilities, if there is a database of them.
    pub advisories: Option<Arc<Advisories>>,
    /// Now, in Unix seconds, for what expires. Reports name the day.
    pub now: i64,
    /// Limits on what packages may contain.
    pub limits: Limits,
}

impl Default for Settings {
    /// All checks, nothing declared, nothing accepted, at the beginning of time.
    fn default() -> Self {
        Self {
            configuration: Configuration::default(),
            reviews: Reviews::default(),
            level: Level::Enhanced,
            range: SdkRange::default(),
            signature_only: false,
            idsig: None,
            advisories: None,
            now: 0,
            limits: Limits::default(),
        }
    }
}

/// What an audit came to.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The path as it was given.
    pub path: String,
    /// SHA-256 of the file; of several files, of one after the other. `None` if it cannot be read.
    pub sha256: Option<[u8; 32]>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// What it is.
    pub kind: Option<PackageKind>,
    /// Why it could not be analysed.
    pub error: Option<String>,
    /// Its facts in short; `None` if only the signature was judged.
    pub summary: Option<Summary>,
    /// Its signature; `None` if it could not be read at all.
    pub signature: Option<PackageSignature>,
    /// Every check.
    pub findings: Vec<Finding>,
    /// Every clause that has a check.
    pub clauses: Vec<ClauseVerdict>,
    /// What was looked at and what was not.
    pub coverage: Coverage,
}

/// What the audit of several packages came to, from bad to good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conclusion {
    /// A package could not be analysed, or nothing failed where not everything could be looked at.
    NotAnalysed,
    /// Something failed.
    Failed,
    /// Nothing failed.
    Held,
}

impl Conclusion {
    /// The exit code of the command: 0, 1 or 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Failed => 1,
            Self::NotAnalysed => 2,
        }
    }
}

/// Audits several packages, in parallel; the results are in the order of the paths. `done` is told
/// of each that is finished.
pub fn audit_all<P: AsRef<Path> + Sync>(
    paths: &[P],
    settings: &Settings,
    done: impl Fn(&Audit) + Sync,
) -> Vec<Audit> {
    paths
        .par_iter()
        .map(|path| {
            let audit = audit(path.as_ref(), settings);
            done(&audit);
            audit
        })
        .collect()
}

/// Audits a package: a file, a folder of split APKs, or a source tree. What cannot be opened has
/// [`Audit::error`].
#[must_use]
pub fn audit(path: &Path, settings: &Settings) -> Audit {
    match Package::open(path, &settings.limits) {
        Ok(package) => audit_package(path.to_string_lossy().into_owned(), &package, settings),
        Err(error) => Audit::failed(path, &error, settings),
    }
}

/// Audits a package that is in memory.
#[must_use]
pub fn audit_package(path: String, package: &Package, settings: &Settings) -> Audit {
    let limits = &settings.limits;
    let signature =
        || PackageSignature::of(package, settings.idsig.as_deref(), settings.range, limits);
    let mut audit = Audit {
        path,
        sha256: Some(package.sha256()),
        size: Some(package.size()),
        kind: Some(package.kind()),
        error: None,
        summary: None,
        signature: None,
        findings: Vec::new(),
        clauses: Vec::new(),
        coverage: Coverage::default(),
    };
    if settings.signature_only {
        audit.signature = Some(signature());
        return audit;
    }
    let (facts, signature) = rayon::join(|| Facts::read(package, limits), signature);
    let subject = Subject {
        facts: &facts,
        signature: &signature,
        configuration: &settings.configuration,
        advisories: settings.advisories.as_deref(),
        now: settings.now,
    };
    let (judgement, summary) = rayon::join(
        || judge_reviewed(&subject, settings.level, &settings.reviews),
        || Summary::of(&facts),
    );
    let Judgement { findings, clauses } = judgement;
    Audit {
        summary: Some(summary),
        signature: Some(signature),
        findings,
        clauses,
        coverage: facts.coverage,
        ..audit
    }
}

impl Audit {
    /// A package that cannot be opened. The signature of a file that is meant to be an APK is
    /// judged all the same: the platform refuses it, and there is a name for why.
    fn failed(path: &Path, error: &OpenError, settings: &Settings) -> Self {
        let is_apk = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("apk"));
        let mut audit = Self {
            path: path.to_string_lossy().into_owned(),
            sha256: None,
            size: None,
            kind: None,
            error: Some(error.to_string()),
            summary: None,
            signature: None,
            findings: Vec::new(),
            clauses: Vec::new(),
            coverage: Coverage::default(),
        };
        if !is_apk || matches!(error, OpenError::Io(_) | OpenError::TooLarge { .. }) {
            return audit;
        }
        let Ok(bytes) = std::fs::read(path) else {
            return audit;
        };
        let idsig = settings.idsig.as_deref();
        let verification = crate::signature::verify(&bytes, idsig, settings.range);
        audit.sha256 = Some(crate::signature::hash::sha256(&[&bytes]));
        audit.size = Some(bytes.len() as u64);
        audit.kind = Some(PackageKind::Apk);
        audit.signature = Some(PackageSignature::Android(vec![(
            String::new(),
            verification,
        )]));
        audit
    }

    /// What it comes to, if failures below `fail_on` do not count.
    #[must_use]
    pub fn conclusion(&self, settings: &Settings, fail_on: Severity) -> Conclusion {
        if settings.signature_only {
            let verified = self.signature.as_ref().map(PackageSignature::verified);
            return match verified {
                None | Some(None) => Conclusion::NotAnalysed,
                Some(Some(false)) => Conclusion::Failed,
                Some(Some(true)) => Conclusion::Held,
            };
        }
        let weighs = |finding: &&Finding| finding.severity >= fail_on;
        let mut findings = self.findings.iter().filter(weighs);
        if self.error.is_some() {
            Conclusion::NotAnalysed
        } else if findings.clone().any(Finding::counts) {
            Conclusion::Failed
        } else if findings.any(|finding| finding.verdict == Verdict::Incomplete) {
            Conclusion::NotAnalysed
        } else {
            Conclusion::Held
        }
    }

    /// The findings with a verdict, the most severe first, then in the order of their ids.
    #[must_use]
    pub fn findings_of(&self, verdict: Verdict) -> Vec<&Finding> {
        let mut findings: Vec<_> = self
            .findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Takes the texts of secrets out of the evidence.
    pub fn redact(&mut self) {
        let hide = |evidence: &mut Evidence| {
            if evidence.is_secret && evidence.string.is_some() {
                evidence.string = Some(REDACTED.to_owned());
            }
        };
        for finding in &mut self.findings {
            finding.evidence.iter_mut().for_each(hide);
            let reviewed = finding.reviewed.iter_mut();
            reviewed.for_each(|reviewed| hide(&mut reviewed.evidence));
        }
    }

    /// The verifications of an Android package with the names of its parts.
    #[must_use]
    pub fn apk_verifications(&self) -> &[(String, Verification)] {
        match &self.signature {
            Some(PackageSignature::Android(parts)) => parts,
            _ => &[],
        }
    }
}

/// What stands in reports in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// What several audits come to together. One that could not be analysed outweighs one that failed:
/// nobody knows what it would have been.
#[must_use]
pub fn conclusion(audits: &[Audit], settings: &Settings, fail_on: Severity) -> Conclusion {
    let conclusions = audits
        .iter()
        .map(|audit| audit.conclusion(settings, fail_on));
    conclusions.min().unwrap_or(Conclusion::NotAnalysed)
}

/// What became of each review, with the number of pieces of evidence that it is about.
#[must_use]
pub fn review_statuses(audits: &[Audit], settings: &Settings) -> Vec<(ReviewStatus, usize)> {
    let findings = || audits.iter().flat_map(|audit| &audit.findings);
    let reviews = settings.reviews.all().iter().enumerate();
    reviews
        .map(|(number, review)| {
            let accepted = findings()
                .flat_map(|finding| &finding.reviewed)
                .filter(|reviewed| reviewed.review == number)
                .count();
            let status = review.status(accepted, settings.now);
            if status != ReviewStatus::Expired {
                return (status, accepted);
            }
            let counts_again = findings()
                .filter(|finding| finding.check.id == review.check && finding.counts())
                .flat_map(|finding| &finding.evidence)
                .filter(|evidence| review.is_about(evidence))
                .count();
            (status, counts_again)
        })
        .collect()
}
