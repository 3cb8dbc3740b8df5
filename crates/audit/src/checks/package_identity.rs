//! Whether the app has an identifier, a version and a place of its own.
//!
//! Clauses: AP-1.5.3, JR-6.1.1.1.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-identity",
    title: words("Identifier and version", "应用标识与版本"),
    purpose: words(
        "The identifier decides whose update replaces the app and which directory is its own; the \
         version, whether an update is one.",
        "应用标识决定谁的更新可替换应用以及哪个目录归其所有；版本号决定是否构成更新。",
    ),
    procedure: words(
        "Read the application id, version number and version name of the package. Whether people \
         are warned before they install is for the store's page to show.",
        "读取应用标识、版本号和版本名称。安装前的风险提示需查看分发页面。",
    ),
    criterion: words(
        "The identifier is one of its maker's, not of a template; version number and name are set.",
        "应用标识属于开发者而非模板，且设置了版本号和版本名称。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Manifest, Area::Ios, Area::Harmony],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            root(
                "package=\"com.example.app\" android:versionCode=\"3\" android:versionName=\"1.0\"",
            )
        },
        evidence: &["the identifier is that of a template: com.example.app in AndroidManifest.xml"],
        good: || {
            root("package=\"com.bank\" android:versionCode=\"3\" android:versionName=\"1.0.2\"")
        },
        broken: || root("package=\"com.bank\"").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn root(attributes: &str) -> Sample {
    let manifest = format!(
        "<manifest xmlns:android=\"{}\" {attributes}><application/></manifest>",
        crate::xml::ANDROID_NAMESPACE
    );
    Sample::apk("").xml("AndroidManifest.xml", &manifest)
}

/// Who a package says that it is.
struct Identity {
    file: String,
    id: String,
    /// What is called how, and its value.
    versions: [(&'static str, Option<String>); 2],
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let identities = identities(subject.facts);
    if identities.is_empty() {
        return Outcome::NotApplicable(words("it describes no app", "未描述任何应用"));
    }
    let mut findings = Findings::new();
    for identity in identities {
        let at = |what| Evidence::in_file(what, &identity.file);
        let id = identity.id.as_str();
        if !is_well_formed(id) {
            let what = words(
                "the identifier has not the form of one",
                "应用标识格式不正确",
            );
            findings.wrong.push(at(what).string(id));
        } else if is_of_template(id) {
            let what = words("the identifier is that of a template", "应用标识来自模板");
            findings.wrong.push(at(what).string(id));
        } else {
            findings
                .right
                .push(at(words("the identifier", "应用标识")).string(id));
        }
        for (name, value) in &identity.versions {
            match value
                .as_deref()
                .filter(|value| !value.is_empty() && *value != "0")
            {
                Some(value) => {
                    let what = words("a version", "版本");
                    findings
                        .right
                        .push(at(what).string(format!("{name} {value}")));
                }
                None => {
                    let what = words("no version is set", "未设置版本");
                    findings.wrong.push(at(what).string(*name));
                }
            }
        }
    }
    findings.into()
}

fn identities(facts: &Facts) -> Vec<Identity> {
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let manifest = facts
        .android
        .as_ref()
        .and_then(|android| android.manifest());
    let android = manifest.map(|manifest| Identity {
        file: manifest.file.clone(),
        id: manifest.package.clone(),
        versions: [
            ("versionCode", number(manifest.version_code)),
            ("versionName", manifest.version_name.clone()),
        ],
    });
    let info = facts.ios.as_ref().and_then(|ios| ios.app()?.info.as_ref());
    let ios = info.map(|info| Identity {
        file: info.file.clone(),
        id: info.bundle_id().unwrap_or_default().to_owned(),
        versions: [
            (
                "CFBundleVersion",
                info.text("CFBundleVersion").map(str::to_owned),
            ),
            (
                "CFBundleShortVersionString",
                info.version().map(str::to_owned),
            ),
        ],
    });
    let module = facts.harmony.as_ref().and_then(|harmony| harmony.module());
    let harmony = module.map(|module| Identity {
        file: module.file.clone(),
        id: module.bundle_name.clone().unwrap_or_default(),
        versions: [
            ("versionCode", number(module.version_code)),
            ("versionName", module.version_name.clone()),
        ],
    });
    android.into_iter().chain(ios).chain(harmony).collect()
}

/// Two or more names with dots between, as all three platforms demand.
fn is_well_formed(id: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
    };
    id.contains('.') && id.split('.').all(is_name)
}

fn is_of_template(id: &str) -> bool {
    const TEMPLATES: [&str; 4] = [
        "com.example",
        "com.companyname",
        "org.example",
        "com.mycompany",
    ];
    TEMPLATES.iter().any(|template| {
        id.strip_prefix(template)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn all_platforms_are_asked_for_versions() {
        let versions = "<key>CFBundleVersion</key><string>7</string>\
             <key>CFBundleShortVersionString</key><string>1.2</string>";
        assert_ne!(
            Sample::ipa(versions).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        assert_eq!(Sample::ipa("").judged_by(&CHECK).verdict, Verdict::Fail);
        let hap = Sample::hap(
            "{\"app\":{\"bundleName\":\"com.bank\",\"versionCode\":1,\"versionName\":\"1.0\"},\
             \"module\":{\"name\":\"entry\"}}",
        );
        assert_eq!(hap.judged_by(&CHECK).verdict, Verdict::Pass);
        assert!(!is_well_formed("bank") && !is_of_template("com.examples.bank"));
    }
}
