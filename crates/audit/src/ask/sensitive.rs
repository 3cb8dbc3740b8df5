//! What names tell about the data behind them: fields, keys, views, methods, labels.

/// What would be given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// What lets somebody in: passwords, PINs, tokens, keys, one-time codes.
    Credential,
    /// What tells who somebody is: numbers of phones, cards, identities, devices.
    Personal,
    /// What somebody owns or pays.
    Money,
}

/// Longest name that is looked at; longer texts are no names.
const NAME_BYTES_MAX: usize = 128;

/// What the value of a variable, key or view of this name is.
pub(crate) fn kind_of_name(name: &str) -> Option<Kind> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(ABOUT) || has(PROTECTED) {
        return None;
    }
    kind_of_words(&words).or_else(|| {
        // A name of its own, not one of several words: `tokenStream` is something else.
        let meaningful: Vec<_> = words.iter().filter(|word| word.len() > 1).collect();
        matches!(meaningful.as_slice(), [word] if *word == "token").then_some(Kind::Credential)
    })
}

/// What follows a label in a message: `"password: "`.
pub(crate) fn kind_of_label(label: &str) -> Option<Kind> {
    // Only the last line or sentence speaks of what follows.
    let last = label
        .trim_end()
        .rsplit(['\n', '.', ';'])
        .next()
        .unwrap_or_default();
    if last.len() > NAME_BYTES_MAX {
        return None;
    }
    let words = words(last);
    if words.iter().any(|word| FAILED.contains(&word.as_str())) {
        return None;
    }
    kind_of_words(&words)
}

/// Whether the value of a variable, key or view of this name is the name of a user.
pub(crate) fn is_account_name(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "account",
        "loginid",
        "loginname",
        "uname",
        "user",
        "userid",
        "username",
        "用户名",
    ];
    const PAIRS: [(&str, &str); 5] = [
        ("account", "name"),
        ("login", "id"),
        ("login", "name"),
        ("user", "id"),
        ("user", "name"),
    ];
    if name.len() > NAME_BYTES_MAX {
        return false;
    }
    let words = words(name);
    let meaningful: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| word.len() > 1)
        .collect();
    match meaningful.as_slice() {
        [word] => NAMES.contains(word),
        [first, second] => {
            PAIRS.contains(&(first, second)) || NAMES.iter().skip(2).any(|name| name == second)
        }
        _ => false,
    }
}

/// Whether a name says that what it names is protected already.
pub(crate) fn is_protected_name(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| PROTECTED.contains(&word.as_str()))
}

fn kind_of_words(words: &[String]) -> Option<Kind> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let has_pair = |pairs: &[(&str, &str)]| {
        words
            .windows(2)
            .any(|pair| matches!(pair, [first, second] if pairs.contains(&(first, second))))
    };
    let is_password = |word: &String| {
        [
            "password",
            "passwd",
            "pwd",
            "passcode",
            "passphrase",
            "密码",
            "口令",
        ]
        .iter()
        .any(|part| word.contains(part))
            || (word.ends_with("pass")
                && ["new", "old", "user", "my"]
                    .iter()
                    .any(|start| word.starts_with(start)))
    };
    if words.iter().any(is_password) || has(CREDENTIALS) || has_pair(CREDENTIAL_PAIRS) {
        return Some(Kind::Credential);
    }
    if has(PERSONAL) || has_pair(PERSONAL_PAIRS) {
        return Some(Kind::Personal);
    }
    has(MONEY).then_some(Kind::Money)
}

/// Words that make a name one about the data, not of the data.
const ABOUT: &[&str] = &[
    "button",
    "btn",
    "change",
    "changed",
    "count",
    "dialog",
    "enabled",
    "error",
    "err",
    "expire",
    "expires",
    "expiry",
    "fail",
    "failed",
    "flag",
    "forget",
    "forgot",
    "hint",
    "icon",
    "image",
    "invalid",
    "label",
    "length",
    "max",
    "min",
    "mode",
    "pattern",
    "policy",
    "regex",
    "required",
    "reset",
    "size",
    "strength",
    "title",
    "toggle",
    "type",
    "url",
    "uri",
    "valid",
    "visibility",
    "visible",
];
/// Words that say that the data is no longer itself.
const PROTECTED: &[&str] = &[
    "cipher",
    "ciphertext",
    "digest",
    "encrypt",
    "encrypted",
    "hash",
    "hashed",
    "mask",
    "masked",
];
/// Words of messages about what went wrong: what follows is the reason.
const FAILED: &[&str] = &[
    "cannot",
    "error",
    "exception",
    "fail",
    "failed",
    "invalid",
    "unable",
];
const CREDENTIALS: &[&str] = &[
    "accesstoken",
    "apptoken",
    "authtoken",
    "authcode",
    "bearer",
    "credential",
    "credentials",
    "cvc",
    "cvn",
    "cvv",
    "cvv2",
    "idtoken",
    "jsessionid",
    "logintoken",
    "otp",
    "pin",
    "pincode",
    "privatekey",
    "refreshtoken",
    "secretkey",
    "sessionid",
    "sessiontoken",
    "smscode",
    "usertoken",
    "verifycode",
    "验证码",
];
const CREDENTIAL_PAIRS: &[(&str, &str)] = &[
    ("access", "token"),
    ("api", "secret"),
    ("app", "secret"),
    ("auth", "code"),
    ("auth", "token"),
    ("bearer", "token"),
    ("client", "secret"),
    ("id", "token"),
    ("login", "token"),
    ("new", "pass"),
    ("old", "pass"),
    ("pass", "word"),
    ("private", "key"),
    ("refresh", "token"),
    ("secret", "key"),
    ("session", "id"),
    ("session", "token"),
    ("sms", "code"),
    ("user", "pass"),
    ("user", "token"),
    ("verify", "code"),
];
const PERSONAL: &[&str] = &[
    "bankcard",
    "bankno",
    "cardno",
    "cardnum",
    "cardnumber",
    "iccid",
    "idcard",
    "idno",
    "imei",
    "imsi",
    "meid",
    "mobileno",
    "msisdn",
    "phoneno",
    "phonenum",
    "phonenumber",
    "phonno",
    "ssn",
    "acctno",
    "accountno",
    "accountnumber",
    "身份证",
    "手机号",
    "银行卡",
    "卡号",
];
const PERSONAL_PAIRS: &[(&str, &str)] = &[
    ("account", "no"),
    ("account", "number"),
    ("bank", "card"),
    ("card", "no"),
    ("card", "num"),
    ("card", "number"),
    ("id", "card"),
    ("mobile", "no"),
    ("mobile", "number"),
    ("phone", "no"),
    ("phone", "num"),
    ("phone", "number"),
];
const MONEY: &[&str] = &["amount", "balance", "余额", "金额"];

/// The words of an identifier or text, in lower case: `mUserPwd2` is m, user, pwd2.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for character in name.chars() {
        let starts = character.is_uppercase() && !previous.is_uppercase();
        if !character.is_alphanumeric() {
            previous = character;
            continue;
        }
        let lower = character.to_lowercase();
        match words.last_mut() {
            Some(word) if previous.is_alphanumeric() && !starts => word.extend(lower),
            _ => words.push(lower.collect()),
        }
        previous = character;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_hold() {
        for name in [
            "password",
            "mUserPwd",
            "superSecurePassword",
            "passed_password",
            "newpass",
            "loginscreen_password",
            "CVV2",
            "accessToken",
            "token",
            "mToken",
            "PIN",
            "sessionId",
            "Password_Text",
        ] {
            assert_eq!(kind_of_name(name), Some(Kind::Credential), "{name}");
        }
        for name in ["phonenumber", "idCard", "cardNo", "IMEI", "account_number"] {
            assert_eq!(kind_of_name(name), Some(Kind::Personal), "{name}");
        }
        assert_eq!(kind_of_name("amount"), Some(Kind::Money));
    }

    #[test]
    fn names_about_it_are_not_it() {
        for name in [
            "password_hint",
            "passwordLength",
            "tokenStream",
            "windowToken",
            "bypass",
            "compass",
            "pinning",
            "spinner",
            "EncryptedUsername",
            "passwordHash",
            "shopping",
            "pwdErrorCount",
            "username",
        ] {
            assert_eq!(kind_of_name(name), None, "{name}");
        }
    }

    #[test]
    fn labels_tell_what_follows() {
        assert_eq!(
            kind_of_label("Updated Password from: "),
            Some(Kind::Credential)
        );
        assert_eq!(kind_of_label("phonno:"), Some(Kind::Personal));
        assert_eq!(kind_of_label(" Amount:"), Some(Kind::Money));
        assert_eq!(kind_of_label("cannot read password: "), None);
        assert_eq!(kind_of_label("Password saved. Count: "), None);
    }
}
