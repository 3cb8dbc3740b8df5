//! What changed from one version of an app to the next.
//!
//! Clauses: JR-6.1.1.1.e.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use crate::audit::Audit;
use crate::check::{Words, words};
use crate::judgement::Verdict;
use crate::report::json::{Signature, Tool, hex};
use crate::report::{Language, harmless};
use crate::summary::Summary;

/// What two versions of an app differ in.
#[derive(Debug, Serialize)]
pub struct Comparison {
    tool: Tool,
    /// The earlier version.
    pub old: Side,
    /// The later version.
    pub new: Side,
    /// What is new, gone or changed in each subject, in the order of [`Subject`].
    pub changes: Vec<Changes>,
    /// Checks with another verdict.
    pub verdicts: Vec<VerdictChange>,
    /// Clauses with another verdict.
    pub clauses: Vec<VerdictChange>,
}

/// One of the two versions.
#[derive(Debug, Serialize)]
pub struct Side {
    /// The path.
    pub path: String,
    /// SHA-256 of it.
    pub sha256: Option<String>,
    /// The application id.
    pub package: Option<String>,
    /// The version that people see.
    pub version: Option<String>,
    /// The version that stores compare.
    pub version_code: Option<String>,
    /// Why it could not be analysed.
    pub error: Option<String>,
}

/// What versions are compared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Systems, switches of the manifest.
    Settings,
    /// Permissions that are asked for.
    Permissions,
    /// Components and who reaches them.
    Components,
    /// Schemes of URLs that open the app.
    UrlSchemes,
    /// Libraries and their versions.
    Libraries,
    /// Hosts in URLs.
    Endpoints,
    /// Certificates that signed.
    Certificates,
    /// Schemes by which the signature is verified.
    SignatureSchemes,
    /// Native libraries and programs.
    NativeCode,
}

impl Subject {
    const fn words(self) -> Words {
        match self {
            Self::Settings => words("settings", "设置"),
            Self::Permissions => words("permissions", "权限"),
            Self::Components => words("components", "组件"),
            Self::UrlSchemes => words("URL schemes", "URL 方案"),
            Self::Libraries => words("libraries", "第三方库"),
            Self::Endpoints => words("hosts", "主机"),
            Self::Certificates => words("signing certificates", "签名证书"),
            Self::SignatureSchemes => words("signature schemes", "签名方案"),
            Self::NativeCode => words("native code", "原生代码"),
        }
    }
}

/// What differs in one subject.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// In what.
    pub subject: Subject,
    /// What only the later version has.
    pub added: Vec<String>,
    /// What only the earlier version has.
    pub removed: Vec<String>,
    /// What both have, differently.
    pub changed: Vec<Change>,
}

/// Something that both versions have, differently.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub name: String,
    /// How it was.
    pub old: String,
    /// How it is.
    pub new: String,
}

/// A check or clause with another verdict.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct VerdictChange {
    /// Its id.
    pub id: &'static str,
    /// What it was.
    pub old: Option<&'static str>,
    /// What it is.
    pub new: Option<&'static str>,
    /// The later verdict weighs more than the earlier one.
    pub worse: bool,
}

impl Comparison {
    /// Compares two audits.
    #[must_use]
    pub fn of(old: &Audit, new: &Audit) -> Self {
        let (before, after) = (Features::of(old), Features::of(new));
        let subjects: BTreeSet<Subject> = before.0.keys().chain(after.0.keys()).copied().collect();
        let none = BTreeMap::new();
        let changes = subjects.into_iter().map(|subject| {
            let before = before.0.get(&subject).unwrap_or(&none);
            let after = after.0.get(&subject).unwrap_or(&none);
            Changes::between(subject, before, after)
        });
        let verdicts = |audit: &Audit| -> BTreeMap<&'static str, Verdict> {
            let findings = audit.findings.iter();
            findings
                .map(|finding| (finding.check.id, finding.verdict))
                .collect()
        };
        let clauses = |audit: &Audit| -> BTreeMap<&'static str, Verdict> {
            let clauses = audit.clauses.iter();
            clauses.map(|clause| (clause.id, clause.verdict)).collect()
        };
        Self {
            tool: Tool::this(),
            old: Side::of(old),
            new: Side::of(new),
            changes: changes.filter(|changes| !changes.is_empty()).collect(),
            verdicts: verdict_changes(&verdicts(old), &verdicts(new)),
            clauses: verdict_changes(&clauses(old), &clauses(new)),
        }
    }

    /// Whether some check weighs more in the later version: the release gate of a comparison.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.verdicts.iter().any(|change| change.worse)
    }

    /// The comparison for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let say = |words| language.of(words);
        let mut text = String::new();
        for (sign, side) in [("-", &self.old), ("+", &self.new)] {
            let unknown = String::from("?");
            let _ = writeln!(
                text,
                "{sign} {} {} {}",
                harmless(&side.path),
                harmless(side.package.as_ref().unwrap_or(&unknown)),
                harmless(side.version.as_ref().unwrap_or(&unknown))
            );
            if let Some(error) = &side.error {
                let word = say(words("not analysed", "无法分析"));
                let _ = writeln!(text, "  {word}: {}", harmless(error));
            }
        }
        for changes in &self.changes {
            let _ = writeln!(text, "\n{}", say(changes.subject.words()));
            for name in &changes.removed {
                let _ = writeln!(text, "  - {}", harmless(name));
            }
            for name in &changes.added {
                let _ = writeln!(text, "  + {}", harmless(name));
            }
            for change in &changes.changed {
                let [name, old, new] =
                    [&change.name, &change.old, &change.new].map(|text| harmless(text));
                let _ = writeln!(text, "  ~ {name}: {old} → {new}");
            }
        }
        let verdicts = [
            (words("verdicts of checks", "检查结论"), &self.verdicts),
            (words("verdicts of clauses", "条款结论"), &self.clauses),
        ];
        for (heading, changes) in verdicts {
            if changes.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{}", say(heading));
            for change in changes {
                let sign = if change.worse { '!' } else { '~' };
                let (old, new) = (change.old.unwrap_or("–"), change.new.unwrap_or("–"));
                let _ = writeln!(text, "  {sign} {}: {old} → {new}", change.id);
            }
        }
        if self.changes.is_empty() && self.verdicts.is_empty() {
            let _ = writeln!(text, "\n{}", say(words("nothing differs", "没有差异")));
        }
        text
    }
}

impl Side {
    fn of(audit: &Audit) -> Self {
        let summary = audit.summary.as_ref();
        let of = |read: fn(&Summary) -> &Option<String>| {
            summary.and_then(|summary| read(summary).clone())
        };
        Self {
            path: audit.path.clone(),
            sha256: audit.sha256.map(|digest| hex(&digest)),
            package: of(|summary| &summary.package),
            version: of(|summary| &summary.version),
            version_code: of(|summary| &summary.version_code),
            error: audit.error.clone(),
        }
    }
}

impl Changes {
    fn between(
        subject: Subject,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
    ) -> Self {
        let only = |these: &BTreeMap<String, String>, others: &BTreeMap<String, String>| {
            let only = these.iter().filter(|(name, _)| !others.contains_key(*name));
            only.map(|(name, how)| match how.as_str() {
                "" => name.clone(),
                how => format!("{name} ({how})"),
            })
            .collect()
        };
        let changed = old.iter().filter_map(|(name, before)| {
            let after = new.get(name).filter(|after| *after != before)?;
            Some(Change {
                name: name.clone(),
                old: before.clone(),
                new: after.clone(),
            })
        });
        Self {
            subject,
            added: only(new, old),
            removed: only(old, new),
            changed: changed.collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

fn verdict_changes(
    old: &BTreeMap<&'static str, Verdict>,
    new: &BTreeMap<&'static str, Verdict>,
) -> Vec<VerdictChange> {
    let ids: BTreeSet<&'static str> = old.keys().chain(new.keys()).copied().collect();
    ids.into_iter()
        .filter_map(|id| {
            let (before, after) = (old.get(id).copied(), new.get(id).copied());
            (before != after).then(|| VerdictChange {
                id,
                old: before.map(Verdict::name),
                new: after.map(Verdict::name),
                worse: after > before && after > Some(Verdict::Pass),
            })
        })
        .collect()
}

/// What a version has, by subject: names, and how each is.
struct Features(BTreeMap<Subject, BTreeMap<String, String>>);

impl Features {
    fn of(audit: &Audit) -> Self {
        let mut features = Self(BTreeMap::new());
        if let Some(summary) = &audit.summary {
            features.add_summary(summary);
            features.add_code(summary);
        }
        if let Some(signature) = audit.signature.as_ref().map(Signature::of) {
            for signer in &signature.signers {
                let certificate = &signer.certificate;
                let how = format!(
                    "{}, {} {}",
                    certificate.subject, certificate.key, certificate.key_bits
                );
                features.add(Subject::Certificates, certificate.sha256.clone(), how);
            }
            for scheme in signature.schemes {
                features.add(Subject::SignatureSchemes, scheme, String::new());
            }
        }
        features
    }

    fn add(&mut self, subject: Subject, name: String, how: String) {
        self.0.entry(subject).or_default().insert(name, how);
    }

    fn add_summary(&mut self, summary: &Summary) {
        let number = |value: Option<i64>| value.map(|value| value.to_string());
        let bool = |value: Option<bool>| value.map(|value| value.to_string());
        let flags = &summary.flags;
        let settings = [
            ("min_sdk", number(summary.min_sdk)),
            ("target_sdk", number(summary.target_sdk)),
            ("max_sdk", number(summary.max_sdk)),
            ("min_os", summary.min_os.clone()),
            ("debuggable", bool(flags.debuggable)),
            ("allow_backup", bool(flags.allow_backup)),
            ("test_only", bool(flags.test_only)),
            ("uses_cleartext_traffic", bool(flags.uses_cleartext_traffic)),
            (
                "network_security_config",
                flags.network_security_config.clone(),
            ),
            ("extract_native_libs", bool(flags.extract_native_libs)),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                self.add(Subject::Settings, name.to_owned(), value);
            }
        }
        for (name, value) in &summary.entitlements {
            let name = format!("entitlement {name}");
            self.add(Subject::Settings, name, value.to_string());
        }
        for permission in &summary.permissions {
            let max = permission.max_sdk.map(|max| format!("up to SDK {max}"));
            let how = max.unwrap_or_default();
            self.add(Subject::Permissions, permission.name.clone(), how);
        }
        for component in &summary.components {
            let name = format!("{} {}", component.kind, component.name);
            let mut how = if component.exported {
                "exported"
            } else {
                "private"
            }
            .to_owned();
            if !component.permissions.is_empty() {
                let _ = write!(how, ", needs {}", component.permissions.join(" "));
            }
            self.add(Subject::Components, name, how);
        }
        for scheme in &summary.url_schemes {
            self.add(Subject::UrlSchemes, scheme.clone(), String::new());
        }
    }

    fn add_code(&mut self, summary: &Summary) {
        for library in &summary.libraries {
            let version = library.version.clone().unwrap_or_default();
            self.add(Subject::Libraries, library.name.clone(), version);
        }
        for endpoint in &summary.endpoints {
            let how = endpoint.schemes.join(" ");
            self.add(Subject::Endpoints, endpoint.host.clone(), how);
        }
        for native in &summary.native {
            let how = format!(
                "nx {} pic {} relro {} canary {}",
                native.nx, native.pic, native.relro, native.canary
            );
            self.add(Subject::NativeCode, native.file.clone(), how);
        }
        for program in &summary.programs {
            let name = format!("{} {}", program.file, program.architecture);
            let how = format!(
                "pie {} canary {} arc {}",
                program.pie, program.canary, program.arc
            );
            self.add(Subject::NativeCode, name, how);
        }
    }
}
