//! Whether an HTTP client is told to do without encryption.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-cleartext-client",
    title: words("Clients that allow cleartext", "客户端允许明文连接"),
    purpose: words(
        "A client that allows cleartext follows whoever sends it there, a redirect is enough.",
        "允许明文的客户端只需一次重定向即会以明文通信。",
    ),
    procedure: words(
        "Look for ConnectionSpec.CLEARTEXT of okhttp in the code of the app.",
        "在应用代码中查找 okhttp 的 ConnectionSpec.CLEARTEXT。",
    ),
    criterion: words("The app does not name it.", "应用未使用该设置。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "sget-object v0, Lokhttp3/ConnectionSpec;->CLEARTEXT:Lokhttp3/ConnectionSpec;",
            )
        },
        evidence: &[
            "the client may do without encryption: ConnectionSpec.CLEARTEXT at com.bank.Main.run()V @0x0000",
        ],
        good: || {
            Sample::method(
                "sget-object v0, Lokhttp3/ConnectionSpec;->MODERN_TLS:Lokhttp3/ConnectionSpec;",
            )
        },
        broken: || {
            Sample::method(
                "sget-object v0, Lokhttp3/ConnectionSpec;->CLEARTEXT:Lokhttp3/ConnectionSpec;",
            )
            .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let mut findings = Findings::new();
    for (class, field) in [
        ("okhttp3.ConnectionSpec", "CLEARTEXT"),
        ("com.squareup.okhttp.ConnectionSpec", "CLEARTEXT"),
    ] {
        for access in code.accesses_to(class, field) {
            let site = access.site();
            if !access.is_write() && library_of(facts, &site.class).is_none() {
                findings
                    .wrong
                    .push(Evidence::at(CLEARTEXT, &site).string("ConnectionSpec.CLEARTEXT"));
            }
        }
    }
    for field in ["MODERN_TLS", "RESTRICTED_TLS"] {
        for access in code.accesses_to("okhttp3.ConnectionSpec", field) {
            let site = access.site();
            if library_of(facts, &site.class).is_none() {
                findings
                    .right
                    .push(Evidence::at(ENCRYPTED, &site).string(field));
            }
        }
    }
    let is_there = code.class("okhttp3.OkHttpClient").is_some();
    if findings == Findings::new() && !is_there {
        return Outcome::NotApplicable(words("okhttp is not used", "未使用 okhttp"));
    }
    findings.into()
}

const CLEARTEXT: Words = words("the client may do without encryption", "客户端允许明文连接");
const ENCRYPTED: Words = words("the client asks for encryption", "客户端要求加密");
