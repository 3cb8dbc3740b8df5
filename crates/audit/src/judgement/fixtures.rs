//! The packages that a check is tried on. Every check has them beside it, in its own file:
//!
//! - `bad` has the one defect that the check is about, and the evidence has to name its place;
//! - `good` is its honest twin: as close to it as can be, without the defect;
//! - `broken` cannot be read where the check looks, and must not pass.

use super::Finding;
use crate::advisories::Advisories;
use crate::check::{Check, Subject};
use crate::configuration::Configuration;
use crate::fixture::{self, smali, xml};
use crate::signature::{PackageSignature, SdkRange};
use crate::{Facts, Limits, Package};

/// The three packages of a check.
pub(crate) struct Fixtures {
    /// Has the defect.
    pub(crate) bad: fn() -> Sample,
    /// Each of these texts stands in a piece of evidence about `bad`, as it is displayed.
    pub(crate) evidence: &'static [&'static str],
    /// Has it not.
    pub(crate) good: fn() -> Sample,
    /// Cannot be read.
    pub(crate) broken: fn() -> Sample,
}

/// When fixtures are judged: 2026-01-01.
pub(crate) const NOW: i64 = 1_767_225_600;

/// A package with what is declared about it.
#[derive(Debug)]
pub(crate) struct Sample {
    name: &'static str,
    /// The files of the archive.
    files: Vec<(String, Vec<u8>)>,
    /// The archive itself, if it was not built from `files`.
    bytes: Option<Vec<u8>>,
    configuration: Configuration,
    advisories: Option<Advisories>,
    now: i64,
}

impl Sample {
    fn new(name: &'static str, files: Vec<(String, Vec<u8>)>) -> Self {
        Self {
            name,
            files,
            bytes: None,
            configuration: Configuration::default(),
            advisories: None,
            now: NOW,
        }
    }

    /// An APK of package `com.bank`. `manifest` is what stands inside of the `manifest` element.
    pub(crate) fn apk(manifest: &str) -> Self {
        let manifest = format!(
            "<manifest xmlns:android=\"{}\" package=\"com.bank\" android:versionCode=\"7\">{manifest}</manifest>",
            crate::xml::ANDROID_NAMESPACE
        );
        let manifest = xml::compile(&manifest);
        Self::new("sample.apk", vec![("AndroidManifest.xml".into(), manifest)])
    }

    /// An APK with nothing but code, in smali.
    pub(crate) fn code(text: &str) -> Self {
        Self::apk("<application/>").smali(text)
    }

    /// An APK with one static method `com.bank.Main.run()V` of 16 registers, whose body is given
    /// in smali, without the return.
    pub(crate) fn method(body: &str) -> Self {
        Self::code(&format!(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 16\n{body}\nreturn-void\n.end method\n"
        ))
    }

    /// An IPA with the app `Payload/Bank.app` and this XML property list as its `Info.plist`; what
    /// stands inside of the outer `dict`.
    pub(crate) fn ipa(info: &str) -> Self {
        let info = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>\
             <key>CFBundleIdentifier</key><string>com.bank</string>\
             <key>CFBundleExecutable</key><string>Bank</string>{info}</dict></plist>"
        );
        let path = "Payload/Bank.app/Info.plist".to_owned();
        Self::new("sample.ipa", vec![(path, info.into_bytes())])
    }

    /// A HAP with this `module.json`.
    pub(crate) fn hap(module: &str) -> Self {
        Self::new(
            "sample.hap",
            vec![("module.json".into(), module.as_bytes().to_vec())],
        )
    }

    /// Adds code, as the next dex file.
    pub(crate) fn smali(self, text: &str) -> Self {
        let count = self
            .files
            .iter()
            .filter(|(name, _)| name.ends_with(".dex"))
            .count();
        let name = match count {
            0 => "classes.dex".to_owned(),
            _ => format!("classes{}.dex", count + 1),
        };
        let dex = smali::assemble(text);
        self.file(&name, dex)
    }

    /// Adds an XML resource, for instance `res/layout/login.xml`, compiled.
    pub(crate) fn xml(self, name: &str, text: &str) -> Self {
        let compiled = xml::compile(text);
        self.file(name, compiled)
    }

    /// Adds or replaces a file.
    pub(crate) fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.retain(|(known, _)| known != name);
        self.files.push((name.to_owned(), content.into()));
        self
    }

    /// Cuts a file in half, so that it cannot be read.
    pub(crate) fn damaged(mut self, name: &str) -> Self {
        let (_, content) = self
            .files
            .iter_mut()
            .find(|(known, _)| known == name)
            .expect("the file to damage is there");
        content.truncate(content.len() / 2);
        self
    }

    /// Takes the archive as it is, for instance a signed one.
    pub(crate) fn archive(mut self, bytes: Vec<u8>) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Packs a file so that it cannot be unpacked: what it is, nobody can tell.
    pub(crate) fn unpackable(self, name: &str) -> Self {
        let entries = self.files.iter().map(|(known, content)| {
            let mut entry = fixture::archive::deflated(known, content);
            if known == name {
                // A block type that does not exist.
                entry.packed = vec![0xff; entry.packed.len()];
            }
            entry
        });
        let entries: Vec<_> = entries.collect();
        self.archive(fixture::archive::build(&entries).bytes)
    }

    /// The files so far, to build an archive of one's own from them.
    pub(crate) fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// With what is declared about it, as in `hefu-audit.toml`.
    pub(crate) fn declared(mut self, toml: &str) -> Self {
        self.configuration = Configuration::parse(toml).expect("the fixture's configuration");
        self
    }

    /// With a database of one published vulnerability, in the format of osv.dev.
    pub(crate) fn advisory(mut self, json: &str) -> Self {
        let advisories = self.advisories.get_or_insert_default();
        advisories
            .add(json.as_bytes())
            .expect("the fixture's advisory");
        self
    }

    /// Judged at another time, in Unix seconds.
    pub(crate) fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    /// What a check says about it.
    pub(crate) fn judged_by(self, check: &'static Check) -> Finding {
        let limits = Limits::default();
        let bytes = self.bytes.unwrap_or_else(|| {
            let files: Vec<(&str, Vec<u8>)> = self
                .files
                .iter()
                .map(|(name, content)| (name.as_str(), content.clone()))
                .collect();
            fixture::zip(&files)
        });
        let package =
            Package::from_bytes(self.name, bytes, &limits).expect("the fixture is a package");
        let facts = Facts::read(&package, &limits);
        let signature = PackageSignature::of(&package, None, SdkRange::default(), &limits);
        super::judge_one(
            check,
            &Subject {
                facts: &facts,
                signature: &signature,
                configuration: &self.configuration,
                advisories: self.advisories.as_ref(),
                now: self.now,
            },
        )
    }
}
