//! What names of extras, fields and parameters tell about their content.

/// Whether a name says that what it holds opens accounts: passwords, codes, tokens.
pub(crate) fn names_credential(name: &str) -> bool {
    const PARTS: [&str; 8] = [
        "passw",
        "newpass",
        "oldpass",
        "pwd",
        "passcode",
        "token",
        "secret",
        "credential",
    ];
    const WORDS: [&str; 9] = [
        "pin",
        "otp",
        "cvv",
        "cvc",
        "pass",
        "auth",
        "session",
        "sessionid",
        "captcha",
    ];
    let lower = name.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part)) || has_word(name, &WORDS)
}

/// Whether a name says that what it holds is about a person or an account.
pub(crate) fn names_person(name: &str) -> bool {
    const PARTS: [&str; 14] = [
        "uname", "username", "userid", "account", "phone", "mobile", "idcard", "identity",
        "cardno", "cardnum", "bankcard", "balance", "amount", "email",
    ];
    let lower = name.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part)) || has_word(name, &["user", "card", "iban"])
}

/// Whether one of the words of a name in camel case or with underscores is among `words`.
pub(crate) fn has_word(name: &str, words: &[&str]) -> bool {
    let mut word = String::new();
    let mut was_lower = false;
    for next in name.chars().chain(['_']) {
        if !next.is_ascii_alphanumeric() || (next.is_ascii_uppercase() && was_lower) {
            if words.contains(&word.as_str()) {
                return true;
            }
            word.clear();
        }
        if next.is_ascii_alphanumeric() {
            word.push(next.to_ascii_lowercase());
        }
        was_lower = next.is_ascii_lowercase();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{names_credential, names_person};

    #[test]
    fn words_count_and_parts_of_words_do_not() {
        for name in [
            "passed_password",
            "newpass",
            "userPin",
            "OTP",
            "accessToken",
        ] {
            assert!(names_credential(name), "{name}");
        }
        for name in ["spinner", "compass", "passenger", "shopping", "option"] {
            assert!(!names_credential(name), "{name}");
        }
        assert!(names_person("phonenumber") && names_person("passed_username"));
        assert!(!names_person("discard") && !names_person("title"));
    }
}
