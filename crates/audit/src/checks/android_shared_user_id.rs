//! Whether the app shares its identity and its directory with other apps.
//!
//! Clauses: AP-1.5.3, JR-6.1.3.b.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-shared-user-id",
    title: words("The app shares its user id", "应用共享用户标识"),
    purpose: words(
        "Apps of one user id read each other's private files and use each other's permissions: the \
         weakest of them opens all.",
        "共享用户标识的应用可互读私有文件、共用权限，最弱的一个会打开全部。",
    ),
    procedure: words(
        "Read android:sharedUserId of the manifest.",
        "读取清单的 android:sharedUserId 属性。",
    ),
    criterion: words("It is absent.", "该属性不存在。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge: |subject| {
        let Some(manifest) = subject.facts.android.as_ref().and_then(Android::manifest) else {
            return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
        };
        let shared = manifest
            .shared_user_id
            .as_deref()
            .filter(|id| !id.is_empty());
        Findings::wrong(shared.map(|id| {
            Evidence::in_xml(
                words("android:sharedUserId is set", "设置了 android:sharedUserId"),
                &manifest.file,
                "/manifest",
            )
            .string(id)
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_root("android:sharedUserId=\"com.bank.family\""),
        evidence: &[
            "android:sharedUserId is set: com.bank.family in AndroidManifest.xml (/manifest)",
        ],
        good: || with_root(""),
        broken: || {
            with_root("android:sharedUserId=\"com.bank.family\"").damaged("AndroidManifest.xml")
        },
    },
};

/// A package whose manifest element has further attributes.
#[cfg(test)]
fn with_root(attributes: &str) -> Sample {
    let manifest = format!(
        "<manifest xmlns:android=\"{}\" package=\"com.bank\" {attributes}><application/></manifest>",
        crate::xml::ANDROID_NAMESPACE
    );
    Sample::apk("").xml("AndroidManifest.xml", &manifest)
}
