//! Whether SecureRandom is made predictable by a seed of one's own.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::instances;
use crate::ask::written::written;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Origin;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-seeded-random",
    title: words("Seeded secure random numbers", "为安全随机数设置固定种子"),
    purpose: words(
        "A seed that everybody knows makes all numbers known on old Android and with the provider Crypto; on new Android it shows that keys were meant to be derived so.",
        "在旧版 Android 及 Crypto 提供者下，已知种子使全部随机数可知。",
    ),
    procedure: words(
        "Look at what reaches setSeed and the constructor of SecureRandom, and for the algorithm SHA1PRNG of the provider Crypto.",
        "检查传入 setSeed 与 SecureRandom 构造函数的值，以及 Crypto 提供者的 SHA1PRNG。",
    ),
    criterion: words("SecureRandom seeds itself.", "SecureRandom 自行播种。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[335, 337],
    maswe: &["MASWE-0012"],
    mastg: &["MASTG-TEST-0205"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "new-instance v0, Ljava/security/SecureRandom;\ninvoke-direct {v0}, Ljava/security/SecureRandom;-><init>()V\nconst-wide/16 v2, 0x2a\ninvoke-virtual {v0, v2, v3}, Ljava/security/SecureRandom;->setSeed(J)V\ninvoke-virtual {v0}, Ljava/security/SecureRandom;->nextInt()I",
            )
        },
        evidence: &["SecureRandom gets a constant seed: 42 at com.bank.Main.run()V @0x0007"],
        good: || {
            Sample::method(
                "new-instance v0, Ljava/security/SecureRandom;\ninvoke-direct {v0}, Ljava/security/SecureRandom;-><init>()V\ninvoke-virtual {v0}, Ljava/security/SecureRandom;->nextInt()I",
            )
        },
        broken: || {
            Sample::method("new-instance v0, Ljava/security/SecureRandom;\ninvoke-direct {v0}, Ljava/security/SecureRandom;-><init>()V\ninvoke-virtual {v0}, Ljava/security/SecureRandom;->nextInt()I").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let made = code.calls_to("java.security.SecureRandom", "<init>");
    let asked = instances(code, "java.security.SecureRandom");
    if made.is_empty() && asked.is_empty() {
        return Outcome::NotApplicable(words("SecureRandom is not used", "未使用 SecureRandom"));
    }
    let seeds = code.calls_to("java.security.SecureRandom", "setSeed");
    let seeds = seeds.into_iter().chain(made);
    for call in seeds {
        let Some(seed) = call.argument(0) else {
            continue;
        };
        let site = call.site();
        for constant in written(code, &seed) {
            findings
                .wrong
                .push(Evidence::at(CONSTANT, &site).string(constant.value.shown()));
        }
        if let Some(number) = call.ints(0).first() {
            findings
                .wrong
                .push(Evidence::at(CONSTANT, &site).string(number.to_string()));
        }
        let resolved = seed.resolve();
        let is_time = resolved.iter().any(|origin| {
            matches!(origin, Origin::Result(call) if call.target().name().contains("urrentTimeMillis")
                || call.target().name() == "nanoTime")
        });
        if is_time {
            findings.doubtful.push(Evidence::at(TIME, &site));
        }
    }
    for (call, _) in asked {
        if call.texts(1).iter().any(|provider| provider == "Crypto") {
            findings.wrong.push(Evidence::at(PROVIDER, &call.site()));
        }
    }
    findings.into()
}

const CONSTANT: Words = words(
    "SecureRandom gets a constant seed",
    "SecureRandom 使用固定种子",
);
const TIME: Words = words(
    "SecureRandom is seeded with the time",
    "以时间作为 SecureRandom 的种子",
);
const PROVIDER: Words = words(
    "numbers come from the provider Crypto, which was broken and removed",
    "使用已被攻破并移除的 Crypto 随机数提供者",
);
