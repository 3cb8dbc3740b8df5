//! Whether trust managers of the package can refuse anybody.

use crate::check::{Words, words};
use crate::facts::code::Method;

const NOBODY: Words = words("every certificate is accepted", "接受任意证书");
const DATES: Words = words(
    "only the dates of certificates are looked at",
    "仅检查证书有效期",
);
const SWALLOWED: Words = words(
    "the refusal of certificates is caught and forgotten",
    "证书校验异常被捕获并忽略",
);

/// What a `checkServerTrusted` can do about a certificate.
pub(crate) enum Refusal {
    /// Nothing, for this reason.
    Never(Words),
    /// Refuse it.
    Possible,
}

/// Whether a method can refuse a certificate: it throws, or calls something that may.
pub(crate) fn refusal(method: &Method<'_>) -> Refusal {
    /// What a handler of an exception starts with.
    const MOVE_EXCEPTION: u8 = 0x0d;
    if method.throws() {
        return Refusal::Possible;
    }
    let mut checks = false;
    let mut dates = false;
    for call in method.calls() {
        let target = call.target();
        dates |= target.name() == "checkValidity";
        checks |= match target.definition() {
            Some(own) => !own.is_empty(),
            None => is_check(&target.class_name(), &target.name()),
        };
    }
    let catches = method
        .instructions()
        .any(|found| found.opcode == MOVE_EXCEPTION);
    match (checks, dates, catches) {
        (false, true, _) => Refusal::Never(DATES),
        (false, false, _) => Refusal::Never(NOBODY),
        (true, _, true) => Refusal::Never(SWALLOWED),
        (true, _, false) => Refusal::Possible,
    }
}

/// Methods of the platform that throw if a certificate is not to be trusted.
fn is_check(class: &str, name: &str) -> bool {
    matches!(
        name,
        "checkServerTrusted" | "checkClientTrusted" | "validate" | "verify"
    ) || (class.contains("TrustManager") && name != "getAcceptedIssuers")
        || name == "invoke"
}
