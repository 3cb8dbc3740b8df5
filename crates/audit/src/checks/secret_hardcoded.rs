//! Whether secrets are written down in the package.
//!
//! Clauses: AP-1.2.2, AP-1.4.1, JR-6.1.2.d, JR-6.2.3.b, AN-4.

use crate::ask::named::{is_mixed, is_value, named};
use crate::ask::naming::is_about_secrets;
use crate::ask::traces::{AREAS, Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-hardcoded",
    title: words("Hard-coded secrets", "硬编码敏感信息"),
    purpose: words(
        "Whoever unpacks the package has its access keys, tokens and passwords, and uses them against the servers behind.",
        "解包者即可获得访问密钥、令牌、口令，并据此攻击后端。",
    ),
    procedure: words(
        "Look at every string of code, resources, settings and native code: for formats of well-known secrets, for constants whose names say that they are secret, and in the app's own code for strings that look random.",
        "检查代码、资源、配置与原生代码中的全部字符串：已知格式、名称表明其机密的常量，以及自身代码中的随机样字符串。",
    ),
    criterion: words(
        "Nothing of the kind is found, or it is declared in not_secret.",
        "未发现上述内容，或已在 not_secret 中声明。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[798, 259],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &AREAS,
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Api;\n.super Ljava/lang/Object;\n.field private static final APP_SECRET:Ljava/lang/String; = \"9f86d081884c7d65\"\n",
            )
        },
        evidence: &[
            "a constant whose name says that it is secret: 9f86d081884c7d65 at com.bank.Api.APP_SECRET in classes.dex",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Api;\n.super Ljava/lang/Object;\n.field private static final APP_SECRET:Ljava/lang/String; = \"app_secret\"\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Api;\n.super Ljava/lang/Object;\n.field private static final APP_SECRET:Ljava/lang/String; = \"9f86d081884c7d65\"\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let known = &subject.configuration.declared.not_secret;
    let is_declared = |text: &str| known.iter().any(|declared| declared == text);
    let mut findings = Findings::new();
    let traces = traces(facts);
    for trace in traces.of(|kind| matches!(kind, Kind::Secret(_) | Kind::Random)) {
        if is_declared(&trace.text) {
            continue;
        }
        match trace.kind {
            Kind::Secret(format) if !format.public => {
                findings.wrong.extend(trace.secret_evidence(format.name));
            }
            Kind::Secret(format) => findings.doubtful.extend(trace.secret_evidence(format.name)),
            _ => findings.doubtful.extend(trace.secret_evidence(RANDOM)),
        }
    }
    for named in named(facts, is_about_secrets) {
        if is_declared(&named.value) || !is_value(&named.name, &named.value) {
            continue;
        }
        let evidence = named.place.saying(NAMED).secret(named.value.as_str());
        // The compiler puts constants where they are used.
        let uses = facts.code.uses_of_text(&named.value);
        let used = uses
            .iter()
            .take(USES_MAX)
            .map(|found| Evidence::at(USED, &found.site()).secret(named.value.as_str()));
        let list = match is_mixed(&named.value) {
            true => &mut findings.wrong,
            false => &mut findings.doubtful,
        };
        list.push(evidence);
        list.extend(used);
    }
    findings.into()
}

const NAMED: Words = words(
    "a constant whose name says that it is secret",
    "名称表明其机密的常量",
);
const USED: Words = words("the constant is used", "该常量在此使用");
const RANDOM: Words = words("a string that looks random", "随机样字符串");
/// Places of use that are named.
const USES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn formats_are_found_wherever_they_stand() {
        let key = ["AKIA", "QX7BL4OZ2M6TEUVW"].concat();
        let finding = Sample::method(&format!("const-string v0, \"{key}\"")).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(finding.evidence[0].is_secret);
        let settings = format!("{{\"key\": \"{key}\"}}");
        let sample = Sample::code(".class public La;\n.super Ljava/lang/Object;\n");
        let finding = sample
            .file("assets/config.json", settings)
            .judged_by(&CHECK);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("assets/config.json")
        );
    }

    #[test]
    fn what_is_declared_is_no_secret() {
        let sample = || Sample::method("const-string v0, \"q7Xk2mZp9Rt4Vw8Yb3Nc\"");
        assert_eq!(sample().judged_by(&CHECK).verdict, Verdict::Partial);
        let declared = "[declared]\nnot_secret = [\"q7Xk2mZp9Rt4Vw8Yb3Nc\"]";
        assert_eq!(
            sample().declared(declared).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn a_constant_is_shown_where_the_compiler_put_it() {
        let text = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
            .field static final xorkey:Ljava/lang/String; = \"pizzapizzapizza\"\n\
            .method public run()V\n.registers 2\nconst-string v0, \"pizzapizzapizza\"\n\
            return-void\n.end method\n";
        let finding = Sample::code(text).judged_by(&CHECK);
        let shown: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
        assert!(
            shown
                .iter()
                .any(|line| line.contains("com.bank.Main.xorkey")),
            "{shown:?}"
        );
        assert!(
            shown
                .iter()
                .any(|line| line.contains("com.bank.Main.run()V")),
            "{shown:?}"
        );
    }
}
