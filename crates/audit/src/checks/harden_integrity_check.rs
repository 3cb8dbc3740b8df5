//! Whether the app checks that it is what was released.
//!
//! Clauses: JR-7.3.6.a, AP-3.2.3, AP-3.2.1, JR-6.3.3.c.

use crate::ask::{flow, own::Own, packer, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Code, Method};
use crate::facts::{Area, Site};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-integrity-check",
    title: words("Check of the app's own integrity", "应用完整性与签名自校验"),
    purpose: words(
        "A repackaged app looks like the bank and does what its new maker wants.",
        "被重打包的应用外观不变，却听命于新的制作者。",
    ),
    procedure: words(
        "Look in the app's own code for reads of its own signing certificates, for checksums over \
         its own package, and for attestation by the platform.",
        "在应用自身代码中查找读取自身签名证书、对自身安装包计算校验和，以及使用平台证明的代码。",
    ),
    criterion: words(
        "The app checks its signature, its files or an attestation.",
        "应用校验自身签名、文件或平台证明。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[353, 693],
    maswe: &["MASWE-0056"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        let code = &facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let is_own = |site: &Site| own.may_have_written(&site.class);
        let mut findings = Findings::new();
        let what = words("reads its own signing certificate", "读取自身签名证书");
        let signatures = signatures(code).into_iter().filter(is_own);
        findings
            .right
            .extend(signatures.map(|site| Evidence::at(what, &site)));
        let what = words(
            "computes a checksum of its own package",
            "对自身安装包计算校验和",
        );
        let checksums = checksums(code).into_iter().filter(is_own);
        findings
            .right
            .extend(checksums.map(|site| Evidence::at(what, &site)));
        let what = words("asks the platform for an attestation", "请求平台证明");
        let attestations = attestations(code).into_iter().filter(is_own);
        findings
            .right
            .extend(attestations.map(|site| Evidence::at(what, &site)));
        let is_incomplete = [Area::Archive, Area::Code]
            .iter()
            .any(|area| facts.coverage.is_incomplete(*area));
        if findings.right.is_empty() && !is_incomplete {
            match packer::found(facts).first() {
                Some(packer) => {
                    let what = words("left to the shell", "由加固壳负责");
                    findings
                        .doubtful
                        .push(Evidence::new(what).string(packer.name));
                }
                None => findings.wrong.push(Evidence::new(words(
                    "no code checks the package's signature or files",
                    "没有代码校验安装包签名或文件",
                ))),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&package_info("versionName:Ljava/lang/String;")),
        evidence: &["no code checks the package's signature or files"],
        good: || Sample::method(&package_info("signatures:[Landroid/content/pm/Signature;")),
        broken: || {
            Sample::method(&package_info("versionName:Ljava/lang/String;")).damaged("classes.dex")
        },
    },
};

/// Reads of `PackageInfo.signatures` and what followed it.
fn signatures(code: &Code) -> Vec<Site> {
    let fields = ["signatures", "signingInfo"];
    let reads = fields
        .iter()
        .flat_map(|name| code.accesses_to("android.content.pm.PackageInfo", name));
    let reads = reads.filter(|access| !access.is_write());
    let checks = code.calls_to("android.content.pm.PackageManager", "hasSigningCertificate");
    reads
        .map(|access| access.site())
        .chain(checks.into_iter().map(|call| call.site()))
        .collect()
}

/// Methods that open the package itself and compute something over it.
fn checksums(code: &Code) -> Vec<Site> {
    let paths = ["getPackageCodePath", "getPackageResourcePath"];
    let paths = flow::calls_to_any(code, "android.content.Context", &paths);
    let sources = code.accesses_to("android.content.pm.ApplicationInfo", "sourceDir");
    let by_path = paths
        .into_iter()
        .map(|call| (call.method(), call.site()))
        .chain(
            sources
                .into_iter()
                .map(|access| (access.method(), access.site())),
        );
    by_path
        .filter(|(method, _)| computes(*method))
        .map(|(_, site)| site)
        .collect()
}

fn computes(method: Method<'_>) -> bool {
    method.calls().any(|call| {
        let target = call.target();
        matches!(
            (target.class_name().as_ref(), target.name().as_ref()),
            ("java.util.zip.ZipEntry", "getCrc")
                | ("java.util.zip.CRC32" | "java.security.MessageDigest", _)
                | ("java.util.jar.JarEntry", "getCertificates")
        )
    })
}

fn attestations(code: &Code) -> Vec<Site> {
    let calls = [
        (
            "com.google.android.play.core.integrity.IntegrityManager",
            "requestIntegrityToken",
        ),
        ("com.google.android.gms.safetynet.SafetyNetClient", "attest"),
        (
            "com.huawei.hms.support.api.safetydetect.SafetyDetectClient",
            "sysIntegrity",
        ),
    ];
    calls
        .iter()
        .flat_map(|(class, name)| code.calls_to(class, name))
        .map(|call| call.site())
        .collect()
}

#[cfg(test)]
fn package_info(field: &str) -> String {
    format!("const/4 v0, 0\niget-object v1, v0, Landroid/content/pm/PackageInfo;->{field}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn opens_itself(then: &str) -> String {
        format!(
            "const/4 v0, 0\n\
             invoke-virtual {{v0}}, Landroid/app/Activity;->getPackageCodePath()Ljava/lang/String;\n\
             {then}\n"
        )
    }

    #[test]
    fn a_checksum_over_the_package_counts_and_a_path_does_not() {
        let crc = opens_itself("invoke-virtual {v0}, Ljava/util/zip/ZipEntry;->getCrc()J");
        assert_eq!(
            Sample::method(&crc).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        assert_eq!(
            Sample::method(&opens_itself("")).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn what_a_library_checks_is_not_the_apps() {
        let code = ".class public Lcom/google/android/gms/A;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 2\nconst/4 v0, 0\n\
             iget-object v1, v0, Landroid/content/pm/PackageInfo;->signatures:[Landroid/content/pm/Signature;\n\
             return-void\n.end method\n";
        assert_eq!(Sample::code(code).judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
