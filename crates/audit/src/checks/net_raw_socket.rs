//! Whether the app speaks over sockets without TLS.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a, CJ-4.3.3.c.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Call;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-raw-socket",
    title: words("Sockets without TLS", "使用未加密套接字"),
    purpose: words(
        "What goes over a plain socket is only as secret as the protocol that somebody made up for it.",
        "普通套接字上的数据仅取决于自定义协议的安全性。",
    ),
    procedure: words(
        "Look for sockets that the app opens itself, other than those of TLS, and for the host they lead to.",
        "查找应用自行建立的非 TLS 套接字及其目标主机。",
    ),
    criterion: words(
        "The app opens sockets of TLS only.",
        "应用仅建立 TLS 套接字。",
    ),
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
                "const-string v0, \"quotes.bank.cn\"\nconst/16 v1, 0x2328\nnew-instance v2, Ljava/net/Socket;\ninvoke-direct {v2, v0, v1}, Ljava/net/Socket;-><init>(Ljava/lang/String;I)V",
            )
        },
        evidence: &["a socket without TLS: quotes.bank.cn at com.bank.Main.run()V @0x0006"],
        good: || {
            Sample::method(
                "const-string v0, \"quotes.bank.cn\"\nconst/16 v1, 0x2328\ninvoke-virtual {v3, v0, v1}, Ljavax/net/ssl/SSLSocketFactory;->createSocket(Ljava/lang/String;I)Ljava/net/Socket;",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"quotes.bank.cn\"\nconst/16 v1, 0x2328\nnew-instance v2, Ljava/net/Socket;\ninvoke-direct {v2, v0, v1}, Ljava/net/Socket;-><init>(Ljava/lang/String;I)V").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let mut findings = Findings::new();
    let mut opened = 0;
    for class in ["java.net.Socket", "java.net.DatagramSocket"] {
        for call in code.calls_to(class, "<init>") {
            let site = call.site();
            // A class that extends the socket calls its constructor too.
            if call.target().class_name() != class {
                continue;
            }
            opened += 1;
            if library_of(facts, &site.class).is_some() {
                continue;
            }
            let host = call.texts(0).into_iter().next();
            let is_local = host
                .as_deref()
                .is_some_and(|host| matches!(host, "localhost" | "127.0.0.1"));
            if !is_local && !wraps(&call) {
                let evidence = Evidence::at(PLAIN, &site);
                findings
                    .doubtful
                    .push(evidence.string(host.unwrap_or_default()));
            }
        }
    }
    for call in code.calls_to("javax.net.ssl.SSLSocketFactory", "createSocket") {
        opened += 1;
        findings.right.push(Evidence::at(TLS, &call.site()));
    }
    if opened == 0 {
        return Outcome::NotApplicable(words("no sockets are opened", "未建立套接字"));
    }
    findings.into()
}

const PLAIN: Words = words("a socket without TLS", "未加密的套接字");
const TLS: Words = words("a socket of TLS", "TLS 套接字");

/// Whether the same method puts TLS over the socket.
fn wraps(call: &Call<'_>) -> bool {
    call.method().calls().any(|other| {
        other.target().name() == "createSocket"
            && other.target().class_name().contains("SSLSocketFactory")
    })
}
