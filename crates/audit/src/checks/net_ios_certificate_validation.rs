//! Whether iOS code switches the validation of certificates off.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-ios-certificate-validation",
    title: words(
        "iOS certificate validation switched off",
        "iOS 关闭证书校验",
    ),
    purpose: words(
        "Whoever is on the way can present a certificate of their own and read and change everything.",
        "途中任何人均可出示自签证书，读取并篡改全部通信。",
    ),
    procedure: words(
        "Look among the imports and strings of programs for the switches of CFNetwork and AFNetworking that turn validation off. Whether they are turned shows at run time only.",
        "在程序的导入与字符串中查找 CFNetwork、AFNetworking 关闭校验的开关；是否真正关闭需运行时确认。",
    ),
    criterion: words("None of them is named.", "未出现此类开关。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0027"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::ipa("").file(
                "Payload/Bank.app/Bank",
                program("_kCFStreamSSLValidatesCertificateChain"),
            )
        },
        evidence: &[
            "a switch that turns the validation of certificates off: _kCFStreamSSLValidatesCertificateChain in Payload/Bank.app/Bank",
        ],
        good: || {
            Sample::ipa("").file(
                "Payload/Bank.app/Bank",
                program("_kCFStreamPropertySSLSettings"),
            )
        },
        broken: || {
            Sample::ipa("")
                .file(
                    "Payload/Bank.app/Bank",
                    program("_kCFStreamSSLValidatesCertificateChain"),
                )
                .damaged("Payload/Bank.app/Bank")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
    let programs = bundles.map(|bundle| {
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        (file, &bundle.slices)
    });
    let others = facts.macho_files.iter();
    let others = others.map(|file| (file.path.as_str(), &file.slices));
    let mut findings = Findings::new();
    let mut slices = 0;
    for (file, slice) in programs
        .chain(others)
        .flat_map(|(file, list)| list.iter().map(move |slice| (file, slice)))
    {
        slices += 1;
        for symbol in IMPORTS.iter().filter(|symbol| slice.imports(symbol)) {
            findings
                .doubtful
                .push(Evidence::in_file(SWITCH, file).string(*symbol));
        }
        for (offset, text) in slice.strings.iter() {
            if SELECTORS.contains(&text) {
                let evidence = Evidence::in_file(SWITCH, file).offset(u64::from(offset));
                findings.doubtful.push(evidence.string(text));
            }
        }
    }
    if slices == 0 {
        return Outcome::NotApplicable(words("there is no program", "没有可执行程序"));
    }
    findings.into()
}

const SWITCH: Words = words(
    "a switch that turns the validation of certificates off",
    "关闭证书校验的开关",
);

/// Settings of CFNetwork.
const IMPORTS: &[&str] = &[
    "_kCFStreamSSLValidatesCertificateChain",
    "_kCFStreamSSLAllowsAnyRoot",
    "_kCFStreamSSLAllowsExpiredCertificates",
    "_kCFStreamSSLAllowsExpiredRoots",
];

/// Methods of Foundation (a private one) and AFNetworking.
const SELECTORS: &[&str] = &[
    "setAllowsAnyHTTPSCertificate:forHost:",
    "setAllowInvalidCertificates:",
    "setAllowsInvalidSSLCertificate:",
    "setValidatesDomainName:",
];

/// A program that imports a symbol.
#[cfg(test)]
fn program(import: &'static str) -> Vec<u8> {
    crate::fixture::native::Macho {
        imports: vec![import],
        ..crate::fixture::native::Macho::default()
    }
    .build()
}
