//! Whether SM2, SM3 and SM4 are in the package where they are claimed to be used.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b.

use crate::ask::crypto::instances;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-sm-algorithms",
    title: words("SM algorithms where claimed", "声称使用的国密算法"),
    purpose: words(
        "Who claims the algorithms of the national authority and ships none misleads auditors and customers.",
        "声称采用国密算法而实际未使用，会误导审核与客户。",
    ),
    procedure: words(
        "Look for SM2, SM3 and SM4 in the constants that reach cipher, digest and signature classes, in names of classes, and in symbols and strings of native code.",
        "在加密、摘要、签名类的常量、类名、原生符号与字符串中查找 SM2、SM3、SM4。",
    ),
    criterion: words(
        "If uses_sm_algorithms is declared, all three are found; if not, nothing is asked.",
        "若声明 uses_sm_algorithms，则三者均可找到；未声明则不要求。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[327],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Code, Area::Native],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method("const-string v0, \"SM4/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1\nconst-string v0, \"SM3\"\ninvoke-static {v0}, Ljava/security/MessageDigest;->getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;\nmove-result-object v1").declared("[declared]\nuses_sm_algorithms = true")
        },
        evidence: &["declared, but there is no trace of it: SM2"],
        good: || {
            Sample::method("const-string v0, \"SM4/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1\nconst-string v0, \"SM3\"\ninvoke-static {v0}, Ljava/security/MessageDigest;->getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;\nmove-result-object v1\nconst-string v0, \"SM3withSM2\"\ninvoke-static {v0}, Ljava/security/Signature;->getInstance(Ljava/lang/String;)Ljava/security/Signature;\nmove-result-object v1").declared("[declared]\nuses_sm_algorithms = true")
        },
        broken: || {
            Sample::method("const-string v0, \"SM4/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").declared("[declared]\nuses_sm_algorithms = true").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    if !subject.configuration.declared.uses_sm_algorithms {
        return Outcome::NotApplicable(words(
            "nobody declared that SM algorithms are used",
            "未声明使用国密算法",
        ));
    }
    let facts = subject.facts;
    let mut findings = Findings::new();
    for algorithm in ["SM2", "SM3", "SM4"] {
        match trace(facts, algorithm) {
            Some(evidence) => findings.right.push(evidence.string(algorithm)),
            None => findings.wrong.push(Evidence::new(ABSENT).string(algorithm)),
        }
    }
    findings.into()
}

const ABSENT: Words = words(
    "declared, but there is no trace of it",
    "已声明，但未发现其踪迹",
);
const ASKED: Words = words("it is asked for", "代码请求该算法");
const CLASS: Words = words("a class is named for it", "存在以其命名的类");
const SYMBOL: Words = words("a native symbol is named for it", "存在以其命名的原生符号");

const CLASSES: &[&str] = &[
    "javax.crypto.Cipher",
    "javax.crypto.KeyGenerator",
    "javax.crypto.Mac",
    "java.security.KeyFactory",
    "java.security.KeyPairGenerator",
    "java.security.MessageDigest",
    "java.security.Signature",
];

/// Where an algorithm shows, if it does.
fn trace(facts: &Facts, algorithm: &str) -> Option<Evidence> {
    let names = |text: &str| {
        let upper = text.to_ascii_uppercase();
        // A letter before, or a digit after, makes another word of it.
        upper.match_indices(algorithm).any(|(at, _)| {
            let before = upper.get(..at).and_then(|part| part.chars().next_back());
            let after = upper
                .get(at + algorithm.len()..)
                .and_then(|part| part.chars().next());
            !before.is_some_and(|char| char.is_ascii_alphanumeric() && !upper.contains("WITHSM"))
                && !after.is_some_and(|char| char.is_ascii_digit())
        })
    };
    let asked = CLASSES
        .iter()
        .flat_map(|class| instances(&facts.code, class));
    if let Some((call, text)) = asked.into_iter().find(|(_, text)| names(text)) {
        return Some(Evidence::at(ASKED, &call.site()).string(text));
    }
    let is_named = |class: &str| names(class.rsplit('.').next().unwrap_or_default());
    if let Some(class) = facts.code.classes().find(|class| is_named(&class.name())) {
        return Some(Evidence::in_file(CLASS, class.file()).class(class.name().as_ref()));
    }
    let libraries = facts.libraries.iter().map(|library| {
        let symbols = library.elf.exports.iter().chain(&library.elf.imports);
        (library.path.as_str(), symbols.collect::<Vec<_>>())
    });
    let bundles = facts
        .ios
        .iter()
        .flat_map(|ios| &ios.bundles)
        .flat_map(|bundle| {
            let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            let slices = bundle.slices.iter();
            slices.map(move |slice| (file, slice.symbols.iter().chain(&slice.imports).collect()))
        });
    libraries.chain(bundles).find_map(|(file, symbols)| {
        symbols
            .into_iter()
            .any(|symbol| names(symbol))
            .then(|| Evidence::in_file(SYMBOL, file))
    })
}
