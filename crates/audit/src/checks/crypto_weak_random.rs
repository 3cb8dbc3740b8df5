//! Whether what attackers must not guess comes from java.util.Random or Math.random.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::naming::is_about_unguessables;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::{Call, Origin};
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-weak-random",
    title: words("Predictable random numbers", "可预测的随机数"),
    purpose: words(
        "Two numbers of java.util.Random give away all others: keys, tokens, salts, one-time codes.",
        "由 java.util.Random 的两个输出即可推出其余输出，密钥、令牌、盐、验证码随之泄露。",
    ),
    procedure: words(
        "Look at each use of such a generator: does it fill bytes that become keys or vectors, or is it in code whose names speak of keys, tokens, salts or passwords? Other uses (games, animations, back-off) are left out.",
        "检查每处使用：是否填充用作密钥或向量的字节，或位于名称涉及密钥、令牌、盐、口令的代码中；动画、退避等用途不计。",
    ),
    criterion: words(
        "Secrets come from SecureRandom.",
        "机密数据来自 SecureRandom。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[330, 338],
    maswe: &["MASWE-0012"],
    mastg: &["MASTG-TEST-0204"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static makeToken()V\n.registers 8\nnew-instance v0, Ljava/util/Random;\ninvoke-direct {v0}, Ljava/util/Random;-><init>()V\ninvoke-virtual {v0}, Ljava/util/Random;->nextInt()I\nmove-result v1\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "predictable numbers where the code is about secrets: java.util.Random.nextInt at com.bank.Main.makeToken()V @0x0005",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static makeToken()V\n.registers 8\nnew-instance v0, Ljava/security/SecureRandom;\ninvoke-direct {v0}, Ljava/security/SecureRandom;-><init>()V\ninvoke-virtual {v0}, Ljava/security/SecureRandom;->nextInt()I\nmove-result v1\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static makeToken()V\n.registers 8\nnew-instance v0, Ljava/util/Random;\ninvoke-direct {v0}, Ljava/util/Random;-><init>()V\ninvoke-virtual {v0}, Ljava/util/Random;->nextInt()I\nmove-result v1\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let mut uses = 0;
    let generators = WEAK
        .iter()
        .flat_map(|(class, names)| names.iter().flat_map(|name| code.calls_to(class, name)));
    for call in generators {
        // Subclasses of Random that are strong are asked for by their own name.
        let target = call.target();
        let class = target.class_name();
        if code.is_a(&class, "java.security.SecureRandom") || is_strong(&call) {
            continue;
        }
        uses += 1;
        let site = call.site();
        let name = site.method.split('(').next().unwrap_or_default();
        let class_name = site.class.rsplit('.').next().unwrap_or_default();
        let named = is_about_unguessables(name) || is_about_unguessables(class_name);
        let ciphers = call.method().calls().any(|other| {
            let class = other.target().class_name();
            class.starts_with("javax.crypto.") || class == "java.security.MessageDigest"
        });
        if !named && !ciphers {
            continue;
        }
        let what = format!("{class}.{}", target.name());
        match library_of(subject.facts, &site.class) {
            Some(library) => {
                let evidence =
                    Evidence::at(IN_LIBRARY, &site).string(format!("{what} ({library})"));
                findings.doubtful.push(evidence);
            }
            None => findings
                .wrong
                .push(Evidence::at(PREDICTABLE, &site).string(what)),
        }
    }
    let secure = code.calls_to("java.security.SecureRandom", "<init>");
    if uses == 0 && secure.is_empty() {
        return Outcome::NotApplicable(words("no random numbers are made", "未生成随机数"));
    }
    for call in secure.iter().take(3) {
        findings.right.push(Evidence::at(SECURE, &call.site()));
    }
    findings.into()
}

const WEAK: &[(&str, &[&str])] = &[
    (
        "java.util.Random",
        &[
            "nextInt",
            "nextBytes",
            "nextLong",
            "nextDouble",
            "nextFloat",
        ],
    ),
    ("java.lang.Math", &["random"]),
    (
        "kotlin.random.Random",
        &["nextInt", "nextBytes", "nextLong"],
    ),
    (
        "kotlin.random.Random$Default",
        &["nextInt", "nextBytes", "nextLong"],
    ),
    (
        "org.apache.commons.lang3.RandomStringUtils",
        &["random", "randomAlphanumeric", "randomNumeric"],
    ),
];

const PREDICTABLE: Words = words(
    "predictable numbers where the code is about secrets",
    "在涉及机密的代码中使用可预测的随机数",
);
const IN_LIBRARY: Words = words(
    "predictable numbers in a library where its names are about secrets",
    "第三方库在涉及机密的代码中使用可预测的随机数",
);
const SECURE: Words = words("SecureRandom is used", "使用 SecureRandom");

/// Whether the generator that the call is made on is a SecureRandom after all.
fn is_strong(call: &Call<'_>) -> bool {
    call.receiver().is_some_and(|receiver| {
        receiver.resolve().iter().any(|origin| {
            matches!(origin, Origin::New(object) if object.class_name() == "java.security.SecureRandom")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn dice_and_animations_may_be_predictable() {
        let text = ".class public Lcom/bank/Confetti;\n.super Ljava/lang/Object;\n\
            .method public static shuffle()V\n.registers 4\n\
            invoke-static {}, Ljava/lang/Math;->random()D\nmove-result-wide v0\nreturn-void\n.end method\n";
        assert_eq!(Sample::code(text).judged_by(&CHECK).verdict, Verdict::Pass);
        let text = text.replace("shuffle", "newSessionToken");
        assert_eq!(Sample::code(&text).judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
