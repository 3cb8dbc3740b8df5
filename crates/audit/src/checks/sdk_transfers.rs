//! Whether third-party SDKs protect what they send as the app does.
//!
//! Clauses: CJ-5.7.d, JR-6.1.8.a.

use crate::ask::cleartext::connections;
use crate::ask::trust::{Refusal, refusal};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::{inventory, library_of};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-transfers",
    title: words("Transfers of SDKs", "SDK 的数据传输"),
    purpose: words(
        "An SDK that sends without encryption, or trusts anybody, gives away what the app trusted it with.",
        "SDK 若明文传输或信任任意证书，将泄露应用交给它的数据。",
    ),
    procedure: words(
        "In the classes of well-known SDKs look for connections to addresses of http and for trust managers that refuse nobody.",
        "在已知 SDK 的类中查找 http 连接与信任所有证书的 TrustManager。",
    ),
    criterion: words("There is neither.", "两者均不存在。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[319, 295],
    maswe: &["MASWE-0026", "MASWE-0027"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/umeng/analytics/Net;\n.super Ljava/lang/Object;\n.method public static send()V\n.registers 3\nconst-string v0, \"http://alog.umeng.com/app_logs\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "an SDK connects without encryption: UMeng Analytics, http://alog.umeng.com/app_logs at com.umeng.analytics.Net.send()V @0x0004",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/umeng/analytics/Net;\n.super Ljava/lang/Object;\n.method public static send()V\n.registers 3\nconst-string v0, \"https://alog.umeng.com/app_logs\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/umeng/analytics/Net;\n.super Ljava/lang/Object;\n.method public static send()V\n.registers 3\nconst-string v0, \"http://alog.umeng.com/app_logs\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let sdks = inventory(facts);
    if !sdks.iter().any(|sdk| sdk.classes > 0) {
        return Outcome::NotApplicable(words("there is no known SDK", "未发现已知 SDK"));
    }
    let mut findings = Findings::new();
    for (call, address) in connections(&facts.code) {
        let site = call.site();
        if let Some(sdk) = library_of(facts, &site.class) {
            let text = format!("{sdk}, {address}");
            findings
                .wrong
                .push(Evidence::at(CLEARTEXT, &site).string(text));
        }
    }
    for method in facts
        .code
        .overrides_of("javax.net.ssl.X509TrustManager", "checkServerTrusted")
    {
        let site = method.site(0);
        let Some(sdk) = library_of(facts, &site.class) else {
            continue;
        };
        if method.instruction_count() > 0
            && let Refusal::Never(what) = refusal(&method)
        {
            findings.wrong.push(Evidence::at(what, &site).string(sdk));
        }
    }
    findings.into()
}

const CLEARTEXT: Words = words("an SDK connects without encryption", "SDK 发起未加密的连接");
