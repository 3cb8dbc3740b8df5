//! Whether the app accepts a good certificate of somebody else.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Method;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-hostname-verifier",
    title: words("Host names are not verified", "未校验主机名"),
    purpose: words(
        "Anybody can have a genuine certificate for a host of their own; without looking at the name it opens every connection.",
        "任何人均可为自己的域名取得合法证书，不校验主机名则可冒充任意服务器。",
    ),
    procedure: words(
        "Look at every HostnameVerifier of the package, and for the ones that allow all.",
        "检查包内每个 HostnameVerifier，以及允许全部主机的实现。",
    ),
    criterion: words(
        "No verifier says yes to every name.",
        "不存在对任意主机名都通过的校验器。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[297],
    maswe: &["MASWE-0027"],
    mastg: &["MASTG-TEST-0283"],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Names;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/HostnameVerifier;\n.method public verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z\n.registers 6\nconst/4 v0, 0x1\nreturn v0\n.end method\n",
            )
        },
        evidence: &[
            "every host name is accepted at com.bank.Names.verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z @0x0000",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Names;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/HostnameVerifier;\n.method public verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z\n.registers 6\nconst-string v1, \"bank.cn\"\ninvoke-virtual {v1, p1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v0\nreturn v0\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Names;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/HostnameVerifier;\n.method public verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z\n.registers 6\nconst/4 v0, 0x1\nreturn v0\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    if code.classes().next().is_none() {
        return Outcome::NotApplicable(words("there is no code", "没有代码"));
    }
    let mut findings = Findings::new();
    for method in code.overrides_of("javax.net.ssl.HostnameVerifier", "verify") {
        if method.instruction_count() == 0 || !method.signature().ends_with(")Z") {
            continue;
        }
        let site = method.site(0);
        // Offered to whoever wants it; what counts is who does.
        if ALLOW_ALL_CLASSES.contains(&site.class.as_str()) {
            continue;
        }
        if says_always_yes(&method) {
            findings.wrong.push(Evidence::at(YES, &site));
        } else {
            findings.right.push(Evidence::at(LOOKS, &site));
        }
    }
    for (class, field) in ALLOW_ALL_FIELDS {
        for access in code.accesses_to(class, field) {
            let site = access.site();
            if !access.is_write() && library_of(facts, &site.class).is_none() {
                findings.wrong.push(Evidence::at(ALL, &site).string(*field));
            }
        }
    }
    for class in ALLOW_ALL_CLASSES {
        for call in code.calls_to(class, "<init>") {
            let site = call.site();
            // The factory that offers it makes one for whoever wants it.
            if library_of(facts, &site.class).is_none() {
                findings.wrong.push(Evidence::at(ALL, &site).string(*class));
            }
        }
    }
    findings.into()
}

const YES: Words = words("every host name is accepted", "接受任意主机名");
const ALL: Words = words(
    "a verifier that allows every host",
    "使用允许任意主机的校验器",
);
const LOOKS: Words = words("a verifier that can say no", "可拒绝的校验器");

const ALLOW_ALL_FIELDS: &[(&str, &str)] = &[
    (
        "org.apache.http.conn.ssl.SSLSocketFactory",
        "ALLOW_ALL_HOSTNAME_VERIFIER",
    ),
    (
        "cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory",
        "ALLOW_ALL_HOSTNAME_VERIFIER",
    ),
    ("org.apache.http.conn.ssl.NoopHostnameVerifier", "INSTANCE"),
];

const ALLOW_ALL_CLASSES: &[&str] = &[
    "org.apache.http.conn.ssl.AllowAllHostnameVerifier",
    "org.apache.http.conn.ssl.NoopHostnameVerifier",
    "cz.msebera.android.httpclient.conn.ssl.AllowAllHostnameVerifier",
];

/// Whether every return is true, also where a lambda passes the question on.
fn says_always_yes(method: &Method<'_>) -> bool {
    let mut returns = 0_usize;
    let all = method.returns().flatten().all(|value| {
        returns += 1;
        let resolved = value.resolve();
        !resolved.is_empty() && resolved.iter().all(|value| value.int() == Some(1))
    });
    all && returns > 0
}
