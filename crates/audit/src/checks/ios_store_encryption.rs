//! Whether the code is encrypted on its way to the device.
//!
//! The store encrypts the app itself after it is handed in. Packages that are distributed without
//! the store, by an enterprise or to a list of devices, stay as they are.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-store-encryption",
    title: words(
        "Code readable in the distributed package",
        "分发包中代码可读",
    ),
    purpose: words(
        "A package that is not encrypted can be taken apart by whoever gets it.",
        "未加密的包任何获得者都可逆向。",
    ),
    procedure: words(
        "Read the encryption of the programs and how the provisioning profile \
         distributes them.",
        "读取程序加密标志及描述文件的分发方式。",
    ),
    criterion: words(
        "Programs are encrypted, or leave for the store, which encrypts them.",
        "程序已加密，或经由商店分发并由其加密。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[311],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let Some((bundle, _)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let profile = bundle.profile.as_ref();
        let bypasses_store = profile
            .is_some_and(|profile| profile.provisions_all_devices() || profile.devices().is_some());
        let mut findings = Findings::new();
        for program in ask::programs(subject.facts)
            .iter()
            .filter(|program| program.is_executable())
        {
            if program.slice.encrypted {
                findings
                    .right
                    .push(program.evidence(words("the code is encrypted", "代码已加密")));
            } else if bypasses_store {
                findings.doubtful.push(program.evidence(words(
                    "distributed without the store, so that the code stays readable",
                    "绕过商店分发，代码保持可读",
                )));
            } else {
                findings.right.push(program.evidence(words(
                    "not encrypted yet; the store does that",
                    "尚未加密，由商店完成",
                )));
            }
        }
        if bundle.slices.is_empty() {
            findings.doubtful.push(Evidence::in_file(
                words("the program cannot be read", "程序无法读取"),
                bundle.path.as_str(),
            ));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("", &native::Macho { encrypted: false, ..native::Macho::default() }).file("Payload/Bank.app/embedded.mobileprovision", "<?xml version=\"1.0\"?><plist><dict><key>ProvisionsAllDevices</key><true/></dict></plist>")
        },
        evidence: &[
            "distributed without the store, so that the code stays readable: arm64 at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    encrypted: true,
                    ..native::Macho::default()
                },
            )
        },
        broken: || Sample::ipa("<key>A</key><true/>").damaged("Payload/Bank.app/Info.plist"),
    },
};
