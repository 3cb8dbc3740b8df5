//! Whether keys are made that are too short.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::{Call, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-small-keys",
    title: words("Short keys", "密钥长度不足"),
    purpose: words(
        "RSA keys of 1024 bits can be factored by those with the means; what they sign and open must be taken as theirs.",
        "1024 位 RSA 密钥可被有能力者分解。",
    ),
    procedure: words(
        "Look at the lengths and curves that reach KeyPairGenerator, KeyGenerator and the specifications of key stores.",
        "检查传入 KeyPairGenerator、KeyGenerator 及密钥库规格的长度与曲线。",
    ),
    criterion: words(
        "RSA and curves have the bits that the thresholds ask for (2048 and 224), AES 128.",
        "RSA 与曲线达到阈值（2048 与 224 位），AES 至少 128 位。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[326],
    maswe: &["MASWE-0013"],
    mastg: &["MASTG-TEST-0208"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"RSA\"\ninvoke-static {v0}, Ljava/security/KeyPairGenerator;->getInstance(Ljava/lang/String;)Ljava/security/KeyPairGenerator;\nmove-result-object v1\nconst/16 v2, 0x400\ninvoke-virtual {v1, v2}, Ljava/security/KeyPairGenerator;->initialize(I)V",
            )
        },
        evidence: &["a key that is too short: RSA 1024 at com.bank.Main.run()V @0x0008"],
        good: || {
            Sample::method(
                "const-string v0, \"RSA\"\ninvoke-static {v0}, Ljava/security/KeyPairGenerator;->getInstance(Ljava/lang/String;)Ljava/security/KeyPairGenerator;\nmove-result-object v1\nconst/16 v2, 0x800\ninvoke-virtual {v1, v2}, Ljava/security/KeyPairGenerator;->initialize(I)V",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"RSA\"\ninvoke-static {v0}, Ljava/security/KeyPairGenerator;->getInstance(Ljava/lang/String;)Ljava/security/KeyPairGenerator;\nmove-result-object v1\nconst/16 v2, 0x400\ninvoke-virtual {v1, v2}, Ljava/security/KeyPairGenerator;->initialize(I)V").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let limits = &subject.configuration.thresholds;
    let mut findings = Findings::new();
    let mut made = 0;
    for (class, name) in SIZED {
        for call in code.calls_to(class, name) {
            let algorithm = algorithm(&call).unwrap_or_default().to_ascii_uppercase();
            let minimum = match algorithm.as_str() {
                "RSA" | "DH" | "DSA" | "DIFFIEHELLMAN" => i64::from(limits.rsa_bits_min),
                "EC" | "ECDH" | "ECDSA" | "SM2" => i64::from(limits.curve_bits_min),
                "AES" | "SM4" => 128,
                _ => continue,
            };
            for bits in call.ints(0) {
                made += 1;
                if bits > 0 && bits < minimum {
                    let text = format!("{algorithm} {bits}");
                    findings
                        .wrong
                        .push(Evidence::at(SHORT, &call.site()).string(text));
                }
            }
        }
    }
    for call in code.calls_to("java.security.spec.RSAKeyGenParameterSpec", "<init>") {
        for bits in call.ints(0) {
            made += 1;
            if bits > 0 && bits < i64::from(limits.rsa_bits_min) {
                findings
                    .wrong
                    .push(Evidence::at(SHORT, &call.site()).string(format!("RSA {bits}")));
            }
        }
    }
    for call in code.calls_to("java.security.spec.ECGenParameterSpec", "<init>") {
        for curve in call.texts(0) {
            made += 1;
            if curve_bits(&curve).is_some_and(|bits| bits < limits.curve_bits_min) {
                findings
                    .wrong
                    .push(Evidence::at(SHORT, &call.site()).string(curve));
            }
        }
    }
    if made == 0 {
        return Outcome::NotApplicable(words("no keys are made", "未生成密钥"));
    }
    findings.into()
}

const SHORT: Words = words("a key that is too short", "密钥长度不足");

/// Methods that take the length of a key.
const SIZED: &[(&str, &str)] = &[
    ("java.security.KeyPairGenerator", "initialize"),
    ("javax.crypto.KeyGenerator", "init"),
    (
        "android.security.keystore.KeyGenParameterSpec$Builder",
        "setKeySize",
    ),
    (
        "android.security.KeyPairGeneratorSpec$Builder",
        "setKeySize",
    ),
];

/// What the key is for: the constant that the generator was asked for with; of the builders of
/// key stores, the one that generators of the same method are asked for with.
fn algorithm(call: &Call<'_>) -> Option<String> {
    let is_builder = call.target().class_name().starts_with("android.security.");
    if is_builder {
        let generators = call.method().calls().filter(|other| {
            let class = other.target().class_name();
            matches!(
                class.as_ref(),
                "java.security.KeyPairGenerator" | "javax.crypto.KeyGenerator"
            ) && other.target().name() == "getInstance"
        });
        return generators
            .filter_map(|other| other.texts(0).into_iter().next())
            .map(|text| text.into_owned())
            .next();
    }
    let resolved = call.receiver()?.resolve();
    resolved.iter().find_map(|origin| match origin {
        Origin::Result(made) if made.target().name() == "getInstance" => made
            .texts(0)
            .into_iter()
            .next()
            .map(|text| text.into_owned()),
        _ => None,
    })
}

/// The bits of a curve, by its name: `secp160r1`, `prime192v1`, `P-256`.
fn curve_bits(name: &str) -> Option<u32> {
    let digits: String = name
        .chars()
        .skip_while(|char| !char.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits
        .parse()
        .ok()
        .filter(|bits| (100..=1024).contains(bits))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn curves_are_known_by_their_names() {
        assert_eq!(super::curve_bits("secp160r1"), Some(160));
        assert_eq!(super::curve_bits("prime256v1"), Some(256));
        assert_eq!(super::curve_bits("sm2p256v1"), None);
        assert_eq!(super::curve_bits("curve"), None);
        let body = |curve: &str| {
            format!(
                "const-string v0, \"{curve}\"\nnew-instance v1, Ljava/security/spec/ECGenParameterSpec;\n\
                 invoke-direct {{v1, v0}}, Ljava/security/spec/ECGenParameterSpec;-><init>(Ljava/lang/String;)V"
            )
        };
        let verdict = |curve| Sample::method(&body(curve)).judged_by(&CHECK).verdict;
        assert_eq!(verdict("secp160r1"), Verdict::Fail);
        assert_eq!(verdict("secp256r1"), Verdict::Pass);
    }
}
