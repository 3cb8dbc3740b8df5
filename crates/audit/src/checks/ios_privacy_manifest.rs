//! Whether the privacy manifest gives reasons for the interfaces that identify devices.
//!
//! Some interfaces tell one device from others: dates of files, the time since start, free space,
//! keyboards, preferences. From the SDK of iOS 17 on each use needs a reason in
//! `PrivacyInfo.xcprivacy`.
//!
//! Clauses: CJ-4.3.2.g, CJ-4.3.2.a, JR-6.1.6.2.b.

use crate::ask::absences;
use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-privacy-manifest",
    title: words("Reasons in the privacy manifest", "隐私清单中的使用理由"),
    purpose: words(
        "Users and reviewers can tell need from tracking only where reasons are given.",
        "只有给出理由，用户与审核者才能区分必要与跟踪。",
    ),
    procedure: words(
        "Compare the interfaces that programs import with the reasons in the manifest \
         of their bundle.",
        "将程序导入的接口与其包的隐私清单理由比较。",
    ),
    criterion: words(
        "Every kind of interface that is used has a reason.",
        "每类被使用的接口均有理由。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0073"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let bundles = subject.facts.ios.iter().flat_map(|ios| &ios.bundles);
        let mut findings = Findings::new();
        for bundle in bundles {
            let reasons = bundle
                .privacy_manifest
                .as_ref()
                .and_then(|manifest| manifest.get("NSPrivacyAccessedAPITypes"));
            let reasons: Vec<&str> = reasons
                .map(Value::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|entry| entry.get("NSPrivacyAccessedAPIType")?.text())
                .collect();
            for (category, symbols) in CATEGORIES {
                let used = bundle.slices.iter().find_map(|slice| {
                    Some((slice, symbols.iter().find(|symbol| slice.imports(symbol))?))
                });
                let Some((slice, symbol)) = used else {
                    continue;
                };
                let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
                let evidence = |what| {
                    Evidence::in_file(what, file)
                        .offset(u64::from(slice.offset))
                        .string(format!("{symbol}: {category}"))
                };
                let sdk = slice
                    .platform
                    .as_ref()
                    .map_or("0", |platform| platform.sdk.as_str());
                if reasons.contains(&category) {
                    findings.right.push(evidence(words(
                        "used for a reason that is given",
                        "使用且给出理由",
                    )));
                } else if ask::version(sdk) >= ask::version("17") {
                    absences(subject, CHECK.areas, &mut findings)
                        .push(evidence(words("used without a reason", "使用但未给出理由")));
                } else {
                    findings.doubtful.push(evidence(words(
                        "used without a reason, by a program older than the rule",
                        "使用但未给出理由，程序早于该规定",
                    )));
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_NSUserDefaults"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "used without a reason: _OBJC_CLASS_$_NSUserDefaults: NSPrivacyAccessedAPICategoryUserDefaults at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_NSUserDefaults"],
                    ..native::Macho::default()
                },
            )
            .file("Payload/Bank.app/PrivacyInfo.xcprivacy", REASONS)
        },
        broken: ask::damaged_program,
    },
};

/// Kinds of interfaces, and symbols that tell of their use.
const CATEGORIES: [(&str, &[&str]); 5] = [
    (
        "NSPrivacyAccessedAPICategoryFileTimestamp",
        &[
            "_NSFileCreationDate",
            "_NSFileModificationDate",
            "_NSURLContentModificationDateKey",
            "_NSURLCreationDateKey",
            "_stat",
            "_fstat",
            "_lstat",
            "_fstatat",
            "_getattrlist",
            "_getattrlistbulk",
            "_fgetattrlist",
        ],
    ),
    (
        "NSPrivacyAccessedAPICategorySystemBootTime",
        &["_mach_absolute_time"],
    ),
    (
        "NSPrivacyAccessedAPICategoryDiskSpace",
        &[
            "_NSFileSystemFreeSize",
            "_NSFileSystemSize",
            "_NSURLVolumeAvailableCapacityKey",
            "_NSURLVolumeTotalCapacityKey",
            "_statfs",
            "_statvfs",
            "_fstatfs",
            "_fstatvfs",
        ],
    ),
    (
        "NSPrivacyAccessedAPICategoryActiveKeyboards",
        &["_UITextInputCurrentInputModeDidChangeNotification"],
    ),
    (
        "NSPrivacyAccessedAPICategoryUserDefaults",
        &["_OBJC_CLASS_$_NSUserDefaults"],
    ),
];

#[cfg(test)]
const REASONS: &str = "<?xml version=\"1.0\"?><plist><dict><key>NSPrivacyAccessedAPITypes</key><array><dict>\
     <key>NSPrivacyAccessedAPIType</key><string>NSPrivacyAccessedAPICategoryUserDefaults</string>\
     </dict></array></dict></plist>";
