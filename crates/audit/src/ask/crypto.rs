//! Which algorithms the code asks for, and with what.

use std::borrow::Cow;

use crate::facts::code::{Call, Code, Method};

/// What `Cipher.getInstance` is asked for: `AES/CBC/PKCS5Padding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transformation {
    /// The whole, as it is written.
    pub(crate) text: String,
    /// The algorithm, in upper case.
    pub(crate) algorithm: String,
    /// The mode, in upper case; `None` if the provider chooses, which for block ciphers means ECB.
    pub(crate) mode: Option<String>,
    /// The padding, in upper case.
    pub(crate) padding: Option<String>,
}

impl Transformation {
    fn parse(text: &str) -> Self {
        let mut parts = text.split('/').map(|part| part.trim().to_ascii_uppercase());
        Self {
            text: text.to_owned(),
            algorithm: parts.next().unwrap_or_default(),
            mode: parts.next().filter(|part| !part.is_empty()),
            padding: parts.next().filter(|part| !part.is_empty()),
        }
    }

    /// Whether the algorithm enciphers blocks, so that a mode matters.
    pub(crate) fn is_block_cipher(&self) -> bool {
        matches!(
            self.algorithm.as_str(),
            "AES"
                | "AES_128"
                | "AES_192"
                | "AES_256"
                | "RIJNDAEL"
                | "DES"
                | "DESEDE"
                | "TRIPLEDES"
                | "BLOWFISH"
                | "RC2"
                | "RC5"
                | "SM4"
                | "CAMELLIA"
                | "TWOFISH"
                | "SERPENT"
                | "IDEA"
                | "SEED"
                | "ARIA"
        )
    }

    /// Whether it is RSA.
    pub(crate) fn is_rsa(&self) -> bool {
        self.algorithm == "RSA"
    }
}

/// The calls of `Cipher.getInstance`, each with all that it may be asked for.
pub(crate) fn ciphers(code: &Code) -> Vec<(Call<'_>, Transformation)> {
    let calls = instances(code, "javax.crypto.Cipher");
    calls
        .into_iter()
        .map(|(call, text)| (call, Transformation::parse(&text)))
        .collect()
}

/// The calls of `getInstance` of a class, each with all that it may be asked for.
pub(crate) fn instances<'a>(code: &'a Code, class: &str) -> Vec<(Call<'a>, Cow<'a, str>)> {
    let calls = code.calls_to(class, "getInstance");
    calls
        .into_iter()
        .flat_map(|call| call.texts(0).into_iter().map(move |text| (call, text)))
        .collect()
}

/// Calls with which a method itself makes sure that nobody changed what it deciphers.
pub(crate) fn is_authenticated(method: &Method<'_>) -> bool {
    method.calls().any(|call| {
        let class = call.target().class_name();
        matches!(
            class.as_ref(),
            "javax.crypto.Mac" | "java.security.Signature"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::Transformation;

    #[test]
    fn transformations_have_three_parts() {
        let found = Transformation::parse("aes/cbc/PKCS5Padding");
        assert_eq!(found.algorithm, "AES");
        assert_eq!(found.mode.as_deref(), Some("CBC"));
        assert_eq!(found.padding.as_deref(), Some("PKCS5PADDING"));
        assert_eq!(Transformation::parse("AES").mode, None);
        assert!(Transformation::parse("DESede").is_block_cipher());
    }
}
