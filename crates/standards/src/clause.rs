//! A clause and the words it is described in.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One requirement of one document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The permanent id.
    pub id: ClauseId,
    /// How it is met.
    pub how: How,
    /// The part of the product, or of the institution, that it belongs to.
    pub home: Home,
    /// The requirement in our own English words.
    pub en: String,
    /// The same in our own Chinese words.
    pub zh: String,
}

/// The permanent name of a clause, such as `CJ-6.3.d.4`: the document's prefix, a hyphen, and the
/// number in the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClauseId(String);

impl ClauseId {
    /// Longer is no id; stops a name of any size from being carried around.
    pub const LEN_BYTES_MAX: usize = 32;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix of the document, such as `CJ`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.split_once('-').map_or("", |(prefix, _)| prefix)
    }
}

/// The text is no clause id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidClauseId;

impl fmt::Display for InvalidClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a clause id looks like CJ-6.3.d.4 or AN-1; `hefu standards list` prints all")
    }
}

impl std::error::Error for InvalidClauseId {}

impl TryFrom<String> for ClauseId {
    type Error = InvalidClauseId;

    fn try_from(text: String) -> Result<Self, InvalidClauseId> {
        let is_number = |part: &str| {
            (1..=2).contains(&part.len())
                && (part.bytes().all(|byte| byte.is_ascii_digit())
                    || part.bytes().all(|byte| byte.is_ascii_lowercase()))
        };
        let valid = text.len() <= Self::LEN_BYTES_MAX
            && text.split_once('-').is_some_and(|(prefix, number)| {
                prefix.len() == 2
                    && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
                    && number.split('.').all(is_number)
            });
        if valid {
            Ok(Self(text))
        } else {
            Err(InvalidClauseId)
        }
    }
}

impl FromStr for ClauseId {
    type Err = InvalidClauseId;

    fn from_str(text: &str) -> Result<Self, InvalidClauseId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ClauseId> for String {
    fn from(id: ClauseId) -> Self {
        id.0
    }
}

impl Borrow<str> for ClauseId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a clause is met: one way, or several that all have to hold. Written `E`, `C`, `A`, `E+C`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct How {
    /// E: enforced while running.
    pub enforced: bool,
    /// C: checked on the build.
    pub checked: bool,
    /// A: attested by people, with evidence that expires.
    pub attested: bool,
}

/// The text is no way to meet a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHow;

impl fmt::Display for InvalidHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write E (enforced), C (checked), A (attested), or several as E+C, each once")
    }
}

impl std::error::Error for InvalidHow {}

impl FromStr for How {
    type Err = InvalidHow;

    fn from_str(text: &str) -> Result<Self, InvalidHow> {
        let mut how = Self {
            enforced: false,
            checked: false,
            attested: false,
        };
        for letter in text.split('+') {
            let way = match letter {
                "E" => &mut how.enforced,
                "C" => &mut how.checked,
                "A" => &mut how.attested,
                _ => return Err(InvalidHow),
            };
            if std::mem::replace(way, true) {
                return Err(InvalidHow);
            }
        }
        Ok(how)
    }
}

impl TryFrom<String> for How {
    type Error = InvalidHow;

    fn try_from(text: String) -> Result<Self, InvalidHow> {
        text.parse()
    }
}

impl From<How> for String {
    fn from(how: How) -> Self {
        how.to_string()
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The order of the clause list: E+A, E+C, A+C.
        let ways = [
            (self.enforced, "E"),
            (self.attested, "A"),
            (self.checked, "C"),
        ];
        let letters: Vec<&str> = ways
            .into_iter()
            .filter_map(|(holds, letter)| holds.then_some(letter))
            .collect();
        f.pad(&letters.join("+"))
    }
}

macro_rules! homes {
    ($($home:ident $name:literal $doc:literal,)+) => {
        /// The part of the product, or of the institution, that a clause belongs to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[non_exhaustive]
        pub enum Home {
            $(#[doc = $doc] #[serde(rename = $name)] $home,)+
        }

        impl Home {
            /// Every home, by name.
            pub const ALL: &[Self] = &[$(Self::$home),+];

            /// The name, as the clause list writes it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$home => $name,)+ }
            }
        }
    };
}

homes! {
    Accessibility "accessibility" "Use by people with disabilities.",
    Assistant "assistant" "The digital human.",
    Audit "audit" "What the auditor reads from a package or source tree.",
    Backup "backup" "Backups of the server's data.",
    Biometrics "biometrics" "Fingerprint and face as a way to log in.",
    Channel "channel" "The protected connection between app and institution.",
    Codes "codes" "Image and SMS codes.",
    Consent "consent" "Privacy policy, consent, deletion.",
    Environment "environment" "The client's judgement of the device it runs on.",
    Errors "errors" "What an error tells, and to whom.",
    Failover "failover" "Sites, dual stack, emergency editions.",
    Governance "governance" "The institution's organisation and rules.",
    Harden "harden" "Protection of the package against analysis.",
    Idcheck "idcheck" "Verification of identity documents.",
    Input "input" "Validation of what comes in.",
    Integrity "integrity" "The client's own integrity while running.",
    Keyboard "keyboard" "The secure keyboard.",
    Keybusiness "keybusiness" "Key business operations and their limits.",
    Keys "keys" "Algorithms and the life of keys.",
    Liveness "liveness" "Liveness detection and face recognition.",
    Logging "logging" "The client's logs.",
    Login "login" "Passwords and authentication.",
    Masking "masking" "How much of a value may be seen.",
    Miniapp "miniapp" "Mini-programs.",
    ModuleUpdate "module-update" "Dynamic modules and hot updates.",
    Permissions "permissions" "Permissions on the device.",
    Push "push" "Pushed messages.",
    Qr "qr" "QR codes.",
    Release "release" "Versions and their channels.",
    Risk "risk" "Risk rules and monitoring.",
    Session "session" "Sessions, tokens and access.",
    Signing "signing" "Signatures over data and requests, and replay.",
    Supply "supply" "Third-party components.",
    Telemetry "telemetry" "Monitoring of the client and of response times.",
    Thirdparty "thirdparty" "Sharing with third parties.",
    Vault "vault" "Storage on the device.",
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_as_written() {
        for text in [
            "AN-1",
            "AN-12",
            "CJ-6.3.d.4",
            "CJ-4.2.5.k.a",
            "JR-6.1.1.1.a",
        ] {
            let id: ClauseId = text.parse().unwrap();
            assert_eq!(id.as_str(), text);
            assert!(["AN", "CJ", "JR"].contains(&id.prefix()), "{text}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = format!("CJ-{}", ["1"; 20].join("."));
        for text in [
            "", "CJ", "CJ-", "CJ-1.", "CJ-.1", "CJ-1..2", "cj-1", "C-1", "CJX-1", "CJ-1.A",
            "CJ-1a", "CJ-123", "CJ 1", "CJ-1 ", "合符-1", &long,
        ] {
            assert_eq!(text.parse::<ClauseId>(), Err(InvalidClauseId), "{text}");
        }
    }

    #[test]
    fn how_reads_back_what_it_writes() {
        for text in ["E", "C", "A", "E+C", "E+A", "A+C", "E+A+C"] {
            assert_eq!(text.parse::<How>().unwrap().to_string(), text);
        }
        assert_eq!("C+E".parse::<How>().unwrap().to_string(), "E+C");
        for text in ["", "X", "E+", "E+E", "e", "E C"] {
            assert_eq!(text.parse::<How>(), Err(InvalidHow), "{text}");
        }
    }

    #[test]
    fn homes_are_sorted_by_name() {
        let names: Vec<_> = Home::ALL.iter().map(|home| home.as_str()).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert!(Home::ALL.is_sorted());
    }
}
