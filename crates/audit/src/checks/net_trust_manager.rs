//! Whether the app accepts certificates of anybody.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a.

use crate::ask::trust::{Refusal, refusal};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-trust-manager",
    title: words(
        "Trust managers that refuse nobody",
        "信任所有证书的 TrustManager",
    ),
    purpose: words(
        "Whoever is on the way, a café or a provider, can present a certificate of their own and read and change everything.",
        "途中任何人均可出示自签证书，读取并篡改全部通信。",
    ),
    procedure: words(
        "Look at every checkServerTrusted of the package: does it throw, or ask another check whose refusal it lets through?",
        "检查包内每个 checkServerTrusted 是否抛出异常，或将判断交给其他校验且不吞掉其异常。",
    ),
    criterion: words(
        "Every such method can refuse, or the platform checks.",
        "每个此类方法均可拒绝证书，或由平台校验。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0027"],
    mastg: &["MASTG-TEST-0282"],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Trust;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/X509TrustManager;\n.method public checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V\n.registers 5\n\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "every certificate is accepted at com.bank.Trust.checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V @0x0000",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Trust;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/X509TrustManager;\n.method public checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V\n.registers 5\niget-object v0, p0, Lcom/bank/Trust;->next:Ljavax/net/ssl/X509TrustManager;\ninvoke-interface {v0, p1, p2}, Ljavax/net/ssl/X509TrustManager;->checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Trust;\n.super Ljava/lang/Object;\n.implements Ljavax/net/ssl/X509TrustManager;\n.method public checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V\n.registers 5\n\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let managers = facts
        .code
        .overrides_of("javax.net.ssl.X509TrustManager", "checkServerTrusted");
    let mut findings = Findings::new();
    for method in managers
        .iter()
        .filter(|method| method.instruction_count() > 0)
    {
        let site = method.site(0);
        let library = library_of(facts, &site.class);
        let place = |what| match library {
            Some(library) => Evidence::at(what, &site).string(library),
            None => Evidence::at(what, &site),
        };
        match refusal(method) {
            Refusal::Never(what) => findings.wrong.push(place(what)),
            Refusal::Possible => findings.right.push(place(REFUSES)),
        }
    }
    if facts.code.classes().next().is_none() {
        return Outcome::NotApplicable(words("there is no code", "没有代码"));
    }
    findings.into()
}

const REFUSES: Words = words("certificates can be refused", "可拒绝证书");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    fn verdict(body: &str) -> Verdict {
        Sample::code(&format!(
            ".class public Lcom/bank/Trust;\n.super Ljava/lang/Object;\n\
             .implements Ljavax/net/ssl/X509TrustManager;\n\
             .method public checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V\n\
             .registers 6\n{body}\n.end method\n"
        ))
        .judged_by(&CHECK)
        .verdict
    }

    const ASK: &str = "invoke-interface {v0, p1, p2}, Ljavax/net/ssl/X509TrustManager;->checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V";

    #[test]
    fn what_is_caught_and_forgotten_is_no_refusal() {
        let caught = format!(
            ":a\n{ASK}\n:b\nreturn-void\n:c\nmove-exception v1\nreturn-void\n.catch Ljava/security/cert/CertificateException; {{:a .. :b}} :c"
        );
        assert_eq!(verdict(&caught), Verdict::Fail);
        assert_eq!(
            verdict(&caught.replace(
                "move-exception v1\nreturn-void",
                "move-exception v1\nthrow v1"
            )),
            Verdict::Pass
        );
    }

    #[test]
    fn writing_a_log_is_no_check() {
        let body = "const-string v0, \"tls\"\ninvoke-static {v0, v0}, Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I\nreturn-void";
        assert_eq!(verdict(body), Verdict::Fail);
    }

    #[test]
    fn dates_are_not_enough() {
        let body = "const/4 v0, 0x0\naget-object v0, p1, v0\n\
            invoke-virtual {v0}, Ljava/security/cert/X509Certificate;->checkValidity()V\nreturn-void";
        assert_eq!(verdict(body), Verdict::Fail);
    }
}
