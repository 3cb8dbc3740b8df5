//! Whether the app itself decides that what somebody typed is right, by a constant that it holds.
//!
//! Clauses: AP-1.2.2, AP-1.2.4.

use crate::ask::compared::{COMPARISONS, compared};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::{Code, Origin};
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-compared-in-client",
    title: words("Secrets compared in the client", "在客户端比对秘密"),
    purpose: words(
        "The constant can be read in the package, and the decision turned round on the phone: both belong to the server.",
        "常量可从安装包读出，判断亦可在手机上被篡改，二者均应在服务器完成。",
    ),
    procedure: words(
        "Follow what text fields hold to comparisons with constants in the code of the app.",
        "追踪输入框内容到应用代码中与常量的比较。",
    ),
    criterion: words(
        "What users type is not compared with constants of four characters or more.",
        "用户输入不与四个字符以上的常量比较。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[602, 798],
    maswe: &["MASWE-0004", "MASWE-0020"],
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
                ".class public Lcom/bank/Code;\n.super Ljava/lang/Object;\n.field input:Landroid/widget/EditText;\n.field answer:Ljava/lang/String;\n.method public check()V\n.registers 4\niget-object v0, p0, Lcom/bank/Code;->input:Landroid/widget/EditText;\ninvoke-virtual {v0}, Landroid/widget/EditText;->getText()Landroid/text/Editable;\nmove-result-object v0\ninvoke-virtual {v0}, Ljava/lang/Object;->toString()Ljava/lang/String;\nmove-result-object v0\nconst-string v1, \"vendorsecretkey\"\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "what a text field holds is compared with a constant: vendorsecretkey at com.bank.Code.check()V @0x000c",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Code;\n.super Ljava/lang/Object;\n.field input:Landroid/widget/EditText;\n.field answer:Ljava/lang/String;\n.method public check()V\n.registers 4\niget-object v0, p0, Lcom/bank/Code;->input:Landroid/widget/EditText;\ninvoke-virtual {v0}, Landroid/widget/EditText;->getText()Landroid/text/Editable;\nmove-result-object v0\ninvoke-virtual {v0}, Ljava/lang/Object;->toString()Ljava/lang/String;\nmove-result-object v0\niget-object v1, p0, Lcom/bank/Code;->answer:Ljava/lang/String;\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Code;\n.super Ljava/lang/Object;\n.field input:Landroid/widget/EditText;\n.field answer:Ljava/lang/String;\n.method public check()V\n.registers 4\niget-object v0, p0, Lcom/bank/Code;->input:Landroid/widget/EditText;\ninvoke-virtual {v0}, Landroid/widget/EditText;->getText()Landroid/text/Editable;\nmove-result-object v0\ninvoke-virtual {v0}, Ljava/lang/Object;->toString()Ljava/lang/String;\nmove-result-object v0\nconst-string v1, \"vendorsecretkey\"\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    for (class, name) in COMPARISONS {
        for call in facts.code.calls_to(class, name) {
            let Some((constant, other)) = compared(&call) else {
                continue;
            };
            if constant.len() < LENGTH_MIN || !is_typed(&facts.code, &other) {
                continue;
            }
            let site = call.site();
            if library_of(facts, &site.class).is_none() {
                findings
                    .wrong
                    .push(Evidence::at(COMPARED, &site).secret(constant));
            }
        }
    }
    if facts.code.classes().next().is_none() {
        return Outcome::NotApplicable(words("there is no code", "没有代码"));
    }
    findings.into()
}

const COMPARED: Words = words(
    "what a text field holds is compared with a constant",
    "输入框内容与常量比较",
);

/// Shorter constants are answers such as `yes`.
const LENGTH_MIN: usize = 4;

/// Whether a value is what somebody typed into a text field.
fn is_typed(code: &Code, origin: &Origin<'_>) -> bool {
    origin.resolve().iter().any(|value| match value {
        Origin::Result(call) => {
            let target = call.target();
            target.name() == "getText" && code.is_a(&target.class_name(), "android.widget.TextView")
        }
        _ => false,
    })
}
