//! Whether the app asks for versions of TLS that are broken.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a, CJ-6.3.d.1.

use crate::ask::crypto::instances;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Origin;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-weak-tls",
    title: words("Old versions of TLS", "使用过时的 TLS 版本"),
    purpose: words(
        "SSL 3.0, TLS 1.0 and TLS 1.1 have known attacks and are withdrawn (RFC 7568, RFC 8996).",
        "SSL 3.0、TLS 1.0、TLS 1.1 存在已知攻击并已废止。",
    ),
    procedure: words(
        "Follow the constants that reach SSLContext.getInstance and setEnabledProtocols; look for the old versions of okhttp.",
        "追踪到达 SSLContext.getInstance、setEnabledProtocols 的常量，并检查 okhttp 的旧版本设置。",
    ),
    criterion: words(
        "Only TLS 1.2 and later are asked for by name.",
        "仅指定 TLS 1.2 及以上版本。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[326, 757],
    maswe: &["MASWE-0026"],
    mastg: &["MASTG-TEST-0217"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"TLSv1\"\ninvoke-static {v0}, Ljavax/net/ssl/SSLContext;->getInstance(Ljava/lang/String;)Ljavax/net/ssl/SSLContext;",
            )
        },
        evidence: &["an old version of TLS: TLSv1 at com.bank.Main.run()V @0x0002"],
        good: || {
            Sample::method(
                "const-string v0, \"TLSv1.2\"\ninvoke-static {v0}, Ljavax/net/ssl/SSLContext;->getInstance(Ljava/lang/String;)Ljavax/net/ssl/SSLContext;",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"TLSv1\"\ninvoke-static {v0}, Ljavax/net/ssl/SSLContext;->getInstance(Ljava/lang/String;)Ljavax/net/ssl/SSLContext;").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let mut findings = Findings::new();
    let mut asked = 0;
    for (call, text) in instances(code, "javax.net.ssl.SSLContext") {
        asked += 1;
        let place = |what| Evidence::at(what, &call.site()).string(text.clone());
        if is_old(&text) {
            findings.wrong.push(place(OLD));
        } else if text.eq_ignore_ascii_case("SSL") {
            if library_of(facts, &call.site().class).is_none() {
                findings.doubtful.push(place(ANY));
            }
        } else {
            findings.right.push(place(ASKED));
        }
    }
    for class in [
        "javax.net.ssl.SSLSocket",
        "javax.net.ssl.SSLEngine",
        "javax.net.ssl.SSLServerSocket",
    ] {
        for call in code.calls_to(class, "setEnabledProtocols") {
            asked += 1;
            let origins = call
                .argument(0)
                .map(|origin| origin.resolve())
                .unwrap_or_default();
            let arrays = origins.iter().filter_map(|origin| match origin {
                Origin::Array(array) => array.elements(),
                _ => None,
            });
            let names = arrays.flatten().filter_map(|element| element.text());
            for name in names.filter(|name| is_old(name)) {
                findings
                    .wrong
                    .push(Evidence::at(OLD, &call.site()).string(name));
            }
        }
    }
    for (class, field, what) in OKHTTP {
        for access in code.accesses_to(class, field) {
            let site = access.site();
            if !access.is_write() && library_of(facts, &site.class).is_none() {
                asked += 1;
                let evidence = Evidence::at(*what, &site).string(*field);
                match *field {
                    "COMPATIBLE_TLS" => findings.doubtful.push(evidence),
                    _ => findings.wrong.push(evidence),
                }
            }
        }
    }
    if asked == 0 {
        return Outcome::NotApplicable(words(
            "the app leaves the version to the platform",
            "应用未指定版本，由平台决定",
        ));
    }
    findings.into()
}

const OLD: Words = words("an old version of TLS", "过时的 TLS 版本");
const ANY: Words = words(
    "SSL is asked for, whatever its version",
    "请求 SSL，未限定版本",
);
const ASKED: Words = words("the version is asked for", "已指定版本");

const OKHTTP: &[(&str, &str, Words)] = &[
    ("okhttp3.TlsVersion", "SSL_3_0", OLD),
    ("okhttp3.TlsVersion", "TLS_1_0", OLD),
    ("okhttp3.TlsVersion", "TLS_1_1", OLD),
    ("okhttp3.ConnectionSpec", "COMPATIBLE_TLS", ANY),
];

fn is_old(text: &str) -> bool {
    matches!(
        text.to_ascii_uppercase().as_str(),
        "SSLV2" | "SSLV3" | "TLSV1" | "TLSV1.0" | "TLSV1.1"
    )
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn protocols_in_an_array_are_seen() {
        let body = |name: &str| {
            format!(
                "const/4 v0, 0x1\nnew-array v1, v0, [Ljava/lang/String;\nconst/4 v2, 0x0\n\
                 const-string v3, \"{name}\"\naput-object v3, v1, v2\n\
                 invoke-virtual {{v5, v1}}, Ljavax/net/ssl/SSLSocket;->setEnabledProtocols([Ljava/lang/String;)V"
            )
        };
        let verdict = |name| Sample::method(&body(name)).judged_by(&CHECK).verdict;
        assert_eq!(verdict("SSLv3"), Verdict::Fail);
        assert_eq!(verdict("TLSv1.3"), Verdict::Pass);
    }
}
