//! The auditor's parsers: everything that it reads was written by a stranger.

use hefu_audit::advisories::Advisories;
use hefu_audit::check::Subject;
use hefu_audit::configuration::Configuration;
use hefu_audit::judgement::{Verdict, judge};
use hefu_audit::reviews::Reviews;
use hefu_audit::signature::{PackageSignature, SdkRange, hap, ios, verify};
use hefu_audit::{Facts, Limits, Package, arsc, axml, dex, elf, macho, property_list, xml, zip};

/// An archive: its entries, and what they unpack to.
pub fn archive(data: &[u8]) {
    let Ok(archive) = zip::Archive::parse(data, &Limits::default().zip()) else {
        return;
    };
    for entry in archive.entries() {
        let _ = archive.read(entry);
    }
}

/// Compiled XML; what is read can be walked.
pub fn binary_xml(data: &[u8]) {
    if let Ok(document) = axml::parse(data, &Limits::default()) {
        walk(&document);
    }
}

/// XML text.
pub fn text_xml(data: &[u8]) {
    if let Ok(document) = xml::parse(data, &Limits::default()) {
        walk(&document);
    }
}

fn walk(document: &xml::Document) {
    for node in document.nodes() {
        assert!(!node.path().is_empty());
        let _ = node.name();
    }
    let _ = document.references().count();
}

/// A resource table, whose references may run in circles.
pub fn resource_table(data: &[u8]) {
    if let Ok(table) = arsc::parse(data.to_vec(), &Limits::default()) {
        let _ = table.locales().len();
        let _ = table.references().count();
    }
}

/// The protocol buffers of app bundles: a resource table, then an XML document.
pub fn protobuf(data: &[u8]) {
    let limits = Limits::default();
    if let Ok(table) = arsc::parse_proto(data, &limits) {
        let _ = table.references().count();
    }
    if let Ok(document) = arsc::parse_proto_xml(data, &limits) {
        walk(&document);
    }
}

/// Android code.
pub fn dex_file(data: &[u8]) {
    let _ = dex::parse(data, &Limits::default());
}

/// A native library of Android or HarmonyOS.
pub fn elf_file(data: &[u8]) {
    let _ = elf::parse(data, &Limits::default());
}

/// A program of iOS, and its signature.
pub fn macho_file(data: &[u8]) {
    let _ = macho::parse(data, &Limits::default());
    let signature = ios::verify_program(data, &ios::Sealed::default());
    if let Ok(slices) = signature {
        // Nobody but Apple can make one that holds.
        assert!(slices.iter().all(|slice| !slice.verified));
    }
}

/// What the methods of a program call: arguments lead to earlier calls only, so that whoever
/// follows them comes to an end.
pub fn objc_calls(data: &[u8]) {
    let Ok(slices) = macho::parse(data, &Limits::default()) else {
        return;
    };
    let classes = slices.iter().flat_map(|slice| &slice.objc_classes);
    for method in classes.flat_map(macho::ObjcClass::all_methods) {
        for (number, call) in (0_u32..).zip(method.calls.iter()) {
            assert!(call.offset % 4 == 0);
            for argument in call.arguments {
                if let macho::Operand::Result(earlier) = argument {
                    assert!(earlier < number);
                }
            }
        }
    }
}

/// A property list, binary or XML.
pub fn plist(data: &[u8]) {
    if let Ok(value) = property_list::parse(data, &Limits::default()) {
        let _ = value.get("CFBundleIdentifier");
    }
}

/// A certificate; one that is read signs itself only if it says so.
pub fn certificate(data: &[u8]) {
    if let Ok(certificate) = hefu_audit::certificate::Certificate::parse(data) {
        let _ = certificate.is_signed_by(&certificate);
        let _ = certificate.subject.to_string();
    }
}

/// An APK's signatures: blocks, PKCS #7, manifests. What verifies is an archive.
pub fn apk_signature(data: &[u8]) {
    let verification = verify(data, None, SdkRange::default());
    if verification.verified {
        assert!(zip::Archive::parse(data, &Limits::default().zip()).is_ok());
    }
    assert_eq!(verification.verified, verification.reason.is_none());
}

/// A v4 signature file beside an APK.
pub fn idsig(data: &[u8]) {
    let verification = verify(b"not an APK", Some(data), SdkRange::default());
    assert!(!verification.verified);
}

/// A HarmonyOS package's signing block.
pub fn hap_signature(data: &[u8]) {
    let _ = hap::verify(data);
}

/// `hefu-audit.toml`, and the reviewed file.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(configuration) = Configuration::parse(text) {
        assert!(!configuration.declared.allows_host(""));
    }
}

/// The reviewed file: nothing in it accepts everything.
pub fn reviews(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(reviews) = Reviews::parse(text) else {
        return;
    };
    for review in reviews.all() {
        assert!(!review.reason.is_empty() && !review.owner.is_empty());
        let anything = hefu_audit::check::Evidence::new(hefu_audit::check::words("a", "a"));
        assert!(!review.is_about(&anything) || review.fingerprint.is_some());
    }
}

/// A published vulnerability, or an export of many; whatever was read can be asked.
pub fn advisories(data: &[u8]) {
    let mut advisories = Advisories::default();
    let one = advisories.add(data).is_ok();
    assert!(one || advisories.is_empty());
    let _ = advisories.add_archive(data);
    let text = String::from_utf8_lossy(data);
    let version: String = text.chars().rev().take(24).collect();
    for version in ["0", "1.2.3-rc.1", version.as_str()] {
        let found = advisories.matching("pkg:maven/com.bank/net", version);
        assert!(found.len() <= advisories.len());
    }
}

/// A package as a whole: facts, signature, every check. What was not read is no pass.
pub fn package(data: &[u8]) {
    let limits = Limits::default();
    for name in ["a.apk", "a.ipa", "a.hap"] {
        let Ok(package) = Package::from_bytes(name, data.to_vec(), &limits) else {
            continue;
        };
        let facts = Facts::read(&package, &limits);
        let signature = PackageSignature::of(&package, None, SdkRange::default(), &limits);
        let judgement = judge(&Subject {
            facts: &facts,
            signature: &signature,
            configuration: &Configuration::default(),
            advisories: None,
            now: 1_767_225_600,
        });
        for finding in judgement.findings {
            assert!(finding.verdict != Verdict::Pass || finding.missing.is_empty());
        }
        // The content decides what it is, not the name, wherever it can.
        return;
    }
}
