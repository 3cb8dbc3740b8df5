//! What the names of classes, methods, fields and keys tell about their content.

/// The words of a name, in lower case: `userPassWord2` and `USER_PASS_WORD` both are
/// `user`, `pass`, `word`.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for char in name.chars() {
        let starts = char.is_ascii_uppercase() && previous_lower;
        if (starts || !char.is_ascii_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if char.is_ascii_alphabetic() {
            word.push(char.to_ascii_lowercase());
        }
        previous_lower = char.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a name says that it is about a password or PIN.
pub(crate) fn is_about_passwords(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["passw", "passwd", "passphrase", "pincode"]
        .iter()
        .any(|part| lower.contains(part))
        || name_words(name)
            .iter()
            .any(|word| matches!(word.as_str(), "pwd" | "pin" | "passcode"))
}

/// Whether a name says that what it holds has to stay secret.
pub(crate) fn is_about_secrets(name: &str) -> bool {
    /// In lower case, without what parts words.
    const WHOLE: &[&str] = &[
        "secretkey",
        "privatekey",
        "aeskey",
        "deskey",
        "xorkey",
        "encryptkey",
        "encryptionkey",
        "decryptkey",
        "cryptokey",
        "cipherkey",
        "signkey",
        "hmackey",
        "masterkey",
        "appsecret",
        "clientsecret",
        "apisecret",
        "accesskeysecret",
        "accesstoken",
        "authtoken",
        "secretid",
        "rsaprivate",
        "sm4key",
        "sessionkey",
    ];
    let lower = name.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    is_about_passwords(name)
        || lower.contains("secret")
        || WHOLE.iter().any(|part| letters.contains(part))
}

/// Whether a name says that attackers must not guess what it holds.
pub(crate) fn is_about_unguessables(name: &str) -> bool {
    is_about_secrets(name)
        || name_words(name).iter().any(|word| {
            matches!(
                word.as_str(),
                "token"
                    | "nonce"
                    | "salt"
                    | "key"
                    | "iv"
                    | "otp"
                    | "captcha"
                    | "session"
                    | "crypt"
                    | "crypto"
                    | "encrypt"
                    | "cipher"
                    | "aes"
                    | "rsa"
                    | "des"
                    | "sign"
                    | "signature"
                    | "csrf"
                    | "challenge"
                    | "secure"
                    | "security"
                    | "auth"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::{is_about_secrets, is_about_unguessables, name_words};

    #[test]
    fn names_are_split_as_they_are_written() {
        assert_eq!(name_words("userPassWord2"), ["user", "pass", "word"]);
        assert_eq!(name_words("USER_PASS_WORD"), ["user", "pass", "word"]);
    }

    #[test]
    fn secrets_are_told_from_keys_of_maps() {
        for name in [
            "xorkey",
            "APP_SECRET",
            "password",
            "aesKey",
            "superSecurePassword",
        ] {
            assert!(is_about_secrets(name), "{name}");
        }
        for name in [
            "key",
            "KEY_USER_ID",
            "keyboard",
            "monkey",
            "spinner",
            "shipping",
        ] {
            assert!(!is_about_secrets(name), "{name}");
        }
        assert!(is_about_unguessables("makeNonce") && !is_about_unguessables("shuffle"));
    }
}
