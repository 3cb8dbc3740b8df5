//! Whether the app knows the certificates or keys of its own hosts.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a, CJ-6.3.b, AP-5.2, JR-6.1.4.d, CJ-4.3.3.b.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-certificate-pinning",
    title: words("Certificate pinning", "证书锁定"),
    purpose: words(
        "Without pins any authority that the phone trusts, or was made to trust, can vouch for a false host.",
        "未锁定证书时，手机所信任的任何颁发机构均可为假冒主机背书。",
    ),
    procedure: words(
        "Look for pins in the network security configuration, in okhttp, and in libraries made for it; and for trust managers that compare keys or digests.",
        "查找网络安全配置、okhttp、专用库中的锁定，以及比对公钥或摘要的 TrustManager。",
    ),
    criterion: words(
        "There are pins. If pins_certificates is declared, their absence is a failure.",
        "存在证书锁定；若声明 pins_certificates 而未发现，则不通过。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0028"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Code, Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk(
                "<uses-permission android:name=\"android.permission.INTERNET\"/><application/>",
            )
            .smali(".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n")
        },
        evidence: &["no certificate is pinned"],
        good: || {
            Sample::method(
                "new-instance v0, Lokhttp3/CertificatePinner$Builder;\ninvoke-direct {v0}, Lokhttp3/CertificatePinner$Builder;-><init>()V\nconst/4 v3, 0x1\nnew-array v1, v3, [Ljava/lang/String;\nconst-string v2, \"bank.cn\"\ninvoke-virtual {v0, v2, v1}, Lokhttp3/CertificatePinner$Builder;->add(Ljava/lang/String;[Ljava/lang/String;)Lokhttp3/CertificatePinner$Builder;",
            )
        },
        broken: || {
            Sample::method("new-instance v0, Lokhttp3/CertificatePinner$Builder;\ninvoke-direct {v0}, Lokhttp3/CertificatePinner$Builder;-><init>()V\nconst/4 v3, 0x1\nnew-array v1, v3, [Ljava/lang/String;\nconst-string v2, \"bank.cn\"\ninvoke-virtual {v0, v2, v1}, Lokhttp3/CertificatePinner$Builder;->add(Ljava/lang/String;[Ljava/lang/String;)Lokhttp3/CertificatePinner$Builder;").declared("[declared]\npins_certificates = true").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings {
        right: pins(facts),
        ..Findings::new()
    };
    let manifest = facts
        .android
        .as_ref()
        .and_then(|android| android.manifest());
    let online = manifest.is_some_and(|manifest| {
        let mut permissions = manifest.uses_permissions.iter();
        permissions.any(|permission| permission.name == "android.permission.INTERNET")
    });
    match (
        findings.right.is_empty(),
        subject.configuration.declared.pins_certificates,
    ) {
        (true, true) => findings.wrong.push(Evidence::new(DECLARED)),
        (true, false) if !online => {
            return Outcome::NotApplicable(words(
                "the app may not use the network",
                "应用无网络权限",
            ));
        }
        (true, false) => findings.doubtful.push(Evidence::new(ABSENT)),
        (false, _) => {}
    }
    findings.into()
}

/// Where the app pins certificates or keys.
fn pins(facts: &Facts) -> Vec<Evidence> {
    let code = &facts.code;
    let mut found = Vec::new();
    for class in [
        "okhttp3.CertificatePinner$Builder",
        "com.squareup.okhttp.CertificatePinner$Builder",
    ] {
        for call in code.calls_to(class, "add") {
            let host = call.texts(0).into_iter().next().unwrap_or_default();
            found.push(Evidence::at(OKHTTP, &call.site()).string(host));
        }
    }
    for class in PINNING_CLASSES {
        if let Some(class) = code.class(class) {
            let evidence = Evidence::in_file(LIBRARY, class.file());
            found.push(evidence.class(class.name().as_ref()));
        }
    }
    for method in code.overrides_of("javax.net.ssl.X509TrustManager", "checkServerTrusted") {
        let compares = method.calls().find(|call| {
            let name = call.target().name();
            matches!(name.as_ref(), "getPublicKey" | "getEncoded" | "digest")
        });
        if let Some(call) = compares.filter(|_| method.throws()) {
            found.push(Evidence::at(COMPARES, &call.site()));
        }
    }
    let configured = facts
        .android
        .as_ref()
        .and_then(|android| android.network_security.as_ref());
    for domain in configured.iter().flat_map(|network| &network.domains) {
        if domain
            .config
            .pins
            .as_ref()
            .is_some_and(|pins| !pins.pins.is_empty())
        {
            let file = configured.map_or("", |network| network.file.as_str());
            let host = domain
                .domains
                .first()
                .map_or("", |domain| domain.name.as_str());
            found.push(Evidence::in_file(CONFIGURED, file).string(host));
        }
    }
    found
}

const OKHTTP: Words = words("okhttp pins this host", "okhttp 锁定该主机");
const LIBRARY: Words = words("a library for pinning is packaged", "包含证书锁定库");
const COMPARES: Words = words(
    "a trust manager compares keys or digests",
    "TrustManager 比对公钥或摘要",
);
const CONFIGURED: Words = words(
    "the network security configuration pins this host",
    "网络安全配置锁定该主机",
);
const DECLARED: Words = words(
    "pinning is declared, but no certificate is pinned",
    "已声明证书锁定，但未发现",
);
const ABSENT: Words = words("no certificate is pinned", "未锁定任何证书");

const PINNING_CLASSES: &[&str] = &[
    "com.datatheorem.android.trustkit.TrustKit",
    "com.wultra.android.sslpinning.CertStore",
    "com.appmattus.certificatetransparency.CTInterceptorBuilder",
];

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn what_is_declared_has_to_be_there() {
        let sample = Sample::method("nop").declared("[declared]\npins_certificates = true");
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
