//! Whether the app talks to addresses without encryption.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a, CJ-6.4.3.e, JR-6.1.5.2.a, CJ-4.3.3.c.

use crate::ask::cleartext::{compared, connections};
use crate::ask::traces::{Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-cleartext-literal",
    title: words("Addresses without encryption", "使用明文地址"),
    purpose: words(
        "What goes over http is read and changed by anybody on the way: passwords, amounts, pages that run scripts.",
        "通过 http 传输的口令、金额与页面可被途中任何人读取和篡改。",
    ),
    procedure: words(
        "Follow what reaches the classes that open connections, through fields and joined strings; list the addresses that begin with http in the strings of the app. Names of vocabularies, licences and certificate lists are left out.",
        "追踪到达网络连接类的地址（含字段与拼接），并列出应用字符串中以 http 开头的地址；词汇表、许可证、证书列表地址不计。",
    ),
    criterion: words(
        "No connection starts with an address of http.",
        "不存在以 http 地址发起的连接。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0050"],
    mastg: &["MASTG-TEST-0233"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Code, Area::Resources, Area::Text, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"http://bank.cn/login\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V",
            )
        },
        evidence: &[
            "a connection without encryption: http://bank.cn/login at com.bank.Main.run()V @0x0004",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"https://bank.cn/login\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"http://bank.cn/login\"\nnew-instance v1, Ljava/net/URL;\ninvoke-direct {v1, v0}, Ljava/net/URL;-><init>(Ljava/lang/String;)V").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    for (call, address) in connections(&facts.code) {
        findings
            .wrong
            .push(Evidence::at(OPENED, &call.site()).string(address));
    }
    let compared = compared(&facts.code);
    for trace in traces(facts).of(|kind| *kind == Kind::Cleartext) {
        // Libraries name addresses in documents and schemes; what they open is seen above.
        if trace.library.is_some() {
            continue;
        }
        for evidence in trace.evidence(WRITTEN) {
            let place = (
                evidence.class.clone().unwrap_or_default(),
                evidence.method.clone().unwrap_or_default(),
                trace.text.clone(),
            );
            if compared.contains(&place) {
                continue;
            }
            if evidence.class.is_some() {
                findings.wrong.push(evidence);
            } else if is_setting(&evidence) {
                findings.doubtful.push(evidence);
            }
        }
    }
    findings.into()
}

const OPENED: Words = words("a connection without encryption", "发起未加密的连接");
const WRITTEN: Words = words("an address without encryption", "未加密的地址");

/// Files that say where to connect to, not documents.
fn is_setting(evidence: &Evidence) -> bool {
    let file = evidence.file.as_deref().unwrap_or_default();
    let path = evidence.xml_path.as_deref().unwrap_or_default();
    path.starts_with("@string/")
        || [
            ".js",
            ".json",
            ".json5",
            ".properties",
            ".plist",
            ".bundle",
            ".ets",
            ".conf",
        ]
        .iter()
        .any(|end| file.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn an_address_that_is_joined_from_a_field_is_seen_where_it_is_used() {
        let text = ".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n\
            .field protocol:Ljava/lang/String;\n\
            .method public constructor <init>()V\n.registers 2\n\
            invoke-direct {p0}, Ljava/lang/Object;-><init>()V\nconst-string v0, \"http://\"\n\
            iput-object v0, p0, Lcom/bank/Login;->protocol:Ljava/lang/String;\nreturn-void\n.end method\n\
            .method public post(Ljava/lang/String;)V\n.registers 5\n\
            new-instance v0, Ljava/lang/StringBuilder;\n\
            invoke-direct {v0}, Ljava/lang/StringBuilder;-><init>()V\n\
            iget-object v1, p0, Lcom/bank/Login;->protocol:Ljava/lang/String;\n\
            invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;\n\
            move-result-object v0\n\
            invoke-virtual {v0, p1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;\n\
            move-result-object v0\n\
            invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;\nmove-result-object v1\n\
            new-instance v2, Lorg/apache/http/client/methods/HttpPost;\n\
            invoke-direct {v2, v1}, Lorg/apache/http/client/methods/HttpPost;-><init>(Ljava/lang/String;)V\n\
            return-void\n.end method\n";
        let finding = Sample::code(text).judged_by(&CHECK);
        let shown: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
        for place in ["Login.<init>()V", "Login.post(Ljava/lang/String;)V"] {
            assert!(
                shown.iter().any(|line| line.contains(place)),
                "{place}: {shown:#?}"
            );
        }
    }

    #[test]
    fn vocabularies_are_no_connections() {
        let body = "const-string v0, \"http://schemas.android.com/apk/res/android\"";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn a_test_of_what_an_address_starts_with_is_no_address() {
        let body = "const-string v0, \"http://\"\n\
            invoke-virtual {v1, v0}, Ljava/lang/String;->startsWith(Ljava/lang/String;)Z";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
